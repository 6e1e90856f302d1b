"""Cut: take parts of the network out or replace them, and see what breaks."""

from grokviz.app import shell

shell.guard()

from grokviz.app import cutting, explorer  # noqa: E402

shell.article(
    "Cut into it, and see what breaks",
    "An explanation is worth something if it says what happens when you interfere. Take out a frequency, silence neurons or "
    "heads, replace a part by its formula, add noise: the network answers all its questions again at once, at any step of its training. "
    "The link of this page carries your cuts.",
)
with shell.column():
    explorer.run_picker()
explorer.explorer(panels=(), below=cutting.cut_panel, extras=cutting.EXTRAS, layout="strip")
shell.foot()
