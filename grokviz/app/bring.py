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
  const main = document.querySelector('[data-testid="stMain"]');
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // After the page has taken its new shape: what was folded away above would move the place again.
  // By pixels, as the room that a film keeps for its strip is below this place, not above it.
  requestAnimationFrame(() => main.scrollBy({
    top: place.getBoundingClientRect().top - (header?.offsetHeight ?? 0) - 12, behavior: calm ? "auto" : "smooth",
  }));
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
