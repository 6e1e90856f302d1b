"""Everything that can go wrong and that a person can mend, as values with three parts.

An error is read by its type and its fields. Its text is for people: no code looks into it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class GrokVizError(ValueError):
    """What was found, what was expected, and how to mend it: three sentences, of which the last two may be empty.

    As text they stand one after the other.
    """

    def __init__(self, found: str, expected: str = "", mend: str = "") -> None:
        super().__init__(found, expected, mend)
        self.found, self.expected, self.mend = found, expected, mend

    def __str__(self) -> str:
        return " ".join(part for part in (self.found, self.expected, self.mend) if part)


class ConfigError(GrokVizError):
    """A setting that cannot be."""


class RunError(GrokVizError):
    """A run, or a file of one, that cannot be read or written."""


class OtherTaskError(RunError):
    """A run on sequences, where one on pairs is looked at, or the other way round."""


class NoRunError(GrokVizError):
    """There is not one run that can be opened."""


class CutsError(GrokVizError):
    """Parts of a network that cannot be cut."""


class HubError(RunError):
    """The Hub did not give what it was asked for."""


class HostingError(GrokVizError):
    """More than this host gives."""


class TrainingError(GrokVizError):
    """Training cannot start or go on."""


class MissingPackageError(GrokVizError):
    """A package that only some of GrokViz needs is not installed."""


class BadInputError(GrokVizError):
    """A flag, or a combination of flags, that makes no sense."""


class Question(NamedTuple):
    """Something that only a person knows: which setting it is, how to ask for it, and between what to choose."""

    setting: str  # the field of the config, such as "frac_train"
    words: str  # "Which share of the pairs was it trained on?"
    choices: tuple[str, ...] = ()  # empty: a number


class Unanswered(RunError):  # noqa: N818 (it is no fault: it waits for an answer)
    """A file that can be opened once a person has answered. `questions` says what to ask, and in which order."""

    def __init__(self, found: str, questions: tuple[Question, ...]) -> None:
        super().__init__(found)
        self.questions = questions

    def __reduce__(self) -> tuple:
        return Unanswered, (self.found, self.questions)


def to_json(error: GrokVizError) -> dict[str, object]:
    """An error as a JSON value, to be handed from one process to another: see `from_json`."""
    values: dict[str, object] = {
        "kind": type(error).__name__,
        "found": error.found,
        "expected": error.expected,
        "mend": error.mend,
    }
    if isinstance(error, Unanswered):
        values["questions"] = [question._asdict() for question in error.questions]
    return values


def from_json(values: Mapping[str, object]) -> GrokVizError:
    """The error in a JSON value of `to_json`. What is no such value becomes an error without a kind."""
    found, expected, mend = (str(values.get(part, ""))[:2000] for part in ("found", "expected", "mend"))
    kinds = {kind.__name__: kind for kind in _kinds(GrokVizError)}
    kind = kinds.get(str(values.get("kind")), GrokVizError)
    if kind is Unanswered:
        asked = values.get("questions")
        return Unanswered(found, tuple(_questions(asked if isinstance(asked, list) else [])))
    return kind(found, expected, mend)


def _kinds(kind: type[GrokVizError]) -> Iterator[type[GrokVizError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _questions(values: list) -> Iterator[Question]:
    for value in values:
        match value:
            case {"setting": str(setting), "words": str(words), "choices": list(choices)}:
                yield Question(setting, words, tuple(map(str, choices)))
