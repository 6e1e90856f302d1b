"""Train your own: choose a clock, watch a network learn it, and keep what came of it."""

from grokviz.app import shell

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.session import visitor  # noqa: E402
from grokviz.app.train import actions, form, my_runs  # noqa: E402

shell.article(
    "Train your own",
    "Choose a clock, and a network begins to learn its sums: first by heart and then, if you are lucky, for good. You can drag "
    "through its training while it goes on, change the rules under its feet, and take the result home.",
)
if visitor.is_known():
    actions.say()
    runs = my_runs.mine()
    here = my_runs.current(runs)
    if here:
        with shell.column():
            my_runs.chooser(runs)
        my_runs.desk(here)
        form.folded()
    else:
        st.header("What shall it learn?", anchor=False)
        form.form()
    with shell.column(), st.expander("Bring a run that you have as a zip", icon=":material/upload:"):
        actions.upload()
shell.foot()
