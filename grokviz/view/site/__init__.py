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
STILL = FOLDER.parent / "pictures"
SCRIPT, PICTURES, STYLE, ICON = "site.js", "pictures.js", "site.css", "icon.svg"
FIRST = "story"  # the page that stands at the address of the site
EMBED = "embed"  # the figure alone, for a frame in another page
PICTURE = "picture.png"


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
def pictures() -> str:
    """What draws the pictures that stand still: a script of its own, for the pages that have one."""
    return assets.bundle(STILL / "js/mount.js") + "\nexport { mount };\n"


@functools.cache
def style() -> str:
    sheets = (STILL / "style.css", FOLDER / "site.css")
    return variables() + assets.style() + "".join(sheet.read_text("utf-8") for sheet in sheets)


def page_html(
    page: SitePage, pages: Sequence[SitePage], runs: Sequence[SiteRun], title: str, address: str = ""
) -> str:
    """One page of the site. Texts of runs are data or escaped; only `page.body` is taken as HTML.

    `address` is where the site will stand: with it, those who link to it show a picture.
    """
    heading = page.title if page.title == title else f"{page.title} · {title}"
    site = json.dumps({"runs": [run.to_json() for run in runs]}, ensure_ascii=False).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(heading)}</title>
<meta name="description" content="{html.escape(page.description)}">
<meta name="grokviz-embed" content="{file_of(EMBED)}">
{_card(heading, page, address)}
<link rel="icon" href="{ICON}">
<link rel="stylesheet" href="{STYLE}">
<script type="application/json" id="site">{site}</script>
<script>{_EARLY}{_FETCH if "site-film" in page.body else ""}</script>
<script type="module" src="{SCRIPT}"></script>
</head>
<body>
{_head(page, pages, title) if page.name != EMBED else ""}
<main>
{page.body}
</main>
</body>
</html>
"""


# Before anything else: the theme that was chosen and, where there is a film, the first bytes of the run, so that both are there in time.
_EARLY = """
try { const chosen = localStorage.getItem("grokviz-theme"); if (chosen) document.documentElement.dataset.theme = chosen; } catch {}
""".strip()
_FETCH = """
{
  const { runs } = JSON.parse(document.getElementById("site").textContent);
  const query = new URLSearchParams(location.search), id = query.get("run") ?? query.get("runs")?.split(",")[0];
  const run = runs.find((one) => one.id === id) ?? runs[0];
  globalThis.grokvizFetched = { [run.core]: fetch(run.core) };
}"""


def _head(page: SitePage, pages: Sequence[SitePage], title: str) -> str:
    return f"""<header class="site-head">
<a class="site-name" href="{file_of(FIRST)}">{html.escape(title)}</a>
<nav aria-label="Pages">{"".join(_link(one, page) for one in pages)}</nav>
<button type="button" class="site-theme" hidden>Dark</button>
</header>"""


def _card(heading: str, page: SitePage, address: str) -> str:
    """What others show of a link to the page: Open Graph, which Twitter reads too."""
    said = {"og:title": heading, "og:description": page.description, "og:type": "article"}
    if address:
        base = address.rstrip("/")
        said |= {"og:url": f"{base}/{file_of(page.name)}", "og:image": f"{base}/{PICTURE}"}
        said |= {"twitter:card": "summary_large_image"}
    return "\n".join(f'<meta property="{name}" content="{html.escape(text)}">' for name, text in said.items())


def embed_page() -> SitePage:
    """The film and nothing around it: `embed.html?run=&step=&panels=&from=&to=`."""
    panels = html.escape(",".join(assets.DEFAULT_PANELS[:3]))
    body = f'<div class="site-film" data-panels="{panels}" data-layout="full"><div class="gv">\n</div></div>'
    return SitePage(EMBED, "A run", "One network learning, step by step.", body)


def _link(page: SitePage, here: SitePage) -> str:
    current = ' aria-current="page"' if page.name == here.name else ""
    return f'<a data-page="{page.name}" href="{file_of(page.name)}"{current}>{html.escape(page.title)}</a>'


def file_of(page: str) -> str:
    """The file of a page of this name."""
    return "index.html" if page == FIRST else f"{page}.html"
