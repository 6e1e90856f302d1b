"""Ten questions for a class, with answers, and links that fill the form for everybody."""

from typing import NamedTuple

import streamlit as st

from grokviz.wording import THIN


class Question(NamedTuple):
    ask: str
    answer: str


QUESTIONS = (
    Question("What is 100 + 20 on a clock of 113 hours, and why?", "It is 7: after 112 the clock begins again at 0, so 113 is taken away: 120 − 113 = 7."),
    Question("There are 113 × 113 pairs. The network is shown 30 % of them. How many does it never see?", "12,769 pairs in all, 3,830 shown, 8,939 never seen. It is tested on those."),
    Question("The training loss is almost zero and the test loss is above that of guessing, ln 113 = 4.7. How can a network be worse than guessing?", "It is sure of wrong answers. A guesser gives each answer the same small probability; one that recites gives the right answer nearly none."),
    Question("What does weight decay do at every step, and what does it make expensive?", "It pulls every weight a little towards zero. Memories need large weights, one set for each pair; a rule needs few for all pairs."),
    Question("Why is it not enough to watch the training curve?", "It is flat while the network recites, while the rule forms and afterwards. What changes is how it answers, not whether."),
    Question("On a clock, two hands at the angles x and y. Which formula gives the cosine of the angle x + y from cosines and sines of x and y?", "cos(x + y) = cos x cos y − sin x sin y. The network has learned its waves; the products come from attention and neurons."),
    Question("Why does it use several clocks at different speeds and not one?", "One clock tells neighbouring answers hardly apart. Several agree in one answer only, and there it stands out."),
    Question("Excluded loss takes the clocks away. It is low early and high late. What does that say?", "Early the network answers its training pairs without them, from memory. Late it answers by them, and nothing else is left."),
    Question("A network has understood. Now it trains on with 5 % of the pairs. Predict.", "It forgets the rule: of the pairs that it never saw, fewer than half are right in the end. Without weight decay it keeps it. See page Ungrokking."),
    Question("Some training labels are wrong. What should a good learner do with them, and how could one tell?", "Contradict them. A rule cannot fit them, so the training accuracy falls short of 100 % by about their share, while the test accuracy is high."),
)  # fmt: skip

LINKS = (
    ("A clock of 31 hours, seconds", "train?modulus=31"),
    ("The same without weight decay", "train?modulus=31&weight_decay=0"),
    ("Too little data", "train?modulus=31&recipe=little"),
    ("Another operation: a × b", "train?modulus=31&operation=multiply"),
)


def questions() -> None:
    """The questions, numbered."""
    _list([question.ask for question in QUESTIONS])


def answers() -> None:
    """And their answers, by the same numbers."""
    _list([question.answer for question in QUESTIONS])


def _list(lines: list[str]) -> None:
    """Numbered, no line broken before its per cent sign."""
    st.markdown("\n".join(f"{n}. {line.replace(' %', f'{THIN}%')}" for n, line in enumerate(lines, 1)))


def links() -> None:
    """Addresses that fill the form Train."""
    st.markdown("\n".join(f"- [{words}]({where}): `{where}`" for words, where in LINKS))
