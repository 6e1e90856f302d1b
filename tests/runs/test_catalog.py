"""Lists of runs: bundled ones in their order, damaged ones as cards that say so, ids that are never paths."""

import json
import os
import shutil

import pytest

from grokviz.errors import RunError
from grokviz.runs import write
from grokviz.runs.catalog import find_run, list_runs


@pytest.fixture
def root(packed, tmp_path, config):
    """A live run, a packed one that the catalog names second, and what is no run."""
    packed.rename(tmp_path / "small")
    write.create_run(tmp_path / "just-begun", config, {}, sentence="Its own sentence.")
    for name in ("__pycache__", "Upper", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").touch()
    entries = [{"id": "absent", "sentence": "Gone."}, {"id": "small", "sentence": "From the catalog."}]
    (tmp_path / "catalog.json").write_text(json.dumps({"runs": entries}))
    return tmp_path


def test_cards(root, config):
    absent, small, begun = list_runs(root)
    assert (absent.id, absent.config, absent.sentence) == ("absent", None, "Gone.")
    assert absent.problem is not None
    assert "no run folder" in absent.problem
    assert small[:7] == ("small", "Small", "From the catalog.", config, True, 5, 100)
    assert small.size_bytes == sum(file.stat().st_size for file in (root / "small").iterdir())
    assert (small.path, small.problem) == (root / "small", None)
    assert begun[:7] == ("just-begun", "just-begun", "Its own sentence.", config, False, 0, 0)


def test_a_catalog_that_names_a_run_alone_leaves_it_its_own_sentence(root):
    (root / "catalog.json").write_text('{"runs": [{"id": "small"}]}')
    small, begun = list_runs(root)
    assert (small.id, small.sentence) == ("small", "A small run.")
    assert begun.id == "just-begun"


def test_the_last_step_is_the_furthest_of_log_and_snapshots(live, row_at, weights_at):
    write.append_log(live, [row_at(120)])
    assert list_runs(live.parent)[0].last_step == 120
    write.write_snapshot(live, 130, weights_at(130))
    card = list_runs(live.parent)[0]
    assert card.last_step == 130
    assert type(card.last_step) is int
    assert card.size_bytes > sum(file.stat().st_size for file in live.glob("*"))  # snapshots count too


@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "snapshots-1.safetensors"])
def test_a_damaged_run_is_a_card_with_a_problem(root, name):
    os.truncate(root / "small" / name, 10)
    card = list_runs(root)[1]
    assert card.id == "small"
    assert card.config is None
    assert card.problem is not None
    assert name in card.problem
    shutil.rmtree(root / "small")
    (root / "small").mkdir()
    assert "no run.json" in str(list_runs(root)[1].problem)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"runs": {}}',
        '{"runs": ["small"]}',
        '{"runs": [{"id": 3}]}',
        '{"runs": [{"id": "../small", "sentence": ""}]}',
        '{"runs": [{"id": "small\\n", "sentence": ""}]}',
        '{"runs": [{"id": "small", "sentence": 3}]}',
        " " * (2**20 + 1),
    ],
)
def test_a_damaged_catalog_is_a_card_too(root, text):
    (root / "catalog.json").write_text(text)
    damaged, *others = list_runs(root)
    assert damaged.id == "catalog.json"
    assert damaged.problem is not None
    assert "catalog.json" in damaged.problem
    assert [card.id for card in others] == ["just-begun", "small"]


def test_no_folder_no_runs(tmp_path):
    assert list_runs(tmp_path / "nowhere") == []
    assert list_runs(tmp_path) == []


def test_find_run_looks_in_the_roots_in_order(root, tmp_path):
    other = tmp_path / "other"
    (other / "small").mkdir(parents=True)
    (other / "x.1_a-b").mkdir()
    assert find_run("small", [root, other]) == root / "small"
    assert find_run("small", [tmp_path / "nowhere", other, root]) == other / "small"
    assert find_run("x.1_a-b", [root, other]) == other / "x.1_a-b"
    with pytest.raises(RunError, match=r"There is no run 'notes.txt' here"):
        find_run("notes.txt", [root])  # a file


@pytest.mark.parametrize(
    "id",
    [
        *("", "small\n", "sm\0all", "small ", "x" * 65),
        *(".", "..", "../small", "small/", "/etc", "a/../b", "a\\b", "C:", "Small", "-x", "é", "~", "%2e%2e"),
    ],
)
def test_an_id_is_never_a_path(root, id):
    with pytest.raises(RunError, match="is no name of a run"):
        find_run(id, [root])
