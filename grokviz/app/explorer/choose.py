"""What the film draws of a run where that is chosen: any frequencies, heads and neurons, from lists or by a press in a
figure. The choice travels in the address."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import streamlit as st

from grokviz import wording
from grokviz.app.session import address, cache, keys
from grokviz.study import Study
from grokviz.view.film import component
from grokviz.view.film.component import Pick
from grokviz.view.frames import MAX_NEURONS

BY_FIT, BY_FREQUENCY, BY_NUMBER = "how well one frequency explains them", "their frequency", "their number"
BY_SHARE = "their share of the embedding"


class Kind(NamedTuple):
    """Something of which a few can be chosen: its name in the address and in the browser, and how many at most."""

    name: str
    most: int


FREQS, HEADS, NEURONS = Kind("freqs", 8), Kind("heads", 9), Kind("neurons", MAX_NEURONS)
KINDS = {kind.name: kind for kind in (FREQS, HEADS, NEURONS)}
EXTRAS = tuple(KINDS)


def chosen(run: cache.RunHandle, kind: Kind) -> tuple[int, ...]:
    """Those that were chosen of the run in view; none: those that the film prefers."""
    text = address.extra(kind.name)
    if text is None or address.current().run != run.id:
        return ()
    there = _there(cache.study(run), kind)
    wanted = dict.fromkeys(int(number) for number in re.findall(r"\b\d{1,6}\b", text[:200]))
    return tuple(number for number in wanted if number in there)[: kind.most]


def _there(study: Study, kind: Kind) -> range:
    """The numbers of all that there are."""
    config, places = study.run.config, study.task.places
    if kind is FREQS:
        return range(1, len(places.group.blocks) if places else 1)
    if kind is HEADS:
        return range(config.n_heads if config.model.has_attention else 0)
    return range(config.d_mlp if len(study.timeline.neurons) else 0)


def choose(kind: Kind, numbers: Iterable[int]) -> None:
    """Have these drawn; none: those that the film prefers."""
    keys.CHOSE.set(True)
    address.set_extra(kind.name, ",".join(map(str, numbers)) or None)


def pressed(study: Study) -> Pick:
    """What a press in a figure of the film does: that frequency, head or neuron alone; a second one brings all back."""

    def hear(kind: int, number: int) -> None:
        if 0 <= kind < len(EXTRAS) and number in _there(study, found := KINDS[EXTRAS[kind]]):
            choose(found, () if chosen(address.handle(), found) == (number,) else (number,))

    return Pick(("kind", "number"), hear)


def lists(study: Study) -> None:
    """A list of each kind to choose from; what is chosen is sent to the film."""
    run = address.handle()
    with st.expander(
        "Choose what is drawn: frequencies, heads, neurons",
        icon=":material/checklist:",
        key=keys.CHOOSING,
        on_change="rerun",
    ):
        if keys.CHOOSING.get(False):
            _frequencies(study, run)
            _list(run, HEADS, _there(study, HEADS), "head {}".format)
            _neurons(study, run)
            st.caption(
                "With nothing chosen the film draws the ring of each key frequency, every head there is room for, and the neurons that "
                "one key frequency explains best. A press on a ring, a bar of a spectrum, a head or a neuron in the film draws that "
                "alone; another press brings the others back."
            )
    if any(chosen(run, kind) for kind in KINDS.values()) or keys.CHOSE.get(False):
        component.part(cache.maps(run, chosen(run, NEURONS)), key="chosen-neurons")
        component.part(
            cache.chosen_rings(run, chosen(run, FREQS), chosen(run, HEADS)), key="chosen-frequencies"
        )


def _frequencies(study: Study, run: cache.RunHandle) -> None:
    there = _there(study, FREQS)
    if not there:
        return
    energy = np.square(np.nan_to_num(study.timeline.spectrum_W_E[-1]))
    share = {k: float(energy[k - 1] / (energy.sum() or 1)) for k in there}
    by = {BY_SHARE: lambda k: (-share[k], k), BY_NUMBER: lambda k: (k,)}
    blocks = study.task.places.group.blocks if study.task.places else ()
    _list(run, FREQS, there, lambda k: f"{blocks[k].name} · {wording.percent(share[k])}", by)


def _neurons(study: Study, run: cache.RunHandle) -> None:
    there = _there(study, NEURONS)
    if not there:
        return
    freq, fit = cache.neuron_fits(run)
    by = {
        BY_FIT: lambda n: (-fit[n], n),
        BY_FREQUENCY: lambda n: (freq[n], -fit[n]),
        BY_NUMBER: lambda n: (n,),
    }
    _list(run, NEURONS, there, lambda n: f"no. {n} · k = {freq[n]} · {wording.percent(float(fit[n]))}", by)


def _list(
    run: cache.RunHandle,
    kind: Kind,
    there: range,
    label: Callable[[int], str],
    by: dict[str, Callable[[int], tuple[float, ...]]] | None = None,
) -> None:
    """A field with all of a kind in some order. `by` are the orders to choose from."""
    if not there:
        return
    what = {FREQS: "frequencies", HEADS: "heads", NEURONS: "neurons"}[kind]
    listed = list(there)
    if by:
        order = st.segmented_control(
            f"{what.capitalize()} in the order of",
            list(by),
            default=next(iter(by)),
            key=keys.order_of(kind.name),
            required=True,
        )
        listed.sort(key=by[order or next(iter(by))])
    widget = keys.chosen_numbers(kind.name, run.id)
    widget.set(list(chosen(run, kind)))
    most = min(kind.most, len(listed))
    st.multiselect(
        f"Up to {wording.in_words(most)} of {len(listed):,} {what}",
        listed,
        key=widget,
        max_selections=most,
        format_func=label,
        on_change=lambda: choose(kind, widget.value()),
        placeholder="a number, or scroll",
    )
