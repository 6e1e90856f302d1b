"""The app in a real browser: a server that has just woken up, then one visitor who does everything.

One test in one session, because starting a server and a browser costs more than all that is then tried.
"""

import dataclasses
import re

import pytest

from devtools.browser import choose, launch
from devtools.server import serving
from grokviz.app import menu
from grokviz.runs import record
from grokviz.runs.folder import open_run

STEP = "globalThis.grokvizScrubbers.active.step()"
HOSTILE = "https://evil.example www.evil.example a@evil.example <b>bold</b> **bold** [a](https://evil.example) :smile: end"

pytestmark = pytest.mark.browser


@pytest.fixture
def server(copied):
    """A fresh server process, to which nobody has spoken yet."""
    for name in ("tiny-groks", "tiny-recites"):
        values = record.read_record(copied / name)
        hostile = dataclasses.replace(values, title=f"{name} <b>", sentence=HOSTILE)
        record.write_record(copied / name, hostile)
    with serving() as url:
        yield url


def told(message):
    return f"{message.text} {message.location['url']}"


@pytest.fixture
def page():
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.set_default_timeout(30_000)
        errors: list[str] = []
        asked: list[str] = []
        page.errors = errors  # pyright: ignore[reportAttributeAccessIssue] (for the tests to read)
        page.asked = asked  # pyright: ignore[reportAttributeAccessIssue]
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(told(said)) if said.type == "error" else None)
        yield page


def test_a_visit(server, page, copied):
    steps = open_run(copied / "tiny-groks").steps.tolist()
    a_cold_server_answers_a_deep_link(page, server, steps)
    a_drag_moves_the_step_in_the_address(page, steps)
    a_reload_restores_it(page)
    another_theme_keeps_it(page)
    other_pages_keep_run_and_step(page, steps)
    texts_of_a_run_are_text(page)
    an_address_that_is_no_pages_leads_on(page, server)
    a_phone_has_no_sideways_scroll(page)
    the_menu_of_a_phone_closes_when_a_page_is_chosen(page)
    assert [url for url in page.asked if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", url)] == []
    # Streamlit looks for its server under /timeline/ before it does under /.
    known = r"404 \(Not Found\) \S+/(timelin.*|circuit|measures|glossary)/_stcore/"
    assert not [error for error in page.errors if not re.search(known, error)]


def drawn(page):
    page.wait_for_selector(".gv-strip-figure canvas")
    page.wait_for_function(
        "globalThis.grokvizScrubbers?.active && !globalThis.grokvizScrubbers.active.busy()"
    )


def wait_for_address(page, part):
    page.wait_for_function("part => location.href.includes(part)", arg=part)


def step_of(page):
    return int(re.search(r"step=(\d+)", page.url)[1])


def a_cold_server_answers_a_deep_link(page, server, steps):
    page.goto(f"{server}/timeline?run=tiny-groks&step={steps[5]}&panels=answers,rings")
    drawn(page)
    page.get_by_test_id("stTopNavSection").first.wait_for()
    sections = page.get_by_test_id("stTopNavSection").all_inner_texts()
    assert [section.split("\n")[0].strip() for section in sections] == list(menu.SECTIONS)
    assert page.locator("h1").inner_text() == "Drag through a training run"
    assert page.evaluate(STEP) == steps[5]
    wait_for_address(page, f"run=tiny-groks&step={steps[5]}&panels=answers")
    assert page.locator("[data-panel]").count() >= 2


def a_drag_moves_the_step_in_the_address(page, steps):
    box = page.locator(".gv-strip-figure").bounding_box()
    y = box["y"] + 70
    page.mouse.move(box["x"] + 200, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, y, steps=6)
    page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=6)
    page.mouse.up()
    page.wait_for_function("before => !location.href.includes(before)", arg=f"step={steps[5]}&")
    drawn(page)
    wait_for_address(page, f"step={page.evaluate(STEP)}")
    assert step_of(page) > steps[5]
    assert step_of(page) in steps
    page.get_by_text(f"At step {step_of(page):,}, in numbers").wait_for()


def a_reload_restores_it(page):
    before = page.url
    page.reload()
    drawn(page)
    page.wait_for_function("url => location.href === url", arg=before)
    assert page.evaluate(STEP) == step_of(page)


def another_theme_keeps_it(page):
    before = page.url
    page.emulate_media(color_scheme="dark")
    dark = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor === 'rgb(21, 23, 27)'"
    page.wait_for_function(dark)
    drawn(page)
    assert page.evaluate(STEP) == step_of(page)
    assert page.url == before


def other_pages_keep_run_and_step(page, steps):
    step = step_of(page)
    for name in ("circuit", "measures"):
        choose(page, menu.entry(name).title)
        page.wait_for_url(f"**/{name}?*")
        drawn(page)
        assert page.evaluate(STEP) == step
        wait_for_address(page, f"run=tiny-groks&step={step}")
    page.get_by_role("slider", name="Training step").focus()
    page.keyboard.press("Home")
    wait_for_address(page, "step=0")
    choose(page, menu.entry("timeline").title)
    page.wait_for_url("**/timeline?*")
    drawn(page)
    assert page.evaluate(STEP) == steps[0]  # the page's own last step is forgotten


def texts_of_a_run_are_text(page):
    page.get_by_text("evil.example <b>bold</b> **bold**").first.wait_for()
    assert "😄" not in page.locator("body").inner_text()
    assert page.locator("a[href*='evil']").count() == 0
    assert page.locator("b, strong").filter(has_text=re.compile("^bold$")).count() == 0


def an_address_that_is_no_pages_leads_on(page, server):
    page.goto(f"{server}/timelin <b>")
    page.get_by_role("heading", name="There is no such page").wait_for()
    page.get_by_text("“timelin <b>”").wait_for()
    assert page.get_by_role("dialog").count() == 0  # of Streamlit, over the first page
    page.get_by_role("link", name="Timeline of a run").first.click()
    page.wait_for_url("**/timeline?**")
    drawn(page)


def a_phone_has_no_sideways_scroll(page):
    page.set_viewport_size({"width": 380, "height": 780})
    drawn(page)
    page.wait_for_function("document.documentElement.scrollWidth <= 380")
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")


def the_menu_of_a_phone_closes_when_a_page_is_chosen(page):
    page.get_by_test_id("stExpandSidebarButton").click()
    page.wait_for_selector("[data-testid=stSidebar][data-collapsed=false]")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Glossary").click()
    page.wait_for_url("**/glossary*")
    page.wait_for_selector("[data-testid=stSidebar][data-collapsed=true]", state="attached")
    page.reload()
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_selector("[data-testid=stSidebar][data-collapsed=true]", state="attached")
