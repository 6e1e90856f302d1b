"""Follow: one question through the five stages of the circuit."""

from grokviz.app import shell

MENU = {
    "title": "Follow a question",
    "section": "Look inside",
    "place": 4,
    "icon": "conversion_path",
    "help": "One question on its way through the network, and how it answers.",
}

shell.guard()

from grokviz.app.circuit import follow, pair  # noqa: E402
from grokviz.app.explorer import page  # noqa: E402

shell.article(
    "Follow one question through the network",
    "Ask it something. Two numbers go in, become angles on a few circles, are brought together, multiplied, and come out "
    "as waves, or as what takes their place in another group, that agree at one answer only. Below you see the network's own activations at each of these five stages, "
    "against what they would be in a perfect circuit. **Drag across the loss curve**: the same question goes "
    "from noise to structure to clarity.",
)
with shell.column():
    page.run_picker()
page.explorer(panels=(), below=follow.follow_pair, extras=pair.EXTRAS, layout="strip")
shell.foot(
    "You have watched it compute. Next, take something away, and see whether it still can.",
    "cut",
    "build",
    controls=page.plain_controls,
)
