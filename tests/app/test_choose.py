"""Any neuron can be chosen on the page Timeline, and is sent to the film."""

from grokviz.view.frames import read_header
from tests.app.conftest import components, healthy


def parts(app):
    return [c.proto for c in components(app) if c.proto.component_name == "grokviz_part"]


def test_a_neuron_that_is_chosen_is_sent_to_the_film(runs, visit):
    app = visit("timeline", run="tiny-groks")
    assert not parts(app)
    app.session_state["choosing_neurons"] = True
    app = healthy(app.run())
    listed = app.multiselect(key="neurons-tiny-groks")
    assert len(listed.options) == 64
    assert "k =" in listed.options[0]
    shares = [float(option.rsplit("· ")[-1].rstrip("%").strip()) for option in listed.options]
    assert shares == sorted(shares, reverse=True)
    app = healthy(listed.select(63).run())
    (sent,) = parts(app)
    assert read_header(sent.bytes)["neurons"] == [63]
    # it is kept while the list is folded, and forgotten when nothing is chosen
    app.session_state["choosing_neurons"] = False
    app = healthy(app.run())
    assert len(parts(app)) == 1
