"""Runs on sequences in the same folders as those on pairs: opened, listed, refused, packed and taken home."""

import io
import json
import subprocess
import sys
import zipfile
from functools import partial

import numpy as np
import pytest

from devtools import ROOT
from grokviz import cli, hosting, sequence_config, worker
from grokviz.errors import ConfigError, HostingError, OtherTaskError, RunError
from grokviz.models.sequence import losses, run
from grokviz.runs import bundle, catalog, folder, library, record, write
from grokviz.sequence_config import SEQUENCE_SETTINGS, TASKS, SequenceConfig, recipe
from grokviz.tasks.sequences import held_out

pytestmark = pytest.mark.slow

FLAGS = (
    "--task skip-trigrams --symbols 3 --length 7 --d-model 8 --d-head 4 --batch-size 8 --test-on 16 --seed 5"
)
COURSE = "--steps 40 --snapshots 6 --precision float32 --device cpu"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "trigrams"
    texts = ["--title", "Trigrams", "--sentence", "A few."]
    assert cli.main(["train", *FLAGS.split(), *COURSE.split(), *texts, "--out", str(path)]) == 0
    return path


def test_what_was_trained_can_be_opened_and_run(trained):
    opened = folder.open_sequences(trained)
    assert opened.config == recipe("skip-trigrams", n_symbols=3, length=7, d_model=8, d_head=4, batch_size=8,
                                   n_test=16, seed=5, steps=40, max_snapshots=6, precision="float32")  # fmt: skip
    assert opened.finished
    assert opened.steps[-1] == 40
    assert 3 <= len(opened.steps) <= 6
    columns = {"loss_0", "loss_1", "loss_2", "train_loss", "test_loss"}
    assert columns < opened.logged.keys()
    test = held_out(opened.config.question, 5, 16)
    for i, step in enumerate(opened.steps):
        weights = folder.read_weights(opened, i)
        at_end = run(opened.config.model, weights, test.tokens).logits[:, -1:]
        logged = opened.logged["test_loss"][opened.logged["step"] == step]
        assert losses(at_end, test.answers).mean() == pytest.approx(logged[0], rel=1e-4)


def test_whoever_wants_a_run_on_pairs_is_told_in_a_sentence(trained, tmp_path, capsys):
    with pytest.raises(
        OtherTaskError, match="run of skip-trigrams, on sequences.*page “It happens elsewhere”"
    ):
        folder.open_run(trained)
    for command in ("measure", "phases", "deepen"):
        assert cli.main([command, str(trained)]) == 2
        assert capsys.readouterr().err.count("run of skip-trigrams") == 1
    assert cli.main(["fork", str(trained), "--out", str(tmp_path / "fork")]) == 2
    assert "A run on sequences cannot be forked" in capsys.readouterr().err
    assert not (tmp_path / "fork").exists()


def test_and_the_other_way_round(tmp_path, config):
    write.create_run(tmp_path / "pairs", config, {})
    with pytest.raises(OtherTaskError, match="'pairs' is a run on pairs of numbers"):
        folder.open_sequences(tmp_path / "pairs")


def test_it_is_listed_where_it_can_be_looked_at_and_nowhere_else(trained, no_runs, monkeypatch, capsys):
    monkeypatch.setenv("GROKVIZ_RUNS", str(trained.parent))
    assert library.cards() == []
    (card,) = library.all_cards()
    assert (card.id, card.task, card.problem, card.last_step) == ("trigrams", "skip-trigrams", None, 40)
    assert cli.main(["list"]) == cli.main(["inspect", "trigrams"]) == 0
    told = capsys.readouterr().out
    assert "A few." in told
    assert '"task": "skip-trigrams"' in told


def test_it_is_trained_again_by_the_script_in_its_zip(trained, tmp_path):
    file = io.BytesIO()
    bundle.export_zip(folder.open_sequences(trained), file)
    with zipfile.ZipFile(file) as archive:
        script, readme = archive.read("reproduce.py").decode(), archive.read("README.txt").decode()
        archive.extractall(tmp_path / "home")
    assert folder.fingerprint(folder.open_sequences(tmp_path / "home")) == folder.fingerprint(
        folder.open_any(trained)
    )
    assert "open_sequences, read_weights" in readme
    assert 'stacks["W_E"] is [' in readme
    code = f"import sys; sys.argv = ['', {str(tmp_path / 'again')!r}]\n{script}"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, timeout=120)
    assert folder.open_any(tmp_path / "again").log_checksum == folder.open_any(trained).log_checksum
    brought = bundle.import_zip(file, tmp_path / "runs", "guest")
    assert folder.fingerprint(brought) == folder.fingerprint(folder.open_any(trained))
    (card,) = catalog.list_runs(tmp_path / "runs")
    assert (card.id, card.task, card.title) == ("guest", "skip-trigrams", "Trigrams")
    path = tmp_path / "home.zip"
    path.write_bytes(file.getvalue())
    assert cli.main(["import", str(path), "--out", str(tmp_path / "runs" / "again")]) == 0
    assert folder.open_sequences(tmp_path / "runs" / "again").config == brought.config


def test_a_zip_that_is_no_run_or_is_asked_about_says_so(tmp_path, capsys):
    path = tmp_path / "a.zip"
    path.write_bytes(b"nothing")
    assert cli.main(["import", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "it is no zip" in capsys.readouterr().err
    assert cli.main(["import", str(path), "--out", str(tmp_path / "out"), "--seed", "1"]) == 2
    assert "Leave out --seed" in capsys.readouterr().err


def test_a_shared_machine_takes_no_zip_with_a_larger_network(trained, tmp_path, monkeypatch):
    file = io.BytesIO()
    bundle.export_zip(folder.open_sequences(trained), file)
    monkeypatch.setattr(hosting, "recipe", lambda task: recipe(task, d_model=4))
    check = partial(hosting.check, most=hosting.Limits())
    with pytest.raises(HostingError, match="d_model = 8 is more than this"):
        bundle.import_zip(file, tmp_path / "runs", "guest", check=check)
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("task", TASKS)
def test_a_config_survives_its_json(task):
    config = recipe(task, seed=3, n_train=100)
    assert sequence_config.from_json(json.loads(json.dumps(sequence_config.to_json(config)))) == config


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"task": "nim"}, "task = 'nim' is not known"),
        ({"task": "digits", "n_symbols": 0, "length": 0}, "n_digits = 0 is too few for digits"),
        ({"n_digits": 3}, "that names its task"),
        ({"task": "skip-trigrams", "n_digits": 3}, "n_digits = 3 means nothing for skip-trigrams"),
        ({"task": "skip-trigrams", "p": 7}, "Unknown setting 'p' of skip-trigrams"),
        ({"task": "skip-trigrams", "lr": 2.0}, "lr = 2.0 is out of range"),
        ({"task": "skip-trigrams", "n_symbols": 99}, "99 special tokens.*at most 24"),
        ({"task": "repeats", "n_symbols": 9, "length": 20, "span": 7}, "7 repeated tokens do not fit"),
        ({"task": "repeats", "n_symbols": 9, "length": 20, "span": 4, "network": "toy"}, "toy knows skip trigrams"),
        (7, "that names its task"),
    ],
)  # fmt: skip
def test_a_config_that_cannot_be_is_refused(values, told):
    with pytest.raises(ConfigError, match=told):
        sequence_config.from_json(values)


def test_a_record_whose_config_cannot_be_is_refused(trained, tmp_path):
    found = record.read_any(trained)
    values = sequence_config.to_json(recipe("digits")) | {"n_digits": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "config_to_json", lambda config: values)
        record.write_record(tmp_path, found)
    with pytest.raises(RunError, match="run.json: n_digits = 0 is too few"):
        folder.open_any(tmp_path)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("--task digits --modulus 7", "--modulus means nothing with --task digits"),
        ("--digits 3", "--digits needs --task"),
        ("--task digits --preset quick", "--preset is for runs on pairs"),
        ("--task digits --span 3", "span = 3 means nothing for digits"),
    ],
)
def test_flags_that_do_not_fit_are_refused(flags, told, tmp_path, capsys):
    assert cli.main(["train", *flags.split(), "--out", str(tmp_path / "new")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_resuming_takes_every_setting_from_the_run(trained, capsys):
    assert cli.main(["train", "--resume", "--task", "digits", "--out", str(trained)]) == 2
    assert "--resume takes every setting from the run in --out; leave out --task" in capsys.readouterr().err


def test_every_setting_of_sequences_says_what_it_is():
    for name, setting in SEQUENCE_SETTINGS.items():
        assert setting.label, name
        assert setting.help, name
        assert setting.within or setting.choices, name
    assert isinstance(recipe("digits"), SequenceConfig)


def test_a_training_that_was_stopped_goes_on_where_it_was(trained, tmp_path):
    from grokviz.jobs.files import GO_ON, Order

    rows = []
    worker.start(tmp_path / "run", folder.open_sequences(trained).config, "cpu")
    for row in worker.run(tmp_path / "run", "cpu", lambda: Order("pause") if len(rows) == 9 else GO_ON):
        rows.append(row)
    assert not folder.open_any(tmp_path / "run").finished
    assert cli.main(["train", "--resume", "--device", "cpu", "--out", str(tmp_path / "run")]) == 0
    once, whole = folder.open_any(tmp_path / "run"), folder.open_any(trained)
    np.testing.assert_equal(once.logged, whole.logged)
    assert once.checksums == whole.checksums
