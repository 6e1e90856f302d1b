"""The hand of the browser tests, on a page that takes away what it has just shown, as one that is drawn anew does."""

import pytest

from devtools import browser

pytestmark = pytest.mark.browser

PAGE = """<div class="stApp" data-test-script-state="notRunning"><input role="combobox" aria-label="Heads"></div>
<script>
    const [field] = document.getElementsByTagName("input");
    field.oninput = () => {
        document.querySelector("ul")?.remove();
        field.insertAdjacentHTML("afterend", "<ul role=listbox><li role=option>3</li></ul>");
        document.querySelector("li").onclick = () => { globalThis.picked = 3; };
        globalThis.opened = (globalThis.opened ?? 0) + 1;
        if (globalThis.opened <= CLOSES) document.querySelector("ul").remove();
    };
</script>"""


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(browser, "PATIENCE", 200.0)
    with browser.launch() as chromium:
        page = chromium.new_page()
        yield page


def test_a_list_that_closes_under_the_hand_is_opened_again(page):
    page.set_content(PAGE.replace("CLOSES", "1"))
    browser.pick(page, "Heads", 3)
    assert page.evaluate("[globalThis.opened, globalThis.picked]") == [2, 3]


def test_a_browser_within_a_browser_is_the_same_and_leaves_it_as_it_was(page):
    outer = page.context.browser
    with browser.launch() as inner:
        inner.new_page()
        assert inner is outer
        assert len(outer.contexts) > 1
    assert outer.contexts == [page.context]
    assert outer.is_connected()
