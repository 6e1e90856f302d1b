"""Build: a network made by hand."""

from grokviz.app import shell

MENU = {
    "title": "Build it by hand",
    "section": "Look inside",
    "place": 6,
    "icon": "construction",
    "help": "A network made by hand: how few waves suffice?",
}

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
shell.foot(
    "You have built in a moment what took training thousands of steps to find. Next, something that is not addition on a clock, and where the order matters.",
    "groups",
    "train",
)
