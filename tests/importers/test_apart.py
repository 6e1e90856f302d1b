"""An import is a process of its own: what a crafted file costs ends there, and what it says comes back."""

import io
import os
import pickle
import resource
import struct
import time
import zipfile

import pytest
import torch

from grokviz.errors import ConfigError, GrokVizError, RunError, Unanswered
from grokviz.importers import apart
from grokviz.importers.apart import import_apart
from grokviz.runs import folder
from tests.importers.conftest import lens_state, weights_of

GIVEN = {"operation": "add", "frac_train": 0.8, "split": "seeded", "seed": 0}


@pytest.fixture
def file(tmp_path, real):
    path = tmp_path / "file.pth"
    torch.save({"model": lens_state(weights_of(real)), "config": {"lr": 0.5}}, path)
    return path


def test_it_makes_the_same_run_and_tells_how_far_it_is(file, tmp_path):
    seen = []
    said = import_apart(
        file, tmp_path / "run", GIVEN, {"repo": "a/b"}, "A title", 7, lambda *now: seen.append(now)
    )
    run = folder.open_run(tmp_path / "run")
    assert (run.title, run.config.lr, run.provenance) == ("A title", 0.5, said)
    assert [what for what, *_ in seen if what != apart.READING][:1] == ["Reading checkpoints"]
    assert sorted(os.listdir(tmp_path)) == ["file.pth", "run"]


@pytest.mark.slow
def test_questions_and_refusals_come_back_as_they_are(file, tmp_path):
    with pytest.raises(Unanswered) as asked:
        import_apart(file, tmp_path / "run")
    assert [question.setting for question in asked.value.questions] == ["frac_train", "split", "seed"]
    assert asked.value.questions[1].choices == ("paper", "seeded", "unknown")
    with pytest.raises(ConfigError, match="frac_train"):
        import_apart(file, tmp_path / "run", {"frac_train": float("inf")})
    file.write_bytes(b"")
    with pytest.raises(RunError, match="is empty"):
        import_apart(file, tmp_path / "run")
    assert os.listdir(tmp_path) == ["file.pth"]


def test_who_thinks_better_of_it_ends_it(file, tmp_path):
    class EnoughError(Exception):
        pass

    def tired(what, done, total):
        if what == "Measuring":
            raise EnoughError

    with pytest.raises(EnoughError):
        import_apart(file, tmp_path / "run", GIVEN, on_progress=tired)
    assert os.listdir(tmp_path) == ["file.pth"]


SPIN = """
import sys
from grokviz.importers import apart
def hostile(path, out, **rest):
    (out.with_name(apart.making_name(out.name, __import__('os').getpid()))).mkdir()
    {cost}
apart.import_file = hostile
apart.READ = apart.Limits(1, 2 * apart.GIB, 60)
apart.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("cost", "says"), [
    ("while True: pass", "seconds of CPU and was stopped"),
    ("x = bytearray(3 * apart.GIB)", "more memory than an import may"),
    ("__import__('os').abort()", "ended the process that read it"),
    ("raise AssertionError", r"cannot be read \(AssertionError\)"),
    ("raise RecursionError", r"cannot be read \(RecursionError\)"),
])  # fmt: skip
def test_limits_hold_and_each_has_its_sentence(file, tmp_path, monkeypatch, cost, says):
    popen = apart.subprocess.Popen

    def hostile(command, **settings):
        return popen([command[0], "-c", SPIN.format(cost=cost)], **settings)

    monkeypatch.setattr(apart.subprocess, "Popen", hostile)
    with pytest.raises(RunError, match=says):
        import_apart(file, tmp_path / "run")
    assert os.listdir(tmp_path) == ["file.pth"]


def test_time_alone_is_limited_too(file, tmp_path, monkeypatch):
    popen = apart.subprocess.Popen
    monkeypatch.setattr(apart, "READ", apart.Limits(60, apart.GIB, 0))
    monkeypatch.setattr(apart.subprocess, "Popen", lambda command, **settings: popen(
        [command[0], "-c", "import time; time.sleep(60)"], **settings))  # fmt: skip
    with pytest.raises(RunError, match="took longer than"):
        import_apart(file, tmp_path / "run")


def zipped(pickled: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return data.getvalue()


def doubled(times: int) -> bytes:
    """A tuple of two of a tuple of two of ..: 794 bytes that are 2 to the 60th when they are walked."""
    return b"(t" + b"q\x00h\x00\x86" * times


STATE = pickle.PROTO + b"\x02"
CRAFTED = {
    "a tuple doubled 60 times as a key": zipped(STATE + b"}" + doubled(60) + b"K\x01s."),
    "the same as a setting": zipped(STATE + b"}X\x06\0\0\0config}X\x06\0\0\0act_fn" + doubled(600) + b"ss."),
    "marks": zipped(STATE + b"(" * 1_000_000),
    "lists of nothing": zipped(STATE + b"(" + b"]" * 1_000_000 + b"l."),
    "a legacy file of 80 bytes": STATE + b"\x8e" + struct.pack("<Q", 2**31) + b"x" * 60,
    "a list 200,000 deep": zipped(STATE + b"]" * 200_000 + b"a" * 199_999 + b"."),
    "one text given a thousand times": zipped(STATE + b"X" + struct.pack("<I", 10**6) + b"x" * 10**6 + b"q\x00"
                                              + b"c_codecs\nencode\nh\x00X\x06\0\0\0latin1\x86R" * 1000 + b"."),
    "a number of 400 digits": zipped(STATE + b"}X\x0c\0\0\0train_lossesL1" + b"0" * 400 + b"L\ns."),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", CRAFTED)
def test_crafted_files_are_cheap(tmp_path, kind):
    """In this process, without limits: nothing here needs them."""
    from grokviz.importers.convert import import_file

    (tmp_path / "file.pth").write_bytes(CRAFTED[kind])
    begun = time.process_time()
    with pytest.raises(GrokVizError) as refused:
        import_file(tmp_path / "file.pth", tmp_path / "run")
    assert time.process_time() - begun < 10
    assert len(str(refused.value)) < 500


@pytest.mark.slow
@pytest.mark.parametrize("name", ["file.pth", "file.safetensors"])
@pytest.mark.parametrize(
    "start",
    [b"", pickle.PROTO + b"\x02", b"PK\x03\x04", struct.pack("<Q", 2**20) + b"{", struct.pack("<Q", 2**33)],
)
def test_a_sparse_file_of_three_gigabytes_is_refused_within_the_limits(tmp_path, name, start):
    """It takes no place on the disk, and whoever reads it whole takes 3 GB."""
    with open(tmp_path / name, "wb") as file:
        file.write(start)
        file.truncate(3 * apart.GIB)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with pytest.raises(RunError) as refused:
        import_apart(tmp_path / name, tmp_path / "run", GIVEN)
    assert time.monotonic() - begun < 30
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before < 1_000_000  # kB
    assert 20 < len(str(refused.value)) < 500
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(("name", "damage", "says"), [
    ("a meta tensor", lambda state: state | {"unembed.W_U": state["unembed.W_U"].to("meta")}, "without its numbers"),
    ("a sparse tensor", lambda state: state | {"unembed.W_U": state["unembed.W_U"].to_sparse()}, "a sparse tensor"),
    ("complex numbers", lambda state: state | {"unembed.W_U": state["unembed.W_U"] + 1j}, "expected plain real numbers"),
    ("a text", lambda state: state | {"unembed.W_U": "hello"}, "expected a tensor"),
    ("a huge stride", lambda state: state | {"unembed.W_U": torch.zeros(1).expand(2**30)}, "more than any network here"),
    ("a matrix of axes", lambda state: state | {"blocks.0.attn.W_Q": torch.zeros(2)}, "number of axes|expected"),
])  # fmt: skip
def test_tensors_of_other_kinds_are_named(tmp_path, real, name, damage, says):
    from grokviz.importers.convert import import_file

    torch.save(damage(lens_state(weights_of(real))), tmp_path / "file.pth")
    with pytest.raises(RunError, match=says):
        import_file(tmp_path / "file.pth", tmp_path / "run", GIVEN)


def test_a_loss_beyond_all_numbers_is_no_loss(tmp_path, real):
    from grokviz.importers.convert import import_file

    content = {
        "model": lens_state(weights_of(real)),
        "train_losses": [10**400, 1.0],
        "test_losses": [2.0, -(10**400)],
    }
    torch.save(content, tmp_path / "file.pth")
    import_file(tmp_path / "file.pth", tmp_path / "run", GIVEN)
    log = folder.open_run(tmp_path / "run").log
    assert log["step"].tolist()[:2] == [0, 1]
    assert log["train_loss"].tolist()[1] == 1.0
