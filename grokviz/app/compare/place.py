"""Which runs are beside each other and where their hand is, in the session and in the address: `?runs=a,b&step=`."""

import re
from collections import Counter
from typing import NamedTuple

import streamlit as st

from grokviz.app import sentences
from grokviz.app.session import address, budget, cache, keys
from grokviz.errors import HostingError, NoRunError, RunError
from grokviz.runs import library
from grokviz.runs.summary import Card
from grokviz.study import Study
from grokviz.view.film import assets
from grokviz.view.film.component import FilmState

MOST = 3  # runs beside each other
PANELS = ("rings", "answers")  # that are up at first: what is alike in runs of any kind


class Compared(NamedTuple):
    """The runs, the baseline first; the step and the panels in view; `seq` counts the jumps that Python has ordered."""

    runs: tuple[str, ...]
    step: int
    panels: tuple[str, ...] = PANELS
    seq: int = 0


def current() -> Compared:
    """What is in view, taken from the address the first time. What that gets wrong is said in a quiet notice, and the
    rest is shown. Raises `NoRunError` when there are not two runs."""
    return keys.COMPARED.first(lambda: _from_address(st.query_params.to_dict()))


def usable() -> dict[str, Card]:
    """The runs that can be looked at, by id."""
    return {card.id: card for card in cache.cards() if card.problem is None and card.n_snapshots}


def labels() -> dict[str, str]:
    """How each of them is called in a list, by id: by its title and, where others have the same, by its id too."""
    titles = {run: sentences.plain(card.title, 100) for run, card in usable().items()}
    times = Counter(titles.values())
    return {run: title if times[title] == 1 else f"{title} ({run})" for run, title in titles.items()}


def put(runs: tuple[str, ...]) -> None:
    """Show these runs, at the step that is in view."""
    now = keys.COMPARED.get(None)
    step = now.step if now else _telling_step(runs)
    keys.COMPARED.set(Compared(runs, step, now.panels if now else PANELS, now.seq + 1 if now else 0))


def beside(run: str, base: str | None = None) -> None:
    """Go and see a run beside this baseline, or the one that is there, which stays; else beside the run most like it."""
    now = keys.COMPARED.get(None)
    base = base or (now.runs[0] if now else None)
    if base is None or base == run or base not in usable():
        base = kin(run)
    put((base, run) if base else (run,))
    st.switch_page("pages/compare.py")


def choose(slot: int, run: str | None) -> None:
    """Another run in one of the places: what was there changes places with it where it stands in another one."""
    runs: list[str | None] = [*current().runs, *[None] * MOST][:MOST]
    if run in runs and run is not None:
        runs[runs.index(run)] = runs[slot]
    runs[slot] = run
    put(tuple(name for name in runs if name))


def kin(run: str, bundled: bool = False) -> str | None:
    """The other run that is most like it: the same question, then the same numbers, then decay in both or in neither;
    only those that come with GrokViz, if so wanted."""
    cards = usable()
    mine = cards[run].config if run in cards else None
    others = [
        card
        for card in cards.values()
        if card.id != run and card.config and (not bundled or card.path.parent == library.BUNDLED)
    ]
    if not others or mine is None:
        return None

    def distance(card: Card) -> tuple[bool, bool, bool, int]:
        other = card.config
        assert other
        alike = (other.weight_decay > 0) != (mine.at(0).weight_decay > 0)
        return other.operation != mine.operation, other.p != mine.p, alike, abs(other.p - mine.p)

    return min(others, key=distance).id


def remember(state: FilmState) -> None:
    """Keep where the film has come to, and write it into the address."""
    now = current()
    keys.COMPARED.set(now._replace(step=state.step, panels=state.panels))
    wanted = {"runs": ",".join(now.runs), "step": str(state.step)}
    if state.panels != PANELS:
        wanted["panels"] = ",".join(state.panels)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def studies(runs: tuple[str, ...]) -> dict[str, Study]:
    """The runs that open, by id, each with its study; of the others it is said why not."""
    found = {}
    for run in runs:
        try:
            with budget.charged():
                found[run] = cache.load(run)
        except (RunError, HostingError) as error:
            address.notice(f"{run} cannot be opened. {error}")
    return found


def _from_address(params: dict[str, str]) -> Compared:
    runs = _runs_from(params.get("runs"))
    panels = params.get("panels", "").split(",")
    known = tuple(name for name in assets.panels() if name in panels) or PANELS
    return Compared(runs, _step_from(params.get("step"), runs), known)


def _runs_from(wanted: str | None) -> tuple[str, ...]:
    here = usable()
    named = list(dict.fromkeys((wanted or "").split(",")))[:20] if wanted else []
    known = [run for run in named if run in here][:MOST]
    if unknown := [run for run in named if run not in here]:
        names = " and ".join(address.quoted(run) for run in unknown[:MOST])
        address.notice(f"The link names what is not here: {names}. The rest is shown.")
    if not known and here:
        in_view = address.current().run
        known = [in_view if in_view in here else next(iter(here))]
    if len(known) == 1 and (other := kin(known[0])):
        known.append(other)
    if len(known) < 2:
        raise NoRunError("It takes two runs to compare.", mend="Train one on the page Train a network.")
    return tuple(known)


def _step_from(wanted: str | None, runs: tuple[str, ...]) -> int:
    if wanted is not None and re.fullmatch(r"\d{1,12}", wanted):
        return int(wanted)
    if wanted is not None:
        address.notice(
            f"The link names a step that is no number ({address.quoted(wanted)}). This is another one."
        )
    return _telling_step(runs)


def _telling_step(runs: tuple[str, ...]) -> int:
    study = cache.load_if_any(runs[0])
    return address.telling_step(study) if study else 0
