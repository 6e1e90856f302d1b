"""Build: a network made by hand."""

from grokviz.app import shell

shell.guard()

from grokviz.app.circuit import build  # noqa: E402
from grokviz.app.explorer import page  # noqa: E402

shell.article(
    "Build one by hand",
    "If the circuit is understood, nobody needs to train it. Choose a few waves, and out comes a network that adds: it "
    "begins with the waves that training chose for the run in view. How many can you take away before it fails?",
)
with shell.column():
    page.run_picker()
build.page()
shell.foot()
