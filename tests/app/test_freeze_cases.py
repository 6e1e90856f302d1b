"""Questions and cuts of the static site: computed beforehand, and the same as the network says."""

import gzip
import json
import re
from html import unescape

import numpy as np
import pytest

from grokviz import study
from grokviz.app.freeze.site import freeze
from grokviz.config import SETTINGS
from grokviz.models.forward import forward
from grokviz.runs import library
from grokviz.runs.folder import open_run, read_weights
from grokviz.sweeps import grid, outcomes
from grokviz.sweeps.bundled import bundled
from grokviz.sweeps.rules import RULES
from grokviz.view.site import file_of
from tests.app.conftest import RUNS


def told_cases(site, page, run):
    """What a page tells of what can be chosen there for a run."""
    cases = json.loads(unescape(re.search(r'data-cases="([^"]*)"', (site / file_of(page)).read_text())[1]))
    return [case for case in cases if case["run"] == run]


def part(site, case, name):
    """Header and arrays of a part of a case."""
    file = next(file for file in case["files"] if f"-{name}-" in file or file.endswith(f"-{name}.bin"))
    data = gzip.decompress((site / file).read_bytes())
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    arrays = {
        key: np.frombuffer(data, entry["dtype"], int(np.prod(entry["shape"])), 4 + length + entry["offset"]).reshape(entry["shape"])
        for key, entry in header["arrays"].items()
    }  # fmt: skip
    return header, arrays


@pytest.mark.slow
def test_questions_carry_what_the_network_says_at_every_snapshot(site):
    run = open_run(library.locate(RUNS[0]))
    found = study.load(run)
    cases = told_cases(site, "follow", RUNS[0])
    asked = [(int(case["query"]["a"]), int(case["query"]["b"])) for case in cases]
    assert len(set(asked)) == len(cases) == 5
    assert found.task.is_test[asked[0]]
    assert asked[1] == asked[0][::-1]
    assert any(found.task.is_train[pair] for pair in asked)
    weights = read_weights(run, len(run.steps) - 1, np.float64)
    for case, (a, b) in zip(cases, asked, strict=True):
        header, arrays = part(site, case, "pair")
        assert header["id"] == json.loads(json.dumps(header["id"])) == part(site, case, "inside")[0]["id"]
        assert header["at"] == part(site, case, "inside")[0]["at"] == list(range(len(found.timeline.steps)))
        np.testing.assert_allclose(arrays["logits"][-1], forward(weights).logits[a, b], atol=1e-3)
        text = gzip.decompress((site / case["text"]).read_bytes()).decode()
        assert f"What is {a} + {b}?" in text
        assert case["label"].startswith(f"{a} + {b}, ")


@pytest.mark.slow
def test_cuts_carry_what_is_lost_at_every_snapshot(site):
    found = study.load(open_run(library.locate(RUNS[0])))
    steps = len(found.timeline.steps)
    hurts, spares, keeps, _ = (part(site, case, "cut") for case in told_cases(site, "cut", RUNS[0]))
    for header, _ in (hurts, spares, keeps):
        assert header["at"] == list(range(steps))
        assert not header["waits"]
    whole = found.timeline.test_loss[-1]
    assert hurts[1]["test_accuracy"][-1] < 0.5 < found.timeline.test_accuracy[-1]
    assert spares[1]["test_loss"][-1] < 2 * whole  # a wave that it does not use
    restricted = found.timeline["restricted_loss_all"]  # Nanda's: nothing but the key frequencies
    np.testing.assert_allclose(keeps[1]["all_loss"][-1], restricted[-1], rtol=0.02)


@pytest.mark.slow
def test_runs_from_anywhere_have_questions_and_cuts(trained, tmp_path, capfd):
    """One that has found a rule, and one whose answers follow none: neither lies among the runs of this machine."""
    told: list[str] = []
    names = ("tiny-groks", "tiny-recites")
    freeze(tmp_path / "site", [str(trained / name) for name in names], "Mine", told.append)
    rule, none = (told_cases(tmp_path / "site", "cut", name) for name in names)
    assert [case["label"] for case in none] == ["Without its first head"]
    assert len(rule) == 4
    assert any("tiny-recites: Without its first head" in line for line in told)
    texts = [gzip.decompress((tmp_path / "site" / case["text"]).read_bytes()).decode()
             for case in told_cases(tmp_path / "site", "follow", "tiny-recites")]  # fmt: skip
    assert all("No circuit to follow" in text for text in texts)
    assert "ScriptRunContext" not in capfd.readouterr().err


@pytest.mark.browser
def test_a_question_is_followed_and_another_one_chosen(page, site):
    first, *_, weak = told_cases(site, "follow", RUNS[0])
    page.goto("/follow.html?run=mod59-quick&step=100")
    page.get_by_role("heading", name=f"What is {first['query']['a']} + {first['query']['b']}?").wait_for()
    page.locator("[data-panel=answer]").scroll_into_view_if_needed()
    said = page.locator("[data-panel=answer]")
    said.get_by_text("which is wrong").wait_for()
    page.locator("input.gv-range").focus()
    page.keyboard.press("End")
    said.get_by_text("which is right").wait_for()
    page.get_by_label("Question", exact=True).select_option(label=weak["label"])
    a, b = weak["query"]["a"], weak["query"]["b"]
    page.get_by_role("heading", name=f"What is {a} + {b}?").wait_for()
    page.wait_for_function(f"location.search.endsWith('a={a}&b={b}')")
    assert page.evaluate("document.querySelectorAll('.site-case canvas').length") >= 5
    page.goto(f"/follow.html?run=mod59-quick&a={a}&b={int(b) + 1}")
    page.get_by_text("What this link asks for is not on this site").wait_for()
    page.get_by_role("heading", name=f"What is {a} + {b}?").wait_for()


@pytest.mark.browser
def test_a_press_on_a_square_takes_the_nearest_question(page):
    page.goto("/follow.html")
    canvas = page.locator("[data-panel=asked] canvas").first
    page.wait_for_function("document.querySelector('[data-panel=asked] canvas')?.width > 300")
    page.wait_for_timeout(300)
    page.evaluate("document.querySelector('[data-panel=asked]').scrollIntoView()")
    box, height = canvas.bounding_box(), page.evaluate("scrollY")
    page.mouse.click(box["x"] + box["width"] / 2 - 150, box["y"] + box["height"] * 0.6)
    page.wait_for_function("location.search.includes('a=')")
    label = page.get_by_label("Question", exact=True).evaluate("(list) => list.selectedOptions[0].text")
    query = dict(re.findall(r"([ab])=(\d+)", page.url))
    assert label.startswith(f"{query['a']} + {query['b']}, ")
    assert page.evaluate("scrollY") == height


@pytest.mark.browser
def test_a_cut_is_in_the_address_and_the_figures_are_its(page, site):
    cases = told_cases(site, "cut", "mod59-no-decay")
    page.goto(f"/cut.html?run=mod59-no-decay&step=2000&cuts={cases[2]['query']['cuts']}")
    page.locator("[data-panel=cost]").scroll_into_view_if_needed()
    page.locator("[data-panel=cost]").get_by_text("With nothing but the waves of").wait_for()
    page.get_by_label("Cut", exact=True).select_option(label=cases[0]["label"])
    page.locator("[data-panel=cost]").get_by_text("Without the wave of").wait_for()
    assert cases[0]["query"]["cuts"] in page.url
    page.locator("[data-panel=damage]").scroll_into_view_if_needed()
    page.locator("[data-panel=damage]").get_by_text("right answers").wait_for()
    assert "Click a square" not in page.content()


@pytest.mark.browser
def test_a_case_that_cannot_be_fetched_says_so(page, said):
    page.route("**/*-pair-*", lambda route: route.abort())
    page.goto("/follow.html")
    page.locator(".site-case").get_by_text("could not be fetched").wait_for()
    said.clear()  # a browser tells of what failed


@pytest.mark.browser
def test_the_map_is_coloured_by_either_rule_and_moves_by_keys(page):
    *_, name = bundled()
    sweep, found = grid.read(bundled()[name]), outcomes.read(bundled()[name])
    page.goto("/map.html")
    cells = page.locator(".pic-cell")
    cells.first.wait_for()
    page.get_by_label("Map", exact=True).select_option(label=sweep.title)
    page.wait_for_function(f"location.search === '?map={name}'")
    columns, rows = (SETTINGS[setting].label for setting, _ in sweep.grid)
    page.get_by_role("group", name=f"{columns} by {rows}").wait_for()
    assert cells.count() == len(sweep.cells)
    for rule in RULES.values():
        page.get_by_role("button", name=rule.title).click()
        judged = [rule.judge(outcome).name for outcome in found]
        said = page.get_by_role("button", name="grokking: ").inner_text()
        assert f"{judged.count('grokking')} of {len(found)} runs" in said
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    assert cells.nth(1).evaluate("(cell) => cell === document.activeElement")
    assert "A map of your own" not in page.content()


@pytest.mark.browser
def test_a_page_without_a_film_fetches_no_run(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.goto("/glossary.html")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    assert not [name for name in asked if name.endswith(".bin") or name == "pictures.js"]
