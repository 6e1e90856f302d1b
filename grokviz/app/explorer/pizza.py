"""What stands on the page Clock or pizza below its film: where the run is, or why nobody can say."""

import streamlit as st

from grokviz import wording
from grokviz.app.session import address
from grokviz.measures.declaration import why_nothing
from grokviz.measures.registry import by_name
from grokviz.study import Study


def where_it_stands(study: Study) -> None:
    """The measures at the step in view in a sentence, or why there are none."""
    t, index = study.timeline, study.index_at(address.current().step)
    reasons = []
    for name in ("gradient_symmetricity", "distance_irrelevance"):
        if why := why_nothing(by_name(name), study.task, t.key_freqs, study.run.config.shapes):
            reasons.append(f"**{by_name(name).title}.** {why}")
    if reasons:
        st.info("\n\n".join(dict.fromkeys(reasons)), icon=":material/info:")
        return
    st.caption(
        f"Its numbers lie on circles to {wording.readable(float(t.circularity[index]))} (circularity, at most 1). "
        f"Its attention rate is {study.run.config.attention_rate:g}."
    )
