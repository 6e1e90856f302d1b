"""A server that does not come up says why, and one that is stopped is gone."""

import sys

import pytest

from devtools.server import free_port, get, serving, start


def test_a_server_that_ends_at_once_is_quoted():
    with pytest.raises(RuntimeError, match="the port is taken"):
        start([sys.executable, "-c", "raise SystemExit('the port is taken')"], free_port())


@pytest.mark.slow
def test_a_server_that_is_never_well_is_given_up():
    with pytest.raises(RuntimeError, match=r"after 2 s. It said:\nslow"):
        start([sys.executable, "-uc", "print('slow'); import time; time.sleep(60)"], free_port(), seconds=2)


@pytest.mark.slow
def test_a_server_is_gone_after_its_block():
    with serving("devtools/film_page.py") as address:
        assert "<title>" in (get(address) or "")
    assert get(address) is None
