"""Writing the site: its pages, its runs, its one script."""

import gzip
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from streamlit.testing.v1 import AppTest

from grokviz import study as studies
from grokviz.app import garbage, menu, shell
from grokviz.app.explorer import tour
from grokviz.app.freeze import elements, picture
from grokviz.errors import RunError
from grokviz.installation import HOME
from grokviz.jobs import supervisor
from grokviz.runs import library
from grokviz.runs.folder import open_run
from grokviz.study import Study
from grokviz.view import frames, site
from grokviz.view.export import start_of
from grokviz.view.site import SitePage, SiteRun

PAGES = ("story", "timeline", "measures", "circuit", "pizza", "compare", "glossary")  # that need no server
SECONDS = 120.0  # for a page to be built


def freeze(
    out: Path,
    runs: Sequence[str],
    title: str,
    on_progress: Callable[[str], None] = lambda what: None,
    address: str = "",
) -> int:
    """Write the site of these runs, names or folders, into `out`, a new or empty folder; how many bytes it has.

    The first run is the one that a page opens with; `address` is where the site will stand. Raises `RunError` when a run cannot be opened, or the folder
    holds something else.
    """
    refuse_full_folder(out)
    folders = [library.locate(name) for name in runs]
    out.mkdir(parents=True, exist_ok=True)
    (out / "runs").mkdir()
    told = []
    for folder in folders:
        on_progress(f"run {folder.name}")
        study = studies.load(open_run(folder))
        told.append(_write_run(study, out))
        if folder == folders[0]:
            (out / site.PICTURE).write_bytes(picture.of_run(study, title))
    pages, names = [], [name for name in PAGES if name != "compare" or len(told) > 1]
    with _no_background():
        for name in names:
            on_progress(f"page {name}")
            pages.append(_page(name, told[0].id, names))
    for page in (*pages, site.embed_page()):
        (out / site.file_of(page.name)).write_text(site.page_html(page, pages, told, title, address), "utf-8")
    (out / site.SCRIPT).write_text(site.script(), "utf-8")
    (out / site.STYLE).write_text(site.style(), "utf-8")
    (out / site.ICON).write_bytes(shell.ICON.read_bytes())
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def refuse_full_folder(out: Path) -> None:
    """Raises `RunError` unless the folder is new or empty."""
    if os.path.lexists(out) and not (out.is_dir() and not os.listdir(out)):
        raise RunError(f"{out.name!r} is there already, and holds something.", mend="Choose a new folder.")


def _write_run(found: Study, out: Path) -> SiteRun:
    """The bytes of a run as files, each named by its content so that a browser may keep it for ever."""
    run, folder = found.run, found.run.path
    core = frames.timeline_blob(run, found.timeline, found.task, found.phases)
    header = frames.read_header(core)
    name = re.sub(r"[^A-Za-z0-9._-]", "-", folder.name)
    parts = {"core": core, "maps": frames.maps_blob(run, found.timeline)}
    files = {part: f"runs/{name}-{header['id']}-{part}.bin" for part in parts}
    for part, data in parts.items():
        (out / files[part]).write_bytes(gzip.compress(data, 9, mtime=0))
    title = header["title"] or folder.name
    stops = tour.stops(found)
    return SiteRun(
        folder.name, title, header["sentence"], header["id"], **files, start=start_of(header), tour=stops
    )


def _page(name: str, run: str, pages: Sequence[str]) -> SitePage:
    """A page of the app, built as for a visitor. Raises `RuntimeError` when the page itself fails."""
    app = AppTest.from_file(str(HOME / "app.py"), default_timeout=SECONDS)
    app.query_params["run"] = run
    app.switch_page(f"pages/{name}.py").run()
    if app.exception:
        raise RuntimeError(f"The page {name} fails: {app.exception[0].message}")
    entry = menu.entry(name)
    return SitePage(name, entry.title, entry.help, elements.body(app.main, pages))


@contextmanager
def _no_background() -> Iterator[None]:
    """Nothing is trained and nothing collected while pages are built: no thread is started for it."""
    with (
        mock.patch.object(supervisor, "supervise", return_value=None),
        mock.patch.object(garbage, "collect_when_idle", return_value=None),
    ):
        yield
