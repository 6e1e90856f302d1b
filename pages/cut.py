"""Cut: take parts of the network out or replace them, and see what breaks."""

from grokviz.app import shell

MENU = {
    "title": "Cut parts out",
    "section": "Look inside",
    "place": 5,
    "icon": "content_cut",
    "help": "Take parts of the network out, and see what breaks.",
}

shell.guard()

from grokviz.app.circuit import cut  # noqa: E402
from grokviz.app.explorer import page  # noqa: E402

shell.article(
    "Cut into it, and see what breaks",
    "An explanation is worth something if it says what happens when you interfere. Take out a frequency or another part of its rule, silence neurons or "
    "heads, replace a part by its formula, add noise: the network answers all its questions again at once, at any step of its training. "
    "The link of this page carries your cuts.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=(), below=cut.cut_panel, extras=cut.EXTRAS, layout="strip")
shell.foot(
    "What breaks tells you what it was for. If the rule is understood, one can also build the network from it, without any training: try.",
    "build",
    "train",
    controls=page.plain_controls,
)
