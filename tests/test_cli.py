"""Every command as a person types it: what it prints, and how it refuses what it cannot do."""

import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import ROOT
from grokviz import cli
from grokviz.forecast.presets import PRESETS
from grokviz.forecast.recipes import fast_preset
from grokviz.runs import library, record, write
from grokviz.runs.folder import open_run, read_weights

MEASURES = {
    "step", "p", "accuracy", "train_loss", "test_loss", "all_loss", "restricted_loss_all", "restricted_loss_test",
    "excluded_loss_train", "excluded_loss_train_per_freq", "gini_W_E", "gini_W_L", "sum_squared_weights",
    "key_freqs", "neurons_per_freq", "frac_neurons_fve_over_0.85", "logit_fve",
}  # fmt: skip
SMALL = [
    "--modulus",
    "5",
    "--d-model",
    "8",
    "--heads",
    "2",
    "--d-mlp",
    "8",
    "--steps",
    "20",
    "--device",
    "cpu",
]


@pytest.fixture
def say(capsys):
    """Run a command that succeeds: what it prints."""

    def run(*arguments):
        capsys.readouterr()
        assert cli.main([str(argument) for argument in arguments]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def refuse(capsys):
    """Run a command that is refused: exit code 2, nothing printed, and this one sentence on standard error."""

    def run(*arguments):
        capsys.readouterr()
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as exit:  # argparse prints how the command is used before its sentence
            code = exit.code
            out, error = capsys.readouterr()
            error = error.splitlines(keepends=True)[-1]
        else:
            out, error = capsys.readouterr()
        assert code == cli.BAD_INPUT
        assert out == ""
        assert error.endswith("\n")
        assert len(error.splitlines()) == 1, error
        assert len(error) < 700
        return error

    return run


def test_measure_prints_one_json_object_with_every_measure(runs, say):
    result = json.loads(say("measure", "tiny-groks", "--json"))
    assert set(result) >= MEASURES
    assert (result["step"], result["p"], result["accuracy"]) == (800, 13, 1)
    assert len(result["excluded_loss_train_per_freq"]) == len(result["key_freqs"]) > 0
    assert all(0 < int(k) <= 6 and count > 0 for k, count in result["neurons_per_freq"].items())
    assert json.loads(say("measure", runs / "tiny-groks", "--json")) == result  # by path as by name


def test_measure_takes_the_nearest_snapshot_and_other_frequencies(runs, say):
    steps = open_run(runs / "tiny-groks").steps
    wanted = int(steps[3])
    result = json.loads(say("measure", "tiny-groks", "--step", wanted, "--key-freqs", "5, 2,2", "--json"))
    assert (result["step"], result["key_freqs"]) == (wanted, [2, 5])
    assert json.loads(say("measure", "tiny-groks", "--step", "9" * 5_000, "--json"))["step"] == 800
    assert json.loads(say("measure", "tiny-groks", "--step", "0", "--json"))["step"] == 0


def test_measure_in_plain_words(runs, say):
    lines = say("measure", "tiny-groks", "--step", "0").splitlines()
    values = dict(line.split(maxsplit=1) for line in lines)
    assert set(values) >= MEASURES
    assert values["step"] == "0"
    assert 2.5 < float(values["train_loss"]) < 3


def test_a_compact_copy_takes_half_the_room_and_says_how_far_its_losses_are_off(runs, say, refuse, tmp_path):
    lines = say("compact", "tiny-groks", "--out", tmp_path / "copy").splitlines()
    run, copy = open_run(runs / "tiny-groks"), open_run(tmp_path / "copy")
    assert lines[0].startswith(f"{len(run.steps)} snapshots in ")
    assert copy.deltas
    for line, side in zip(lines[1:], ("train", "test"), strict=True):
        off, step = re.fullmatch(
            rf"{side.title()} loss at most ([\d.]+) % off, at step ([\d,]+)\.", line
        ).groups()
        last = [
            json.loads(say("measure", path, "--step", step.replace(",", ""), "--json"))[f"{side}_loss"]
            for path in ("tiny-groks", tmp_path / "copy")
        ]
        assert abs(last[1] / last[0] - 1) == pytest.approx(float(off) / 100, abs=1e-4)
        assert 0 < float(off) < 5
    assert "already holds" in refuse("compact", "tiny-groks", "--out", tmp_path / "copy")


def test_deepen_measures_what_is_asked_for_once(copied, say, refuse, capsys):
    out = say("deepen", "tiny-groks", "--only", "margins, alignment")
    n = len(open_run(copied / "tiny-groks").steps)
    assert [line.split(maxsplit=1) for line in out.splitlines()] == [
        ["alignment", f"{n} snapshots"], ["margins", f"{n} snapshots"]
    ]  # fmt: skip
    cli.main(["deepen", "tiny-groks", "--only", "margins"])
    assert capsys.readouterr().err.strip() == ""  # nothing left to do
    found = json.loads(say("measure", "tiny-groks", "--json", "--deep"))
    assert set(found["deep"]) == {"alignment", "margins"}
    assert found["deep"]["margins"]["step"] == 800
    assert found["deep"]["margins"]["margin_min"] > 0
    assert "deep" not in json.loads(say("measure", "tiny-groks", "--json"))
    error = refuse("deepen", "tiny-groks", "--only", "depth")
    assert "There is no measure 'depth'. They are: learning_coefficient, compressed_bytes," in error


def test_deepen_stopped_by_hand_keeps_what_is_done(copied, say, capsys, monkeypatch):
    from grokviz.study import deep

    said = []

    def interrupt(now):
        said.append(now)
        if len(said) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("grokviz.cli.deepen._say", interrupt)
    assert cli.main(["deepen", "tiny-groks", "--only", "margins"]) == 130
    assert "What was measured is kept; the same command goes on from there." in capsys.readouterr().err
    assert len(deep.read(open_run(copied / "tiny-groks"))["margins"].steps) == 3


def test_phases_of_a_run_that_groks(runs, say):
    result = json.loads(say("phases", "tiny-groks", "--json"))
    steps = [result[name] for name in ("memorised_at", "circuit_from", "cleanup_from", "grokked_at")]
    assert steps == sorted(steps)
    for name in ("memorised_at", "circuit_from", "cleanup_from", "grokked_at"):
        after, step = result["intervals"][name]
        assert after < step == result[name]
    plain = say("phases", "tiny-groks")
    assert f"grokked {result['grokked_at']:>10,}  (not yet at" in plain
    assert plain.startswith(result["summary"])


def test_phases_that_did_not_happen_are_null(runs, say):
    result = json.loads(say("phases", "tiny-recites", "--json"))
    assert result["memorised_at"] > 0
    for name in ("circuit_from", "cleanup_from", "grokked_at"):
        assert result[name] is None
        assert result["intervals"][name] is None
    assert "has not grokked" in say("phases", "tiny-recites")


def test_list(runs, say, monkeypatch):
    cards = json.loads(say("list", "--json"))
    assert [card["id"] for card in cards] == ["tiny-groks", "tiny-recites"]
    assert cards[0]["config"]["p"] == 13
    assert cards[0]["last_step"] == 800
    assert say("list").splitlines()[0].split(maxsplit=1) == ["tiny-groks", "The run that groks."]
    monkeypatch.setattr(library, "all_cards", list)
    assert json.loads(say("list", "--json")) == []
    assert "No run yet" in say("list")


def test_inspect(runs, say):
    result = json.loads(say("inspect", "tiny-groks", "--json"))
    run = open_run(runs / "tiny-groks")
    assert result["snapshots"] == run.steps.tolist()
    assert result["logged_rows"] == len(run.log)
    assert result["parameters"] == sum(w.size for w in _weights(run).values())
    assert result["config"]["weight_decay"] == 2
    assert result["provenance"]["device"] == "cpu"
    assert "title        tiny groks" in say("inspect", "tiny-groks")


def test_every_constant_of_an_optimizer_is_in_the_record(tmp_path, say):
    flags = (
        "--modulus 5 --d-model 8 --heads 1 --d-mlp 8 --steps 3 --optimizer muon --muon-scale 0.3 --eps 1e-7"
    )
    say("train", *flags.split(), "--device", "cpu", "--out", tmp_path / "run")
    found = json.loads(say("inspect", tmp_path / "run", "--json"))
    assert (found["config"]["eps"], found["config"]["muon_scale"]) == (1e-7, 0.3)
    assert found["provenance"]["constants"] == {
        "muon_momentum": 0.95, "muon_scale": 0.3, "muon_iterations": 5, "muon_polynomial": [3.4445, -4.775, 2.0315],
        "muon_matrices": ["W_Q", "W_K", "W_V", "W_O", "W_in", "W_out"], "muon_smallest_norm": 1e-7,
    }  # fmt: skip


def _weights(run):
    from grokviz.runs.folder import read_weights

    return read_weights(run, 0)


def test_train_says_what_it_made(tmp_path, capsys):
    out = tmp_path / "new"
    assert cli.main(["train", *SMALL, "--title", "A title", "--seed", "3", "--out", str(out)]) == 0
    assert f"{out} holds " in capsys.readouterr().err
    run = open_run(out)
    assert (run.title, run.config.seed, run.config.steps, run.finished) == ("A title", 3, 20, True)
    assert (out / "timeline.safetensors").exists()


@pytest.mark.slow
def test_a_preset_is_where_settings_start(tmp_path):
    out = tmp_path / "new"
    assert cli.main(["train", "--preset", "quick", *SMALL, "--out", str(out)]) == 0
    config = open_run(out).config
    assert (config.p, config.lr, config.weight_decay) == (5, 3e-3, 2.0)


@pytest.mark.slow
def test_the_fast_preset_fits_the_modulus(tmp_path):
    out = tmp_path / "new"
    shape = ["--d-model", "8", "--d-mlp", "16", "--heads", "2", "--steps", "20"]
    assert cli.main(["train", "--preset", "fast", "--modulus", "7", *shape, "--out", str(out)]) == 0
    found = open_run(out).config
    assert (found.p, found.frac_train, found.lr) == (7, fast_preset(7).frac_train, fast_preset(7).lr)


def test_a_group_is_asked_for_by_its_name_alone(tmp_path):
    out = tmp_path / "new"
    shape = ["--d-model", "8", "--d-mlp", "16", "--heads", "2", "--steps", "20"]
    assert cli.main(["train", "--group", "dih 4", *shape, "--out", str(out)]) == 0
    found = open_run(out)
    assert (found.config.operation, found.config.group, found.config.p) == ("compose", "D_4", 8)
    assert read_weights(found, 0)["W_U"].shape == (8, 8)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ("--preset fast --modulus 252", "p = 252 is out of range"),
        ("--preset papr", f"'papr' is not known. Choose one of: {', '.join(PRESETS)}."),
        ("--modulus 12 --operation divide", "p = 12 is not prime"),
        ("--group monster", "The group 'monster' is not known. There are S_3, S_4, S_5"),
        ("--group D_12 --modulus 7", "The group 'D_12' with p = 7 does not fit. Its name is D_12"),
        ("--group D_12 --operation add", "goes with the operation compose"),
        ("--operation compose", "The group '' is not known"),
        ("--modulus 2", "p = 2 is out of range. Choose a value from 3 to 251"),
        ("--modulus 252", "p = 252 is out of range"),
        ("--modulus seven", "--modulus: invalid int value: 'seven'"),
        ("--lr fast", "--lr: invalid float value: 'fast'"),
        ("--lr nan", "lr = nan is out of range"),
        ("--lr inf", "lr = inf is out of range"),
        ("--frac-train 1", "frac_train = 1.0 is out of range"),
        ("--operation plus", "'plus' is not known. Choose one of: add"),
        ("--precision float64", "'float64' is not known"),
        ("--heads 3", "cannot be shared equally"),
        ("--steps 10000000 --log-every 1", "log_every of at least"),
        ("--device tpu", "Choose one of: auto, cpu, cuda"),
        ("--unknown 3", "unrecognized arguments: --unknown 3"),
    ],
)
def test_settings_that_cannot_be_are_refused_and_leave_nothing_behind(tmp_path, refuse, flags, says):
    assert says in refuse("train", *flags.split(), "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_gpu_that_is_not_there_is_refused(tmp_path, refuse, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no GPU here. Choose auto or cpu" in refuse("train", "--device", "cuda", "--out", tmp_path / "new")


def test_a_training_that_diverges_says_what_to_change(tmp_path, refuse):
    flags = "--modulus 5 --d-model 8 --heads 1 --d-mlp 8 --lr 1 --weight-decay 100 --steps 2000"
    path = tmp_path / "new"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "grokviz.cli.common._show_progress", lambda rows, steps: list(rows)
        )  # the bar is not the sentence
        more = ["--precision", "float32", "--device", "cpu", "--out", path]
        assert "smaller l" in refuse("train", *flags.split(), *more)
    assert len(open_run(path).steps)


def test_what_is_in_the_way_is_refused(tmp_path, refuse):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    assert "already holds 'thesis.tex'" in refuse("train", *SMALL, "--out", tmp_path / "full")
    assert "cannot be written" in refuse("train", *SMALL, "--out", tmp_path / "full" / "thesis.tex")
    assert "--out" in refuse("train", *SMALL)


@pytest.mark.parametrize("flags", ["--steps 7", "--preset quick", "--title Other", "--sentence Other"])
def test_resume_takes_no_settings(copied, refuse, flags):
    said = refuse("train", "--resume", *flags.split(), "--out", copied / "tiny-groks")
    assert f"leave out {flags.split()[0]}." in said


def test_resume_needs_a_run(tmp_path, refuse):
    assert "There is no run folder 'nowhere'" in refuse("train", "--resume", "--out", tmp_path / "nowhere")
    assert "holds no run.json" in refuse("train", "--resume", "--out", tmp_path)


@pytest.mark.parametrize("command", ["measure", "phases", "inspect"])
def test_an_unknown_run_is_refused_with_the_names_there_are(runs, refuse, command):
    assert "Runs here: tiny-groks, tiny-recites" in refuse(command, "tiny")
    assert "neither a folder" in refuse(command, "<b>\n\x1b[31m")


def truncated(run):
    file = run / "snapshots-0.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def flipped(run):
    file = run / "snapshots-0.safetensors"
    data = bytearray(file.read_bytes())
    for place in range(len(data) // 2, len(data), 101):  # some in every snapshot
        data[place] ^= 0x40
    file.write_bytes(data)


def newer(run):
    values = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(values | {"version": 3}))


def emptied(run):
    shutil.rmtree(run)
    run.mkdir()


def missing(run):
    (run / "snapshots-0.safetensors").unlink()


def no_json(run):
    (run / "run.json").write_text("{")


def short_log(run):
    file = run / "log.jsonl"
    file.write_bytes(file.read_bytes()[:-5])


DAMAGES = (truncated, flipped, newer, emptied, missing, no_json, short_log)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_run_is_one_sentence(copied, refuse, say, damage):
    damage(copied / "tiny-groks")
    said = refuse("measure", "tiny-groks", "--json")
    assert ("newer GrokViz" in said) == (damage is newer)
    if damage is not flipped:  # these two read no weights
        refuse("inspect", "tiny-groks")
        refuse("phases", "tiny-groks", "--json")
        cards = {card["id"]: card for card in json.loads(say("list", "--json"))}
        assert cards["tiny-groks"]["problem"]
    assert "The run that recites." in say("list")


def test_texts_of_a_run_cannot_command_the_terminal(copied, say):
    path = copied / "tiny-groks"
    values = record.read_record(path)
    hostile = {"title": "\x1b]0;mine\x07", "sentence": "one\ntwo\x1b[2J \u202egnp.exe"}
    record.write_record(path, dataclasses.replace(values, **hostile))
    assert "\x1b" not in say("list") + say("inspect", "tiny-groks")
    assert "\u202e" not in say("list")
    assert len(say("list").splitlines()) == 2
    assert json.loads(say("inspect", "tiny-groks", "--json"))["title"] == hostile["title"]


@pytest.mark.parametrize("step", ["-3", "1e3", "first", "", "1" * 30 + "x"])
def test_a_step_that_is_none_is_refused(runs, refuse, step):
    assert "should be a step such as 12000, or last" in refuse("measure", "tiny-groks", f"--step={step}")


@pytest.mark.parametrize("freqs", ["", "0", "7", "2,,3", "2;3", "two", "-1", "²", "1" + "0" * 5_000])
def test_key_frequencies_that_are_none_are_refused(runs, refuse, freqs):
    assert "frequencies from 1 to 6" in refuse("measure", "tiny-groks", f"--key-freqs={freqs}")


def test_a_run_without_snapshots_is_refused(no_runs, trained, refuse, say):
    write.create_run(no_runs / "new", open_run(trained / "tiny-groks").config, {})
    assert "no snapshot yet" in refuse("measure", "new")
    assert "no snapshot yet" in refuse("measure", "new", "--step", "3")
    assert json.loads(say("phases", "new", "--json"))["memorised_at"] is None
    assert json.loads(say("inspect", "new", "--json"))["snapshots"] == []


def test_a_port_in_use_is_refused_with_another_one(refuse):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refuse("app", "--port", port)
    assert f"Port {port} cannot be used" in said
    assert "Choose another" in said
    assert "cannot be used" in refuse("app", "--port", 70_000)
    assert "invalid int value" in refuse("app", "--port", "eighty")


class Became(Exception):  # noqa: N818
    """This process is another program now."""


def test_the_app_becomes_streamlit_on_the_port_that_was_asked_for(monkeypatch):
    def become(path, command, environment):
        raise Became(path, command, Path.cwd(), environment["OPENBLAS_NUM_THREADS"])

    monkeypatch.setattr(os, "execve", become)
    monkeypatch.chdir(ROOT / "tests")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Became) as became:
        cli.main(["app", "--port", str(port)])
    flags = ["-c", cli.STREAMLIT, "run", "app.py", f"--server.port={port}"]
    assert became.value.args == (sys.executable, [sys.executable, *flags], ROOT, "1")


def test_without_a_command_it_says_how_it_is_used(refuse):
    assert "COMMAND" in refuse()
    assert "invalid choice" in refuse("dance")


def test_a_mistake_of_ours_is_not_called_bad_input(monkeypatch):
    def broken(path):
        raise RuntimeError("a bug")

    monkeypatch.setattr(library, "locate", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main(["phases", "x"])


def test_measuring_imports_no_torch(runs):
    command = [sys.executable, "-X", "importtime", "-m", "grokviz", "measure", "tiny-groks", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "grokviz.study" in imported
    assert not [name for name in imported if name.split(".")[0] in ("torch", "streamlit", "altair")]
    assert json.loads(done.stdout)["step"] == 800
