"""The form that starts a training: presets first, then every choice, and what will probably come of it."""

import dataclasses

import streamlit as st

from grokviz import hosting, installation, wording
from grokviz.app import sentences
from grokviz.app.session import address, keys, visitor
from grokviz.app.train import widgets
from grokviz.config import SETTINGS, RunConfig, same_course
from grokviz.errors import ConfigError, HostingError, RunError
from grokviz.forecast import recipes, speed
from grokviz.forecast.outlook import Known, Outlook, outlook
from grokviz.forecast.presets import PRESETS, to_watch
from grokviz.hosting import Limits
from grokviz.jobs import machine, requests
from grokviz.runs import library
from grokviz.runs.imported import NO_TORCH
from grokviz.tasks.pairs import build_task, operation_label, task_of
from grokviz.view import pixels

FIRST_P = 59


# docs/recipes.md: below 31 not one modulus was found with a gap of 50 points.
NO_PLATEAU = (
    "No plateau to see: so small a clock has to be shown so many of its questions that most of the others are right "
    "almost as soon as those. Choose a modulus of 31 or more to see the wait."
)


OFFERED = [name for name, preset in PRESETS.items() if preset.words]

# The settings that are asked for, in three columns; under More, one below the other.
ROWS = (("p", "operation", "seed"), ("frac_train", "weight_decay", "lr"))
MORE = (("steps", "optimizer"), ("d_model", "n_heads"), ("d_mlp",))
FIELDS = tuple(field for group in (*ROWS, *MORE) for field in group)
LEAST = {"p": 5, "steps": 50}  # with less there is nothing to see
PERCENT = "frac_train"  # asked for in per cent


def forecast(config: RunConfig) -> Outlook:
    """What will probably become of a training."""
    if same_course(config, recipes.fast_preset(config.p)) and not recipes.shows_plateau(config.p):
        return Outlook("at once", recipes.expected_grok_step(config), NO_PLATEAU, None)
    return outlook(config, _fast)


def _fast(config: RunConfig) -> Known | None:
    if not same_course(config, recipes.fast_preset(config.p)):
        return None
    step = recipes.expected_grok_step(config)
    return Known(step, recipes.shows_plateau(config.p)) if step else None


def form() -> None:
    """Everything from the choice of a preset to the button that starts it."""
    if not installation.has("torch"):
        st.info(NO_TORCH, icon=":material/visibility:")
        return
    limits = hosting.limits()
    keys.PRESET_WAS.first(lambda: "fast")
    if not keys.setting("p").is_set():
        _fill(recipes.fast_preset(FIRST_P))
        keys.PRESET.set("fast")
    rate = machine.rate(library.trained())
    choices, picture = st.columns([7, 4], gap="large")
    with choices:
        _presets(rate)
        _choices(limits)
        with st.expander("More", icon=":material/tune:"):
            _more_choices(limits)
        config = _checked(limits)
        if config:
            _forecast(config, rate, forecast(config))
        st.button(
            "Start", type="primary", icon=":material/play_arrow:", disabled=config is None,
            on_click=_start, args=(config, limits),
        )  # fmt: skip
    if config:
        with picture:
            _picture(config)


def _checked(limits: Limits | None) -> RunConfig | None:
    """What is chosen, or None when that cannot be: then it says why."""
    try:
        config = chosen()
        if limits:
            hosting.check(config, limits)
    except (ConfigError, HostingError) as error:
        st.warning(sentences.as_text(str(error)), icon=":material/tune:")
        return None
    return config


def _picture(config: RunConfig) -> None:
    """What the network will be shown."""
    task = build_task(config)
    shown, all_pairs = int(task.is_train.sum()), int((task.is_train | task.is_test).sum())
    st.markdown("**What it will be shown**")
    st.image(pixels.split_picture(config, st.context.theme.type == "dark"), width="content")
    st.caption(
        f"Every square is a question, row a and column b. The {shown:,} coloured ones it trains on, each in the colour of "
        f"its answer; the other {all_pairs - shown:,} it never sees."
    )


def chosen() -> RunConfig:
    """The config that the widgets say. Raises `ConfigError` when they fit no run."""
    base = to_watch(keys.PRESET_WAS.value(), int(keys.setting("p").value()))
    values = {field: SETTINGS[field].kind(keys.setting(field).value()) for field in FIELDS}
    values[PERCENT] /= 100
    return dataclasses.replace(base, **values)


def _fill(config: RunConfig) -> None:
    for field in FIELDS:
        keys.setting(field).set(getattr(config, field))
    keys.setting(PERCENT).set(round(100 * config.frac_train))


def _presets(rate: speed.Rate | None) -> None:
    def label(name: str) -> str:
        preset = PRESETS[name]
        if name != "fast" or rate is None:
            return preset.name
        config = to_watch(name, int(keys.setting("p").value()))
        step = forecast(config).grok_step
        return f"{preset.name} ({about(speed.seconds(config, rate, step))} here)" if step else preset.name

    def choose() -> None:
        name = keys.PRESET.value()
        if name:
            keys.PRESET_WAS.set(name)
            _fill(to_watch(name, PRESETS[name].p or int(keys.setting("p").value())))

    st.segmented_control(
        "Recipe", OFFERED, key=keys.PRESET, format_func=label, on_change=choose, width="stretch"
    )
    name = keys.PRESET.value()
    st.caption(PRESETS[name].words if name else "Your own recipe.")


def _own() -> None:
    """A choice that is no longer the preset's."""
    keys.PRESET.set(None)


def _p_changed() -> None:
    if name := keys.PRESET.value():
        seed = keys.setting("seed").value()
        _fill(to_watch(name, int(keys.setting("p").value())))
        keys.setting("seed").set(seed)


CHANGED = {"p": _p_changed, "seed": None}  # another seed of a preset is the preset still


def _choices(limits: Limits | None) -> None:
    for row in ROWS:
        for field, column in zip(row, st.columns(3), strict=True):
            with column:
                _widget(field, limits)


def _more_choices(limits: Limits | None) -> None:
    for fields, column in zip(MORE, st.columns(3), strict=True):
        with column:
            for field in fields:
                _widget(field, limits)


def _widget(field: str, limits: Limits | None) -> None:
    setting, changed = SETTINGS[field], CHANGED.get(field, _own)
    if field == PERCENT:
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
        words = operation_label if field == "operation" else str
        widgets.choice(field, keys.setting(field), words, changed)
    else:
        widgets.number(field, keys.setting(field), limits, low=LEAST.get(field), on_change=changed)


def _forecast(config: RunConfig, rate: speed.Rate | None, expected: Outlook) -> None:
    """What will probably happen, and what it costs on this machine."""
    st.markdown(f"**What to expect.** {expected.sentence} {_cost(config, rate, expected)}")
    if expected.warning:
        st.info(expected.warning, icon=":material/lightbulb:")


def _cost(config: RunConfig, rate: speed.Rate | None, expected: Outlook) -> str:
    if rate is None:
        return "How long that takes is being measured on this machine."
    whole = about(speed.seconds(config, rate, config.steps))
    if expected.grok_step and expected.grok_step < config.steps:
        return f"On this machine that is {about(speed.seconds(config, rate, expected.grok_step))} to grokking, {whole} at most."
    return f"On this machine, {config.steps:,} steps take {whole}."


def about(seconds: float) -> str:
    """A duration as people say it."""
    return f"about {wording.duration(seconds)}"


def _start(config: RunConfig, limits: Limits | None) -> None:
    preset = keys.PRESET.value()
    name = PRESETS[preset].name.lower() if preset else "own recipe"
    title = f"{task_of(config)}, {name}, seed {config.seed}"
    try:
        run = requests.start(visitor.root(), config, title, limits=limits)
    except (HostingError, RunError) as error:
        address.notice(str(error))
    else:
        keys.MY_RUN.set(run.name)
