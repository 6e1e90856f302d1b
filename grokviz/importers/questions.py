"""What a person may be asked about a file: only what it neither says nor shows."""

from grokviz.config import SETTINGS
from grokviz.errors import Question
from grokviz.models.spec import RATE
from grokviz.runs.imported import UNKNOWN

SPLITS = ("paper", "seeded", UNKNOWN)  # that a person can know of; stored is what a file says itself
GIVEN = tuple(name for name, s in SETTINGS.items() if any(s.asked))
QUESTIONS = tuple(
    Question(name, SETTINGS[name].asked[1], SPLITS if name == "split" else SETTINGS[name].choices)
    for name in GIVEN
)
OF_SPLIT = tuple(name for name in GIVEN if name not in ("operation", RATE))


def questions_of(settings: list[str] | tuple[str, ...]) -> tuple[Question, ...]:
    """The questions for these settings, in the order in which they are asked."""
    return tuple(question for question in QUESTIONS if question.setting in settings)
