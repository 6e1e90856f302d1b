"""The film in a notebook: Python and the page hear each other, and a copy needs neither."""

import base64
import json
import os
import re
import subprocess
import sys

import pytest

import grokviz
from devtools import ROOT, browser
from grokviz.view import notebook

RUN = "mod59-no-decay"
STEP = "globalThis.grokvizScrubbers.active.step()"

# What anywidget does in a notebook, without one: a model with values and listeners, and a place in the page.
PAGE = """<!doctype html><body><div id="here"></div><script type="module">
const values = VALUES, heard = {};
const bytes = Uint8Array.from(atob(values.data), (c) => c.charCodeAt(0));
values.data = new DataView(bytes.buffer);
const model = globalThis.model = {
  get: (name) => values[name],
  set(name, value) { values[name] = value; },
  save_changes() { globalThis.saved = { ...values, data: null }; },
  on: (name, f) => { (heard[name] ??= new Set()).add(f); },
  off: (name, f) => heard[name].delete(f),
  fromPython(name, value) { values[name] = value; for (const f of heard[`change:${name}`]) f(); },
};
const module = await import(URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" })));
globalThis.end = module.default.render({ model, el: document.getElementById("here") });
</script>"""


@pytest.fixture(scope="module")
def film():
    return grokviz.film(RUN, step=1000)


@pytest.fixture
def page():
    said = []
    with browser.launch() as chromium:
        page = chromium.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        assert said == []


def test_it_opens_at_the_nearest_snapshot(film):
    steps = grokviz.open(RUN).steps
    assert film.step == steps[abs(steps - 1000).argmin()]
    assert film.panels[0] == "rings"
    assert "application/vnd.jupyter.widget-view+json" in film._repr_mimebundle_()[0]


def test_a_panel_that_is_none_is_refused():
    with pytest.raises(ValueError, match="Unknown panel 'nothing'. The panels are: rings"):
        grokviz.film(RUN, panels=("nothing",))


def test_a_notebook_without_anywidget_is_told_what_to_install():
    code = "import sys; sys.modules['anywidget'] = None; import grokviz; grokviz.film('mod59-quick')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "MissingPackageError" in done.stderr
    assert "pip install 'grokviz[notebook]'" in done.stderr


def test_charts_show_themselves():
    shown = grokviz.charts.losses(grokviz.open(RUN))._repr_mimebundle_()
    (html,) = [
        value for kind, value in (shown[0] if isinstance(shown, tuple) else shown).items() if "html" in kind
    ]
    assert "vega" in html


@pytest.mark.browser
def test_python_and_the_page_hear_each_other(film, page):
    values = {"data": base64.b64encode(film.data).decode(), "step": film.step, "panels": film.panels}
    html = PAGE.replace("VALUES", json.dumps(values)).replace(
        "SCRIPT", json.dumps(notebook.script()).replace("</", "<\\/")
    )
    page.set_content(html)
    page.wait_for_function(f"globalThis.grokvizScrubbers?.active && {STEP} === {film.step}")
    steps = grokviz.open(RUN).steps.tolist()
    page.evaluate(f"model.fromPython('step', {steps[3]})")
    page.wait_for_function(f"{STEP} === {steps[3]}")
    page.evaluate("model.fromPython('panels', ['answers'])")
    page.wait_for_function("document.querySelectorAll('.gv-panel:not([hidden])').length === 1")
    page.locator("input.gv-range").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"globalThis.saved?.step === {steps[4]}")
    page.evaluate("end()")


@pytest.mark.browser
def test_a_copy_needs_no_kernel(film, page):
    html = film.saved()._repr_html_()
    assert not re.search(r"<script", html)  # all of it is the text of an attribute
    page.set_content(f"<!doctype html><body>{html}")
    frame = page.frame_locator("iframe[title=GrokViz]")
    frame.locator(".gv-step").wait_for()
    assert f"step {film.step:,}" in frame.locator(".gv-step").inner_text()


@pytest.mark.slow
def test_the_example_notebook_runs(tmp_path):
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "execute",
        "docs/notebook.ipynb",
        "--output",
        str(tmp_path / "out"),
    ]
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=here, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    cells = json.loads(next(tmp_path.glob("out*")).read_text())["cells"]
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    assert any("application/vnd.jupyter.widget-view+json" in kinds for kinds in data)
    assert any("vega" in "".join(kinds.get("text/html", ())) for kinds in data)
