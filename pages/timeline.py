"""The timeline: a whole run under one hand."""

from grokviz.app import shell

MENU = {
    "title": "Timeline of a run",
    "section": "Look inside",
    "place": 1,
    "icon": "timeline",
    "help": "Drag through a whole training run, every panel at once.",
}

shell.guard()

from grokviz.app.explorer import choose, page  # noqa: E402

shell.article(
    "Drag through a training run",
    "Choose a run and move through its training. Every panel shows the same step. Space plays, the arrow keys go one "
    "snapshot at a time, Home and End to either end; a click on a phase goes to its beginning. While you drag, pictures between two snapshots are blended; where you "
    "stop, you see one snapshot as it is.",
)
with shell.column():
    page.run_picker()
page.explorer(below=page.details, extras=choose.EXTRAS)
shell.foot(
    "You have seen that the rule grows long before the answers show it. Next, see it grow in numbers made for the purpose, or hold this run against another one.",
    "measures",
    "compare",
    "library",
    controls=page.plain_controls,
)
