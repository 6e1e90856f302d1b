"""GrokViz: `streamlit run app.py`, or `make run`."""

from grokviz.app import shell

shell.run()
