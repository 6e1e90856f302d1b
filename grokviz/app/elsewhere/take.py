"""What can be taken home of a run on sequences: the run as a zip, and its figures as one page."""

import io

import streamlit as st

from grokviz.app.elsewhere import figures, link
from grokviz.app.elsewhere.figures import Viewed
from grokviz.app.session import budget
from grokviz.runs import bundle
from grokviz.runs.fork import NO_FORK_OF_SEQUENCES
from grokviz.view.elsewhere import Question, offline


def take(viewed: Viewed, question: Question | None) -> None:
    """Two buttons for files that are made when they are asked for."""
    run, name, why_not = viewed[1], viewed[1].path.name, budget.why_no_bytes()

    def zipped() -> bytes:
        data = io.BytesIO()
        bundle.export_zip(run, data)
        return data.getvalue()

    def page() -> bytes:
        found = figures.of_run(viewed, question, link.step())
        return offline.offline_html(found, run.title or name, run.sentence).encode()

    with st.container(horizontal=True):
        for label, make, file, kind, told in (
            (
                "Download the run",
                zipped,
                f"{name}.zip",
                "application/zip",
                f"Settings, weights, losses, and the Python that trains it again. {NO_FORK_OF_SEQUENCES}",
            ),
            (
                "These figures as one file",
                page,
                f"{name}.html",
                "text/html",
                "Opens in any browser, without a network, and moves like this page.",
            ),
        ):
            st.download_button(label, budget.taking(make), file, kind, icon=":material/download:", type="tertiary", on_click="ignore",
                               disabled=bool(why_not), help=why_not or told, key=f"elsewhere-take-{run.config.task}-{kind}")  # fmt: skip
