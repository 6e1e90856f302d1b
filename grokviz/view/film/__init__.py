"""The film: one step drives every panel of a run, at the speed of film.

- `assets`: script, style and message, for the app, the offline page and whoever else wants to play a run.
- `component`: the same in Streamlit.
- `js/contract.js`: what a panel is, and how to write one.
"""
