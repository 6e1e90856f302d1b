"""Which neurons the film shows: any of them, from a list by frequency or by how well it explains them."""

import streamlit as st

from grokviz import wording
from grokviz.app.session import address, cache, keys
from grokviz.study import Study
from grokviz.view.film import component
from grokviz.view.frames import MAX_NEURONS

BY_FIT, BY_FREQUENCY, BY_NUMBER = "how well one frequency explains them", "their frequency", "their number"


def chosen(run: cache.RunHandle) -> tuple[int, ...]:
    """The neurons that were chosen for this run; none: those that the film prefers."""
    return keys.NEURONS.get({}).get(run.id, ())


def neurons(study: Study) -> None:
    """A list to choose them from; those that are chosen are sent to the film."""
    if not len(study.timeline.neurons):
        return
    run = address.handle()
    with st.expander("Choose neurons", icon=":material/checklist:", key=keys.CHOOSING, on_change="rerun"):
        if keys.CHOOSING.get(False):
            _list(run)
    if chosen(run):
        component.part(cache.maps(run, chosen(run)), key="chosen-neurons")


def _list(run: cache.RunHandle) -> None:
    freq, fit = cache.neuron_fits(run)
    by = {
        BY_FIT: lambda n: (-fit[n], n),
        BY_FREQUENCY: lambda n: (freq[n], -fit[n]),
        BY_NUMBER: lambda n: n,
    }
    order = st.segmented_control(
        "In the order of", list(by), default=BY_FIT, key=keys.NEURON_ORDER, required=True
    )
    listed = sorted(range(len(freq)), key=by[order or BY_FIT])
    widget = keys.chosen_neurons(run.id)
    widget.first(lambda: [n for n in chosen(run) if n < len(freq)])
    st.multiselect(
        f"Up to {wording.in_words(MAX_NEURONS)} of {len(freq):,} neurons",
        listed,
        key=widget,
        max_selections=MAX_NEURONS,
        format_func=lambda n: f"no. {n} · k = {freq[n]} · {wording.percent(float(fit[n]))}",
        on_change=lambda: keys.NEURONS.set({**keys.NEURONS.get({}), run.id: tuple(widget.value())}),
        placeholder="a number, or scroll",
    )
    st.caption(
        "With each neuron stand the frequency that explains it best in the last snapshot, and how much of it. Its maps are "
        "drawn by the panel Neurons. With none chosen it shows the best explained of each key frequency."
    )
