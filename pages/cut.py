"""Cut: take parts of the network out or replace them, and see what breaks."""

from grokviz.app import shell

shell.guard()

from grokviz.app.circuit import cut  # noqa: E402
from grokviz.app.explorer import page  # noqa: E402

shell.article(
    "Cut into it, and see what breaks",
    "An explanation is worth something if it says what happens when you interfere. Take out a frequency, silence neurons or "
    "heads, replace a part by its formula, add noise: the network answers all its questions again at once, at any step of its training. "
    "The link of this page carries your cuts.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=(), below=cut.cut_panel, extras=cut.EXTRAS, layout="strip")
shell.foot()
