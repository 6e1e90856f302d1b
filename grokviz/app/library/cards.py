"""The library: every run on a card of one kind, and a box for what others have published."""

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from grokviz.app import bring, sentences
from grokviz.app.compare import place
from grokviz.app.elsewhere import runs
from grokviz.app.library import answers, publish
from grokviz.app.session import address, budget, cache, keys, visitor
from grokviz.config import RunConfig
from grokviz.errors import HostingError, RunError, Unanswered
from grokviz.hosting import is_hosted
from grokviz.hub import fetch, job, refs
from grokviz.hub.known import KNOWN, Known
from grokviz.hub.refs import Ref
from grokviz.importers.questions import OF_SPLIT, questions_of
from grokviz.jobs.files import Progress
from grokviz.runs import library
from grokviz.runs.imported import UNKNOWN, stated
from grokviz.runs.record import Provenance
from grokviz.runs.summary import Card
from grokviz.view import thumbnail

OPEN = "open"  # in the address: the reference that is being opened
COLUMNS = 3
COMPARE = (
    "Beside another run, under one hand: the baseline that you have chosen, or the run most like this one."
)
FEW = 6  # runs that are seen at a glance
ORDERS = ("As they came", "Newest first", "By title")


def open_box() -> None:
    """Where a reference is pasted, and how far its download is."""
    bring.place(OPEN)
    keys.REFERENCE.first(lambda: st.query_params.get(OPEN, "")[:300])
    with st.form("open_from_hub", border=False):
        left, right = st.columns([5, 1], vertical_alignment="bottom")
        left.text_input(
            "Open a run from the Hub",
            key=keys.REFERENCE,
            label_visibility="collapsed",  # it would come after its box, and move the page
            placeholder="Open a run from the Hub: owner/name, owner/name/file.pth, owner/name@revision, or its address",
            max_chars=300,
        )
        if right.form_submit_button("Open", type="primary", width="stretch"):
            _begin(keys.REFERENCE.value())
    if text := st.query_params.get(OPEN):
        try:
            ref = refs.parse(text[:300])
        except RunError as error:
            st.error(sentences.as_text(str(error)), icon=":material/link_off:")
            return
        _follow(ref)


def _begin(text: str, given: dict | None = None) -> None:
    """Start opening a reference, and bring what comes of it into view; the address names it, so that a reload finds it
    again."""
    st.query_params[OPEN] = text.strip()
    bring.into_view(OPEN)
    try:
        ref = refs.parse(text)
    except RunError:
        return  # said once, where it is followed
    try:
        if ref.is_pinned and fetch.find(library.downloaded(), ref, given):
            return
        job.forget(ref, library.downloaded())
        budget.fetching(lambda: job.bytes_of(ref, library.downloaded()))
        job.start(ref, library.downloaded(), given)
    except (RunError, HostingError) as error:
        st.error(sentences.as_text(str(error)), icon=":material/cloud_off:")


def _follow(ref: Ref) -> None:
    now = job.status(ref, library.downloaded())
    with st.container(border=True):
        if now is None:
            kept = fetch.find(library.downloaded(), ref)
            if kept:
                _ready(ref, kept)
            else:
                st.markdown(f"**{sentences.as_text(str(ref))}** is not here yet.")
                if st.button("Get it", icon=":material/download:"):
                    _begin(str(ref))
                    st.rerun()
        elif now.state == "running":
            _running(ref)
        elif now.state == "finished":
            _ready(ref, now.result)
        elif isinstance(now.error, Unanswered):
            _question(ref, now.error)
        else:
            icon = ":material/cancel:" if now.state == "cancelled" else ":material/cloud_off:"
            st.markdown(f"{icon} **{sentences.as_text(str(ref))}**")
            st.markdown(sentences.as_text(str(now.error)))
            with st.container(horizontal=True):
                if st.button("Try again", icon=":material/refresh:"):
                    _begin(str(ref))
                    st.rerun()
                _dismiss(ref)


@st.fragment(run_every=0.5)
def _running(ref: Ref) -> None:
    """What the download is doing. Ends itself by running the page anew."""
    now = job.status(ref, library.downloaded())
    if now is None or now.state != "running":
        st.rerun()
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(
        min(now.progress.done / now.progress.total, 1.0),
        text=f"**{sentences.as_text(str(ref))}** · {progress_words(now.progress)}",
    )
    right.button("Cancel", on_click=job.cancel, args=(ref, library.downloaded()), width="stretch")


def progress_words(now: Progress) -> str:
    """What a job is doing, how far it is, and how much longer it takes."""
    if now.what == "Downloading":
        text = f"{now.done / 1e6:,.1f} of {now.total / 1e6:,.1f} MB"
        if now.rate > 0:
            text += f", {now.rate / 1e6:.1f} MB/s"
    elif now.total > 1:
        text = f"{now.what.lower()}, {now.done:,} of {now.total:,}"
    else:
        text = f"{now.what} …"
    left = (now.total - now.done) / now.rate if now.rate > 0 else 0
    return text + (
        f", about {left:.0f} s left"
        if 2 <= left < 120
        else f", about {left / 60:.0f} min left"
        if left
        else ""
    )


def _ready(ref: Ref, run: str) -> None:
    st.markdown(f":material/check: **{sentences.as_text(str(ref))}** is here.")
    with st.container(horizontal=True):
        where = "where runs on sequences are shown" if _task_of(run) else "in the timeline"
        if st.button(f"Open {where}", type="primary", key="open_ready"):
            show(run)
        _dismiss(ref)
    if said := fetch.given_of(library.downloaded(), run):
        with st.expander("What you said of it"):
            answered = answers.ask(questions_of((*OF_SPLIT, *said)), said, "Try with this instead")
        if answered is not None:
            _begin(str(ref), said | answered)
            st.rerun()


def _dismiss(ref: Ref) -> None:
    if st.button("Close", type="tertiary"):
        job.forget(ref, library.downloaded())
        st.query_params.pop(OPEN, None)
        st.rerun()


def _question(ref: Ref, asked: Unanswered) -> None:
    """What the file does not say, asked for."""
    st.markdown(f":material/help: **{sentences.as_text(str(ref))}**")
    st.markdown(sentences.as_text(str(asked)) + " Do you know it?")
    said = job.given_of(ref, library.downloaded())
    answered = answers.ask(asked.questions, said, "Try with this")
    if answered is not None:
        _begin(str(ref), said | answered)
        st.rerun()
    _dismiss(ref)


def show(run: str) -> None:
    """Go to the timeline of a run, or to the page of runs on sequences."""
    if task := _task_of(run):
        runs.show(task, run)
    address.open_run(run)
    st.switch_page("pages/timeline.py")


def _task_of(run: str) -> str:
    """Of a run on sequences its task; "" of one on pairs."""
    return next((card.task for card in cache.all_cards() if card.id == run), "")


def shelves() -> None:
    """All runs: those that are here, and those that could be fetched."""
    cards = _wanted([card for card in cache.cards() if card.n_snapshots or card.problem])
    alike = {title for title, count in Counter(card.title for card in cards).items() if count > 1}
    hub = [card for card in cards if card.path.parent == library.downloaded()]
    here = [card for card in cards if card not in hub]
    st.subheader("On this machine", anchor=False)
    if not here and keys.FIND.get(""):
        st.caption("No run of that name or kind is here.")
    elif not here:
        st.info("No run yet. Train one: `python -m grokviz train --preset quick --out runs/first`")
    grid([lambda card=card: _card(card, card.title in alike) for card in here])
    st.subheader("From the Hub", anchor=False)
    unopened = [known for known in KNOWN if not fetch.find(library.downloaded(), known.ref)]
    grid(
        [
            *(lambda card=card: _card(card, card.title in alike) for card in hub),
            *(lambda known=known: _known(known) for known in unopened),
        ]
    )


def _wanted(cards: list[Card]) -> list[Card]:
    """Those with every word that is asked for, in the order that is asked for; where they are few, all of them."""
    if len(cards) <= FEW:
        return cards
    left, right = st.columns([5, 2])
    words = left.text_input(
        "Find a run", key=keys.FIND, placeholder="a word of its title, task or settings", max_chars=100
    )
    order = right.selectbox("Order", ORDERS, key=keys.ORDER)
    found = [card for card in cards if all(word in _text_of(card) for word in words.lower().split())]
    if order == "Newest first":
        return sorted(found, key=lambda card: card.path.stat().st_ctime, reverse=True)
    return sorted(found, key=lambda card: card.title.lower()) if order == "By title" else found


def _text_of(card: Card) -> str:
    task = sentences.task(card.config) if card.config else ""
    return f"{card.title} {card.sentence} {card.id} {task}".lower()


def grid(cards: Sequence[Callable[[], None]]) -> None:
    """Cards side by side, each drawn by a call."""
    for start in range(0, len(cards), COLUMNS):
        columns = st.columns(COLUMNS, gap="medium")
        for column, draw in zip(columns, cards[start : start + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
                draw()


def _card(card: Card, by_id: bool) -> None:
    """One run; `by_id` where another has the same title."""
    name = sentences.as_text(sentences.plain(card.title, 60) + f" ({card.id})" * by_id)
    if card.problem or card.config is None:
        with st.container():
            st.markdown(f"**{name}**")
            st.caption(sentences.as_text(sentences.plain(card.problem or "", 300)))
        return
    glance = cache.glance(cache.resolve(card.id))
    dark = st.context.theme.type == "dark"
    with st.container(gap="xsmall"):
        svg = thumbnail.loss_svg(glance.log, glance.phases.bands, glance.last_step, dark)
        st.image(
            svg,
            width="stretch",
            alt=f"Losses of {sentences.plain(card.title, 60)}. {glance.phases.summary()}",
        )
        st.markdown(f"**{name}**")
        st.markdown(sentences.as_text(sentences.plain(card.sentence)))
        st.caption(sentences.as_text(glance.phases.summary()))
    with st.container(gap="xsmall"):
        st.caption(f"{sentences.as_text(facts(card, glance.provenance))}  \n{made_by(card)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Open", key=f"open-{card.path.parent.name}-{card.id}"):
                show(card.id)
            if card.n_snapshots and st.button(
                "Compare", key=f"compare-{card.path.parent.name}-{card.id}", type="tertiary", help=COMPARE
            ):
                place.beside(card.id)
            if card.finished and card.path.parent == visitor.root():
                publish.button(card.id)
            if glance.provenance.get("imported"):
                _how_it_was_read(glance.provenance)
            removal(card)


def removal(card: Card) -> None:
    """A run that was downloaded, taken away again: a visitor of a host shares it with others, and may not."""
    if card.path.parent != library.downloaded() or is_hosted():
        return
    with st.popover("Remove", type="tertiary"):
        st.caption(f"{card.size_bytes / 1e6:.1f} MB. It can be fetched again.")
        st.button("Remove from this machine", key=f"remove-{card.id}", on_click=_remove, args=(card.id,))


def _remove(run: str) -> None:
    root = library.downloaded()
    for words in fetch.origin(root, run).get("asked", []):
        job.forget(refs.parse(words), root)
    fetch.remove(root, run)


def facts(card: Card, provenance: Provenance) -> str:
    """Task, share, weight decay, steps and size, in one line; what the file of the run does not say is not known."""
    c = card.config
    if c is None:
        return ""
    decay = stated(c, provenance, "weight_decay")
    return " · ".join([
        sentences.task(c),
        "training pairs not known" if c.split == UNKNOWN else f"{100 * c.frac_train:.0f} % trained on",
        "weight decay not known" if decay is None else "weight decay " + _over_time(c, "weight_decay", decay),
        f"{card.last_step:,} steps", f"{card.n_snapshots} snapshots", f"{card.size_bytes / 1e6:.1f} MB",
    ])  # fmt: skip


def _over_time(config: RunConfig, setting: str, first: float) -> str:
    """A setting with what it was changed to while the run, or the one it was forked from, was trained."""
    parts, now = [f"{first:g}"], first
    for step, name, value in config.changes:
        if name == setting and value != now:
            parts.append(f"{value:g} from step {step:,}")
            now = value
    return ", ".join(parts)


def made_by(card: Card) -> str:
    """Who made it, and under which licence."""
    if card.path.is_relative_to(library.BUNDLED):
        return "Comes with GrokViz, MIT licence"
    if card.path.parent != library.downloaded():
        return "Yours"
    origin = fetch.origin(library.downloaded(), card.id)
    licence = sentences.as_text(sentences.plain(str(origin.get("licence") or "not stated"), 30))
    commit = sentences.as_text(str(origin.get("commit", ""))[:7])
    return f"By {sentences.as_text(sentences.plain(str(origin.get('repo', 'someone')), 80))} at {commit}, licence: {licence}"


def _how_it_was_read(provenance: Provenance) -> None:
    with st.popover("How it was read", type="tertiary"):
        known = provenance.get("known")
        lines = (
            [f"{what.capitalize()}: {how}" for what, how in known.items()] if isinstance(known, dict) else []
        )
        notes = provenance.get("notes")
        for line in [*lines, *(notes if isinstance(notes, list) else [])]:
            st.markdown("- " + sentences.as_text(sentences.plain(str(line), 400)))


def _known(known: Known) -> None:
    with st.container(gap="xsmall"):
        st.markdown(f"**{sentences.as_text(known.title)}**")
        st.markdown(sentences.as_text(known.sentence))
    with st.container(gap="xsmall"):
        size = f"{known.megabytes} MB" if known.megabytes else "size: asked when you open it"
        commit = known.ref.revision[:7] if known.ref.is_pinned and known.ref.revision else "newest"
        st.caption(
            sentences.as_text(f"{size} · {commit} · licence as stated there")
            + f"  \nBy {sentences.as_text(known.ref.repo)}"
        )
        if st.button("Get", key=f"get-{known.ref}", icon=":material/download:"):
            _begin(str(known.ref))
            st.rerun()
