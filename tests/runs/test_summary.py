"""A thousand runs are listed without opening one, and a write in one opens that one again only."""

import os
import shutil
import time
from collections import Counter

import pytest

from grokviz.config import RunConfig
from grokviz.runs import catalog, summary, write
from grokviz.runs.catalog import list_runs
from grokviz.runs.folder import open_run
from grokviz.runs.log import LOG_COLUMNS


class Memory:
    """What a server keeps of cards."""

    def __init__(self):
        self.cards: dict[tuple[str, summary.Stamp], summary.Card] = {}

    def peek(self, key: tuple[str, summary.Stamp]) -> summary.Card | None:
        return self.cards.get(key)

    def put(self, key: tuple[str, summary.Stamp], value: summary.Card) -> None:
        self.cards[key] = value


@pytest.fixture
def opened(monkeypatch):
    """How often each run was opened."""
    found = Counter()

    def counting(path):
        found.update([path.name])
        return open_run(path)

    monkeypatch.setattr(summary, "open_any", counting)
    return found


@pytest.fixture
def many(tmp_path, live):
    """Forty finished runs, and one that is being trained."""
    write.pack(live)
    root = tmp_path / "many"
    for n in range(40):
        shutil.copytree(live, root / f"run-{n:02}")
    config = RunConfig(p=5, d_model=8, n_heads=2, d_mlp=16, frac_train=0.6, steps=60)
    write.create_run(root / "growing", config, {}, title="growing")
    return root


def test_listed_again_no_run_is_opened_and_after_a_write_that_one(many, opened):
    memory = Memory()
    first = list_runs(many, known=memory)
    assert sum(opened.values()) == 41
    opened.clear()
    assert list_runs(many, known=memory) == first
    assert not opened
    write.set_title(many / "run-07", "Another")
    row = dict.fromkeys(LOG_COLUMNS, 0.5)
    write.append_log(many / "growing", [row | {"step": 3, "test_loss": 0.25}])
    again = {card.id: card for card in list_runs(many, known=memory)}
    assert opened == {"run-07": 1, "growing": 1}
    assert again["run-07"].title == "Another"
    assert (again["growing"].last_step, again["growing"].test_loss) == (3, 0.25)


def test_another_process_opens_only_what_has_not_finished(many, opened):
    first = list_runs(many)
    opened.clear()
    assert list_runs(many, known=Memory()) == first
    assert opened == {"growing": 1}
    write.set_title(many / "run-07", "Another")
    opened.clear()
    list_runs(many)
    assert opened == {"growing": 1, "run-07": 1}
    opened.clear()
    list_runs(many)
    assert opened == {"growing": 1}


def test_what_is_removed_is_not_listed_and_what_comes_back_is(many):
    list_runs(many)
    os.rename(many / "run-00", many.parent / "aside")
    assert len(list_runs(many)) == 40
    os.rename(many.parent / "aside", many / "run-00")
    assert len(list_runs(many)) == 41


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"version": 1, "runs": {"run-00": 1}}', b'{"version": 99}', b"\xff"]
)
def test_damaged_summaries_are_made_anew(many, opened, data):
    first = list_runs(many)
    (many / summary.SUMMARIES).write_bytes(data)
    opened.clear()
    assert list_runs(many) == first
    assert sum(opened.values()) == 41
    opened.clear()
    list_runs(many)
    assert sum(opened.values()) == 1


def test_a_forged_summary_names_no_other_folder(many):
    list_runs(many)
    text = (many / summary.SUMMARIES).read_text()
    (many / summary.SUMMARIES).write_text(
        text.replace('"finished":true', '"finished":true,"path":"/etc","id":"../x"')
    )
    for card in list_runs(many):
        assert card.path == many / card.id


def test_the_folder_of_a_run_stays_as_it_is(many):
    before = {path: path.read_bytes() for path in (many / "run-00").iterdir()}
    list_runs(many)
    assert {path: path.read_bytes() for path in (many / "run-00").iterdir()} == before


def test_runs_that_came_with_grokviz_get_no_file_beside_them(many):
    (many / catalog.CATALOG).write_text('{"runs": [{"id": "run-00", "sentence": "First."}]}')
    listed = list_runs(many)
    assert (listed[0].id, listed[0].sentence) == ("run-00", "First.")
    assert not (many / summary.SUMMARIES).exists()


def test_where_nothing_can_be_written_runs_are_listed_all_the_same(many, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        summary, "replace_file", lambda *a, **k: (_ for _ in ()).throw(summary.RunError("full"))
    )
    assert len(list_runs(many)) == 41


@pytest.mark.slow
def test_a_thousand_runs_are_listed_in_a_third_of_a_second(many, opened):
    for n in range(960):
        shutil.copytree(many / "run-00", many / f"more-{n:03}")
    memory = Memory()
    assert len(list_runs(many, known=memory)) == 1_001
    taken = []
    for _ in range(5):
        opened.clear()
        begin = time.perf_counter()
        list_runs(many, known=memory)
        taken.append(time.perf_counter() - begin)
        assert not opened
    assert min(taken) < 0.3
    write.set_title(many / "run-07", "Another")
    list_runs(many, known=memory)
    assert opened == {"run-07": 1}
