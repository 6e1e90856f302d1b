"""Runs on sequences on the Hub: published with a card of their own, and opened from there."""

import numpy as np
import pytest

from grokviz import worker
from grokviz.errors import HostingError, RunError
from grokviz.hub import fetch, publish
from grokviz.hub.refs import parse
from grokviz.hub.sequence_card import sequence_card
from grokviz.runs import folder
from grokviz.sequence_config import recipe
from grokviz.study.sequences import cliffs, scores

REPO = "me/heads"
SMALL = {
    "d_model": 8,
    "n_heads": 2,
    "d_head": 4,
    "batch_size": 4,
    "n_test": 20,
    "steps": 12,
    "max_snapshots": 4,
}


@pytest.fixture(scope="module")
def repeats(tmp_path_factory):
    path = tmp_path_factory.mktemp("sequences") / "repeats"
    worker.start(path, recipe("repeats", **SMALL), "cpu", title="Heads | that <form>", sentence="Two.")
    assert list(worker.run(path, "cpu"))
    return path


@pytest.fixture
def published(hub, repeats, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_" + "SecretSecret" * 3)
    parcel = publish.parcel(repeats, REPO, "mit")
    publish.send(parcel, hub.endpoint)
    return parcel


def test_a_round_trip_changes_no_number(hub, root, repeats, published):
    assert "resume.safetensors" not in published.files
    name = fetch.open_ref(parse(REPO), root, endpoint=hub.endpoint)
    mine, theirs = folder.open_sequences(repeats), folder.open_sequences(root / name)
    assert folder.fingerprint(mine) == folder.fingerprint(theirs)
    for ours, brought in zip(folder.iter_weights(mine), folder.iter_weights(theirs), strict=True):
        assert all(np.array_equal(ours[key], brought[key]) for key in ours)


def test_weights_that_are_damaged_are_not_taken(hub, root, published):
    shard = bytearray(hub.repos[REPO]["snapshots-0.safetensors"])
    shard[-3] ^= 1
    hub.repos[REPO]["snapshots-0.safetensors"] = bytes(shard)
    with pytest.raises(RunError, match="is damaged"):
        fetch.open_ref(parse(REPO), root, endpoint=hub.endpoint)


def test_a_shared_machine_takes_no_more_snapshots_than_it_shows(hub, root, published, monkeypatch):
    monkeypatch.setenv("GROKVIZ_HOSTED", "1")
    monkeypatch.setenv("GROKVIZ_LIMITS", "max_snapshots=1")
    with pytest.raises(HostingError, match="more than this shared machine|measures 2 at most"):
        fetch.open_ref(parse(REPO), root, endpoint=hub.endpoint)


def test_the_card_is_made_from_the_run(repeats):
    run = folder.open_sequences(repeats)
    text = sequence_card(run, REPO, "mit")
    assert "license: mit" in text
    assert "modular-arithmetic" not in text
    assert "# Heads \\| that \\<form\\>" in text
    assert "attention only, width 8) learns **repeated subsequences**" in text
    assert "from endless data" in text
    assert "ln 127 = 4.844" in text
    assert not any(cliffs(run).values())
    assert "| all | – | – |" in text
    for score in scores(run):
        assert f"head {score.best + 1} {score.name} | {score.values[-1].max():.3f} |" in text
    assert "| `d_model` | 8 |" in text
