"""What was just started or fetched is brought before the eye, wherever on the page one pressed.

A page marks a place once; whoever starts something says which place is to be seen. The browser scrolls there once
for each time it was said, and never by itself: not on a reload, and not when one comes back to the page.
"""

import functools
from collections.abc import Callable

from streamlit.components.v2 import component

from grokviz.app.session import keys

SCROLL = """
export default ({ data, parentElement }) => {
  const done = (globalThis.grokvizBrought ??= {});
  if (!data.times || done[data.place] === data.times) return;
  done[data.place] = data.times;
  const place = parentElement.host ?? parentElement;
  const header = document.querySelector('[data-testid="stHeader"]');
  const kept = parseFloat(getComputedStyle(document.querySelector('[data-testid="stMain"]')).scrollPaddingTop) || 0; // for the bar of a film, which stands below this place
  place.style.scrollMarginTop = `${(header?.offsetHeight ?? 0) + 12 - kept}px`;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // After the page has taken its new shape: what was folded away above would move the place again.
  requestAnimationFrame(() => place.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }));
};
"""


@functools.cache
def _scroller() -> Callable:
    return component("grokviz_bring", html="<i hidden>\n</i>", js=SCROLL)


def place(name: str) -> None:
    """Here is the place of this name."""
    _scroller()(key=f"bring-{name}", data={"place": name, "times": keys.BROUGHT.get({}).get(name, 0)})


def into_view(name: str) -> None:
    """Scroll to the place of this name when the page is drawn next."""
    times = keys.BROUGHT.get({})
    keys.BROUGHT.set({**times, name: times.get(name, 0) + 1})
