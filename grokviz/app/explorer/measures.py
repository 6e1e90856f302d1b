"""The progress measures as an article shows them: question, formula, figure, what to notice, source."""

import streamlit as st

from grokviz.app import sentences, shell
from grokviz.app.explorer import figures
from grokviz.app.session import address
from grokviz.measures import registry
from grokviz.measures.circuit import KEY_RULE
from grokviz.measures.declaration import Article, Measure, why_nothing
from grokviz.study import Study


def gauges(study: Study) -> None:
    """All measures of a run, one below the other, with a rule at the step in view."""
    with shell.column():
        for measure in registry.measures():
            if measure.article:
                _section(measure, measure.article, study)
        st.header("Which frequencies are key?", anchor=False)
        st.markdown(KEY_RULE)
        st.markdown(
            f"They are found once, in the last snapshot, and used for every step. {sentences.key_sentence(study)}"
        )


def _section(measure: Measure, article: Article, study: Study) -> None:
    st.header(article.question, anchor=False)
    st.markdown(f"**{article.name}.** {article.words}")
    st.latex(article.formula)
    if nothing := why_nothing(measure, study.task, study.timeline.key_freqs):
        st.info(nothing)
        return
    figures.article_curves(study, measure, address.current().step)
    st.markdown(f"**What to notice.** {article.notice}")
    st.caption(f"{sentences.READ_CURVES} Source: {article.source}")
