"""Writing the site: its pages, its runs, its one script."""

import gzip
import hashlib
import html
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from streamlit.testing.v1 import AppTest

from grokviz import study as studies
from grokviz.app import garbage, menu, shell
from grokviz.app.explorer import tour
from grokviz.app.freeze import cases, elements, picture
from grokviz.app.freeze.cases import Shelf
from grokviz.app.session import cache
from grokviz.errors import RunError
from grokviz.installation import HOME
from grokviz.jobs import supervisor
from grokviz.runs import library
from grokviz.runs.folder import open_run
from grokviz.study import Study
from grokviz.view import frames, site
from grokviz.view.export import start_of
from grokviz.view.site import SitePage, SiteRun

# The pages that need no server, in the order of the menu; and those that show what was computed beforehand.
PAGES = ("story", "timeline", "measures", "circuit", "follow", "cut", "pizza", "map", "compare")
PAGES = (*PAGES, "course", "film", "teacher", "glossary")
CASES: Mapping[str, Shelf] = {"follow": cases.QUESTIONS, "cut": cases.CUTS, "map": cases.MAPS}
_COMPLAINS = "streamlit.runtime.scriptrunner_utils.script_run_context"
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
    with _as_for_a_visitor(folders):
        for name in names:
            on_progress(f"page {name}")
            chosen = _write_cases(name, told, names, out, on_progress) if name in CASES else ""
            entry, app = menu.entry(name), _visited(name, told[0].id)
            pages.append(SitePage(name, entry.title, entry.help, elements.body(app.main, names, chosen)))
    for page in (*pages, site.embed_page()):
        (out / site.file_of(page.name)).write_text(site.page_html(page, pages, told, title, address), "utf-8")
    (out / site.SCRIPT).write_text(site.script(), "utf-8")
    (out / site.PICTURES).write_text(site.pictures(), "utf-8")
    (out / site.STYLE).write_text(site.style(), "utf-8")
    (out / site.ICON).write_bytes(shell.ICON.read_bytes())
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def refuse_full_folder(out: Path) -> None:
    """Raises `RunError` unless the folder is new or empty."""
    if os.path.lexists(out) and not (out.is_dir() and not os.listdir(out)):
        raise RunError(f"{out.name!r} is there already, and holds something.", mend="Choose a new folder.")


def _write_run(found: Study, out: Path) -> SiteRun:
    """The bytes of a run as files."""
    run, folder = found.run, found.run.path
    core = frames.timeline_blob(run, found.timeline, found.task, found.phases)
    header = frames.read_header(core)
    parts = {"core": core, "maps": frames.maps_blob(run, found.timeline)}
    files = {part: _write_part(out, folder.name, header["id"], part, data) for part, data in parts.items()}
    title = header["title"] or folder.name
    stops = tour.stops(found)
    return SiteRun(
        folder.name, title, header["sentence"], header["id"], **files, start=start_of(header), tour=stops
    )


def _write_part(out: Path, run: str, id: str, part: str, data: bytes) -> str:
    """A part as a file, named by its content so that a browser may keep it for ever; the name."""
    name = f"runs/{_plain(run)}-{id}-{_plain(part)}.bin"
    if not (out / name).exists():
        (out / name).write_bytes(gzip.compress(data, 9, mtime=0))
    return name


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def _write_cases(
    page: str,
    runs: Sequence[SiteRun],
    pages: Sequence[str],
    out: Path,
    on_progress: Callable[[str], None],
) -> str:
    """What can be chosen on a page of each run, its text and its parts as files; the HTML of the list."""
    shelf, told = CASES[page], []
    for run in runs if shelf.of_each_run else runs[:1]:
        for case in shelf.of(cache.resolve(run.id)):
            on_progress(f"page {page}, {run.id}: {case.label}")
            files = [_write_part(out, run.id, run.film, part, data) for part, data in case.parts().items()]
            text = elements.chosen(_visited(page, run.id, case.query).main, pages).encode()
            html_file = _write_part(out, run.id, hashlib.sha256(text).hexdigest()[:16], page, text)
            whose = run.id if shelf.of_each_run else ""
            told.append({"run": whose, "text": html_file, "files": files, **case.told()})
    data = html.escape(json.dumps(told, ensure_ascii=False))
    about = f"{shelf.sentence} {elements.HOW_TO_GET_IT}"
    return f'''<div class="site-cases" data-cases="{data}" data-label="{shelf.label}">
<div class="site-choice"><p class="site-caption">{about}</p></div>
</div>'''


def _visited(page: str, run: str, query: Mapping[str, str] | None = None) -> AppTest:
    """A page of the app, built as for a visitor. Raises `RuntimeError` when the page itself fails."""
    app = AppTest.from_file(str(HOME / "app.py"), default_timeout=SECONDS)
    for name, value in {"run": run, **(query or {})}.items():
        app.query_params[name] = value
    app.switch_page(f"pages/{page}.py").run()
    if app.exception:
        raise RuntimeError(f"The page {page} fails: {app.exception[0].message}")
    return app


@contextmanager
def _as_for_a_visitor(folders: Sequence[Path]) -> Iterator[None]:
    """The app knows these runs, wherever they lie. Nothing is trained and nothing collected while pages are built:
    no thread is started for it. That there is no server is not complained of."""
    known = library.roots
    parents = tuple(dict.fromkeys(folder.resolve().parent for folder in folders))
    with (
        mock.patch.object(logging.getLogger(_COMPLAINS), "disabled", True),
        mock.patch.object(library, "roots", lambda mine=None: (*parents, *known(mine))),
        mock.patch.object(supervisor, "supervise", return_value=None),
        mock.patch.object(garbage, "collect_when_idle", return_value=None),
    ):
        yield
