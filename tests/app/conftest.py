"""The app in this process: a page as Streamlit would run it, and what it then holds."""

import functools
import re

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from devtools import ROOT
from devtools.browser import launch
from devtools.server import files
from grokviz.app import garbage
from grokviz.app.freeze.site import freeze
from grokviz.jobs import supervisor

# An app looks through all that is installed, for its components; each AppTest is one, and they are the same for all.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

RUNS = ("mod59-quick", "mod59-no-decay")  # of the static site


@pytest.fixture(scope="session")
def site(made_once):
    """The folder of a static site, for reading only."""
    return made_once(
        "site", lambda out: freeze(out, RUNS, "Clocks & <circuits>", address="https://example.org/clocks/")
    )


@pytest.fixture
def said():
    """What the console of `page` was told: nothing, when a test ends."""
    return []


@pytest.fixture
def page(site, said):
    """A page of a browser that resolves addresses against the site, and asks nobody else."""
    asked: list[str] = []
    with launch() as browser, files(site) as address:
        page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 800})
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        yield page
        assert said == []
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


@pytest.fixture(autouse=True)
def no_supervisor(monkeypatch):
    """No thread that outlives a test: nothing is trained in this process."""
    monkeypatch.setattr(supervisor, "supervise", lambda runs: None)
    monkeypatch.setattr(garbage, "collect_when_idle", lambda: None)


@pytest.fixture
def visit():
    """Open a page with the query of an address, in a session of its own."""

    def open_page(page="story", **query):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return healthy(app.switch_page(f"pages/{page}.py").run())

    return open_page


def healthy(app):
    assert not app.exception, app.exception[0].message
    return app


def components(app):
    """The films and pictures of a page: not the frame, which is on every page, nor what scrolls."""
    unseen = ("grokviz_frame", "grokviz_bring")
    return [c for c in app.get("bidi_component") if c.proto.component_name not in unseen]


def unescaped(markdown: str) -> str:
    """The text that Markdown would show."""
    return re.sub(r"\\(.)", r"\1", markdown.replace("\u2060", ""))
