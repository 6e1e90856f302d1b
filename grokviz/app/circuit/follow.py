"""One pair through the five stages of the circuit: texts here, figures that move with the step in the browser."""

import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.circuit import live, pair, snapshots, words
from grokviz.app.explorer.page import CHOSEN, film_key
from grokviz.app.session import address
from grokviz.study import Study
from grokviz.tasks.pairs import NO_ANSWER, operation_of
from grokviz.view.film import component
from grokviz.view.film.component import Pick

DRAWN = (
    "Solid: the network. Dashed: the ideal, one amplitude for each and for all pairs; at the right how much of each it "
    "explains, over all pairs."
)
ROOMS = {
    "asked": 520,
    "answer": 420,
    "angles": 300,
    "attention": 400,
    "sums": 300,
    "waves": 600,
    "damage": 520,
    "cost": 520,
}


def follow_pair(study: Study) -> None:
    """Below the film: the question, its answer, and the five stages."""
    a, b = pair.current(study)
    with st.container(key=CHOSEN):
        _question(study, a, b)
    live.send_pair(a, b)


def _question(study: Study, a: int, b: int) -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.subheader("Choose a question", anchor=False)
        choose = Pick(("a", "b"), lambda a, b: pair.choose_if_any(study, a, b))
        figure("asked", "asked", choose, a=a, b=b)
        st.caption("One square a question. Click one, or press the arrow keys.")
        pair.sliders(study, "follow")
        pair.find_buttons(study)
    with right:
        answer(study, a, b)
    with shell.column():
        order_note(study)
    if study.task.places is None:
        pass  # the note says why there is no stage
    elif pair.places(study, a, b) is None:
        with shell.column():
            st.info(
                "0 is no power of another number: a product with 0 has no logarithm to add, and no stage to follow. Choose other numbers."
            )
    else:
        _stages(study)


def figure(kind: str, id: str, pick: Pick | None = None, **spec: object) -> None:
    """A figure that the film of this page drives."""
    shown = {
        "kind": kind,
        "id": id,
        "title": kind,
        "count": len(snapshots.waves(address.handle()).freqs),
    } | spec
    component.panels([shown], film_key(), key=f"figure-{id}", room=ROOMS[kind], pick=pick)


def answer(study: Study, a: int, b: int, part: str = "pair") -> None:
    """What is a + b? `part` of the run holds what it says. What the network says, how sure it is, and which frequencies spoke for it."""
    asked = pair.question(study, a, b)
    st.subheader(f"What is {asked}?", anchor=False)
    if int(study.task.answers[a, b]) == NO_ANSWER:
        st.markdown("Nothing: one cannot divide by 0. The network was never asked.")
        return
    has_place = study.task.places is not None and pair.places(study, a, b) is not None
    rows = len(snapshots.waves(address.handle()).freqs) if has_place else 0
    figure("answer", "answer", title=f"What is {asked}?", rows=rows, pair=part)
    if has_place:
        st.caption(
            "**How to read this.** A bar to the right speaks for the right answer. Together they are exactly what it stands "
            "above its strongest rival."
        )


def order_note(
    study: Study, all_the_same: str = "What it answers, and how surely, is all there is to see here."
) -> None:
    """In which order the numbers stand, and what that means for the story; what can be seen where none is known."""
    order, waves = snapshots.order(study), snapshots.waves(address.handle())
    operation = operation_of(study.run.config)
    if order.root is not None:
        st.info(
            f"**A product is a sum of exponents.** Modulo {study.run.config.p} every number but 0 is a power of {order.root}. Put "
            f"in the order of these powers, {operation.sign} becomes {snapshots.sum_sign(study)} modulo {order.n}, and the circles reappear. "
            "Below, a place on a circle is an exponent, written as the number it stands for.",
            icon=":material/cached:",
        )
    elif study.task.places is None:
        st.info(
            f"**No circuit to follow.** {study.task.no_group} {all_the_same}",
            icon=":material/info:",
        )
    elif not snapshots.is_clock(study):
        st.info(
            f"**This group is no clock.** In {order.group.name} a block of functions takes the place of a frequency, and has no "
            "ring to go around on. Below is what each block says for every answer; its ideal is the character of the block.",
            icon=":material/info:",
        )
    elif not waves.are_key:
        st.info(
            "**This run has no key frequency.** It has found no circuit. Below are the "
            f"{len(waves.freqs)} waves that are strongest in its last snapshot, to show what noise looks like.",
            icon=":material/info:",
        )
    elif operation.sign == "−":
        st.caption(
            "To subtract is to add a number that runs backwards: everywhere below, the angle of b is turned the other way round."
        )


def _stages(study: Study) -> None:
    """All stages of a clock; of another group those that need no ring."""
    if snapshots.is_clock(study):
        _embedding_stage(study)
    _attention_stage(study)
    if snapshots.is_clock(study):
        _neuron_stage()
    _waves_stage(study)


def _embedding_stage(study: Study) -> None:
    with shell.column():
        st.header("1. Each number becomes an angle", anchor=False)
        st.markdown(
            "The embedding places every number on a circle, one for each key frequency. Number $a$ goes $k$ times "
            "round the clock: its angle is $w_k a$. Filled dots are where the network has put $a$ and $b$, hollow ones "
            "where a perfect clock would. **Drag a hand** to change the numbers."
        )
        st.latex(
            r"a \mapsto \big(\cos w_k a,\ \sin w_k a\big),\quad w_k = 2\pi k/" + str(snapshots.order(study).n)
        )
    choose = Pick(("a", "b"), lambda a, b: pair.choose_if_any(study, a, b))
    figure("angles", "angles", choose, title="Numbers on their rings")
    with shell.column():
        st.caption("Nanda et al. 2023, sections 3.1 and 4.1. Share of W_E over the numbers, mean removed.")


def _attention_stage(study: Study) -> None:
    with shell.column():
        is_clock = snapshots.is_clock(study)
        st.header("2. " * is_clock + "Attention brings the two together", anchor=False)
        if nothing := sentences.no_attention(study):
            st.info(nothing)
            return
        decision = (
            "In a finished circuit that decision is itself a wave of one frequency, the dashed line through the dots:"
            if is_clock
            else "The dots are that decision for every element; beside the head stands how much of it one block explains."
        )
        st.markdown(
            "The answer is read at “=”. Each head decides how much of $a$ and how much of $b$ it brings there: an arc is as "
            f"thick as its share. {decision}"
        )
        if is_clock:
            st.latex(
                r"\begin{aligned}A_{=\to a} \approx \tfrac12 &+ \alpha\,(\cos w_k a - \cos w_k b)\\"
                r"&+ \beta\,(\sin w_k a - \sin w_k b)\end{aligned}"
            )
    figure("attention", "heads", title="What each head brings to the sign of equality")
    with shell.column():
        st.caption(
            "Appendix C.1.2 and C.1.3 of the paper; there 97.9 to 99.1 %. Here every head keeps its own mean, and the "
            "waves of a and of b have coefficients of their own."
            if is_clock
            else "Every head keeps its own mean, and the functions of a and of b have coefficients of their own."
        )


def _neuron_stage() -> None:
    with shell.column():
        st.header("3. Neurons multiply the waves", anchor=False)
        st.markdown(
            "To add angles one needs products. Take the neurons that follow frequency $k$ and what they write along "
            "$\\cos w_k c$ and $\\sin w_k c$ in the logits: two numbers, a point in a plane. If they add angles, the point lies at "
            "the angle of the **sum**. Small dots are the means over all pairs with the same sum; the hand is this pair, "
            "hollow where its sum belongs."
        )
        st.latex(
            r"\begin{aligned}\cos w_k(a+b) = {}&\cos w_k a \cos w_k b\\ &- \sin w_k a \sin w_k b\\"
            r"\sin w_k(a+b) = {}&\sin w_k a \cos w_k b\\ &+ \cos w_k a \sin w_k b\end{aligned}"
        )
    figure("sums", "sums", title="Sums on their rings")
    with shell.column():
        st.caption("Sections 4.2 and 4.3 of the paper; there adding explains 93.2 to 98.2 % (table 1).")


def _waves_stage(study: Study) -> None:
    said = words.of(study)
    with shell.column():
        st.header("4. and 5. " * snapshots.is_clock(study) + said.stage, anchor=False)
        waves_text() if snapshots.is_clock(study) else _blocks_text()
    title = f"{said.many.capitalize()} over the answers, and their sum"
    figure("waves", "waves", title=title, part="inside")
    if snapshots.is_clock(study):
        with shell.column():
            st.caption(
                "Section 4.2 of the paper; there the waves explain 95 % of the variance of the logits."
            )


def waves_text() -> None:
    """What the waves over the answers are."""
    st.markdown(
        "$W_L$ turns each pair of products into a wave over all possible answers $c$, with its crest where $c = a + b$. Every wave "
        "has other crests too. **Only at one answer do all of them have a crest**: there the sum stands out, and the softmax picks it. "
        + DRAWN
    )
    st.latex(r"L(c) \approx \sum_k \alpha_k \cos\big(w_k(a+b-c)\big)")


def _blocks_text() -> None:
    st.markdown(
        "Each block adds to the logit of every possible answer $c$. In a finished circuit it adds a multiple of its character at "
        "$a b c^{-1}$, and no character is larger anywhere than at the element that changes nothing: where $c$ is the right answer. "
        "**Only there are all blocks at their largest**, and the softmax picks it. " + DRAWN
    )
    st.latex(r"L(c) \approx \sum_\rho \alpha_\rho\, \chi_\rho\big(a b c^{-1}\big)")
