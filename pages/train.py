"""Train your own: choose a clock, watch a network learn it, and keep what came of it."""

from grokviz.app import shell

MENU = {
    "title": "Train your own",
    "section": "Make",
    "place": 1,
    "icon": "model_training",
    "help": "Choose a clock of your own, and watch a network learn it.",
}

shell.guard()

import streamlit as st  # noqa: E402

from grokviz.app.explorer import page  # noqa: E402
from grokviz.app.session import visitor  # noqa: E402
from grokviz.app.train import actions, form, link, my_runs  # noqa: E402

shell.article(
    "Train your own",
    "Choose a clock, and a network begins to learn its sums: first by heart and then, if you are lucky, for good. You can drag "
    "through its training while it goes on, change the rules under its feet, and take the result home.",
)
if visitor.is_known():
    actions.say()
    link.take()
    runs = my_runs.mine()
    here = my_runs.current(runs)
    if here:
        with shell.column():
            my_runs.chooser(runs)
        my_runs.desk(here)
        form.folded(link.offer)
    else:
        st.header("What shall it learn?", anchor=False)
        form.form(link.offer)
    with shell.column(), st.expander("Bring a run that you have as a zip", icon=":material/upload:"):
        actions.upload()
shell.foot(
    "Every page opens your run too: choose it in the list above the film. In the library it stands beside those of others.",
    "library",
    "timeline",
    controls=page.plain_controls,
)
