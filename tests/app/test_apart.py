"""What is too large for the server of a shared machine: computed in turn, in a process of its own, to the same end."""

import functools
import shutil
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from grokviz import hosting
from grokviz import study as studies
from grokviz.app.circuit import snapshots
from grokviz.app.session import apart, budget, cache
from grokviz.circuit.cuts import NO_CUTS, Cuts
from grokviz.errors import HostingError
from grokviz.forecast import looking
from grokviz.forecast.looking import Cost
from grokviz.runs import library
from grokviz.runs.folder import TIMELINE, open_run
from grokviz.runs.summary import stamp_of

pytestmark = pytest.mark.slow

NOTHING = Cost(0.0, 0.0)


@pytest.fixture
def handle(copied):
    """Of a run that is not measured yet."""
    path = copied / "tiny-groks"
    (path / TIMELINE).unlink(missing_ok=True)
    return cache.RunHandle(str(path), stamp_of(str(path)) or ())


@pytest.fixture
def said(monkeypatch):
    """What the bar says meanwhile."""
    texts = []
    bar = SimpleNamespace(progress=lambda share, text: texts.append(text), empty=lambda: None)
    monkeypatch.setattr(apart.st, "progress", lambda share, text: bar)
    return texts


@pytest.fixture
def hosted(monkeypatch, said):
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.setattr(apart, "IN_PLACE", NOTHING)
    monkeypatch.setattr(apart, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(cache, "_stamp", lambda path, seen: stamp_of(path))
    for kept in (
        cache.STUDIES,
        cache.EXPERIMENTS,
        cache.ABLATIONS,
        cache.INSIDES,
        cache.WAVES,
        cache.NETWORKS,
    ):
        kept.clear()
    budget.SECONDS.clear()


def test_ones_own_machine_computes_everything_in_place(monkeypatch):
    assert not apart.is_large(Cost(1e9, 1e12))
    monkeypatch.setenv(hosting.HOSTED, "1")
    assert apart.is_large(Cost(1e9, 0))
    assert apart.is_large(Cost(0, 1e12))
    assert not apart.is_large(apart.IN_PLACE)


@pytest.mark.slow
def test_a_study_is_the_same_and_kept(handle, hosted, said):
    found = cache.study(handle)
    here = studies.load(open_run(handle.path))
    assert (cache.Path(handle.path) / TIMELINE).is_file()
    for name, stored in here.timeline.series.items():
        np.testing.assert_array_equal(found.timeline.series[name].values, stored.values)
    assert any(text.startswith("Measuring every snapshot: ") for text in said)
    assert budget.SECONDS.total(budget.payer()) > 0.1
    assert apart._queue == []


@pytest.mark.slow
def test_a_run_that_is_trained_goes_on_from_what_was_measured_apart(handle, hosted, monkeypatch):
    monkeypatch.setattr(cache, "_is_whole", lambda handle: False)
    cache.GROWING.clear()
    found = cache.study(handle)
    growing = cache.GROWING.peek(handle.path)
    assert isinstance(growing, studies.Growing)
    assert len(growing.measured.rows) == len(found.timeline.steps)
    here = studies.Growing().look(open_run(handle.path))
    np.testing.assert_array_equal(found.timeline.answers, here.timeline.answers)


@pytest.mark.slow
def test_cuts_and_experiments_are_the_same(handle, hosted, monkeypatch):
    cuts, last = Cuts(heads=(0,), polynomial=True), len(open_run(handle.path).steps) - 1
    far = (
        snapshots.inside(handle, last, cuts),
        snapshots.perform(handle, last),
        snapshots.ablations(handle, last),
    )
    waves = snapshots.waves(handle)
    for kept in (cache.EXPERIMENTS, cache.ABLATIONS, cache.INSIDES, cache.WAVES, cache.NETWORKS):
        kept.clear()
    monkeypatch.delenv(hosting.HOSTED)
    near = (
        snapshots.inside(handle, last, cuts),
        snapshots.perform(handle, last),
        snapshots.ablations(handle, last),
    )
    assert snapshots.waves(handle) == waves
    np.testing.assert_allclose(far[0].margin, near[0].margin, rtol=1e-6)
    assert [experiment for experiment, _ in far[1]] == [experiment for experiment, _ in near[1]]
    np.testing.assert_allclose([o.all_loss for _, o in far[1]], [o.all_loss for _, o in near[1]], rtol=1e-9)
    np.testing.assert_allclose(far[2], near[2], rtol=1e-9)


def test_the_queue_says_the_place_and_takes_each_visitor_once(hosted, monkeypatch):
    monkeypatch.setattr(apart.supervisor, "slots", lambda: 1)
    monkeypatch.setattr(budget, "payer", lambda: threading.current_thread().name)
    first = apart._ticket(2)
    assert first.__enter__()() == 0
    with pytest.raises(HostingError, match="one such thing at a time"), apart._ticket(2):
        pass
    places = []

    def come(leave=None):
        try:
            with apart._ticket(2) as place:
                places.append(place())
                if leave:
                    leave.wait()
        except HostingError as error:
            places.append(str(error))

    leave = threading.Event()
    second = threading.Thread(target=come, args=(leave,))
    second.start()
    while not places:
        pass
    third = threading.Thread(target=come)
    third.start()
    third.join()
    first.__exit__(None, None, None)
    leave.set()
    second.join()
    assert places[0] == 1
    assert "2 visitors wait" in places[1]
    assert apart._queue == []


@pytest.mark.slow
def test_a_study_that_waits_says_so_and_leaves_no_place_behind(handle, hosted, said, monkeypatch):
    monkeypatch.setattr(apart.supervisor, "slots", lambda: 1)
    apart._queue.append(("another", object()))

    class LeftError(Exception):
        pass

    def leave(seconds):
        if len(said) > 2:
            raise LeftError

    # A clock of its own: threads of other tests sleep, too.
    monkeypatch.setattr(apart, "time", SimpleNamespace(sleep=leave))
    with pytest.raises(LeftError):
        cache.study(handle)
    assert "number 1 in the queue" in said[0]
    assert [who for who, _ in apart._queue] == ["another"]
    apart._queue.clear()


def test_what_is_bundled_is_measured_in_place(hosted, handle, monkeypatch):
    monkeypatch.setattr(library, "BUNDLED", cache.Path(handle.path).parent)
    monkeypatch.setattr(apart, "compute", lambda *_: pytest.fail("it cannot be kept there"))
    assert len(cache.study(handle).timeline.steps)


def test_costs_grow_with_the_network(copied):
    small, large = open_run(copied / "tiny-recites").config, open_run(copied / "tiny-groks").config
    assert looking.of_study(small, 10).seconds < looking.of_study(large, 10).seconds
    assert looking.of_study(small, 20).seconds == 2 * looking.of_study(small, 10).seconds
    assert looking.of_study(small, 20).bytes == looking.of_study(small, 10).bytes
    assert looking.of_each(looking.CUT, large).seconds == looking.CUT.seconds * 13 * 13 * large.d_mlp
    shutil.rmtree(copied / "tiny-recites")
    assert Cuts() == NO_CUTS


@pytest.mark.parametrize(("limits", "together"), [("at_once=1", 1), ("at_once=2", 2)])
def test_a_small_host_computes_one_larger_thing_at_a_time(monkeypatch, limits, together):
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    monkeypatch.setenv("GROKVIZ_LIMITS", limits)
    monkeypatch.setattr(apart, "_turns", functools.cache(apart._turns.__wrapped__))
    within, most, lock = 0, 0, threading.Lock()

    def work():
        nonlocal within, most
        with apart.in_turn():
            with lock:
                within += 1
                most = max(most, within)
            time.sleep(0.05)
            with lock:
                within -= 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == together
