"""Measures that take their time: computed of a run when somebody asks for them, and then kept with it.

`declaration.py` says what one is; every other module but `registry.py` is one measure. A new one is one file, with
`DEEP = Deep(...)`.
"""
