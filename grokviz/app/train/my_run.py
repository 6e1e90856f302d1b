"""Which run of mine is in view on the page Train: whoever starts, brings or chooses one puts it there."""

from grokviz.app import bring
from grokviz.app.session import keys

DESK = "desk"  # where the run in view begins on the page


def put_in_view(run: str) -> None:
    """This run, with its film before the eye wherever one pressed, and the form folded away."""
    keys.MY_RUN.set(run)
    keys.FOLD.set(True)
    bring.into_view(DESK)
