"""Beside a cut, the same cut with as many others drawn at random: computed when the page stands, draw after draw."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from grokviz import wording
from grokviz.app.circuit import snapshots, words
from grokviz.app.circuit.snapshots import Losses
from grokviz.app.session import address, budget
from grokviz.circuit.controls import DRAWS, Control, key_hits
from grokviz.circuit.cuts import NO_CUTS, Cuts
from grokviz.circuit.interventions import Outcome
from grokviz.view import bars

READ = (
    "**How to read this.** One circle a draw; the draws are the same for everybody. A cut that lies among its circles does "
    "no more than chance."
)
RIVAL = (
    "Why this stands here: another study of such networks silenced the neurons that looked most orderly, and it hurt no "
    "more than silencing as many at random, while taking out frequencies did. What a cut destroys says something only "
    "beside what as many others destroy."
)


STOPPED = (
    "The draws ended early: this shared machine keeps the rest of your seconds for your own cuts. Look again in a minute, or "
    "run GrokViz on a machine of your own."
)


class Drawn(NamedTuple):
    """What the draws of one control gave so far."""

    control: Control
    losses: tuple[Losses, ...]
    is_whole: bool  # nothing is left to be drawn

    @property
    def key(self) -> str:
        """What some draws take, by name."""
        return f"key {words.of(address.study()).key}"

    @property
    def hits(self) -> list[bool]:
        """Of every draw, whether it takes a key frequency or block."""
        keys = snapshots.waves(address.handle())
        return [key_hits(drawn, keys.freqs if keys.are_key else ()) for drawn in self.control.draws]

    def words(self, field: str = "test_loss") -> str:
        """From the least to the most, those with a key frequency apart: 2.1 × 10⁻⁷ to 3.4 × 10⁻⁷, with a key frequency 1.7."""
        parts = []
        for has_key in (False, True):
            drawn = zip(self.losses, self.hits, strict=False)
            values = sorted(getattr(one, field) for one, hit in drawn if hit == has_key)
            if values:
                low, high = wording.readable(values[0]), wording.readable(values[-1])
                parts.append(f"with a {self.key} " * has_key + (low if low == high else f"{low} to {high}"))
        return ", ".join(parts) or "–"


def draw(index: int, cuts: Cuts) -> Iterator[Drawn]:
    """The control of a cut of the run in view, as it grows: once more after every draw that had to be computed.

    On a shared machine it stops where half of a visitor's seconds are used up: the rest is for their own cuts.
    """
    handle = address.handle()
    control = snapshots.control(handle, index, cuts)
    losses: list[Losses] = []
    for drawn in control.draws:
        if (known := snapshots.known_losses(handle, index, drawn)) is None:
            yield Drawn(control, tuple(losses), False)
            if budget.is_half_spent() or snapshots.is_too_large_to_repeat(handle):
                return
            known = snapshots.losses(handle, index, drawn)
        losses.append(known)
    yield Drawn(control, tuple(losses), True)


class Place(NamedTuple):
    """Where a control stands on the page, at its size before anything is drawn: what comes later moves nothing."""

    cuts: Cuts
    whole: Outcome
    cut: Outcome
    text: DeltaGenerator
    chart: DeltaGenerator
    notes: DeltaGenerator


def beside(index: int, cuts: Cuts, whole: Outcome, cut: Outcome) -> Place | None:
    """A place beside what a cut does, for `fill` to draw in when the page stands; None where nothing is cut."""
    if cuts == NO_CUTS:
        return None
    control = snapshots.control(address.handle(), index, cuts)
    if control.why_none:
        st.caption(f":material/casino: No random control. {control.why_none}")
        return None
    place = Place(cuts, whole, cut, st.empty(), st.empty(), st.empty())
    _show(place, Drawn(control, (), False))
    return place


def fill(place: Place, index: int) -> None:
    """Make the draws, and show them as text and picture."""
    found = None
    for found in draw(index, place.cuts):
        if not found.is_whole:
            _say(place, found)
    if found and found.losses:
        _show(place, found, is_over=True)


def _say(place: Place, found: Drawn) -> None:
    """How far the draws are, or what they gave."""
    n, total = len(found.losses), len(found.control.draws)
    if found.is_whole:
        times = (
            f"in all {wording.in_words(n)} ways there are" if n < DRAWS else f"{wording.in_words(n)} times"
        )
        said = f"a test loss of {found.words()}; your cut gives {wording.readable(place.cut.test_loss)}"
    else:
        times, said = f"{wording.in_words(total)} times", f"{n} of {total} draws …"
    place.text.markdown(
        f"**As many others, at random.** The same cut {times}, with as many that yours does not name: {said}."
    )


def _show(place: Place, found: Drawn, is_over: bool = False) -> None:
    _say(place, found)
    hits = found.hits
    rows = [
        (max(one.test_loss, bars.SMALLEST), bars.DRAW_OF_KEYS if hit else bars.DRAW)
        for one, hit in zip(found.losses, hits, strict=False)
    ]
    rows += [(max(place.cut.test_loss, bars.SMALLEST), bars.THE_CUT)]
    rows += [(max(place.whole.test_loss, bars.SMALLEST), bars.WHOLE)]
    kinds = [bars.DRAW_OF_KEYS] * any(hits) + [bars.DRAW] * (not all(hits)) + [bars.THE_CUT, bars.WHOLE]
    place.chart.altair_chart(bars.control_chart(pd.DataFrame(rows, columns=["loss", "kind"]), kinds))
    notes = [READ]
    if any(hits):
        notes.append(
            f"{wording.sentence_case(wording.plural(sum(hits), 'draw'))} took another {found.key}: a triangle."
        )
    if is_over and not found.is_whole:
        notes.append(STOPPED)
    place.notes.caption(" ".join([*notes, RIVAL]))
