"""What is not opened, and why; and what a hostile file cannot do."""

import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import torch

from grokviz.errors import RunError
from grokviz.importers.convert import import_file
from grokviz.importers.describe import refuse_other_architectures
from grokviz.importers.layouts import read_checkpoint
from grokviz.importers.objects import Shell
from grokviz.importers.torch_files import read_torch
from grokviz.runs import folder
from tests.importers.conftest import lens_config, lens_state, paper_state, weights_of
from tests.importers.test_formats import brute_force

GIVEN = {"operation": "add", "frac_train": 0.8, "split": "seeded", "seed": 0}


@pytest.fixture
def refused(tmp_path):
    """Import a file of this content: the sentence with which it is refused, after which nothing is there."""

    def attempt(content, given=GIVEN, with_questions=False):
        path = tmp_path / "file.pth"
        torch.save(content, path)
        with pytest.raises(RunError) as error:
            import_file(path, tmp_path / "run", given)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["file.pth"]
        return (str(error.value), error.value.questions) if with_questions else str(error.value)  # pyright: ignore[reportAttributeAccessIssue]

    return attempt


class Evil:
    """Runs a command when it is unpickled the ordinary way."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return self.command


def evil_payloads(marker):
    run = f"open({str(marker)!r}, 'w').close()"
    return {
        "system": Evil((os.system, (f"touch {marker}",))),
        "exec": Evil((exec, (run,))),
        "eval": Evil((eval, (run,))),
        "mkdir": Evil((os.mkdir, (str(marker),))),
        "nested": Evil((pickle.loads, (pickle.dumps(Evil((exec, (run,)))),))),
        "torch": Evil((torch.serialization.load, (str(marker),))),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["system", "exec", "eval", "mkdir", "nested", "torch"])
def test_hostile_pickles_do_not_execute(tmp_path, real, name):
    marker = tmp_path / "executed"
    payload = evil_payloads(marker)[name]
    path = tmp_path / "hostile.pth"
    torch.save({**lens_state(weights_of(real)), "extra": payload}, path)
    said = import_file(path, tmp_path / "first", GIVEN)
    assert "'extra' is no tensor, and was left out." in said["notes"]
    torch.save({"model": lens_state(weights_of(real)), "config": payload}, path)
    import_file(path, tmp_path / "second", GIVEN)
    path.write_bytes(pickle.dumps(payload))
    with pytest.raises(RunError, match="no weights"):
        import_file(path, tmp_path / "third", GIVEN)
    assert not marker.exists()


def test_the_payloads_are_real(tmp_path):
    for name in ("system", "exec", "eval", "mkdir", "nested"):
        marker = tmp_path / name
        pickle.loads(pickle.dumps(evil_payloads(marker)[name]))
        assert marker.exists(), name


def test_a_named_module_is_never_imported(tmp_path, real, monkeypatch):
    (tmp_path / "trap_module.py").write_text(
        f"open({str(tmp_path / 'executed')!r}, 'w').close()\nclass Config: pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import trap_module  # pyright: ignore[reportMissingImports] (written above)

    (tmp_path / "executed").unlink()
    config = trap_module.Config()
    config.fn_name = "add"
    torch.save({"model": lens_state(weights_of(real)), "config": config}, tmp_path / "file.pth")
    monkeypatch.delitem(sys.modules, "trap_module")
    content = read_torch(tmp_path / "file.pth")
    assert isinstance(content, dict)
    assert "trap_module" not in sys.modules
    assert not (tmp_path / "executed").exists()
    assert isinstance(content["config"], Shell)
    assert content["config"].attributes == {"fn_name": "add"}


def test_several_layers(real, refused):
    state = lens_state(weights_of(real))
    assert "several layers" in refused(state | {"blocks.1.attn.W_Q": state["blocks.0.attn.W_Q"]})
    assert "several layers" in refused({"model": state, "config": {"num_layers": 2}})


def test_a_layer_norm(real, refused):
    state = lens_state(weights_of(real))
    assert "LayerNorm (blocks.0.ln1.w)" in refused(state | {"blocks.0.ln1.w": torch.ones(32)})
    assert "LayerNorm (norm.w_ln)" in refused(state | {"norm.w_ln": torch.ones(32)})
    assert "LayerNorm" in refused({"model": state, "config": {"use_ln": True}})


def test_settings_of_another_architecture(real, lens_module):
    refuse_other_architectures(vars(lens_config(real.config)))
    for name, value, says in (
        ("normalization_type", "LNPre", "LayerNorm"),
        ("act_fn", "gelu", "'gelu'"),
        ("n_layers", 3, "several layers"),
        ("attn_only", True, "attn_only = True"),
        ("attention_dir", "bidirectional", "causal"),
        ("attn_scale", 1.0, "sqrt"),
    ):
        with pytest.raises(RunError, match=says.replace("(", r"\(")):
            refuse_other_architectures(vars(lens_config(real.config, **{name: value})))


def biased(real, **biases):
    rng = np.random.default_rng(1)
    w = weights_of(real)
    heads, d_head, d_model = w["W_O"].shape
    shapes = {
        "b_Q": (heads, d_head),
        "b_K": (heads, d_head),
        "b_V": (heads, d_head),
        "b_O": (d_model,),
        "b_U": (13,),
    }
    return lens_state(w, {n: rng.normal(size=shapes[n]).astype(np.float32) for n in biases})


@pytest.mark.parametrize("names", [["b_V"], ["b_O"], ["b_K"], ["b_V", "b_O", "b_K"]])
def test_biases_that_can_be_folded_leave_the_same_function(tmp_path, real, names):
    state = biased(real, **dict.fromkeys(names))
    torch.save(state, tmp_path / "file.pth")
    said = import_file(tmp_path / "file.pth", tmp_path / "run", GIVEN)
    assert any("biases" in note for note in said["notes"])
    from grokviz.models.forward import forward

    run = folder.open_run(tmp_path / "run")
    ours = forward(folder.read_weights(run, 0, np.float64)).logits.reshape(-1, 13)
    theirs = brute_force(state, 13)[0].numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-5 * abs(theirs).max())
    plain = brute_force(lens_state(weights_of(real)), 13)[0].numpy()
    assert (abs(theirs - plain).max() > 0.1) == (names != ["b_K"])  # they do matter, but for the keys


def test_biases_that_cannot_be_folded(real, refused):
    assert "query biases (b_Q) that are not zero" in refused(biased(real, b_Q=1))
    assert "output biases (b_U)" in refused(biased(real, b_U=1))


def test_missing_biases_are_zero_and_missing_matrices_are_not(tmp_path, real, refused):
    state = paper_state(weights_of(real))
    without = {n: t for n, t in state.items() if "b_" not in n}
    torch.save(without, tmp_path / "bare.pth")
    said = import_file(tmp_path / "bare.pth", tmp_path / "out", GIVEN)
    assert {"There is no b_in: taken as zero.", "There is no b_out: taken as zero."} <= set(said["notes"])
    with pytest.raises(RunError, match="no W_pos"):
        read_checkpoint({n: t for n, t in state.items() if "W_pos" not in n})


def test_sizes_that_clash_and_parameters_nobody_knows(real, refused):
    state = lens_state(weights_of(real))
    assert "W_K is" in refused(state | {"blocks.0.attn.W_K": torch.ones(2, 32, 7)})
    assert "W_gate" in refused(state | {"blocks.0.mlp.W_gate": torch.ones(3)})
    assert "not finite" in refused(state | {"unembed.W_U": state["unembed.W_U"] * np.nan})
    assert "W_pos is [5, 32], expected [3, 32]" in refused(state | {"pos_embed.W_pos": torch.ones(5, 32)})


def test_files_that_are_something_else(tmp_path, refused):
    assert "a list, and no weights" in refused([1, 2])
    assert "the keys hello" in refused({"hello": 1})
    path = tmp_path / "file.pth"
    for data in (b"", b"<html>not found</html>", b"PK\x03\x04" + b"\0" * 99, os.urandom(5_000)):
        path.write_bytes(data)
        with pytest.raises(RunError, match="file.pth"):
            import_file(path, tmp_path / "run", GIVEN)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 10_000_000)
    with pytest.raises(RunError, match="compressed archive"):
        import_file(path, tmp_path / "run", GIVEN)


def test_a_truncated_file(tmp_path, real):
    path = tmp_path / "file.pth"
    torch.save(lens_state(weights_of(real)), path)
    data = path.read_bytes()
    for size in (len(data) // 2, len(data) - 30):
        path.write_bytes(data[:size])
        with pytest.raises(RunError, match="cut short|no torch file|damaged"):
            import_file(path, tmp_path / "run", GIVEN)


def test_pairs_that_cannot_be(real, refused):
    state = lens_state(weights_of(real))
    run = {"checkpoints": [state], "checkpoint_epochs": [5], "train_losses": [1.0], "test_losses": [1.0]}
    assert "beyond the 169 pairs" in refused(run | {"train_indices": [169]}, {})
    assert "both for training and for testing" in refused(
        run | {"train_indices": [1, 2], "test_indices": [2]}, {}
    )
    assert "distinct pairs" in refused(run | {"train_indices": [1, 1]}, {})
    assert "trained on every pair" in refused(run | {"train_indices": list(range(169))}, {})
    assert "checkpoint_epochs for 1" in refused(run | {"checkpoint_epochs": [1, 2]}, {})
    assert "do not go up" in refused(run | {"checkpoints": [state] * 2, "checkpoint_epochs": [2, 1]}, {})
    assert "no list of numbers" in refused(run | {"train_losses": ["x"]}, {})


def test_an_operation_nobody_recognises_is_asked_for(refused):
    rng = np.random.default_rng(0)
    shapes = {"W_E": (12, 8), "W_pos": (3, 8), "W_Q": (2, 8, 4), "W_K": (2, 8, 4), "W_V": (2, 8, 4),
              "W_O": (2, 4, 8), "W_in": (8, 16), "b_in": (16,), "W_out": (16, 8), "b_out": (8,),
              "W_U": (8, 11)}  # fmt: skip
    noise = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    said, questions = refused(lens_state(noise), {"frac_train": 0.5, "split": "seeded"}, with_questions=True)
    assert "which operation" in said
    assert [question.setting for question in questions] == ["operation"]
    assert "multiply" in questions[0].choices
    _, questions = refused(lens_state(noise), {"seed": 5}, with_questions=True)
    assert [question.setting for question in questions] == ["operation", "frac_train", "split"]


@pytest.mark.slow
def test_another_split_than_the_logged_losses_allow_is_not_guessed(tmp_path, shuffled, full_run_file):
    path = full_run_file(train_losses=[1e-3] * 800, test_losses=[9.9] * 80)
    with pytest.raises(RunError, match="no seed up to 100 of the paper's shuffle"):
        import_file(path, tmp_path / "run")
