"""What a visitor of a shared machine may ask its pages to compute, and how large a run they may look into."""

import pytest

from grokviz import hosting
from grokviz.app.session import budget, cache
from grokviz.errors import HostingError, RunError
from grokviz.hosting import Limits
from grokviz.runs.folder import open_run
from tests.app.conftest import unescaped


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(budget.time, "monotonic", lambda: now[0])
    budget.SECONDS.clear()
    budget.BYTES.clear()
    return now


@pytest.fixture
def hosted(monkeypatch):
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.setenv(hosting.LIMITS, "cpu_seconds=10")


def pay(seconds):
    with budget.charged():
        budget.spend(seconds)


def test_a_visitor_who_has_had_their_share_waits(hosted, clock):
    pay(6)
    clock[0] += 20
    pay(5)
    with pytest.raises(HostingError, match="10 s for you") as error, budget.charged():
        pass
    assert "Go on in 40 s" in str(error.value)
    clock[0] += 41
    pay(1)


def test_what_is_within_is_paid_once_and_by_whoever_asked(hosted):
    with budget.charged():
        with budget.charged():
            budget.spend(4)
        budget.spend(4)
    assert 8 <= budget.SECONDS.total(budget.payer()) < 9
    assert budget.SECONDS.seconds_until("another", 10) == 0


def test_accounts_are_forgotten(hosted, clock):
    pay(3)
    clock[0] += 61
    assert budget.SECONDS.seconds_until("another", 10) == 0
    assert budget.SECONDS._bills == {}


def test_ones_own_machine_counts_nothing():
    pay(1e9)
    pay(1)
    assert budget.SECONDS._bills == {}
    assert budget.why_no_bytes() == ""
    make = bytes
    assert budget.taking(make) is make


def test_what_is_taken_home_is_paid_by_whoever_looked(hosted, clock, monkeypatch):
    """Its making too: Streamlit makes it outside of any page."""
    monkeypatch.setenv(hosting.LIMITS, "cpu_seconds=10,transfer_mb=5")
    who = budget.payer()

    def make():
        budget.spend(11)
        return bytes(3_000_000)

    made = budget.taking(make)
    assert len(made()) == 3_000_000
    assert budget.BYTES.total(who) == 3e6
    assert budget.why_no_bytes() == ""
    with pytest.raises(HostingError, match="10 s for you"):
        made()
    clock[0] += 61
    made()
    assert "take home and fetch 5 MB, and you have. Go on in 9 min" in budget.why_no_bytes()
    clock[0] += 540
    assert budget.why_no_bytes() == ""


def test_what_is_fetched_counts_as_it_grows_and_after_it_is_forgotten(hosted, monkeypatch):
    monkeypatch.setenv(hosting.LIMITS, "transfer_mb=5")
    so_far = [0.0]
    budget.fetching(lambda: so_far[0])
    budget.fetching(lambda: 0.0)
    so_far[0] = 6e6
    with pytest.raises(HostingError, match="5 MB, and you have"):
        budget.fetching(lambda: 0.0)
    so_far[0] = 0.0
    assert budget.why_no_bytes()


@pytest.mark.slow
def test_the_page_says_so(runs, visit, hosted, monkeypatch):
    monkeypatch.setattr(budget.SECONDS, "seconds_until", lambda who, most: 12.3)
    (said,) = [info.value for info in visit("timeline").info]
    assert "10 s for you" in unescaped(said)
    assert "Go on in 13 s" in unescaped(said)


@pytest.mark.slow
def test_a_run_larger_than_what_is_trained_here_is_not_looked_into(runs, monkeypatch):
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.setenv(hosting.LIMITS, "p=11")
    cache.STUDIES.clear()
    handle = cache.RunHandle(str(runs / "tiny-groks"), (("snapshots-0.safetensors", 0, 0),))
    with pytest.raises(RunError, match="p = 13 is more than this shared machine allows, which is 11"):
        cache.study(handle)


def test_the_sizes_that_are_bounded(runs):
    config = open_run(runs / "tiny-groks").config
    hosting.check_size(config, 300, Limits())
    for name in hosting.SIZES:
        with pytest.raises(HostingError, match=name):
            hosting.check_size(config, 2, Limits()._replace(**{name: 1}))
    with pytest.raises(HostingError, match="301 snapshots"):
        hosting.check_size(config, 301, Limits())
