"""The film under a real mouse and keyboard, in the offline page and in a Streamlit page."""

import re

import pytest

from devtools.made_up_run import run_like
from devtools.server import serving
from tests.view.conftest import offline

STEP = "globalThis.grokvizScrubbers.active.step()"

pytestmark = pytest.mark.browser


def steps():
    return run_like(p=23, n=40, keys=(3, 7), neurons=2)[1].steps.tolist()


def settled(page):
    page.wait_for_function("!globalThis.grokvizScrubbers.active.busy()")
    return page.evaluate(STEP)


def strip(page):
    return page.locator(".gv-strip-figure").bounding_box()


def test_opens_from_disk_without_network_and_is_not_empty(open_page, address):
    page = open_page(address, offline=True)
    page.wait_for_function("document.querySelectorAll('.gv-caption:not(:empty)').length >= 3")
    assert page.evaluate(STEP) == min(steps(), key=lambda step: abs(step - 9_400))
    ink = """() => document.querySelectorAll('[data-panel=rings] canvas')[1].getContext('2d')
        .getImageData(0, 0, 300, 300).data.some((v) => v > 0)"""
    assert page.evaluate(ink)
    assert page.locator(".gv-invite").is_visible()
    assert not page.errors


def test_drag_moves_every_panel_and_settles_on_a_snapshot(open_page, address):
    page = open_page(address)
    box = strip(page)
    y = box["y"] + 70
    page.mouse.move(box["x"] + 500, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, y, steps=5)
    early = page.locator("[data-panel=answers] .gv-caption")
    page.wait_for_function("globalThis.grokvizScrubbers.active.step() < 1400")
    page.mouse.move(box["x"] + 1100, y, steps=5)
    page.mouse.up()
    assert settled(page) > 14_000
    page.wait_for_function("document.querySelector('.gv-narrator').textContent.includes('understood')")
    assert "0 of the" not in early.text_content()
    assert page.evaluate(STEP) in steps()
    assert not page.locator(".gv-invite").is_visible()


def test_click_on_a_curve_of_a_panel_moves_the_film(open_page, address):
    page = open_page(address, height=700)
    page.get_by_text("Panels").click()
    shown = page.locator("summary", has_text="Panels").locator("..")
    page.wait_for_function(  # the list ends within the window, and is scrolled
        "list => list.getBoundingClientRect().bottom <= 700",
        arg=shown.locator(".gv-menu-list").element_handle(),
    )
    titles = shown.locator("label span:first-of-type").all_inner_texts()
    assert set(page.locator("[data-panel] h3").all_inner_texts()) <= set(titles)
    page.get_by_text("Accuracy", exact=True).click()
    figure = page.locator("[data-panel=accuracy] .gv-panel-figure")
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("[data-panel=accuracy] .gv-caption:not(:empty)")
    box = figure.bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 100)
    assert settled(page) < 1_400


def test_keys(open_page, address):
    page = open_page(address)
    known = steps()

    def after(key):
        page.keyboard.press(key)
        return settled(page)

    assert after("Home") == 0
    assert after("ArrowRight") == known[1]
    assert after("Shift+ArrowRight") == known[11]
    assert after("ArrowLeft") == known[10]
    assert after("End") == known[-1]
    boundaries = [min(known, key=lambda step: abs(step - phase)) for phase in (14_000, 9_400, 1_400, 0)]
    assert [after("[") for _ in boundaries] == boundaries
    assert after("PageDown") == boundaries[2]
    page.keyboard.press("Space")
    page.wait_for_function(f"{STEP} > 2000")
    assert after("Space") < known[-1]


def test_the_invitation_hides_no_tick_and_stays_in_the_plot(open_page, address):
    page = open_page(address)
    for index in ("0", "f.steps.length - 1"):
        page.evaluate(
            f"(f = globalThis.grokvizScrubbers.active, f.goTo({index}, {{silent: true, eased: false}}))"
        )
        page.wait_for_timeout(150)
        page.evaluate("(f = globalThis.grokvizScrubbers.active, f.touched = false, f.draw())")
        pill = page.locator(".gv-invite").bounding_box()
        figure = strip(page)
        assert pill["height"] < 24, "it broke into lines"
        assert pill["y"] + pill["height"] <= figure["y"] + figure["height"] - 24, "it covers the ticks"
        assert figure["x"] <= pill["x"]
        assert pill["x"] + pill["width"] <= figure["x"] + figure["width"] - 40


@pytest.mark.parametrize(("width", "height", "room"), [(1280, 900, 120), (640, 400, 95), (390, 844, 120)])
def test_of_a_scrolled_page_a_slim_bar_of_the_strip_stays_and_nothing_jumps(
    open_page, address, width, height, room
):
    page = open_page(address, width=width, height=height)
    page.wait_for_function("document.querySelector('.gv-narrator').textContent")
    below = "document.querySelector('.gv-grid').getBoundingClientRect().top + scrollY"
    at_rest = page.evaluate(below)
    ink = """() => { const c = document.querySelector('.gv-strip-figure canvas');
        const row = Math.round(20 * c.height / c.offsetHeight);
        return c.getContext('2d').getImageData(0, 0, c.width, row).data.some((v) => v > 0) }"""
    assert page.evaluate(ink)
    page.evaluate("scrollTo(0, 600)")
    page.wait_for_timeout(200)
    bottom = page.evaluate("document.querySelector('.gv-stage').getBoundingClientRect().bottom")
    assert 60 < bottom <= room
    assert not page.evaluate(ink), "the curves are not all in what is in sight"
    assert page.get_by_role("button", name="Play").bounding_box()["y"] >= 0
    assert page.evaluate(below) == at_rest
    page.mouse.click(100, bottom - 70)  # on what is left of the curves
    assert settled(page) < 1_400
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(200)
    assert page.evaluate(ink)


def test_phase_label_jumps_to_its_start(open_page, address):
    page = open_page(address)
    page.get_by_role("button", name="circuit formation").click()
    assert settled(page) == min(steps(), key=lambda step: abs(step - 1_400))


def test_a_screen_reader_hears_step_phase_and_losses(open_page, address):
    page = open_page(address)
    slider = page.get_by_role("slider", name="Training step")
    slider.focus()
    page.keyboard.press("Home")
    settled(page)
    page.wait_for_function("document.querySelector('.gv-heard').textContent.startsWith('step 0')")
    heard = slider.get_attribute("aria-valuetext")
    assert heard.startswith("step 0, memorisation; training loss 4.")
    assert "test loss 4." in heard


def test_theme_switch_redraws_in_the_new_colours(open_page, address):
    page = open_page(address, color_scheme="light")
    corner = """() => { const c = document.querySelector('.gv-strip-figure canvas');
        return [...c.getContext('2d').getImageData(c.width / 4, 40, 1, 1).data].slice(0, 3) }"""
    light = page.evaluate(corner)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"({corner})()[0] < 100")
    assert min(light) > 180


def test_phone_has_one_column_and_no_sideways_scroll(open_page, address):
    page = open_page(address, width=380, height=780, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    lefts = page.evaluate(
        "[...document.querySelectorAll('.gv-panel')].map((e) => e.getBoundingClientRect().x)"
    )
    assert len(set(lefts)) == 1
    box = strip(page)
    page.touchscreen.tap(box["x"] + 60, box["y"] + 60)
    assert settled(page) < 1_400


def test_reduced_motion_jumps_at_once(open_page, address):
    page = open_page(address, reduced_motion="reduce")
    page.keyboard.press("End")
    assert page.evaluate("globalThis.grokvizScrubbers.active.position") == len(steps()) - 1


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"n": 1}, "one snapshot"),
        ({"keys": (), "grokked": False}, "no ring"),
        ({"neurons": 0}, "No neurons were kept"),
        ({"p": 12, "keys": (3, 6)}, "two"),
        ({"finished": False, "title": "<img src=x onerror=window.hacked=1>"}, "of the"),
    ],
)
def test_odd_runs_are_drawn_with_words_and_without_errors(open_page, tmp_path, odd, says):
    page = open_page(offline(tmp_path, **odd), height=2_000)
    page.wait_for_function("document.querySelectorAll('.gv-caption:not(:empty), .gv-empty').length >= 6")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    assert says in page.locator(".gv").inner_text()
    assert not page.errors
    assert page.evaluate("window.hacked") is None


def test_runs_of_other_lengths_move_under_one_hand(open_page, two_runs):
    page = open_page(two_runs, height=1_600)
    captions = page.locator("[data-panel=answers] .gv-caption:not(:empty)")
    captions.nth(1).wait_for()
    page.locator("[data-panel=difference]").get_by_text("Only A is right on").wait_for()
    page.keyboard.press("Home")
    assert settled(page) == 0
    early = captions.all_text_contents()
    box = strip(page)
    page.mouse.move(box["x"] + 100, box["y"] + 70)
    page.mouse.down()
    page.mouse.move(box["x"] + 1_050, box["y"] + 70, steps=5)
    page.mouse.up()
    assert settled(page) > 20_000
    page.locator("[data-panel=answers].gv-over").get_by_text("ended at step 10,000").wait_for()
    page.wait_for_function(
        "document.querySelector('.gv-narrator').textContent.includes('ended at step 10,000')"
    )
    assert all(late != before for late, before in zip(captions.all_text_contents(), early, strict=True))
    assert not page.errors


@pytest.fixture(scope="module")
def server():
    with serving("devtools/film_page.py") as url:
        yield url


def test_in_streamlit_the_step_reaches_python_and_jumps_do_not_resend(open_page, server):
    page = open_page(server)
    page.wait_for_selector("[data-panel=logits]:not(.gv-empty)")  # a part that is fetched when it is seen
    assert sum(page.received) > 50_000
    page.keyboard.press("Home")
    page.get_by_text("step 0, panels rings answers logits").wait_for()
    page.received.clear()
    page.get_by_role("button", name="Jump").click()
    page.wait_for_function(f"{STEP} > 13000 && {STEP} < 15000")
    page.wait_for_timeout(400)
    assert sum(page.received) < 6_000
    page.locator("summary", has_text="Panels").click()
    page.get_by_text("Accuracy", exact=True).click()
    page.get_by_text("panels rings answers logits accuracy").wait_for()
    assert not page.errors


def test_in_streamlit_keys_work_wherever_the_focus_is_but_in_a_field(open_page, server):
    page = open_page(server)
    page.get_by_text(re.compile(r"run \d+$")).first.wait_for()
    known = steps()

    def moved(key):
        before = settled(page)
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        return known.index(settled(page)) - known.index(before)

    box = strip(page)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)  # gives Streamlit's <main> the focus
    settled(page)
    assert page.evaluate("document.activeElement !== document.body")
    assert moved("ArrowRight") == 1
    assert moved("ArrowLeft") == -1
    page.get_by_role("button", name="Jump").focus()
    assert moved("ArrowLeft") == -1
    page.get_by_text("A switch").click()
    assert moved("ArrowRight") == 1
    page.get_by_role("textbox", name="A field").focus()
    for key in ("ArrowLeft", "Home", "End", "Space"):
        assert moved(key) == 0, key
    page.get_by_role("button", name="Jump").focus()
    page.keyboard.press("Space")  # presses the button, and plays nothing
    page.wait_for_function(f"{STEP} > 13000 && {STEP} < 15000")
    page.wait_for_timeout(300)
    assert not page.evaluate("globalThis.grokvizScrubbers.active.playing")


SHOWS = {  # where each of them draws what is pointed at
    "rings": "[data-panel=rings] canvas:last-of-type",
    "map": "[data-panel=answers] canvas:last-of-type",
    "waves": ".pic-waves canvas",
}
NOW = "globalThis.grokvizHover.now"


def drawn(page):
    """What all of them show: the pixels, as text."""
    page.wait_for_timeout(150)
    return {name: page.locator(place).evaluate("c => c.toDataURL()") for name, place in SHOWS.items()}


def test_in_streamlit_a_number_that_is_pointed_at_lights_up_in_film_and_pictures(open_page, server):
    page = open_page(server, height=2_400)
    page.wait_for_selector("[data-panel=rings] .gv-caption:not(:empty)")
    page.wait_for_selector(".pic-waves canvas")
    page.get_by_text(re.compile(r"run \d+$")).wait_for()
    at_rest = drawn(page)

    def lit():
        return {name for name, pixels in drawn(page).items() if pixels != at_rest[name]}

    def leave():
        page.mouse.move(2, 2)
        page.wait_for_function(f"{NOW}.numbers.length === 0")
        assert not lit()

    canvas = page.locator(SHOWS["map"])
    canvas.hover(position={"x": 120, "y": 160})
    a, b = page.evaluate(f"{NOW}.pair")
    assert page.evaluate(f"{NOW}.answer") == (a + b) % 23
    assert lit() == set(SHOWS)  # the rings and the map show a and b, the waves their answer
    leave()
    page.locator(SHOWS["waves"]).hover(position={"x": 300, "y": 60})
    assert lit() == set(SHOWS)
    leave()
    assert not page.errors


def test_in_streamlit_a_lost_blob_is_asked_for_again(open_page, server):
    page = open_page(server)
    page.get_by_text(re.compile(r"run \d+$")).wait_for()  # by now it may have asked for the maps
    page.evaluate("globalThis.grokvizScrubbers.parts.clear()")
    page.evaluate("globalThis.grokvizScrubbers.films.get('film').header.id")
    page.get_by_role("button", name="Jump").click()
    page.wait_for_function(f"{STEP} > 13000", timeout=8_000)
    assert not page.errors


COMPARED = """async ([id, text]) => {
    const figure = document.querySelector(`[data-panel="${id}"] .gv-panel-figure`);
    const [back, front] = figure.querySelectorAll("canvas"), inner = new DOMParser().parseFromString(text, "image/svg+xml");
    const fault = inner.querySelector("parsererror")?.textContent ?? "";
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    await image.decode();
    const width = back.clientWidth, height = back.clientHeight;
    const pixels = (draw) => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [width, height];
        const g = canvas.getContext("2d");
        g.fillStyle = getComputedStyle(document.body).backgroundColor;
        g.fillRect(0, 0, width, height);
        draw(g);
        return g.getImageData(0, 0, width, height).data;
    };
    const own = pixels((g) => { for (const layer of [back, front]) g.drawImage(layer, 0, 0, width, height); });
    const saved = pixels((g) => g.drawImage(image, -20, -54));
    const blank = pixels(() => {});
    let off = 0, ink = 0;
    for (let i = 0; i < own.length; i++) { off += Math.abs(own[i] - saved[i]); ink += Math.abs(own[i] - blank[i]); }
    return [fault, off / ink, image.naturalWidth - width, image.naturalHeight - height];
}"""


def test_every_panel_is_saved_as_svg_as_it_is_drawn(open_page, address):
    page = open_page(address, width=1280, height=1400)
    panels = page.locator("[data-panel]:not(.gv-empty)")
    page.wait_for_function("document.querySelectorAll('[data-panel]:not(.gv-empty)').length > 3")
    compared = {}
    for i in range(panels.count()):
        panel, name = panels.nth(i), panels.nth(i).get_attribute("data-panel")
        panel.scroll_into_view_if_needed()
        panel.get_by_text("How to read this").click()
        settled(page)
        with page.expect_download() as event:
            panel.get_by_role("button", name="Save SVG").click()
        assert re.fullmatch(rf"grokviz-.+-{name}-step-\d+\.svg", event.value.suggested_filename)
        page.wait_for_timeout(100)  # the film is drawn again
        fault, compared[name], *around = page.evaluate(
            COMPARED, [name, event.value.path().read_text("utf-8")]
        )
        assert not fault
        assert around == [40, 136]
    assert len(compared) >= 5
    assert max(compared.values()) < 0.25, compared
    assert page.errors == []
