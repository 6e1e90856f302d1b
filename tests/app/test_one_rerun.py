"""One way to a run: a warm rerun resolves it once and looks at its folder once, and nothing is kept beyond its caps."""

import os
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from grokviz.app.session import background, bounded, cache
from grokviz.app.session.bounded import Cache, kept, size_of
from grokviz.runs import summary, write
from grokviz.runs.folder import open_run
from tests.app.conftest import ROOT, healthy

pytestmark = pytest.mark.slow

CACHES = {name: found for name, found in vars(cache).items() if isinstance(found, Cache)}


@contextmanager
def counted(monkeypatch):
    """How often each path is looked at: listed or asked for, by whichever function of os."""
    looks = Counter()

    def counting(function):
        def looked(path=".", *args, **kwargs):
            if threading.current_thread().name != background.THREAD:  # it goes on by itself, page or no page
                looks[str(path)] += 1
            return function(path, *args, **kwargs)

        return looked

    resolved = Counter()
    find = cache._find
    with monkeypatch.context() as patch:
        for name in ("stat", "scandir", "listdir", "open"):
            patch.setattr(os, name, counting(getattr(os, name)))
        patch.setattr(cache, "_find", lambda run, seen: (resolved.update([run]), find(run, seen))[1])
        yield looks, resolved


@pytest.mark.parametrize("page", ["follow", "cut", "timeline", "measures"])
def test_a_warm_rerun_resolves_the_run_once_and_looks_at_its_folder_once(runs, visit, monkeypatch, page):
    app = visit(page, run="tiny-groks")
    healthy(app.run())
    with counted(monkeypatch) as (looks, resolved):
        healthy(app.run())
    assert resolved == {"tiny-groks": 1}
    in_it = [n for path, n in looks.items() if Path(path).is_relative_to(runs / "tiny-groks")]
    assert (looks[str(runs / "tiny-groks")], len(in_it)) == (1, 1)


def test_choosing_another_pair_on_follow_looks_once(runs, visit, monkeypatch):
    app = visit("follow", run="tiny-groks", step="0")
    with counted(monkeypatch) as (looks, resolved):
        healthy(app.slider(key="follow_a").set_value(3).run())
    assert resolved == {"tiny-groks": 1}
    assert looks[str(runs / "tiny-groks")] == 1


def test_a_write_makes_another_handle_and_a_row_of_the_log_no_other_weights(copied):
    path = copied / "tiny-groks"
    before = cache.resolve("tiny-groks")
    assert before == cache.resolve("tiny-groks")
    with open(path / "log.jsonl", "ab") as log:
        log.write(b" ")
    after = cache.resolve("tiny-groks")
    assert before != after
    assert before.weights == after.weights
    assert (before.id, before.path) == ("tiny-groks", str(path))


def test_within_a_rerun_nothing_changes(copied):
    with cache.one_rerun():
        before = cache.resolve("tiny-groks")
        (copied / "tiny-groks" / "log.jsonl").touch()
        with cache.one_rerun():  # a fragment in its page
            assert cache.resolve("tiny-groks") is before
        assert cache.resolve("tiny-groks") is before
    assert cache.resolve("tiny-groks") != before


@pytest.mark.parametrize("name", CACHES)
def test_no_cache_holds_more_than_its_caps(name):
    caps = CACHES[name].caps
    small, large = (Cache("a copy", *caps) for _ in range(2))
    for n in range(caps.entries + 3):
        small.get(n, lambda n=n: n)
    assert len(small) == caps.entries
    assert small.peek(caps.entries + 2) == caps.entries + 2
    half = int(0.4e6 * caps.megabytes)
    for n in range(4):
        large.get(n, lambda: np.zeros(half, np.uint8))
        assert large.n_bytes <= 1e6 * caps.megabytes
    assert len(large) == min(2, caps.entries)
    assert large.get("too large", lambda: np.zeros(3 * half, np.uint8)).nbytes == 3 * half
    assert large.peek("too large") is None


def test_all_caches_together_have_a_bound():
    assert sum(found.caps.megabytes for found in CACHES.values()) <= 2_500


def test_filled_by_the_app_they_keep_to_their_caps(runs, visit, monkeypatch):
    for page in ("story", "timeline", "measures", "follow", "cut", "build", "library", "train"):
        visit(page, run="tiny-groks")
    filled = {name for name, found in CACHES.items() if len(found)}
    assert filled >= {
        "STUDIES",
        "FILMS",
        "CARDS",
        "GLANCES",
        "WAVES",
        "INSIDES",
        "STACKS",
        "PAIRS",
        "ANATOMIES",
        "COSTS",
        "CUT_PAIRS",
        "NETWORKS",
    }
    for found in CACHES.values():
        assert len(found) <= found.caps.entries
        assert found.n_bytes <= 1e6 * found.caps.megabytes


def test_nothing_is_kept_outside_of_them():
    for path in [*(ROOT / "grokviz" / "app").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = path.read_text()
        assert "lru_cache" not in text, path
        assert "cache_data" not in text, path
        assert "cache_resource(max_entries" not in text, path


def test_a_chart_keeps_no_study_alive(runs):
    study = cache.load("tiny-groks")
    arrays = size_of(study)
    assert arrays > 20_000
    kept_by_key = cache.handle_of(study)
    assert kept_by_key == cache.resolve("tiny-groks")
    assert size_of(kept_by_key) < 3_000


def test_sizes_count_every_array_once():
    array = np.zeros(1000)
    assert size_of({"a": array, "b": [array, array[1:]]}) == pytest.approx(8000, abs=500)
    assert size_of(bytes(10_000)) == pytest.approx(10_000, abs=100)


def test_what_has_grown_is_measured_again():
    box, cache_of_one = [], Cache("lists", 4, 0.1)
    cache_of_one.get("box", lambda: box)
    box.append(np.zeros(1_000_000))
    cache_of_one.measure_again("box")
    assert cache_of_one.peek("box") is None


def test_threads_that_ask_for_the_same_wait_for_one(tmp_path):
    import threading

    made, gate, slow = [], threading.Barrier(4), Cache("slow", 4, 1)

    def make():
        made.append(1)
        threading.Event().wait(0.05)
        return 7

    def ask():
        gate.wait()
        assert slow.get("x", make) == 7

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_could_not_be_made_is_made_the_next_time():
    cache_of_one, fails = Cache("x", 1, 1), [True]

    @kept(cache_of_one)
    def make(n):
        if fails.pop():
            fails.append(False)
            raise ValueError
        return n

    with pytest.raises(ValueError):  # noqa: PT011
        make(3)
    assert make(3) == 3
    assert bounded.size_of(None) == 0


def test_open_run_takes_the_path_of_a_handle(runs):
    assert open_run(cache.resolve("tiny-groks").path).finished


def test_a_write_in_one_run_opens_that_one_again_for_the_list(copied, monkeypatch):
    opened = []
    real = summary.open_any
    monkeypatch.setattr(summary, "open_any", lambda path: (opened.append(path.name), real(path))[1])
    assert len(cache.cards()) == 2
    opened.clear()
    cache.cards()
    assert opened == []
    write.set_title(copied / "tiny-recites", "Another")
    assert "Another" in {card.title for card in cache.cards()}
    assert opened == ["tiny-recites"]
