"""Settings of the form in the address: `/train?modulus=97&weight_decay=2`, so that they can be sent to others."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import streamlit as st

from grokviz.app.session import address, keys
from grokviz.app.train import form, widgets
from grokviz.config import SETTINGS, RunConfig, of_group, same_course
from grokviz.errors import ConfigError
from grokviz.forecast.presets import PRESETS, adapted, to_watch
from grokviz.settings import flag_of

PRESET = "recipe"
NAMES = {field: flag_of(SETTINGS[field]).removeprefix("--").replace("-", "_") for field in form.FIELDS}
FIELDS = {name: field for field, name in NAMES.items()}


def take() -> None:
    """What the address says of the form, once a session; what is wrong with it is said, and left out."""
    if keys.FORM_LINK.get(False):
        return
    keys.FORM_LINK.set(True)
    found, wrong = read(st.query_params.to_dict())
    for sentence in wrong:
        address.notice(sentence)
    if found:
        form.begin_with(found, recipe_of(st.query_params.to_dict()) or "fast")


def read(params: Mapping[str, str]) -> tuple[RunConfig | None, list[str]]:
    """The config that an address asks for, None where it asks for none, and what it gets wrong, in sentences."""
    given = {FIELDS[name]: text for name, text in params.items() if name in FIELDS}
    if not given and PRESET not in params:
        return None, []
    wrong: list[str] = []
    values: dict[str, object] = {}
    for field, text in given.items():
        try:
            values[field] = _value(field, text)
        except ConfigError as error:
            wrong.append(f"The link says {NAMES[field]} = “{text[:40]}”. {error}")
    recipe = recipe_of(params)
    if not recipe:
        wrong.append(
            f"The link names a recipe that does not exist (“{params[PRESET][:40]}”). This is the fast one."
        )
        recipe = "fast"
    group, p = str(values.pop("group", "")), values.pop("p", None)
    try:
        base = to_watch(recipe, p if isinstance(p, int) else PRESETS[recipe].p or form.FIRST_P, group)
        whole = dict(of_group(group)) if group else {}
        return adapted(base, **{**values, **whole}), wrong
    except ConfigError as error:  # each may be, and all together not
        return None, [*wrong, str(error)]


def recipe_of(params: Mapping[str, str]) -> str:
    """The recipe that an address names, or the fast one; "" where it names none that there is."""
    recipe = params.get(PRESET, "fast")
    return recipe if recipe in PRESETS else ""


def _value(field: str, text: str) -> object:
    """Raises `ConfigError` when the text is no value of this setting."""
    setting = SETTINGS[field]
    if setting.kind is str:
        setting.check(text[:80])
        return text
    try:
        value = setting.kind(text[:40])
    except ValueError:
        kind = "a whole number" if setting.kind is int else "a number"
        raise ConfigError(f"{setting.label} should be {kind}.") from None
    setting.check(value)
    if wrong := widgets.out_of_range(field, value, None, form.LEAST.get(field)):
        raise ConfigError(wrong)
    return value


def query(config: RunConfig) -> str:
    """The settings of the form that are not those of its recipe, the recipe where it is not the fast one, and always the
    modulus or the group."""
    whose = [(name, to_watch(name, config.p, config.group)) for name in form.OFFERED]
    recipe, usual = next(((name, one) for name, one in whose if same_course(config, one)), whose[0])
    first: dict[str, object] = {"group": config.group} if config.group else {NAMES["p"]: config.p}
    if usual != whose[0][1]:
        first |= {PRESET: recipe}
    others = [field for field in form.FIELDS if field not in ("p", "group")]
    if config.group:
        others.remove("operation")
    told = {NAMES[f]: getattr(config, f) for f in others if getattr(config, f) != getattr(usual, f)}
    return urlencode({n: f"{v:.10g}" if isinstance(v, float) else v for n, v in {**first, **told}.items()})


def offer() -> None:
    """The link to what the form says, to be copied; nothing while that is no run."""
    try:
        config = form.chosen()
    except ConfigError:
        return
    here = urlsplit(st.context.url or "")
    where = f"{here.scheme}://{here.netloc}{here.path}" if here.netloc else "train"
    with st.popover("Copy a link to these settings", icon=":material/link:"):
        st.caption("Whoever opens it finds the form filled in like this. The sign at its right copies it.")
        st.code(f"{where}?{query(config)}", language=None, wrap_lines=True)
