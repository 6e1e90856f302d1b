"""What a person may be asked about a file: only what it neither says nor shows."""

from grokviz.errors import Question
from grokviz.runs.imported import UNKNOWN
from grokviz.tasks.pairs import OPERATIONS

SPLITS = ("paper", "seeded", UNKNOWN)
QUESTIONS = (
    Question("operation", "Which operation was it trained on?", tuple(OPERATIONS)),
    Question("frac_train", "Which share of the pairs was it trained on?"),
    Question("split", "How were the pairs drawn: as the paper's code does, as GrokViz does, or is it not known?", SPLITS),
    Question("seed", "With which seed were they drawn?"),
)  # fmt: skip
OF_SPLIT = ("frac_train", "split", "seed")


def questions_of(settings: list[str] | tuple[str, ...]) -> tuple[Question, ...]:
    """The questions for these settings, in the order in which they are asked."""
    return tuple(question for question in QUESTIONS if question.setting in settings)
