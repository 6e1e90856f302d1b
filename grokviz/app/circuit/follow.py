"""One pair through the five stages of the circuit, at the step in view."""

import numpy as np
import pandas as pd
import streamlit as st

from grokviz import wording
from grokviz.app import sentences, shell
from grokviz.app.circuit import pair, snapshots
from grokviz.app.circuit.snapshots import View
from grokviz.app.explorer import figures
from grokviz.app.session import address, cache
from grokviz.app.session.bounded import kept
from grokviz.circuit.questions import Answer, ask, speakers
from grokviz.circuit.stages import Followed, Stages, follow
from grokviz.runs.imported import UNKNOWN
from grokviz.study import Study
from grokviz.tasks.pairs import NO_ANSWER, operation_of
from grokviz.view import bars, pictures

RUNNERS_UP = 4


def follow_pair(study: Study) -> None:
    """Below the film: the question, its answer, and the five stages."""
    index = study.index_at(address.current().step)
    view = snapshots.inside(address.handle(), index)
    a, b = pair.current(study)
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.subheader("Choose a question", anchor=False)
        pair.result_map(study, view, "follow-map")
        pair.sliders(study, "follow")
        pair.find_buttons(study, view)
    with right:
        answer_panel(study, view, a, b)
    found = pair.places(study, a, b)
    with shell.column():
        order_note(study)
    if found is None:
        with shell.column():
            st.info(
                "0 is no power of another number: a product with 0 has no logarithm to add, and no stage to follow. Choose other numbers."
            )
        return
    if study.task.places is None:
        return
    followed = follow(view.stages, *found, snapshots.centred_logits(view, *found))
    if snapshots.is_clock(study):
        embedding_stage(study, view.stages, followed, "follow")
    attention_stage(study, view.stages, followed, "follow")
    if snapshots.is_clock(study):
        neuron_stage(study, view.stages, followed, "follow")
    waves_stage(study, view, followed, "follow")


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
            "ring to go around on. The waves below are what each block says for every answer; the characters of the group "
            "are their ideal.",
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


def answer_panel(study: Study, view: View, a: int, b: int, key: str = "follow") -> None:
    """What is a + b? The answer, how sure it is, the runners-up, and which frequencies spoke for it."""
    right = int(study.task.answers[a, b])
    asked = pair.question(study, a, b)
    if right == NO_ANSWER:
        st.subheader(f"What is {asked}?", anchor=False)
        st.markdown("Nothing: one cannot divide by 0. The network was never asked.")
        return
    answer = ask(snapshots.logits_of(view, a, b), right)
    said = int(answer.ranked[0])
    st.subheader(f"What is {asked}?", anchor=False)
    seen = "It was trained on this pair." if study.task.is_train[a, b] else "It has never seen this pair."
    if study.run.config.split == UNKNOWN:
        seen = "Whether it was trained on this pair is not known."
    is_right = view.outcome.is_right[a, b]
    verdict = "which is right" if is_right else f"which is wrong: it is {pair.written(study, right)}"
    sure = wording.percent(float(answer.probability[said]))
    st.markdown(f"**“{pair.written(study, said)}”**, {sure} sure, {verdict}. {seen}")
    names = [
        pair.written(study, int(c)) + (" (right)" if c == right else "")
        for c in answer.ranked[: RUNNERS_UP + 1]
    ]
    table = pd.DataFrame(
        {"answer": names, "probability": answer.probability[answer.ranked[: RUNNERS_UP + 1]]}
    )
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "probability": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
        },
    )
    _speakers(study, view, (a, b), answer, key)


def _speakers(study: Study, view: View, asked: tuple[int, int], answer: Answer, key: str) -> None:
    """Which frequencies spoke for the right answer, and against its strongest rival."""
    right = int(study.task.answers[asked])
    found = pair.places(study, *asked)
    rival = np.flatnonzero(view.stages.order.c == answer.rival)
    if found is None or not len(rival) or study.task.places is None:
        return
    i, j = found
    order, waves = view.stages.order, view.stages.freqs
    spoken = speakers(
        snapshots.centred_logits(view, i, j),
        int(order.group.product[i, j]),
        int(rival[0]),
        order.group,
    )
    st.markdown(
        f"**Which frequencies spoke for {pair.written(study, right)}?** Its logit stands {wording.readable(abs(answer.margin))} nats "
        f"{'above' if answer.margin >= 0 else 'below'} that of {pair.written(study, answer.rival)}, its strongest rival. Each frequency's part in that:"
    )
    names = tuple(snapshots.block_name(study, k) for k in waves)
    spec = _speakers_spec(names, snapshots.scales(address.handle()).wave, figures.is_dark())
    figures.draw_with(spec, "speakers", bars.speakers(spoken, waves, names), f"{key}-speakers")
    st.caption(
        "**How to read this.** To the right: for the right answer. The bars add up to the difference exactly."
    )


@kept(cache.SPEAKERS)
def _speakers_spec(names: tuple[str, ...], size: float, dark: bool) -> dict:
    return figures.spec_of(bars.speakers_chart(names, 2 * size, dark))


def embedding_stage(study: Study, s: Stages, followed: Followed, key: str) -> None:
    with shell.column():
        st.header("1. Each number becomes an angle", anchor=False)
        st.markdown(
            "The embedding places every number on a circle, one for each key frequency. Number $a$ goes $k$ times "
            "round the clock: its angle is $w_k a$. Filled dots are where the network has put $a$ and $b$, hollow ones "
            "where a perfect clock would. **Drag a hand** to change the numbers."
        )
        st.latex(r"a \mapsto \big(\cos w_k a,\ \sin w_k a\big),\qquad w_k = 2\pi k/" + str(s.order.n))
    full = snapshots.scales(address.handle()).ring
    i, j, _ = followed.places
    b = int(s.order.b[j])
    shares = [f"circle explains {wording.percent(float(share))} of the ring" for share in s.ring_share]
    found = [
        pictures.ring(k, index, s.rings[index] / full[index], s.radius[index] / full[index], shares[index])
        for index, k in enumerate(s.freqs)
    ]
    numbers = s.order.a.tolist()
    pictures.rings(
        found,
        numbers,
        [pictures.Hand("a", i, "a"), pictures.Hand("b", numbers.index(b), "b")],
        pictures.Words(
            "Numbers on their rings",
            "Point at a number to see it on every ring. Drag a hand to choose another.",
        ),
        key=f"{key}-rings",
        on_pick=lambda a, b: pair.choose(a, b) if {a, b} <= set(numbers) else None,
    )
    with shell.column():
        share = wording.percent(float(s.embedding_share.sum()))
        chance = wording.percent(len(s.freqs) / (len(s.order.group.blocks) - 1))
        st.markdown(
            f"**At this step** these {len(s.freqs)} frequencies hold {share} of the variance of the embedding "
            f"({chance} would be chance)."
        )
        st.caption("Nanda et al. 2023, sections 3.1 and 4.1. Share of W_E over the numbers, mean removed.")


def attention_stage(study: Study, s: Stages, followed: Followed, key: str) -> None:
    with shell.column():
        st.header("2. Attention brings the two together", anchor=False)
        if nothing := sentences.no_attention(study):
            st.info(nothing, icon=":material/info:")
            return
        st.markdown(
            "The answer is read at “=”. Each head decides how much of $a$ and how much of $b$ it brings there. In a "
            "finished circuit that decision is itself a wave of one frequency, close to"
        )
        st.latex(
            r"A_{=\to a} \approx \tfrac12 + \alpha\,(\cos w_k a - \cos w_k b) + \beta\,(\sin w_k a - \sin w_k b)"
        )
    with st.container(width=960):
        waves = [snapshots.block_name(study, head.freq) if head.freq else "none" for head in followed.heads]
        rows = [
            (h, waves[h], *map(float, head.pattern), float(head.linear[0]), wording.percent(head.share))
            for h, head in enumerate(followed.heads)
        ]
        names = ["head", "wave", "to a", "to b", "to =", "by its wave: to a", "explained"]
        bar = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
        st.dataframe(
            pd.DataFrame(rows, columns=names),
            hide_index=True,
            height="content",
            column_config={name: bar for name in names if "to " in name},
        )
    with shell.column():
        best = ", ".join(wording.percent(head.share) for head in followed.heads)
        st.markdown(
            f"**At this step** one frequency a head explains {best} of the variance of its attention to $a$."
        )
        st.caption(
            "Appendix C.1.2 and C.1.3 of the paper; there 97.9 to 99.1 %. Here every head keeps its own mean, and the "
            "waves of a and of b have coefficients of their own."
        )


def neuron_stage(study: Study, s: Stages, followed: Followed, key: str) -> None:
    with shell.column():
        st.header("3. Neurons multiply the waves", anchor=False)
        st.markdown(
            "To add angles one needs products. Take the neurons that follow frequency $k$ and what they write along "
            "$\\cos w_k c$ and $\\sin w_k c$ in the logits: two numbers, a point in a plane. If they add angles, the point lies at "
            "the angle of the **sum**."
        )
        st.latex(
            r"\begin{aligned}\cos w_k(a+b) &= \cos w_k a \cos w_k b - \sin w_k a \sin w_k b\\"
            r"\sin w_k(a+b) &= \sin w_k a \cos w_k b + \cos w_k a \sin w_k b\end{aligned}"
        )
    sum_rings(study, s, followed, key)
    with shell.column():
        with st.expander("The products, as numbers"):
            st.dataframe(_product_table(followed), hide_index=True, height="content")
            st.caption(
                "In logits, along waves of c of unit length. Fitted: the products of least squares over all pairs. "
                "Actual: what the neurons write for this pair, mean over all pairs removed. Ideal: one amplitude for all pairs."
            )
        st.markdown(
            f"**At this step** the frequency of each neuron explains {wording.percent(s.neuron_share)} of the variance of all neurons; "
            f"{int(s.pure_neurons.sum())} of {study.run.config.d_mlp} are explained to 85 % by one of these frequencies."
        )
        st.caption("Sections 4.2 and 4.3 of the paper; there adding explains 93.2 to 98.2 % (table 1).")


def sum_rings(study: Study, s: Stages, followed: Followed, key: str) -> None:
    """What the neurons of each frequency write, as a point for every sum and a hand for this pair."""
    sign = snapshots.sum_sign(study)
    full = snapshots.scales(address.handle()).turned
    answer = followed.places[2]
    found = []
    for index, k in enumerate(s.freqs):
        own = {"sum": followed.products[index].actual / full[index]}
        note = f"{s.neurons[index]} neurons, {s.pure_neurons[index]} pure; adding explains {wording.percent(float(s.turned_share[index]))}"
        found.append(
            pictures.ring(
                k, index, _means_by_sum(s, index) / full[index], s.turned_size[index] / full[index], note, own
            )
        )
    pictures.rings(
        found,
        s.order.c.tolist(),
        [pictures.Hand("sum", answer, f"a{sign}b")],
        pictures.Words(
            "Sums on their rings",
            "Small dots: the mean over all pairs with the same sum. The hand: this pair, hollow where its sum belongs.",
        ),
        key=f"{key}-sums",
        of="sum",
    )


def _means_by_sum(s: Stages, index: int) -> np.ndarray:
    """The mean over all pairs with the same sum, as a point for each sum."""
    n = s.order.n
    a, b = np.mgrid[:n, :n]
    means = [np.bincount(((a + b) % n).ravel(), s.turned[index, :, :, x].ravel(), n) / n for x in (0, 1)]
    return np.stack(means, axis=1)


def _product_table(followed: Followed) -> pd.DataFrame:
    rows = []
    for product in followed.products:
        (cos_cos, sin_sin), (sin_cos, cos_sin) = product.parts
        rows.append((product.freq, "cos w(a+b)", cos_cos, sin_sin, *_three(product, 0)))
        rows.append((product.freq, "sin w(a+b)", sin_cos, cos_sin, *_three(product, 1)))
    names = ["k", "gives", "first product", "second product", "fitted", "actual", "ideal"]
    return pd.DataFrame(rows, columns=names).round(2)


def _three(product, which: int) -> tuple[float, float, float]:
    return product.fitted[which], product.actual[which], product.ideal[which]


def waves_stage(study: Study, view: View, followed: Followed, key: str, numbered: bool = True) -> None:
    s = view.stages
    a, b = (
        int(order[place]) for order, place in zip((s.order.a, s.order.b), followed.places[:2], strict=True)
    )
    with shell.column():
        st.header(("4. and 5. " if numbered else "") + "Waves that agree at one answer", anchor=False)
        st.markdown(
            "$W_L$ turns each pair of products into a wave over all possible answers $c$, with its crest where $c = a + b$. Every wave "
            "has other crests too. **Only at one answer do all of them have a crest**: there the sum stands out, and the softmax picks it. "
            "Solid: the network. Dashed: the ideal, one amplitude $\\alpha_k$ for all pairs."
        )
        st.latex(r"L(c) \approx \sum_k \alpha_k \cos\big(w_k(a+b-c)\big)")
    lanes, total = _lanes(study, s, followed)
    right = int(study.task.answers[a, b])
    places = {int(c): at for at, c in enumerate(s.order.c)}
    winner = int(s.order.c[int(np.argmax(np.nan_to_num(followed.logits, nan=-np.inf)))])
    pictures.waves(
        lanes,
        total,
        pictures.Answers(
            s.order.c.tolist(),
            "answer c" if s.order.root is None else f"answer c, in the order of the powers of {s.order.root}",
        ),
        pictures.Words(
            f"Waves over the answers for {pair.question(study, a, b)}, and their sum",
            "Point at an answer to read its waves. At the right: how much of each the ideal explains, over all pairs.",
        ),
        key=f"{key}-waves",
        right=pictures.Peak(
            places.get(right, followed.places[2]),
            f"{pair.question(study, a, b)} = {pair.written(study, right)}"
            if operation_of(study.run.config).sign
            else f"right: {pair.written(study, right)}",
        ),
        winner=pictures.Peak(places[winner], f"{pair.written(study, winner)} wins"),
    )
    with shell.column():
        st.markdown(_sum_sentence(followed, s))
        st.caption("Section 4.2 of the paper; there the waves explain 95 % of the variance of the logits.")


def _lanes(study: Study, s: Stages, followed: Followed) -> tuple[list[dict], dict]:
    """The wave of each frequency over the answers, and their sum."""
    full = snapshots.scales(address.handle())
    sum_share = wording.percent(s.logit_share)
    total = pictures.lane("sum", 0, followed.logits, followed.ideal, full.total, sum_share)
    waves = zip(s.freqs, followed.waves, followed.ideal_waves, s.wave_share, strict=True)
    lanes = [
        pictures.lane(
            snapshots.block_name(study, k), index, wave, ideal, full.wave, wording.percent(float(share))
        )
        for index, (k, wave, ideal, share) in enumerate(waves)
    ]
    return lanes, total


def _sum_sentence(followed: Followed, s: Stages) -> str:
    answer = followed.places[2]
    actual, waves = (wording.signed(_margin(row, answer)) for row in (followed.logits, followed.ideal))
    rest = float(np.sqrt(np.mean(followed.rest**2)))
    return (
        f"**At this step** the waves explain {wording.percent(s.logit_share)} of the variance of all logits. For this pair the right answer "
        f"stands {actual} nats from its best rival; the ideal waves alone would make that {waves}. What they leave over varies by "
        f"{wording.readable(rest)} around 0."
    )


def _margin(row: np.ndarray, right: int) -> float:
    return float(row[right] - np.delete(row, right).max())
