"""The static site: the app's own text and films, as files that any server can hand out."""

import gzip
import json
import re

import pytest
from PIL import Image

from devtools.browser import AXE, grave_faults, launch
from devtools.server import files
from grokviz import cli, study
from grokviz.app.explorer import tour
from grokviz.app.freeze import prose
from grokviz.app.freeze.site import PAGES, freeze
from grokviz.errors import RunError
from grokviz.measures import registry
from grokviz.runs import library
from grokviz.runs.folder import open_run
from grokviz.view import frames, theme
from grokviz.view.site import embed_page, file_of, page_html
from tests.app.conftest import RUNS

STEP = "globalThis.grokvizScrubbers.active.step()"


def test_text_is_text_and_formulas_are_mathml():
    assert prose.to_html("**a** $w_k$") == (
        f'<p><strong>a</strong> <span class="math inline">{prose.formula("w_k", is_block=False)}</span></p>\n'
    )
    assert "<math" in prose.formula(r"\cos(w_k(a+b))")
    assert prose.inline(":gray[quiet] :material/timeline: x") == '<span class="gray">quiet</span> x'


@pytest.mark.parametrize(
    "hostile", ["<script>x()</script>", "<img src=x onerror=x()>", "[x](javascript:x())", "$<script>$"]
)
def test_hostile_text_is_inert(hostile):
    html = prose.to_html(hostile)
    assert not re.search(r"<(script|img)|href=\"javascript", html)


def test_a_formula_that_cannot_be_read_is_shown_as_it_was_written():
    assert prose.formula(r"\left( <a>") == r"<code>\left( &lt;a&gt;</code>"


@pytest.mark.slow
def test_every_page_is_there_with_the_text_of_the_app(site, visit):
    for name in PAGES:
        html = (site / file_of(name)).read_text("utf-8")
        app = visit(name)
        assert f"<h1>{prose.inline(app.title[0].value)}</h1>" in html
        for header in app.header if name in ("story", "circuit", "pizza") else ():
            assert f"<h2>{prose.inline(header.value)}</h2>" in html
    assert (site / "index.html").read_text("utf-8").count(" data-tour>") == 1
    assert 'href="glossary.html#loss"' in (site / "index.html").read_text("utf-8")
    assert '<h3 id="loss">' in (site / "glossary.html").read_text("utf-8")
    assert (site / "timeline.html").read_text("utf-8").count('class="site-runs"') == 1


@pytest.mark.slow
def test_nothing_in_it_asks_another_host(site):
    for path in site.iterdir():
        if path.suffix in (".html", ".css", ".js"):
            text = path.read_text("utf-8")
            assert not re.search(r"""(src|url|import)\s*[=(]\s*["']?(https?:)?//""", text), path.name
            loaded = re.findall(r"<(?:link|script|img)[^>]*?(?:href|src)=\"([^\"]+)\"", text)
            assert not [name for name in loaded if not (site / name).is_file()]


@pytest.mark.slow
def test_the_films_are_those_of_the_app_byte_for_byte(site):
    told = json.loads(re.search(r'id="site">(.*?)</script>', (site / "index.html").read_text())[1])
    assert [run["id"] for run in told["runs"]] == list(RUNS)
    for run in told["runs"]:
        opened = open_run(library.locate(run["id"]))
        found = study.load(opened)
        core = frames.timeline_blob(opened, found.timeline, found.task, found.phases)
        assert gzip.decompress((site / run["core"]).read_bytes()) == core
        assert gzip.decompress((site / run["maps"]).read_bytes()) == frames.maps_blob(opened, found.timeline)
        assert run["film"] in run["core"]


@pytest.mark.slow
def test_links_of_the_lessons_lead_to_a_run_and_a_step_of_the_site(site):
    course = (site / "course.html").read_text("utf-8")
    assert 'href="timeline.html?run=mod113-paper&amp;step=0"' in course
    teacher = (site / "teacher.html").read_text("utf-8")
    assert 'href="course.html"' in teacher
    assert "train?" not in teacher
    for path in site.glob("*.html"):
        text = path.read_text("utf-8")
        assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="([^"]+)"', text)), path.name
        links = re.findall(r'href="([^"#?]+)', text)
        assert not [to for to in links if not to.startswith("http") and not (site / to).is_file()], path.name


@pytest.mark.slow
def test_its_title_is_escaped(site):
    html = (site / "index.html").read_text("utf-8")
    assert "Clocks &amp; &lt;circuits&gt;" in html
    assert "<circuits>" not in html


@pytest.mark.slow
def test_a_link_to_it_shows_a_picture_of_the_run(site):
    html = (site / "timeline.html").read_text("utf-8")
    assert '<meta property="og:image" content="https://example.org/clocks/picture.png">' in html
    assert '<meta property="og:url" content="https://example.org/clocks/timeline.html">' in html
    with Image.open(site / "picture.png") as image:
        assert image.size == (1200, 630)
        assert len(image.crop((60, 60, 570, 570)).getcolors() or ()) == 3  # train, test and wrong
    assert 'property="og:image"' not in page_html(embed_page(), [embed_page()], [], "T")


@pytest.mark.parametrize("address", ["ftp://x", "https://", 'https://x"><script>', "example.org"])
def test_what_is_no_address_is_refused(tmp_path, capsys, address):
    assert cli.main(["freeze", "--out", str(tmp_path / "site"), "--address", address]) == 2
    assert "should be an address of the web. Such as https://" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="holds something. Choose a new folder"):
        freeze(tmp_path, RUNS, "T")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_that_is_not_here_leaves_nothing_behind(tmp_path, capsys):
    assert cli.main(["freeze", "--out", str(tmp_path / "site"), "--runs", "nowhere"]) == 2
    assert "neither a folder nor the name of a run" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_title_has_1_to_80_characters(tmp_path, capsys):
    assert cli.main(["freeze", "--out", str(tmp_path / "site"), "--title", " "]) == 2
    assert "1 to 80" in capsys.readouterr().err


def test_the_theme_is_that_of_the_app():
    css = theme.variables()
    assert "--st-background-color: #FDFCFA;" in css.split("@media")[0]
    assert "--st-background-color: #15171B;" in css.split("@media")[1]


@pytest.mark.browser
def test_a_link_opens_its_step_and_follows_the_hand(page):
    page.goto("/timeline.html?run=mod59-no-decay&step=2000&panels=answers,neurons")
    page.wait_for_function(f"globalThis.grokvizScrubbers?.active && {STEP} > 0")
    step = page.evaluate(STEP)
    found = study.load(open_run(library.locate("mod59-no-decay")))
    assert step == found.step_at(2000)
    assert page.locator(".gv-panel:visible").count() == 2
    page.wait_for_function(
        "[...globalThis.grokvizScrubbers.parts.keys()].some((name) => name.endsWith('maps'))"
    )
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{STEP} > {step}")
    page.wait_for_function(f"location.search.includes('step=' + {STEP})")
    assert "run=mod59-no-decay" in page.url
    assert "panels=answers,neurons" in page.url
    link = page.get_by_role("link", name="Story", exact=True).first
    link.click()
    page.wait_for_url("**/index.html?run=mod59-no-decay")


@pytest.mark.browser
def test_the_tour_leads_and_the_theme_can_be_chosen(page):
    page.goto("/index.html?run=gone&step=abc")
    page.wait_for_function("globalThis.grokvizScrubbers?.active")
    page.get_by_role("button", name="At the end").click()
    found = study.load(open_run(library.locate(RUNS[0])))
    page.wait_for_function(f"{STEP} === {found.timeline.steps[-1]}")
    page.get_by_text(tour.stops(found)[-1].sentence).wait_for()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 27)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.browser
def test_the_figures_of_the_measures_move_with_the_film(page):
    page.goto("/measures.html?run=mod59-quick")
    places = page.locator(".site-panels")
    articles = [measure for measure in registry.measures() if measure.article]
    assert places.count() == len(articles)
    page.wait_for_function("[...document.querySelectorAll('.site-panels canvas')].length >= 2")
    places.first.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.site-panels').innerText.includes('Restricted loss')")
    before = places.first.inner_text()
    page.locator("input.gv-range").focus()
    page.keyboard.press("Home")
    page.wait_for_function(
        "(before) => document.querySelector('.site-panels').innerText !== before", arg=before
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


@pytest.mark.browser
def test_two_runs_stand_beside_each_other(page):
    page.goto("/compare.html?runs=mod59-no-decay,gone&step=2000&panels=answers,neurons")
    assert "not on this site" in page.locator(".site-rivals").inner_text()
    page.wait_for_function("document.querySelectorAll('[data-panel=neurons]:not(.gv-empty)').length === 2")
    page.keyboard.press("End")
    page.wait_for_function("location.search.includes('runs=mod59-no-decay,mod59-quick')")
    page.get_by_label("A, the baseline").select_option("mod59-quick")
    page.wait_for_url("**/compare.html?runs=mod59-quick,mod59-no-decay")
    page.locator(".gv-heads").get_by_text("mod 59, quick").wait_for()


@pytest.mark.browser
def test_a_panel_beside_a_text_asks_for_the_part_that_it_draws(page):
    page.goto("/circuit.html?run=mod59-quick")
    neurons = page.locator("[data-panel=neurons]")
    neurons.wait_for(state="attached")
    neurons.scroll_into_view_if_needed()
    neurons.get_by_text("of the 256 neurons").wait_for()
    assert "gv-empty" not in (neurons.get_attribute("class") or "")


@pytest.mark.browser
def test_another_run_is_chosen_from_the_list(page):
    page.goto("/measures.html?run=gone")
    assert "not on this site" in page.locator(".site-runs").inner_text()
    page.get_by_label("Run").select_option("mod59-no-decay")
    page.wait_for_url("**/measures.html?run=mod59-no-decay")
    page.wait_for_function("globalThis.grokvizScrubbers?.active")
    assert "not on this site" not in page.locator(".site-runs").inner_text()


@pytest.mark.browser
def test_the_figure_stands_in_a_frame_of_another_page_and_loops(page, site):
    src = "embed.html?run=mod59-quick&panels=rings&from=500&to=1000"
    frame = f'<iframe src="{src}" style="width:600px"></iframe>'
    listen = (
        "<script>addEventListener('message', ({ data }) => { window.told = data.grokviz?.height; })</script>"
    )
    (site / "other.html").write_text(f"<!doctype html><link rel=icon href=icon.svg>{listen}{frame}", "utf-8")
    page.goto("/other.html")
    page.wait_for_function("window.told > 300")
    inside = page.frames[1]
    assert inside.locator(".site-head").count() == 0
    inside.wait_for_function("globalThis.grokvizScrubbers?.active?.playing")
    film = "globalThis.grokvizScrubbers.active"
    inside.evaluate(f"{film}.speed = 40")
    seen = {inside.evaluate(STEP) for _ in range(30) if not page.wait_for_timeout(30)}
    assert len(seen) > 1
    assert min(seen) >= 480
    assert max(seen) <= 1040
    assert inside.evaluate(f"{film}.playing")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: run npm ci")
def test_axe_finds_nothing_grave_on_any_page(site):
    with launch() as browser, files(site) as address:
        page = browser.new_page(
            base_url=address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        )
        for name in PAGES:
            page.goto(f"/{file_of(name)}")
            page.get_by_role("heading", level=1).wait_for()
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                assert grave_faults(page, of_colour=theme == "dark") == [], (name, theme)
            page.emulate_media(color_scheme="light")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_stands_and_its_film_moves_by_keys(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme="dark" if width == 390 else "light")
    for name in PAGES:
        page.goto(f"/{file_of(name)}?run=mod59-quick&step=1200")
        page.get_by_role("heading", level=1).wait_for()
        if page.locator(".site-film").count():
            page.wait_for_function(f"globalThis.grokvizScrubbers?.active && {STEP} > 0")
            assert name == "compare" or page.evaluate(STEP) == 1200
            page.locator("input.gv-range").focus()
            page.keyboard.press("End")
            page.wait_for_function(f"{STEP} >= 3590")
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
