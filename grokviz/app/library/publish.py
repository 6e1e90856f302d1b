"""The dialog that publishes a run, on one's own machine only: what will be sent stands there before it is."""

import streamlit as st

from grokviz import hosting
from grokviz.app import sentences
from grokviz.errors import RunError
from grokviz.hub import card, publish
from grokviz.runs import library


def button(run: str) -> None:
    """A button on the card of a run, where publishing is possible."""
    if not hosting.is_hosted() and st.button("Publish", key=f"publish-{run}", type="tertiary"):
        dialog(run)


@st.dialog("Publish on the Hugging Face Hub", width="medium")
def dialog(run: str) -> None:
    """Name, licence, what will be sent, and the sending."""
    repo = st.text_input("Repository", placeholder="owner/name", max_chars=200, help="New, or one of yours.")
    licence = st.selectbox(
        "Licence", card.LICENCES, index=None, placeholder="Choose one", help="Under which others may use it."
    )
    private = st.toggle("Private", help="Only you see it.")
    if not repo or not licence:
        st.caption(
            "Choose a name and a licence, and you will see what is sent. Nothing is sent before you press Send."
        )
        return
    try:
        parcel = publish.parcel(library.find(run), repo.strip(), licence, private)
    except RunError as error:
        st.error(sentences.as_text(str(error)), icon=":material/block:")
        return
    listing = parcel.listing()
    st.markdown(f"**{len(listing)} files, {sum(size for _, size in listing) / 1e6:.1f} MB**: "
                + sentences.as_text(", ".join(name for name, _ in listing)))  # fmt: skip
    text = parcel.files["README.md"]
    with st.expander("The model card"):
        st.code(text.decode() if isinstance(text, bytes) else "", language=None, wrap_lines=True, height=320)
    if st.button("Send", type="primary", icon=":material/upload:"):
        try:
            with st.spinner("Sending …"):
                where = publish.send(parcel)
        except RunError as error:
            st.error(sentences.as_text(str(error)), icon=":material/cloud_off:")
        else:
            st.success(f"Published: {sentences.as_text(where)}", icon=":material/check:")
