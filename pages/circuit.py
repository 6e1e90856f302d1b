"""The circuit: the algorithm in the weights."""

from grokviz.app import shell

MENU = {
    "title": "The circuit",
    "section": "Look inside",
    "place": 3,
    "icon": "all_inclusive",
    "help": "The algorithm that the network found, in its weights.",
}

shell.guard()

from grokviz.app.explorer import page, stations  # noqa: E402

shell.article(
    "The algorithm in the weights",
    "A network that has grokked addition does not look its answers up. It computes them, with waves; one that has grokked another "
    "group, with what takes their place there. Here are the four stations at which you can see it in the weights; drag to an early step, and each of them dissolves.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=(), below=stations.show, layout="strip", at_end=True)
shell.foot(
    "So much for the parts. Next, put one question in, and follow it through all of them.",
    "follow",
    "cut",
    "build",
    controls=page.plain_controls,
)
