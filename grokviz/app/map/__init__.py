"""The rooms behind the page When does it grok?"""
