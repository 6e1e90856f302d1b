"""What a page does in the browser beside its figures, in one component without looks: see `view/page/js/mount.js`."""

import functools
import json
from collections.abc import Callable

from streamlit.components.v2 import component

from grokviz.app import glossary
from grokviz.view.film import assets

FOLDER = assets.FOLDER.parent / "page"


def frame(page: str) -> None:
    """Words of the glossary open where they stand, and the menu of a phone closes if `page` is another one than before."""
    _frame()(key="frame", data={"page": page}, height=1)


@functools.cache
def _frame() -> Callable:
    words = {glossary.slug(word): [word, meaning] for word, meaning in glossary.WORDS.items()}
    script = f"const WORDS = {json.dumps(words)};\n{assets.bundle(FOLDER / 'js/mount.js')}\nexport default mount;\n"
    html = '<div class="gv-word" popover role="dialog" tabindex="-1">\n</div>'
    return component("grokviz_frame", html=html, css=(FOLDER / "style.css").read_text("utf-8"), js=script)
