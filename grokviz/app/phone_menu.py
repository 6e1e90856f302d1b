"""On a phone the menu lies over the page: it closes when a page was chosen.

Streamlit closes it at a press beside it and remembers whether it was open, also for the next visit; a choice in it is
no such press. So the page that was chosen says it was pressed. Where the menu is above the page, nothing happens.
"""

import functools
from collections.abc import Callable

from streamlit.components.v2 import component

CLOSE = """
export default ({ data }) => {
  if (globalThis.grokvizPage === data.page) return;
  globalThis.grokvizPage = data.page;
  document.querySelector('[data-testid="stMain"]')?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
};
"""


@functools.cache
def _closer() -> Callable:
    return component("grokviz_phone_menu", html="<i hidden>\n</i>", js=CLOSE)


def close_menu(page: str) -> None:
    """Close the menu of a phone if `page` is another one than before."""
    _closer()(key="phone-menu", data={"page": page})
