"""The form that starts a training: presets first, then every choice, and what will probably come of it."""

from collections.abc import Callable

import streamlit as st

from grokviz import hosting, wording
from grokviz.app import sentences, shell
from grokviz.app.session import keys, visitor
from grokviz.app.train import group_choice, my_run, widgets
from grokviz.config import SETTINGS, RunConfig, of_group, same_course
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.forecast import recipes
from grokviz.forecast.outlook import Known, Outlook, outlook
from grokviz.forecast.presets import PRESETS, adapted, preset, to_watch
from grokviz.hosting import Limits
from grokviz.jobs import machine, requests
from grokviz.methods import OPTIMIZERS
from grokviz.runs import library
from grokviz.tasks.pairs import COMPOSE, build_task, operation_label, task_of
from grokviz.view import pixels

FIRST_P = 59


# docs/recipes.md: below 31 not one modulus was found with a gap of 50 points.
NO_PLATEAU = (
    "No plateau to see: so small a clock has to be shown so many of its questions that most of the others are right "
    "almost as soon as those. Choose a modulus of 31 or more to see the wait."
)

# docs/recipes.md, and the words of the preset.
TOO_LITTLE = (
    "It will probably memorise and no more: of 31 and 59, two seeds each got at most 5 % of the other questions in "
    "2,000 steps. Other moduli were not tried."
)

OFFERED = [name for name, preset in PRESETS.items() if preset.words]

# The settings that are asked for, in three columns; under More, one below the other.
ROWS = (("p", "operation", "seed"), ("frac_train", "weight_decay", "lr"))
MORE = (
    ("steps", "optimizer", "wrong_labels"),
    ("d_model", "n_heads"),
    ("d_mlp", "architecture", "attention_rate"),
)
FIELDS = (*(field for group in (*ROWS, *MORE) for field in group), "group")
LEAST = {"p": 5, "steps": 50}  # with less there is nothing to see
PERCENT = "frac_train"  # asked for in per cent


def forecast(config: RunConfig) -> Outlook:
    """What will probably become of a training."""
    if not config.group and same_course(config, preset("little", config.p)):
        return Outlook("memorises", None, TOO_LITTLE, None)
    if measured := recipes.of_group_in_words(config):
        step = recipes.expected_grok_step(config)
        return Outlook("groks" if step else "unknown", step, measured, None)
    is_fast = not config.group and same_course(config, recipes.fast_preset(config.p))
    if is_fast and not recipes.shows_plateau(config.p):
        return Outlook("at once", recipes.expected_grok_step(config), NO_PLATEAU, None)
    return outlook(config, _fast)


def _fast(config: RunConfig) -> Known | None:
    if config.group or not same_course(config, recipes.fast_preset(config.p)):
        return None
    step = recipes.expected_grok_step(config)
    return Known(step, recipes.shows_plateau(config.p)) if step else None


def form(beside: Callable[[], None] = lambda: None) -> None:
    """Everything from the choice of a preset to the button that starts it, and what stands beside that."""
    if not shell.trains_here():
        return
    limits = hosting.limits()
    _begin()
    choices, picture = st.columns([7, 4], gap="large")
    with choices:
        _presets()
        _choices()
        with st.expander("More", icon=":material/tune:"):
            _more_choices()
        config = _checked(limits)
        if config:
            _forecast(config, forecast(config))
        with st.container(horizontal=True):
            st.button(
                "Start", type="primary", icon=":material/play_arrow:", disabled=config is None, on_click=_start, args=(limits,)
            )  # fmt: skip
            beside()
    if config:
        with picture:
            _picture(config)
    keys.FORM_WAS.set({field: keys.setting(field).value() for field in FIELDS})


def folded(beside: Callable[[], None] = lambda: None) -> None:
    """The form while a run is in view: it opens when it is asked for, and folds when a run was put into view."""
    if keys.FOLD.get(False):
        keys.FORM_OPEN.set(False)
        keys.FOLD.forget()
    with st.expander("Train another one", icon=":material/add:", key=keys.FORM_OPEN, on_change="rerun"):
        if keys.FORM_OPEN.get(False):
            form(beside)


def begin_with(config: RunConfig, recipe: str = "fast") -> None:
    """Let the form say this when it is drawn next, whatever it has said before, and be open; what it does not ask for is as
    in the recipe."""
    told = {field: getattr(config, field) for field in FIELDS if field not in ("p", "group")}
    which = {"group": config.group} if config.group else {"p": config.p}
    keys.FORM_WAS.set({**told, **which, PERCENT: _percent(config)})
    if not config.group:
        keys.OWN_MODULUS.set(config.p)
    keys.PRESET_WAS.set(recipe)
    keys.FORM_OPEN.set(True)


def _begin() -> None:
    """What the form says when it is drawn for the first time, or again: what it said last."""
    keys.PRESET_WAS.first(lambda: "fast")
    if keys.setting(
        "operation"
    ).is_set():  # of the modulus and the group one is not drawn, and so is forgotten
        keys.setting("p").first(lambda: keys.OWN_MODULUS.get(FIRST_P))
        keys.setting("group").first(lambda: keys.FORM_WAS.get({}).get("group") or group_choice.FIRST)
        return
    _fill(recipes.fast_preset(FIRST_P))
    for field, value in keys.FORM_WAS.get({}).items():
        keys.setting(field).set(value)
    _mark()


def _checked(limits: Limits | None) -> RunConfig | None:
    """What is chosen, or None when that cannot be: then it says why."""
    try:
        config = _possible(limits)
    except (ConfigError, HostingError) as error:
        st.warning(sentences.as_text(str(error)), icon=":material/tune:")
        return None
    return config


def _possible(limits: Limits | None) -> RunConfig:
    """What is chosen. Raises `ConfigError` or `HostingError` when it cannot be trained here."""
    for field in FIELDS:
        if SETTINGS[field].within and field != PERCENT and not (field == "p" and group_choice.chosen()):
            value = keys.setting(field).value()
            if wrong := widgets.out_of_range(field, value, limits, LEAST.get(field)):
                raise ConfigError(wrong)
    config = chosen()
    if limits:
        hosting.check(config, limits)
    return config


def _picture(config: RunConfig) -> None:
    """What the network will be shown."""
    task = build_task(config)
    shown, all_pairs = int(task.is_train.sum()), int((task.is_train | task.is_test).sum())
    st.markdown("**What it will be shown**")
    st.image(
        pixels.split_picture(config, st.context.theme.type == "dark"),
        width="content",
        alt=f"Which of the {all_pairs:,} pairs it trains on, each in the colour of its answer.",
    )
    st.caption(
        f"Every square is a question, row a and column b. The {shown:,} coloured ones it trains on, each in the colour of "
        f"its answer; the other {all_pairs - shown:,} it never sees."
    )


def chosen() -> RunConfig:
    """The config that the widgets say. Raises `ConfigError` when they fit no run."""
    group = group_choice.chosen()
    p = int(keys.setting("p").get(FIRST_P))
    base = to_watch(keys.PRESET_WAS.value(), p, group)
    values = {f: SETTINGS[f].kind(keys.setting(f).value()) for f in FIELDS if f not in ("p", "group")}
    as_it_was = values[PERCENT] == _percent(base)  # which may be finer than what the slider shows
    values[PERCENT] = base.frac_train if as_it_was else values[PERCENT] / 100
    values |= of_group(group) if group else {"group": "", "p": p}
    published = OPTIMIZERS[values["optimizer"]].published
    values |= {name: value for name, value in published.items() if name not in FIELDS}
    return adapted(base, **values)


def _percent(config: RunConfig) -> int:
    return round(100 * config.frac_train)


def _fill(config: RunConfig) -> None:
    for field in FIELDS:
        if field not in ("p", "group"):
            keys.setting(field).set(getattr(config, field))
    if config.group:
        keys.setting("group").set(config.group)
    else:
        keys.setting("p").set(config.p)
        keys.setting("group").first(lambda: group_choice.FIRST)
    keys.setting(PERCENT).set(_percent(config))


def _presets() -> None:
    def label(name: str) -> str:
        config = _of_preset(name) if name == "fast" else None
        if config is None:
            return PRESETS[name].name
        step = forecast(config).grok_step
        taken = step and machine.seconds_from_start(library.trained(), config, step)
        return f"{PRESETS[name].name} ({about(taken)} here)" if taken else PRESETS[name].name

    def choose() -> None:
        name = keys.PRESET.value()
        if name is None:  # it was marked already, and pressed again
            return _mark()
        seed = keys.setting("seed").value()
        keys.PRESET_WAS.set(name)
        if config := _of_preset(name, PRESETS[name].p or keys.OWN_MODULUS.get(FIRST_P)):
            _fill(config)
        keys.setting("seed").set(seed)

    st.pills("Recipe", OFFERED, key=keys.PRESET, format_func=label, on_change=choose, wrap=True)
    # What is pressed says how the form was filled; what it is now follows from the numbers in it.
    name = _preset_now()
    st.caption(PRESETS[name].words if name else "Your own recipe.")


def _of_preset(name: str, p: int | None = None) -> RunConfig | None:
    """A preset for the group that is chosen, or for this modulus or the one that is; None where there is no such."""
    group = group_choice.chosen()
    p = _modulus() if p is None else p
    try:
        return to_watch(name, p or FIRST_P, group) if p or group else None
    except ConfigError:
        return None


def _modulus() -> int | None:
    """The one that is chosen; None where there is no such clock."""
    p = int(keys.setting("p").get(FIRST_P))
    return None if widgets.out_of_range("p", p) else p


def _preset_now() -> str | None:
    """The preset that the form describes, whatever its seed; None where it is none of them."""
    try:
        config = chosen()
    except ConfigError:
        return None
    return next(
        (name for name in OFFERED if same_course(config, to_watch(name, config.p, config.group))), None
    )


def _mark() -> None:
    """After a change by hand: the recipe that is marked is the one that the numbers are, if any."""
    keys.PRESET.set(_preset_now())


def _p_changed() -> None:
    """Another modulus or another group: the recipe that is marked goes with it."""
    p = _modulus()
    if p is None:
        return
    if not group_choice.chosen():
        keys.OWN_MODULUS.set(p)
    name = keys.PRESET.value()
    if name and (config := _of_preset(name)):
        seed = keys.setting("seed").value()
        _fill(config)
        keys.setting("seed").set(seed)


def _operation_changed() -> None:
    """From numbers to a group, or back, the recipe that is marked goes with it."""
    now, before = keys.setting("operation").value(), keys.FORM_WAS.get({}).get("operation")
    if (now == COMPOSE) == (before == COMPOSE):
        return _mark()
    _p_changed()
    keys.setting("operation").set(now)
    _mark()


def _optimizer_changed() -> None:
    """An optimiser that was published without weight decay gets none, and the others what the recipe has."""
    config = _of_preset(keys.PRESET_WAS.value())
    usual = config.weight_decay if config else SETTINGS["weight_decay"].default
    published = OPTIMIZERS[str(keys.setting("optimizer").value())].published
    keys.setting("weight_decay").set(published.get("weight_decay", usual))
    _mark()


CHANGED = {
    "p": _p_changed,
    "operation": _operation_changed,
    "optimizer": _optimizer_changed,
    "seed": None,
}  # another seed of a preset is the preset still


WORDS: dict[str, Callable[[str], str]] = {
    "operation": operation_label,
    "optimizer": lambda name: OPTIMIZERS[name].label,
}


def _choices() -> None:
    for row in ROWS:
        for field, column in zip(row, st.columns(3), strict=True):
            with column:
                _widget(field)


def _more_choices() -> None:
    for fields, column in zip(MORE, st.columns(3), strict=True):
        with column:
            for field in fields:
                _widget(field)


def _widget(field: str) -> None:
    setting, changed = SETTINGS[field], CHANGED.get(field, _mark)
    if field == "p" and group_choice.chosen():
        group_choice.widget(_p_changed)
    elif field == PERCENT:
        st.slider(
            setting.label,
            5,
            95,
            key=keys.setting(field),
            format="%d %%",
            on_change=changed,
            help=setting.hint,
        )
    elif setting.choices:
        widgets.choice(field, keys.setting(field), WORDS.get(field, str), changed)
    else:
        widgets.number(field, keys.setting(field), on_change=changed)


def _forecast(config: RunConfig, expected: Outlook) -> None:
    """What will probably happen, and what it costs on this machine."""
    st.markdown(f"**What to expect.** {expected.sentence} {_cost(config, expected)}")
    if expected.warning:
        st.info(expected.warning, icon=":material/lightbulb:")


def _cost(config: RunConfig, expected: Outlook) -> str:
    whole = machine.seconds_from_start(library.trained(), config, config.steps)
    if whole is None:
        return "How long that takes is being measured on this machine."
    if expected.grok_step and expected.grok_step < config.steps:
        first = machine.seconds_from_start(library.trained(), config, expected.grok_step)
        return f"On this machine that is {about(first or 0)} to grokking, {about(whole)} at most."
    return f"On this machine, {config.steps:,} steps take {about(whole)}."


def about(seconds: float) -> str:
    """A duration as people say it."""
    return f"about {wording.duration(seconds)}"


def _start(limits: Limits | None) -> None:
    """Train what the form says now: a number that was typed last counts, though the page has not been drawn since."""
    try:
        config = _possible(limits)
        name = _preset_now()
        words = PRESETS[name].name.lower() if name else "own recipe"
        title = f"{task_of(config)}, {words}, seed {config.seed}"
        run, is_new = requests.start_once(visitor.root(), config, title, limits)
        if not is_new:
            keys.SAID.set("This very run is being trained already: here it is.")
    except (ConfigError, HostingError, RunError) as error:
        keys.SAID.set(str(error))
    else:
        my_run.put_in_view(run.name)
