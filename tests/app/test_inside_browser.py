"""The pages inside the circuit under a real mouse and keyboard: one visitor tries every control there is."""

import re

import pytest

from devtools.browser import choose, pick, settled, typed
from grokviz.app import menu
from grokviz.runs.folder import open_run
from tests.app import test_browser

pytestmark = pytest.mark.browser(seconds=40)

page = test_browser.page  # its fixture
P = 13  # the modulus of the run


def test_a_visit_inside(tiny_server, page, trained):
    steps = open_run(trained / "tiny-groks").steps.tolist()
    page.goto(f"{tiny_server}/follow?run=tiny-groks&step={steps[-1]}")
    a_click_and_the_arrows_choose_a_pair_on_the_map(page)
    a_hand_can_be_dragged(page)
    a_number_is_read_off_the_waves(page)
    sliders_and_buttons_choose_a_pair(page)
    the_step_moves_under_the_same_pair(page)
    frequencies_are_cut(page)
    everything_else_is_cut(page)
    a_link_brings_the_cuts_back(page)
    experiments_are_made(page)
    waves_are_built(page)
    a_phone_has_no_sideways_scroll(page)
    known = r"ERR_NAME_NOT_RESOLVED|404 \(Not Found\) \S+/(follow|cut|build)/_stcore/"
    assert not [error for error in page.errors if not re.search(known, error)]


def address(page, part):
    page.wait_for_function("part => location.search.includes(part)", arg=part)
    settled(page)


def moved_from(page, before):
    page.wait_for_function("before => location.href !== before", arg=before)
    settled(page)


def pair_of(page):
    page.wait_for_url(re.compile(r"[?&]a=\d+&b=\d+"))  # a page that was just opened says it a moment later
    return tuple(int(re.search(rf"[?&]{name}=(\d+)", page.url)[1]) for name in "ab")


def drawn(page, panel):
    """The canvas of a figure that the film drives, with its sentence there."""
    place = page.locator(f"[data-panel={panel}]")
    place.wait_for(state="attached")
    place.evaluate("e => e.scrollIntoView({ block: 'center' })")
    place.locator(".gv-caption:not(:empty)").wait_for()
    page.wait_for_timeout(200)
    return place.locator("canvas").last


def click_question(page, a, b, panel="asked"):
    """A square of a map of the film, which lies as kit/maps.js says."""
    canvas = drawn(page, panel)
    box = canvas.bounding_box()
    room = min(box["width"] - 30, box["height"] - 44)
    side = P * (room // P) if P * (room // P) >= 0.9 * room else room
    left = 28 + max(0, (box["width"] - 30 - side) // 2)
    canvas.click(position={"x": left + (b + 0.5) * side / P, "y": 24 + (a + 0.5) * side / P})


def a_click_and_the_arrows_choose_a_pair_on_the_map(page):
    click_question(page, 3, 9)
    address(page, "a=3&b=9")
    page.get_by_text("What is 3 + 9?").wait_for()
    drawn(page, "asked").press("ArrowDown")
    address(page, "a=4&b=9")
    page.get_by_text("What is 4 + 9?").wait_for()
    page.locator("[data-panel=answer] .gv-caption").get_by_text("It has never seen this pair").or_(
        page.locator("[data-panel=answer] .gv-caption").get_by_text("It was trained on this pair")
    ).wait_for()


def a_hand_can_be_dragged(page):
    before = page.url
    box = drawn(page, "angles").bounding_box()
    middle = box["x"] + 98, box["y"] + 24 + 98  # of the first ring
    page.mouse.move(middle[0] + 55, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] + 40, steps=4)
    page.mouse.move(middle[0] - 55, middle[1] - 10, steps=4)
    page.mouse.up()
    moved_from(page, before)
    a, b = pair_of(page)
    assert (a == 4) != (b == 9)  # one hand was dragged, the other stayed
    page.get_by_text(f"What is {a} + {b}?").wait_for()


def a_number_is_read_off_the_waves(page):
    drawn(page, "waves").hover(position={"x": 300, "y": 60})
    words = re.compile(r"Answer \d+: logit [-−]?[\d.]+, waves add up to")
    page.locator("[data-panel=waves] .gv-caption").get_by_text(words).wait_for()


def slider(page, name):
    return page.locator("[data-testid=stSlider]").get_by_role("group", name=name, exact=True).locator("input")


def sliders_and_buttons_choose_a_pair(page):
    a, b = pair_of(page)
    step = "ArrowRight" if a < P - 1 else "ArrowLeft"
    slider(page, "a").press(step)
    address(page, f"a={a + (1 if step == 'ArrowRight' else -1)}&b={b}")
    a, b = pair_of(page)
    step = "ArrowRight" if b < P - 1 else "ArrowLeft"
    slider(page, "b").press(step)
    address(page, f"a={a}&b={b + (1 if step == 'ArrowRight' else -1)}")
    for name in ("The pair it got right last", "The pair it is least sure of"):
        page.get_by_role("button", name=name).click()
        page.wait_for_function("document.querySelector('[data-stale=true]') === null")
    page.get_by_role("button", name="A pair it gets wrong").click()
    page.get_by_text("it gets every pair right").first.wait_for()


def the_step_moves_under_the_same_pair(page):
    click_question(page, 2, 5)
    address(page, "a=2&b=5")
    page.get_by_role("slider", name="Training step").focus()
    page.keyboard.press("Home")
    address(page, "step=0")
    assert pair_of(page) == (2, 5)
    drawn(page, "answer")
    page.get_by_text("which is wrong").or_(page.get_by_text("which is right")).first.wait_for()
    page.get_by_role("slider", name="Training step").focus()
    page.keyboard.press("End")
    page.wait_for_function("!location.search.includes('step=0')")


def frequencies_are_cut(page):
    choose(page, menu.entry("cut").title)
    page.wait_for_selector("[data-panel=cost]", state="attached")
    page.get_by_text("Cut elsewhere").click()
    assert pair_of(page) == (2, 5)  # the pair came along
    for label, name in (
        ("Out of what it stores of each number", "embedding"),
        ("Out of its neurons: waves of a + b", "neurons"),
        (re.compile("Out of its neurons: what its answers read"), "directions"),
        ("Out of its answers: waves of a + b", "logits"),
        ("Out of its answers: all products", "spectrum"),
    ):
        pick(page, label, 3)
        address(page, f"{name}-drop-3")
    page.get_by_role("button", name="Nothing").click()
    address(page, "cuts=none")
    tab(page, "Neurons")
    a_number_that_is_typed_is_the_one_that_is_chosen(page, "Silence single neurons", 7, "silence")
    page.get_by_role("button", name="Nothing").click()
    address(page, "cuts=none")
    tab(page, "Waves")
    pick(page, "Out of its answers: waves of a + b", 3)
    address(page, "logits-drop-3")
    page.get_by_role("radio", name="keep only").click()
    address(page, "logits-keep-3")
    page.get_by_role("button", name="Undo").click()
    address(page, "logits-drop-3")
    drawn(page, "cost")
    page.get_by_text("the loss on pairs it never saw").first.wait_for()


def a_number_that_is_typed_is_the_one_that_is_chosen(page, label, number, name):
    """And not all that have it in them, as 17 and 27."""
    box = typed(page, label, number)
    assert page.get_by_role("option", name=re.compile("^Select")).count() == 0
    box.press("Enter")
    address(page, f"{name}-{number}")
    page.evaluate(
        "document.activeElement?.blur()"
    )  # the list is open still: what is pressed next would only close it
    settled(page)
    assert re.search(rf"{name}-{number}(?!\d|-\d)", page.url)
    page.keyboard.press("Escape")


def tab(page, name):
    page.get_by_role("tab", name=name).click()


def everything_else_is_cut(page):
    tab(page, "Neurons")
    pick(page, "Silence single neurons", 7)
    address(page, "silence-7")
    pick(page, "Silence all neurons of a frequency", 2)
    address(page, "clusters-2")
    tab(page, "Heads")
    pick(page, "Silence heads", 0)
    address(page, "heads-0")
    pick(page, "Have heads write their mean", 1)
    address(page, "means-1")
    pick(page, "Remove the way around", "mlp")
    address(page, "skips-mlp")
    tab(page, "Formulas")
    page.get_by_text("Neurons as polynomials of degree 2").click()
    address(page, "polynomial")
    page.get_by_text("Attention as waves of one frequency").click()
    address(page, "linear")
    pick(page, "Logits as nothing but fitted waves of", 4)
    address(page, "waves-4")
    tab(page, "Noise")
    slider(page, "Noise on every weight, in % of the size of its matrix").press("ArrowRight")
    address(page, "noise-1-0")
    page.get_by_role("button", name="Another sample").click()
    address(page, "noise-1-1")
    click_question(page, 6, 8, "damage")
    address(page, "a=6&b=8")


def a_link_brings_the_cuts_back(page):
    before = page.url
    page.goto(before)
    page.wait_for_selector("[data-panel=cost]", state="attached")
    page.wait_for_function("url => location.href === url", arg=before)
    page.get_by_role("button", name="Nothing").click()
    address(page, "cuts=none")


def experiments_are_made(page):
    page.get_by_role("button", name="Make them all at step").click()
    page.get_by_text("Each frequency in turn").wait_for()
    pick(page, "Make one of these cuts above", "Neurons replaced by polynomials of degree 2")
    address(page, "cuts=polynomial")


def waves_are_built(page):
    choose(page, menu.entry("build").title)
    page.wait_for_selector(".pic-waves canvas")
    page.get_by_role("button", name="One wave less").click()
    address(page, "waves=")
    before = page.url
    page.get_by_role("button", name="As trained").click()
    moved_from(page, before)
    before = page.url
    page.locator("[data-testid=stSlider] input").first.press("ArrowRight")
    moved_from(page, before)
    before = page.url
    page.get_by_role("button", name="Best set of this size").click()
    moved_from(page, before)
    chosen = built(page)
    new = next(k for k in range(1, P // 2 + 1) if k not in chosen)
    pick(page, "Frequencies", new)
    address(page, f"-{new}x8")
    assert built(page) == [*chosen, new]
    slider(page, f"Amplitude of k = {new}").press("ArrowRight")
    address(page, f"-{new}x8.1")
    canvas = page.locator(".pic-waves canvas")
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 300, "y": 60})
    page.locator(".pic-words").get_by_text(re.compile(r"answer -?\d+: logit")).wait_for()


def built(page):
    """The frequencies in the address."""
    return [int(k) for k in re.findall(r"(\d+)x", re.search(r"[?&]waves=([^&]*)", page.url)[1])]


def a_phone_has_no_sideways_scroll(page):
    page.set_viewport_size({"width": 380, "height": 780})
    main = "document.querySelector('[data-testid=stMain]')"
    for name in ("follow", "cut", "build"):
        page.goto(re.sub(r"/(follow|cut|build)\?.*", f"/{name}?run=tiny-groks", page.url))
        page.wait_for_selector(".pic-waves canvas, [data-panel=waves]", state="attached")
        page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")
