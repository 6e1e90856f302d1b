"""Two runs, or three, under one hand."""

from grokviz.app import shell

MENU = {
    "title": "Two runs",
    "section": "Runs",
    "place": 2,
    "icon": "compare",
    "help": "Two trainings side by side, under one hand.",
}

shell.guard()

from grokviz.app.compare import page  # noqa: E402
from grokviz.app.explorer.page import plain_controls  # noqa: E402

shell.article(
    "Two runs under one hand",
    "Change one setting, and the same network may recite for ever, or understand a thousand steps earlier. One hand moves all "
    "runs to the same step, however long each is. The first is the baseline: it stays while you exchange the others.",
)
page.show()
shell.foot(
    "What makes a difference is best tried: change one setting, and train. Or look into one of the two alone.",
    "train",
    "timeline",
    controls=plain_controls,
)
