"""The short course: cards that say look here, drag there, now predict."""

from typing import NamedTuple

import streamlit as st

from grokviz.app.lessons.links import View, link


class Card(NamedTuple):
    """One step of the course. `answer` stays folded until one has predicted something."""

    title: str
    look: str
    drag: str
    predict: str
    answer: str
    view: View


CARDS = (
    Card(
        "A network that knows nothing",
        "The rings are clouds, and the map of answers is empty.",
        "Drag a little to the right, over the first hundred steps.",
        "Which squares will light up first: orange ones, that it trains on, or blue ones, that it never sees?",
        "Orange alone. Answers that it is shown can be learned one by one; nothing carries over to the others.",
        View("timeline", "first"),
    ),
    Card(
        "It recites",
        "Every orange square is full and hardly any blue one: it knows its pairs by heart.",
        "Drag on, and watch the blue curve of the loss.",
        "It is wrong about nearly everything else. Does training on make it less wrong, or more?",
        "More, at first: the blue curve rises. It gets ever surer of its memory, and so ever surer of wrong answers.",
        View("timeline", "memorised"),
    ),
    Card(
        "In secret",
        "The curves say that nothing happens. Look at the bars of the frequencies instead.",
        "Drag from here to the fall of the blue curve, slowly.",
        "A few bars grow out of the noise. How many will be left in the end?",
        "Few: the page names them. Each is a clock that turns at its own speed. That the network was on its way could be seen long before its answers showed it.",
        View("timeline", "circuit"),
    ),
    Card(
        "The insight",
        "The blue curve falls, and the dots stand in rings.",
        "Drag to and fro over the fall.",
        "Take the rings away at this moment. Could it still answer what it trains on?",
        "Less and less. The page [on measures](measures) takes them away at every step: *excluded loss*. It rises as the rule takes over.",
        View("timeline", "grokked"),
    ),
    Card(
        "One question, all the way",
        "Two numbers become angles, the angles are added, and the sum picks an answer.",
        "Choose two numbers of your own.",
        "Choose a pair and its mirror, a + b and b + a. Will the picture be the same?",
        "The answer is; on the way, the heads look at the two places with other weights.",
        View("follow", "last"),
    ),
    Card(
        "Cut it",
        "Every wave and every head can be taken out.",
        "Take out the key waves, then as many others.",
        "Which of the two costs more answers?",
        "The key waves, by far. The page cuts the same number of others at random beside it, so that you need not trust a single cut.",
        View("cut", "last"),
    ),
    Card(
        "When the examples go",
        "A network that has understood goes on with fewer of its pairs.",
        "Move the slider from 35 % down.",
        "At which share does it begin to forget the rule?",
        "Between 15 and 7 % for this clock; and only if weight decay pulls. The page says how sharp the edge is.",
        View("ungrok"),
    ),
    Card(
        "Your own",
        "A clock that nobody has chosen before.",
        "Choose a modulus and press Start.",
        "Before it starts, write down: at which step will it know its pairs, and at which the others?",
        "The form says what similar runs did. Yours may differ: another seed, other luck.",
        View("train"),
    ),
)  # fmt: skip


def cards() -> None:
    """All cards, two in a row where there is room."""
    for first in range(0, len(CARDS), 2):
        for number, column in enumerate(st.columns(2, gap="small"), first):
            with column, st.container(border=True, height="stretch"):
                _card(number, CARDS[number])


def _card(number: int, card: Card) -> None:
    st.subheader(f"{number + 1}. {card.title}", anchor=False)
    st.markdown(f"**Look.** {card.look}\n\n**Drag.** {card.drag}\n\n**Predict.** {card.predict}")
    link(card.view)
    with st.expander("And then?"):
        st.markdown(card.answer)
