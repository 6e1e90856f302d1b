"""Figures as files: `python -m grokviz figure`."""

import json

import numpy as np
import pytest

import grokviz
from grokviz import cli, installation
from grokviz.view import tables

RUN = "mod59-quick"


def figure(folder, name, *options):
    return cli.main(["figure", RUN, "--out", str(folder / name), *options])


def test_the_rings_are_where_the_embedding_puts_the_numbers():
    run = grokviz.open(RUN)
    table, keys, p = tables.rings(run.study, len(run.steps) - 1), run.study.timeline.key_freqs, run.config.p
    farthest, last = dict.fromkeys(keys, 0.0), {}
    for step in run.steps.tolist():
        W_E = run.weights(step)["embed.W_E"][:p].astype(float)
        for k in (
            keys
        ):  # every number in the plane that the others span, its axes the orthonormal pair nearest to theirs
            waves = np.stack([f(2 * np.pi * k * np.arange(p) / p) for f in (np.cos, np.sin)], axis=1)
            plane = W_E.T @ waves
            size, turn = np.linalg.eigh(plane.T @ plane)
            upright = turn @ np.diag(size**-0.5) @ turn.T
            last[k] = np.array(
                [row @ (plane - np.outer(row, wave)) @ upright for row, wave in zip(W_E, waves, strict=True)]
            )
            farthest[k] = max(farthest[k], np.linalg.norm(last[k], axis=1).max())
    for k in keys:
        rows = table[table["key"] == f"k = {k}"]
        drawn = np.stack([rows["x"], rows["y"]], axis=1)
        np.testing.assert_allclose(drawn, last[k] / farthest[k], atol=0.02)  # the timeline keeps a byte
        assert rows["turn"].tolist() == pytest.approx((np.arange(p) * k % p / p).tolist())


@pytest.mark.parametrize("panel", ["losses", "rings", "answers", "spectra", "gini_W_E"])
def test_a_figure_is_a_vega_lite_chart(tmp_path, capsys, panel):
    assert figure(tmp_path, "new/f.json", "--panel", panel, "--step", "800") == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "new/f.json")
    assert "vega-lite" in json.loads((tmp_path / "new/f.json").read_text("utf-8"))["$schema"]


@pytest.mark.skipif(not installation.has("vl_convert"), reason="vl-convert-python is not installed")
@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_figure_is_a_picture(tmp_path, kind, begins):
    assert figure(tmp_path, f"f.{kind}", "--panel", "rings") == 0
    assert (tmp_path / f"f.{kind}").read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("name", "panel", "said"),
    [
        ("f.bmp", "rings", "should end in one of: .svg, .png, .pdf, .json."),
        ("f.svg", "gini", "There is no figure 'gini'. Choose one of: losses, rings,"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path, capsys, name, panel, said):
    assert figure(tmp_path, name, "--panel", panel) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_a_run_without_rings_says_why(tmp_path, capsys):
    assert cli.main(["figure", "mod59-no-decay", "--panel", "rings", "--out", str(tmp_path / "f.json")]) == 2
    assert "no key frequency" in capsys.readouterr().err


def test_without_its_package_a_picture_names_the_extra(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    assert figure(tmp_path, "f.svg", "--panel", "rings") == 2
    assert "pip install 'grokviz[figure]'" in capsys.readouterr().err
