import json
import re
import struct

import pytest
from streamlit.testing.v1 import AppTest

from devtools.made_up_run import run_like
from grokviz.measures.phases import Phases
from grokviz.view.film.assets import ENTRY, bundle, message, panels, script
from grokviz.view.film.component import PICTURES, Command, FilmState, _state, film
from grokviz.view.frames import read_header, timeline_blob
from grokviz.view.palette import palette
from grokviz.view.tables import bands

DEFAULT = FilmState(7, ("rings",))


def page():
    import streamlit as st

    from devtools.made_up_run import run_like
    from grokviz.view.film.component import Command, film
    from grokviz.view.frames import maps_blob, timeline_blob

    run, timeline, task, phases = run_like(p=13, n=5, keys=(2, 5), neurons=2)
    state = film(
        timeline_blob(run, timeline, task, phases),
        Command(9400, st.session_state.get("seq", 0), ("rings", "answers")),
        key="film",
        more={"maps": lambda: maps_blob(run, timeline)},
    )
    st.text(f"{state.step} {' '.join(state.panels)}")


def sent(app):
    """(control, sizes of the parts) the player was given in the last run."""
    data = app.get("bidi_component")[1].proto.bytes
    (length,) = struct.unpack_from("<I", data)
    control = json.loads(data[4 : 4 + length])
    assert len(data) == 4 + length + sum(control["sizes"])
    return control, control["sizes"]


def test_the_blob_is_sent_once_a_session_and_again_when_the_page_lost_it():
    app = AppTest.from_function(page).run()
    assert not app.exception
    first = sent(app)[1]
    assert len(first) == 1
    assert sent(app.run())[1] == []
    app.session_state["_film_sent"] = set()
    assert sent(app.run())[1] == first


def test_a_panel_that_asks_for_the_maps_gets_them_once():
    app = AppTest.from_function(page).run()
    app.session_state["_film_need"] = "maps"
    assert len(sent(app.run())[1]) == 1
    assert sent(app.run())[1] == []


def test_a_jump_is_a_small_message_beside_the_player():
    app = AppTest.from_function(page).run()
    app.session_state["seq"] = 3
    app.run()
    command = app.get("bidi_component")[0].proto
    assert json.loads(command.json)["seq"] == 3
    assert command.ByteSize() < 2_000


def test_state_is_the_last_word_of_the_browser_unless_python_spoke_since():
    view = {"step": 100, "panels": ["answers", "logits"], "seq": 2}
    assert _state(view, 2, DEFAULT) == (100, ("answers", "logits"))
    assert _state(view, 3, DEFAULT) == DEFAULT


@pytest.mark.parametrize(
    "view", [None, "step", {}, {"step": "1", "seq": 0}, {"step": None, "seq": 0, "panels": []}]
)
def test_state_takes_nothing_that_does_not_fit(view):
    assert _state(view, 0, DEFAULT) == DEFAULT


def test_state_drops_panels_it_does_not_know():
    view = {"step": 1, "seq": 0, "panels": ["rings", "<b>", 4]}
    assert _state(view, 0, DEFAULT).panels == ("rings",)


def test_unknown_panels_and_layouts_are_refused_with_what_there_is():
    blob = timeline_blob(*run_like(p=13, n=3, keys=(2,)))
    with pytest.raises(ValueError, match=r"Unknown panel 'loss'.*rings"):
        film(blob, Command(0, panels=("loss",)), key="film")
    with pytest.raises(ValueError, match=r"Unknown layout 'wide'.*strip"):
        film(blob, Command(0), key="film", layout="wide")


def test_python_and_browser_know_the_same_panels():
    assert set(re.findall(r'^\s+id: "(\w+)"', script(), re.MULTILINE)) == set(panels())


def test_message_puts_parts_on_four_byte_boundaries():
    data = message({"key": "ü"}, [b"abcd", b"efgh"])
    (length,) = struct.unpack_from("<I", data)
    assert length % 4 == 0
    assert json.loads(data[4 : 4 + length])["sizes"] == [4, 4]
    assert data.endswith(b"abcdefgh")


def test_no_text_reaches_the_page_as_markup():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script())


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_colours_have_contrast_on_their_paper(mode):
    paper = {"light": "#ffffff", "dark": "#11151b"}[mode]
    colours = [series[f"{mode}Text"] for series in palette()["series"].values()]
    colours += palette()["frequencies"][mode]
    for colour in colours:
        light, dark = sorted((luminance(colour), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour


def luminance(colour):
    """WCAG 2.1 relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_bundle_is_one_scope_in_the_order_of_its_imports(tmp_path):
    (tmp_path / "entry.js").write_text(
        '// What it is.\nimport { a } from "./kit/a.js";\n\nexport const entry = a + 1;\n'
    )
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit/a.js").write_text(
        'import { b } from "../b.js";\n\n/** Of a. */\nexport const a = b() + 1;\n'
    )
    (tmp_path / "b.js").write_text("export function b() {\n  // one\n  return 1;\n}\n")
    code = bundle(tmp_path / "entry.js")
    assert code.splitlines()[0].startswith("const PALETTE = {")
    assert [line for line in code.splitlines()[1:] if line] == [
        "function b() {",
        "  return 1;",
        "}",
        "const a = b() + 1;",
        "const entry = a + 1;",
    ]


@pytest.mark.parametrize("entry", [ENTRY, PICTURES / "js/mount.js"], ids=["film", "pictures"])
def test_what_is_sent_has_no_module_left_in_it(entry):
    code = bundle(entry)
    assert not re.search(r"^\s*(import|export)\b", code, re.MULTILINE)
    declared = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", code, re.MULTILINE)
    for several in re.findall(r"^const \w+ = [^,(]*, (.*)$", code, re.MULTILINE):
        declared += re.findall(r"(?:^|, )(\w+) = ", several)
    assert len(declared) == len(set(declared)), "two files declare the same name"


@pytest.mark.parametrize("events", [0, 1, 2, 5])
def test_film_and_charts_draw_the_same_phases(events):
    run, timeline, task, phases = run_like(p=13, n=5, keys=(2, 5))
    phases = Phases(*phases[:events])  # a run that never memorised, one that only recites, ...
    header = read_header(timeline_blob(run, timeline, task, phases))
    last = header["steps"][-1]
    drawn = bands(phases, last)
    assert [(name, start, last if end is None else end) for name, start, end in header["bands"]] == list(
        drawn.itertuples(index=False, name=None)
    )
    assert header["bands"][0][:2] == ["memorisation", 0]
