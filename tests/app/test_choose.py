"""Any frequency, head or neuron can be chosen on the page Timeline, and is sent to the film; the address keeps the choice."""

import pytest

from grokviz.app.explorer import choose
from grokviz.app.session import address, cache
from grokviz.view.frames import read_arrays, read_header
from tests.app.conftest import components, healthy

RUN = "tiny-groks"


def sent(app) -> dict:
    """The parts of the run that were sent beside the film, by their names."""
    found = [c.proto.bytes for c in components(app) if c.proto.component_name == "grokviz_part"]
    return {read_header(part)["part"]: part for part in found}


def opened(visit, **address):
    app = visit("timeline", run=RUN, **address)
    app.session_state["choosing"] = True
    return healthy(app.run())


def field(app, kind):
    return app.multiselect(key=f"{kind}-{RUN}")


def test_a_neuron_that_is_chosen_is_sent_to_the_film(runs, visit):
    app = opened(visit)
    assert not sent(app)
    listed = field(app, "neurons")
    assert len(listed.options) == 64
    assert "k =" in listed.options[0]
    shares = [float(option.rsplit("· ")[-1].rstrip("%").strip()) for option in listed.options]
    assert shares == sorted(shares, reverse=True)
    app = healthy(listed.select(63).run())
    assert read_header(sent(app)["maps"])["neurons"] == [63]
    assert app.query_params["neurons"] == "63"
    # it is kept while the list is folded, and what the film prefers comes back when nothing is chosen
    app.session_state["choosing"] = False
    app = healthy(app.run())
    assert read_header(sent(app)["maps"])["neurons"] == [63]
    app.session_state["choosing"] = True
    app = healthy(app.run())
    app = healthy(field(app, "neurons").unselect(63).run())
    assert len(read_header(sent(app)["maps"])["neurons"]) > 1
    assert "neurons" not in app.query_params


def test_frequencies_and_heads_are_chosen_by_lists(runs, visit):
    app = opened(visit)
    listed = field(app, "freqs")
    shares = [float(option.rsplit("· ")[-1].rstrip("%").strip()) for option in listed.options]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=2)
    app = healthy(listed.select(2).run())
    app = healthy(field(app, "heads").select(1).run())
    part = sent(app)["chosen"]
    header = read_header(part)
    assert (header["freqs"], header["heads"]) == ([2], [1])
    steps, freqs, _, plane = read_arrays(part)["ring"].shape
    assert (steps, freqs, plane) == (len(header["steps"]), 1, 2)
    assert app.query_params["freqs"] == "2"
    app = healthy(app.button_group(key="order-of-freqs").set_value(choose.BY_NUMBER).run())
    numbers = [int(option.split("·")[0].removeprefix("k = ")) for option in field(app, "freqs").options]
    assert numbers == sorted(numbers)


def test_the_address_brings_a_choice_and_keeps_what_there_is(runs, visit):
    app = visit("timeline", run=RUN, freqs="3,999,0,3,x", heads="77", neurons="5,6")
    header = read_header(sent(app)["chosen"])
    assert (header["freqs"], header["heads"]) == ([3], [])
    assert read_header(sent(app)["maps"])["neurons"] == [5, 6]


def test_a_press_draws_one_alone_and_another_brings_the_others_back(runs, visit, monkeypatch):
    extras: dict[str, str] = {}
    handle = cache.resolve(RUN)
    monkeypatch.setattr(address, "extra", extras.get)
    monkeypatch.setattr(address, "handle", lambda: handle)
    monkeypatch.setattr(
        choose, "choose", lambda kind, numbers: extras.update({kind.name: ",".join(map(str, numbers))})
    )
    monkeypatch.setattr(address, "current", lambda: address.Place(RUN, 0))
    hear = choose.pressed(cache.study(handle)).hear
    hear(0, 4)
    assert extras == {"freqs": "4"}
    hear(0, 4)
    assert extras == {"freqs": ""}
    for kind, number in ((0, 0), (0, 10**9), (1, -1), (2, 64), (3, 1), (-1, 1)):
        hear(kind, number)
    assert extras == {"freqs": ""}


def test_of_another_run_nothing_is_chosen(runs, visit):
    app = visit("timeline", run=RUN, freqs="3")
    picker = app.selectbox(key="run_in_view")
    app = healthy(picker.select_index(next(i for i in range(9) if i != picker.index)).run())
    assert app.query_params["run"] != RUN
    assert "freqs" not in app.query_params
