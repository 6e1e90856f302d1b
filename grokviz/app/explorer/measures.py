"""The progress measures as an article shows them: question, formula, figure, what to notice, source."""

import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.explorer import deeper
from grokviz.app.explorer.page import FIXED, film_key
from grokviz.measures import registry
from grokviz.measures.circuit import KEY_RULE
from grokviz.measures.declaration import Article, Measure, why_nothing
from grokviz.measures.deep.registry import deep_measures
from grokviz.study import Study
from grokviz.view.film import component

ROOM = 270  # pixels, of a figure with its sentence
LETTERS = (
    "In the formulas, *L* are the logits, one number for each possible answer, over all pairs; *K* the key frequencies, those "
    "of the waves it uses; and $C_k$, $S_k$ the waves $\\cos(w_k(a+b))$ and $\\sin(w_k(a+b))$, scaled to unit length."
)
OF_A_GROUP = " This group is no clock: *K* are its key blocks, and in place of the two waves stand the functions of a block, at the right answer."


KEYS = "key-frequencies"  # the anchor of that section


def _contents() -> None:
    """The sections of the page, each a link: it is long."""
    paper = {measure.name: measure.article.name for measure in registry.measures() if measure.article}
    beyond = {measure.name: measure.title for measure in deep_measures()}
    for words, of in (("On this page", paper | {KEYS: "Key frequencies"}), ("Beyond the paper", beyond)):
        st.markdown(f"{words}: " + " · ".join(f"[{name}](#{anchor})" for anchor, name in of.items()))


def gauges(study: Study) -> None:
    """All measures of a run, one below the other: figures of the film, along the axis of the strip above."""
    with shell.column():
        _contents()
    with st.container(key=FIXED):
        with shell.column():
            st.caption(
                f"{sentences.READ_CURVES} {LETTERS}{OF_A_GROUP * sentences.has_blocks(study)}{sentences.which_labels(study)}"
            )
        for measure in registry.measures():
            if measure.article:
                _section(measure, measure.article, study)
        with shell.column():
            st.header("Which frequencies are key?", anchor=KEYS)
            st.markdown(KEY_RULE)
            st.markdown("They are found once, in the last snapshot, and used for every step.")
    st.markdown(sentences.key_sentence(study), width=720)
    deeper.figures_of(study)


def _section(measure: Measure, article: Article, study: Study) -> None:
    st.header(article.question, anchor=measure.name)
    what, notice = st.columns(2, gap="large")
    what.markdown(f"**{article.name}.** {article.words}")
    notice.markdown(f"**What to notice.** {article.notice}")
    notice.caption(f"Source: {article.source}")
    st.latex(article.formula)
    if nothing := why_nothing(measure, study.task, study.timeline.key_freqs, study.run.config.shapes):
        st.info(nothing)
        return
    names = [measure.name, *(name for name in article.beside if name in study.timeline.series)]
    shown = {"kind": "curves", "id": measure.name, "title": article.question, "names": names}
    component.panels([shown], film_key(), key=f"measure-{measure.name}", room=ROOM)
