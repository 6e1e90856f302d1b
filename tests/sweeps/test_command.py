"""`python -m grokviz sweep`: what it prints, and what it refuses."""

import importlib.util

import pytest

from grokviz import cli
from grokviz.sweeps import outcomes

TINY = [
    "--modulus",
    "7",
    "--d-model",
    "16",
    "--heads",
    "2",
    "--d-mlp",
    "32",
    "--lr",
    "0.02",
    "--steps",
    "40",
    "--device",
    "cpu",
    "--workers",
    "1",
]


@pytest.mark.slow
def test_the_command_makes_a_sweep_and_goes_on_with_it(tmp_path, capsys):
    folder = tmp_path / "commanded"
    command = ["sweep", "--grid", "frac_train=0.4,0.8", "--seeds", "2", *TINY, "--out", str(folder)]
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    header, *rows = out.strip().splitlines()
    assert header.split("\t") == [
        "frac_train", "Four times as late", "1,000 steps later", "memorised", "grokked",
    ]  # fmt: skip
    assert [row.split("\t")[0] for row in rows] == ["0.4", "0.8"]
    assert "4 of 4 runs" in err
    before = (folder / outcomes.TABLE).read_bytes()
    assert cli.main(["sweep", "--resume", "--out", str(folder), "--device", "cpu", "--workers", "1"]) == 0
    assert (folder / outcomes.TABLE).read_bytes() == before
    assert (folder / "outcomes.parquet").is_file() == (importlib.util.find_spec("pyarrow") is not None)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([], "nothing to vary"),
        (["--grid", "frac_train=0.4", "--frac-train", "0.3"], "--frac-train says it too"),
        (["--grid", "frac_train=0.4", "--seeds", "0"], "--seeds 0"),
        (["--grid", "frac_train=0.4", "--resume"], "leave out --grid"),
        (["--resume", "--lr", "0.1"], "leave out --lr"),
        (["--grid", "frac_train=0.4", "--keep", "frac_train=0.5"], "no run has"),
        (["--grid", "frac_train=0.4", "--preset", "slow"], "'slow' is not known"),
        (["--grid", "frac_train=0.4", "--workers", "-1"], "--workers -1"),
        (["--resume"], "sweep.json is missing"),
    ],
)
def test_what_the_command_cannot_do_is_said_in_words(tmp_path, capsys, flags, says):
    (tmp_path / "new").mkdir()
    assert cli.main(["sweep", *flags, "--out", str(tmp_path / "new")]) == 2
    assert says in capsys.readouterr().err
