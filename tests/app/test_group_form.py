"""The form of the page Train, when it asks for a group."""

from grokviz.forecast import recipes
from grokviz.tasks import named_groups
from tests.app.conftest import healthy


def test_the_form_asks_for_a_group_when_it_is_chosen(no_runs, visit):
    app = visit("train")
    app = healthy(app.selectbox(key="train_operation").set_value("compose").run())
    assert app.selectbox(key="train_group").value == "D_30"
    assert not [n for n in app.number_input if n.key == "train_p"]
    assert app.slider(key="train_frac_train").value == round(100 * recipes.fast_preset(0, "D_30").frac_train)
    app = healthy(app.selectbox(key="train_group").set_value("S_5").run())
    assert app.slider(key="train_frac_train").value == round(100 * recipes.fast_preset(0, "S_5").frac_train)
    assert form_config(app) == ("compose", "S_5", 120)
    assert "(1 2 3) moves the card at place 1 to place 2" in " ".join(
        caption.value for caption in app.caption
    )
    app = healthy(app.selectbox(key="train_operation").set_value("add").run())
    assert app.number_input(key="train_p").value == 59
    assert form_config(app) == ("add", "", 59)
    app = healthy(app.selectbox(key="train_operation").set_value("multiply").run())
    assert form_config(app) == ("multiply", "", 59)


def form_config(app):
    """What would be trained, as the form would say it."""
    state = app.session_state
    group = state["train_group"] if state["train_operation"] == "compose" else ""
    return state["train_operation"], group, named_groups.order_of(group) if group else state["train_p"]
