"""What public files and public reports showed: each of its kind opens with what is true of it, or is refused in one
sentence that names the usual cause."""

import collections
import io
import json
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from grokviz import cli, study
from grokviz.config import RunConfig
from grokviz.errors import GrokVizError, RunError, Unanswered
from grokviz.importers import arrays
from grokviz.importers.convert import import_file
from grokviz.runs import folder
from grokviz.runs.imported import stated, why_not_trainable
from grokviz.tasks.pairs import build_task
from tests.importers.conftest import lens_state, weights_of
from tests.importers.test_formats import brute_force

GIVEN = {"frac_train": 0.8, "split": "seeded", "seed": 0}


@pytest.fixture
def opened(tmp_path):
    """Import a file of this content, or these bytes: the run, and what was said of it."""

    def attempt(content, given=(), name="file.pth"):
        path, out = tmp_path / name, tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            torch.save(content, path)
        said = import_file(path, out, dict(given))
        return folder.open_run(out), said

    return attempt


def pair_losses(state, config: RunConfig) -> np.ndarray:
    """[p p], by the plain definition of the network in float64."""
    logits, _ = brute_force(state, config.p)
    answers = torch.tensor(build_task(config).answers.reshape(-1))
    return -torch.log_softmax(logits, -1)[torch.arange(config.p**2), answers].numpy()


def means(state, config: RunConfig) -> tuple[float, float]:
    """Train and test loss."""
    loss, task = pair_losses(state, config), build_task(config)
    return float(loss[task.is_train.reshape(-1)].mean()), float(loss[task.is_test.reshape(-1)].mean())


def curve(points: list[tuple[int, float]], n: int) -> list[float]:
    """A curve through steps and losses, straight on a log scale."""
    steps, losses = zip(*points, strict=True)
    return np.exp(np.interp(np.arange(n), steps, np.log(losses))).tolist()


@pytest.fixture
def one_checkpoint(real):
    """The last weights of a run with its whole log, no accuracies, a config, and an optimizer that differs from it."""
    state, config = lens_state(weights_of(real)), RunConfig(p=13, split="paper", seed=1, frac_train=0.3)
    train, test = means(state, config)
    return {
        "model": state,
        "train_losses": curve([(0, 2.6), (200, 1e-3), (10_000, train)], 10_001),
        "test_losses": curve([(0, 2.6), (300, 30.0), (9_000, 20.0), (9_400, 5e-3), (10_000, test)], 10_001),
        "epoch": 10_000,
        "optimizer": {"param_groups": [{"lr": 1e-3, "weight_decay": 0.1, "betas": (0.9, 0.98)}]},
        "config": {"fn_name": "add", "frac_train": 0.3, "seed": 1, "weight_decay": 1, "lr": 1},
    }


def test_numbers_of_a_file_take_the_type_of_their_field(opened, one_checkpoint):
    run, _ = opened(one_checkpoint)
    assert (type(run.config.lr), run.config.lr) == (float, 1.0)
    assert type(run.config.weight_decay) is float


def test_phases_are_bounded_by_the_losses_where_nobody_logged_accuracies(opened, one_checkpoint):
    run, _ = opened(one_checkpoint)
    phases = study.phases_of(run)
    assert phases.memorised.step == pytest.approx(160, abs=50)
    assert phases.grokked.step == pytest.approx(9_400, abs=50)
    assert phases.grokked.by_loss
    assert "as its losses tell" in phases.summary()


def test_one_snapshot_tells_no_history(opened, real):
    run, said = opened(lens_state(weights_of(real)), GIVEN)
    assert "not known" in study.phases_of(run).summary()
    assert "The file does not say at which step it was taken: it stands at step 0." in said["notes"]


@pytest.mark.slow
def test_the_optimizer_did_the_training(opened, one_checkpoint):
    run, said = opened(one_checkpoint)
    assert run.config.weight_decay == 0.1
    assert "Its config says weight_decay 1, its optimizer 0.1: 0.1 is shown." in said["notes"]
    assert run.config.lr == 1.0  # of an optimizer that stood at the end of a schedule, the config's
    one_checkpoint["optimizer"]["param_groups"][0]["initial_lr"] = 0.5
    run, said = opened(one_checkpoint)
    assert run.config.lr == 0.5


def test_share_and_seed_of_the_config_are_tried_first(opened, one_checkpoint):
    run, said = opened(one_checkpoint)
    assert (run.config.split, run.config.seed, run.config.frac_train) == ("paper", 1, 0.3)
    assert "seed 1 gives the logged losses" in said["known"]["split"]


def test_only_what_is_missing_is_asked_for(opened, one_checkpoint):
    del one_checkpoint["train_losses"]
    with pytest.raises(
        Unanswered, match=r"says share 0\.3 and seed 1, and not how its pairs were drawn"
    ) as asked:
        opened(one_checkpoint)
    assert [question.setting for question in asked.value.questions] == ["split"]
    run, said = opened(one_checkpoint, {"split": "paper"})
    assert (run.config.seed, run.config.frac_train) == (1, 0.3)
    assert said["known"]["split"] == "given; frac_train and seed as its settings say"


def test_tiny_losses_tell_a_split_in_float64(opened, shuffled):
    """A train loss far below what float32 can round to, beside a large test loss: a network that recites, and shouts."""
    log = shuffled.log
    recites = log["step"][(log["train_accuracy"] == 1) & (log["test_accuracy"] < 0.7)]
    index = next(
        i for i, step in enumerate(shuffled.steps.tolist()) if step in set(np.asarray(recites).tolist())
    )
    w, loudness, train = weights_of(shuffled, index), 1, 1.0
    while train > 3e-8:
        loudness += 1
        state = lens_state(w | {"W_U": w["W_U"] * loudness})
        train, test = means(state, shuffled.config)
    content = {"model": state, "epoch": 1, "train_losses": [1.0, train], "test_losses": [1.0, test]}
    run, said = opened(content | {"config": {"fn_name": "add"}})
    assert (run.config.split, run.config.seed, run.config.frac_train) == ("paper", 23, 0.8)
    assert "which is" not in " ".join(said["notes"])  # nothing is said to be far off
    rounded = content | {
        "train_losses": [1.0, float(np.float32(train).round(7))]
    }  # as a log in float32 has it
    run, _ = opened(rounded | {"config": {"fn_name": "add"}})
    assert run.config.seed == 23


def demo(real) -> dict:
    task, config = build_task(real.config), real.config
    early, last = lens_state(weights_of(real, 3)), lens_state(weights_of(real))
    losses = np.array([means(early, config), means(last, config)])
    return {
        "model": last, "checkpoints": [early, last], "checkpoint_epochs": [0, 1],
        "train_losses": losses[:, 0].tolist(), "test_losses": losses[:, 1].tolist(),
        "train_indices": torch.tensor(np.flatnonzero(task.is_train)),
        "test_indices": torch.tensor(np.flatnonzero(task.is_test)),
    }  # fmt: skip


@pytest.mark.parametrize("given", [{"seed": 3}, {"split": "seeded"}, {"frac_train": 0.3, "split": "paper", "seed": 1},
                                   {"split": "unknown"}])  # fmt: skip
def test_the_pairs_in_the_file_win(opened, real, given):
    run, said = opened(demo(real), given)
    np.testing.assert_array_equal(build_task(run.config).is_train, build_task(real.config).is_train)
    assert "the training pairs in the file, which win over what was given" in said["known"]["split"]


@pytest.mark.parametrize("given", [{"frac_train": 30.0}, {"frac_train": 1.5}, {"frac_train": float("nan")}, {"seed": -1},
                                   {"frac_train": float("inf")}, {"split": "odd"}, {"seed": 2**40}, {"operation": "?"}])  # fmt: skip
def test_what_is_given_is_checked_before_anything_is_computed(tmp_path, given):
    with pytest.raises(GrokVizError, match="frac_train|share|seed|split|operation"):
        import_file(tmp_path / "nothing-is-here.pth", tmp_path / "run", given)


def in_old_names(data: bytes) -> bytes:
    """The same torch file as numpy 1 would have made it."""
    old, new = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            part = old.read(name)
            archive.writestr(
                name, part.replace(b"cnumpy._core.", b"cnumpy.core.") if name.endswith("data.pkl") else part
            )
    return new.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [
    lambda values: [np.float64(v) for v in values], lambda values: [np.float32(v) for v in values], np.array,
    lambda values: np.array(values, "f4")[:, None], torch.tensor, lambda values: [torch.tensor(v) for v in values],
    lambda values: np.array(values, ">f8"), tuple,
])  # fmt: skip
@pytest.mark.parametrize("is_old", [False, True])
def test_numbers_of_numpy_and_torch_are_numbers(opened, real, numbers, is_old):
    content, file = demo(real), io.BytesIO()
    losses = {name: numbers(content[name]) for name in ("train_losses", "test_losses")}
    torch.save(content | losses | {"config": {"lr": np.float32(0.5), "seed": np.int64(7)}}, file)
    run, _ = opened(in_old_names(file.getvalue()) if is_old else file.getvalue())
    assert run.log["test_loss"].tolist() == pytest.approx(content["test_losses"], rel=1e-6)
    assert (run.config.lr, run.config.seed) == (0.5, 7)


def test_a_plain_pickle_of_arrays_opens(opened, real):
    run, _ = opened(
        pickle.dumps({name: t.numpy() for name, t in lens_state(weights_of(real)).items()}), GIVEN
    )
    np.testing.assert_array_equal(folder.read_weights(run, 0)["W_U"], weights_of(real)["W_U"])


def test_a_dictionary_of_a_class_of_its_own_is_inert(opened, real, monkeypatch):
    module = types.ModuleType("settings_of_somebody")
    kinds = {
        name: type(name, (base,), {"__module__": module.__name__})
        for name, base in (("D", dict), ("L", list))
    }
    vars(module).update(kinds)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    content = demo(real)
    history = collections.defaultdict(
        list, {name: content.pop(name) for name in ("train_losses", "test_losses")}
    )
    content |= {
        "history": history,
        "config": kinds["D"](p=13, lr=0.25),
        "notes": kinds["L"]([1]),
        "path": io.StringIO,
    }
    file = io.BytesIO()
    torch.save(content, file)
    monkeypatch.delitem(sys.modules, module.__name__)
    run, _ = opened(file.getvalue())
    assert run.config.lr == 0.25
    assert run.log["train_loss"].tolist() == history["train_losses"]


def test_a_log_of_another_run_is_no_update_apart(opened, real):
    content = demo(real) | {"checkpoints": [], "model": lens_state(weights_of(real, 3)), "epoch": 1}
    content["config"] = {"fn_name": "add"}
    _, said = opened(content)
    assert "which is far off: the log, the split or the operation is another one" in " ".join(said["notes"])
    assert "an update apart" not in " ".join(said["notes"])


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1234\n"


@pytest.mark.parametrize(("name", "data", "says"), [
    ("a.safetensors", POINTER, "Git LFS pointer"), ("a.pth", POINTER, "Git LFS pointer"),
    ("a.safetensors", b"<!doctype html><title>404</title>\n", "web page"), ("a.pth", b"", "is empty"),
    ("a.safetensors", b"", "is empty"), ("log.json", b'{"train_losses": [1.0]}', "text in JSON"),
    ("a.pth", b"step,loss\n1,2\n", "is text"), ("a.pth", b"\x1f\x8b\x08" + b"\0" * 90, "gzip"),
    ("a.bin", b"GGUF" + b"\0" * 90, "GGUF"), ("a.pth", b"\x89HDF\r\n\x1a\n" + b"\0" * 90, "HDF5"),
    ("a.safetensors", b"\0\0\0\1\0\0\0\0{" + b"\0" * 90, "claims a header of"),
    ("a.safetensors", b"\x20\0\0\0\0\0\0\0{" + b"\0" * 9, "cut short"),
])  # fmt: skip
def test_what_is_no_file_of_weights_is_named(opened, name, data, says):
    with pytest.raises(RunError, match=says) as refused:
        opened(data, name=name)
    assert name in str(refused.value)
    assert str(refused.value).count(". ") <= 1  # what it is, and what to do
    assert "train it anew" not in str(refused.value)


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float16, torch.float64, torch.float8_e5m2, torch.float8_e4m3fn]
)
@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_half_the_bits_and_a_quarter(tmp_path, opened, real, dtype, suffix):
    state = {
        name: t.to(dtype) if t.is_floating_point() else t for name, t in lens_state(weights_of(real)).items()
    }
    path = tmp_path / f"weights.{suffix}"
    (save_file if suffix == "safetensors" else torch.save)(state, path)
    run, _ = opened(path.read_bytes(), GIVEN | {"operation": "add"}, path.name)
    expected = state["unembed.W_U"].float().numpy()
    np.testing.assert_array_equal(folder.read_weights(run, 0)["W_U"], expected)


@pytest.mark.parametrize("name", arrays.FLOAT8)
def test_every_float8_is_what_torch_reads(name):
    codes = torch.arange(256, dtype=torch.uint8)
    np.testing.assert_array_equal(
        arrays.float8_values(name), codes.view(getattr(torch, name)).float().numpy()
    )


def wrapped(real) -> dict:
    state = lens_state(weights_of(real))
    return {
        "model_state_dict": {"model_state_dict": state, "epoch": 7}, "state_dict": {"state_dict": state},
        "another": {"network": state, "lr": 3}, "module": {f"module.model.{k}": v for k, v in state.items()},
        "transformer": {f"transformer.{k}": v for k, v in state.items()},
        "short": {f"net.{k.rpartition('.')[2]}": v for k, v in state.items()},
        "list": [state, state], "checkpoints": [{"model": state, "epoch": 3}, {"model": state, "epoch": 9}],
        "steps": {5: state, 9: state}, "texts": {"step_9": state, "step_5": state},
    }  # fmt: skip


STEPS = {"model_state_dict": [7], "list": [0, 1], "checkpoints": [3, 9], "steps": [5, 9], "texts": [5, 9]}


@pytest.mark.parametrize("kind", ["model_state_dict", "state_dict", "another", "module", "transformer", "short", "list",
                                  "checkpoints", "steps", "texts"])  # fmt: skip
def test_weights_are_found_wherever_they_stand(opened, real, kind):
    run, _ = opened(wrapped(real)[kind], GIVEN)
    assert run.steps.tolist() == STEPS.get(kind, [0])
    np.testing.assert_array_equal(folder.read_weights(run, 0)["W_O"], weights_of(real)["W_O"])


class Attention(torch.nn.Module):
    def __init__(self, state):
        super().__init__()
        for name, value in state.items():
            self.register_parameter(name, torch.nn.Parameter(value))


def test_a_whole_module_opens_without_its_class(opened, real):
    state = lens_state(weights_of(real))
    net = torch.nn.Module()
    groups = {"embed": ("W_E",), "pos_embed": ("W_pos",), "unembed": ("W_U",)}
    for part, names in groups.items():
        setattr(net, part, Attention({name: state[f"{part}.{name}"] for name in names}))
    net.blocks = torch.nn.ModuleList([torch.nn.Module()])
    for part in ("attn", "mlp"):
        inner = {
            k.rpartition(".")[2]: v
            for k, v in state.items()
            if f".{part}." in k and v.is_floating_point() and v.ndim
        }
        setattr(net.blocks[0], part, Attention(inner))
    run, said = opened(net, GIVEN)
    assert said["imported"] == "a whole module"
    np.testing.assert_array_equal(folder.read_weights(run, 0)["W_in"], weights_of(real)["W_in"])


def test_a_second_name_of_a_tensor_is_nothing_new(opened, real):
    state = lens_state(weights_of(real))
    _, said = opened(state | {"x_embed": state["embed.W_E"]}, GIVEN)
    assert "'x_embed' is W_E under a second name, and was left out." in said["notes"]
    with pytest.raises(RunError, match="'x_embed' is no parameter"):
        opened(state | {"x_embed": state["embed.W_E"] + 1}, GIVEN)


def test_an_empty_list_of_checkpoints_beside_a_model(opened, real):
    run, said = opened(demo(real) | {"checkpoints": [], "checkpoint_epochs": []})
    assert len(run.steps) == 1
    assert "Its list of checkpoints is empty, and its model is there: one snapshot." in said["notes"]
    with pytest.raises(RunError, match="no weights"):
        opened({"checkpoints": [], "train_losses": [1.0]})


@pytest.mark.parametrize("part", ["data/0", "data/5", "data.pkl"])
def test_a_checksum_that_does_not_fit_is_refused(opened, real, part):
    file = io.BytesIO()
    torch.save(lens_state(weights_of(real)), file)
    data = bytearray(file.getvalue())
    inside = zipfile.ZipFile(io.BytesIO(bytes(data)))
    name = next(name for name in inside.namelist() if name.endswith(part))
    data[data.find(inside.read(name)) + 40] ^= 0x7F
    with pytest.raises(RunError, match="is damaged: the checksum of a part of it"):
        opened(bytes(data), GIVEN)


def test_a_file_without_checksums_opens(opened, real):
    before = torch.serialization.get_crc32_options()
    file = io.BytesIO()
    try:
        torch.serialization.set_crc32_options(False)
        torch.save(lens_state(weights_of(real)), file)
    finally:
        torch.serialization.set_crc32_options(before)
    run, _ = opened(file.getvalue(), GIVEN)
    assert len(run.steps) == 1


def test_a_split_that_is_not_known_is_an_answer(opened, real):
    state = lens_state(weights_of(real))
    run, said = opened(state, {"split": "unknown"})
    assert run.config.split == "unknown"
    assert said["known"]["split"] == "not known: losses are of all pairs"
    whole = pair_losses(state, run.config).mean()
    measured = study.measure_exactly(run, 0)
    assert measured["train_loss"] == measured["test_loss"] == pytest.approx(whole, rel=1e-6)
    assert "not known" in why_not_trainable(run.config, run.provenance)
    assert "not known" in study.phases_of(run).summary()
    task = build_task(run.config)
    assert task.is_train.all()
    assert task.is_test.all()


def test_losses_of_all_pairs_never_stand_among_those_of_a_log(opened, real):
    content = {"model": lens_state(weights_of(real)), "train_losses": [2.0, 1.0], "epoch": 1}
    run, _ = opened(content, {"split": "unknown"})
    assert run.log["train_loss"].tolist() == [2.0, 1.0]
    assert np.isnan(run.log["test_loss"]).all()
    assert np.isnan(run.log["test_accuracy"]).all()


@pytest.mark.parametrize(
    "settings", [{"lr": 1e9}, {"lr": 10}, {"weight_decay": 1e4}, {"betas": (0.9, 1.5)}, {"lr": 1e400}]
)
def test_settings_out_of_our_range_are_shown_and_not_obeyed(opened, real, settings):
    run, said = opened({"model": lens_state(weights_of(real)), "config": settings}, GIVEN)
    (name, value), *_ = said["out_of_range"].items()
    assert stated(run.config, run.provenance, name) == pytest.approx(float(value))
    assert "out of the range" in why_not_trainable(run.config, run.provenance)
    assert any("it is shown, and the run cannot be trained on" in note for note in said["notes"])
    assert stated(run.config, run.provenance, "eps") == RunConfig.eps


def test_what_the_file_does_not_say_is_not_known(opened, real):
    run, said = opened(lens_state(weights_of(real)), GIVEN)
    assert said["unknown"] == ["lr", "weight_decay", "beta1", "beta2"]
    assert stated(run.config, run.provenance, "weight_decay") is None


def test_the_command_line_turns_questions_into_flags(tmp_path, real, capsys):
    torch.save(lens_state(weights_of(real)), tmp_path / "bare.pth")
    command = ["import", str(tmp_path / "bare.pth"), "--out", str(tmp_path / "run")]
    assert cli.main(command) == 2
    said = capsys.readouterr().err
    assert "Give --frac-train NUMBER --split paper|seeded|unknown --seed NUMBER." in said
    assert cli.main([*command, "--split", "unknown"]) == 0
    assert "Split: not known: losses are of all pairs." in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["split"] == "unknown"


def test_what_cannot_be_trained_on_is_refused_wherever_one_trains(tmp_path, opened, real):
    from grokviz import worker
    from grokviz.jobs import requests

    state = lens_state(weights_of(real))
    strange, _ = opened({"model": state, "config": {"lr": 1e9}}, GIVEN)
    blind, _ = opened(state, {"split": "unknown"})
    for run, reason in ((strange, r"out of the range of GrokViz \(lr\)"), (blind, "is not known")):
        with pytest.raises(RunError, match=reason):
            requests.extend(run.path, 10_000)
        with pytest.raises(RunError, match=reason):
            requests.fork(run, 0, tmp_path / "runs", run.config, "A fork")
    with pytest.raises(RunError, match="is not known"):
        worker.start(tmp_path / "new", blind.config)
    assert not (tmp_path / "new").exists()
