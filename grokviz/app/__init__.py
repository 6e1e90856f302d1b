"""What the pages are made of: Streamlit, and only here."""
