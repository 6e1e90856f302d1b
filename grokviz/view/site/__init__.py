"""A page of the static site as HTML: the app's reading pages without a server.

All pages share one script and one style sheet; a run is fetched whole, as the bytes the film plays.
"""

import functools
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from grokviz.view.film import assets
from grokviz.view.film.assets import Moment
from grokviz.view.theme import variables

FOLDER = Path(__file__).parent
SCRIPT, STYLE, ICON = "site.js", "site.css", "icon.svg"
FIRST = "story"  # the page that stands at the address of the site


class SiteRun(NamedTuple):
    """A run of the site: how it is told, where its bytes lie, and its moments."""

    id: str
    title: str
    sentence: str
    film: str  # the id of what the film plays
    core: str  # file names, beside the pages
    maps: str
    start: int  # the step at which a page opens
    tour: Sequence[Moment]

    def to_json(self) -> dict[str, object]:
        return self._asdict()


class SitePage(NamedTuple):
    """A page: its file is `name`.html, and its body HTML already."""

    name: str
    title: str
    description: str
    body: str


@functools.cache
def script() -> str:
    """The film, and what a site needs besides, in one file."""
    return assets.bundle(FOLDER / "js/site.js")


@functools.cache
def style() -> str:
    return variables() + assets.style() + (FOLDER / "site.css").read_text("utf-8")


def page_html(page: SitePage, pages: Sequence[SitePage], runs: Sequence[SiteRun], title: str) -> str:
    """One page of the site. Texts of runs are data or escaped; only `page.body` is taken as HTML."""
    heading = page.title if page.title == title else f"{page.title} · {title}"
    site = json.dumps({"runs": [run.to_json() for run in runs]}, ensure_ascii=False).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(heading)}</title>
<meta name="description" content="{html.escape(page.description)}">
<link rel="icon" href="{ICON}">
<link rel="stylesheet" href="{STYLE}">
<script type="application/json" id="site">{site}</script>
<script>{_EARLY}</script>
<script type="module" src="{SCRIPT}"></script>
</head>
<body>
<header class="site-head">
<a class="site-name" href="{file_of(FIRST)}">{html.escape(title)}</a>
<nav aria-label="Pages">{"".join(_link(one, page) for one in pages)}</nav>
<button type="button" class="site-theme" hidden>Dark</button>
</header>
<main>
{page.body}
</main>
</body>
</html>
"""


# Before anything else: the theme that was chosen, and the first bytes of the run, so that both are there in time.
_EARLY = """
try { const chosen = localStorage.getItem("grokviz-theme"); if (chosen) document.documentElement.dataset.theme = chosen; } catch {}
{
  const { runs } = JSON.parse(document.getElementById("site").textContent);
  const id = new URLSearchParams(location.search).get("run");
  const run = runs.find((one) => one.id === id) ?? runs[0];
  globalThis.grokvizFetched = { [run.core]: fetch(run.core) };
}
""".strip()


def _link(page: SitePage, here: SitePage) -> str:
    current = ' aria-current="page"' if page.name == here.name else ""
    return f'<a data-page="{page.name}" href="{file_of(page.name)}"{current}>{html.escape(page.title)}</a>'


def file_of(page: str) -> str:
    """The file of a page of this name."""
    return "index.html" if page == FIRST else f"{page}.html"
