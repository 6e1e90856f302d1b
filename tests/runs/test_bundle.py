"""A run as a zip: it comes back as it was, and of what is no sound run nothing stays behind."""

import dataclasses
import io
import json
import os
import stat
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from devtools import ROOT
from grokviz.config import RunConfig
from grokviz.errors import ConfigError, RunError
from grokviz.runs import bundle, folder, leaflets, write
from grokviz.runs.bundle import export_zip, import_zip
from grokviz.runs.folder import open_run

FILES = ["run.json", "log.jsonl", *(f"snapshots-{n}.safetensors" for n in range(3))]


@pytest.fixture
def root(tmp_path) -> Path:
    """The folder of runs. Nothing beside it may ever change."""
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def exported(path: Path, extra=None) -> bytes:
    file = io.BytesIO()
    export_zip(open_run(path), file, extra or {})
    return file.getvalue()


def members(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in FILES}


def zipped(content, compression=zipfile.ZIP_DEFLATED, folder="") -> bytes:
    """A zip of (name or ZipInfo, bytes) pairs or a dict, made by the library, whatever they are."""
    file = io.BytesIO()
    pairs = content.items() if isinstance(content, dict) else content
    with zipfile.ZipFile(file, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, data in pairs:
            archive.writestr(folder + name if isinstance(name, str) else name, data)
    return file.getvalue()


def taken_in(data: bytes, root: Path, **options):
    return import_zip(io.BytesIO(data), root, "guest", **options)


def assert_same(run, other):
    assert folder.fingerprint(run) == folder.fingerprint(other)
    assert (run.config, run.title, run.sentence, run.provenance) == (
        other.config,
        other.title,
        other.sentence,
        other.provenance,
    )
    np.testing.assert_array_equal(run.log, other.log)
    np.testing.assert_array_equal(run.steps, other.steps)
    for ours, theirs in zip(folder.iter_weights(run), folder.iter_weights(other), strict=True):
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name])


# Out and in again


@pytest.mark.parametrize("kind", ["packed", "live"])
def test_a_run_comes_back_as_it_was(request, root, kind):
    path = request.getfixturevalue(kind)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    data = exported(path, {"losses.csv": "step\n0\n", "measures.csv": "step\n"})
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    run = taken_in(data, root)
    assert_same(run, open_run(path))
    assert run.path == root / "guest"
    assert run.finished
    assert run.shards
    assert os.listdir(root) == ["guest"]
    assert sorted(os.listdir(run.path)) == sorted(FILES[: 2 + len(run.shards)])
    assert exported(run.path) == exported(run.path)


def test_what_is_in_the_zip(packed):
    names = ["losses.csv", *FILES, "reproduce.py", "README.txt"]
    data = exported(packed, {"losses.csv": "step,train_loss\n0,1\n"})
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == sorted(names)
    assert {name: archive.read(name) for name in FILES} == members(packed)
    for info in archive.infolist():
        weights = info.filename.endswith(".safetensors")
        assert info.compress_type == (zipfile.ZIP_STORED if weights else zipfile.ZIP_DEFLATED)
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
    readme = archive.read("README.txt").decode()
    assert all(name in readme for name in names if name != "README.txt")
    assert "5 snapshots from step 0 to 100" in readme


def test_the_same_run_gives_the_same_bytes(packed, root):
    data = exported(packed, {"losses.csv": "x"})
    for file in packed.iterdir():
        os.utime(file, (0, 10**9))
    assert exported(packed, {"losses.csv": "x"}) == data
    assert exported(taken_in(data, root).path, {"losses.csv": "x"}) == data
    destination = root.parent / "run.zip"
    export_zip(open_run(packed), destination, {"losses.csv": "x"})
    assert destination.read_bytes() == data


def test_a_live_run_is_exported_as_it_was_when_it_was_opened(live, row_at, weights_at, root):
    run = open_run(live)
    write.append_log(live, [row_at(101)])
    write.write_snapshot(live, 101, weights_at(101))
    file = io.BytesIO()
    export_zip(run, file)
    found = import_zip(file, root, "guest")
    assert_same(found, run)
    assert found.steps.tolist()[-1] == found.log["step"].tolist()[-1] == 100


def test_a_run_that_was_packed_or_rewound_since_it_was_opened(live, row_at, root):
    run = open_run(live)
    write.rewind(live, 40)
    write.append_log(live, [row_at(55)])
    with pytest.raises(RunError, match="went back to an earlier step.*Try again"):
        export_zip(run, io.BytesIO())
    run = open_run(live)
    write.pack(live)
    file = io.BytesIO()
    export_zip(run, file)
    assert_same(import_zip(file, root, "guest"), run)


def test_memory_is_bounded(packed, root):
    run = open_run(packed)
    big = 30 * 2**20  # a packed file of 30 MiB, as far as exporting looks
    with open(packed / "snapshots-0.safetensors", "ab") as file:
        file.truncate(big)
    destination = root.parent / "big.zip"
    tracemalloc.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "open_any", lambda path: run)
        export_zip(run, destination)
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    assert destination.stat().st_size > big
    with open(destination, "rb") as file, pytest.raises(RunError, match="snapshots-0"):  # once it is copied
        import_zip(file, root, "guest")
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def test_a_run_that_cannot_be_exported_leaves_no_file(packed, tmp_path, config):
    write.create_run(tmp_path / "empty", config, {})
    destination = tmp_path / "out" / "run.zip"
    destination.parent.mkdir()
    with pytest.raises(RunError, match="no snapshot yet"):
        export_zip(open_run(tmp_path / "empty"), destination)
    run = open_run(packed)
    (packed / "snapshots-1.safetensors").unlink()
    with pytest.raises(RunError, match=r"snapshots-1\.safetensors is missing"):
        export_zip(run, destination)
    assert os.listdir(destination.parent) == []
    with pytest.raises(RunError, match="cannot be written"):
        export_zip(run, tmp_path / "nowhere" / "run.zip")


@pytest.mark.parametrize(
    "name", ["../x.csv", "/x.csv", "README.txt", "run.json", "x.sh", "a b.csv", "x" * 99]
)
def test_extra_texts_have_plain_names(packed, name):
    with pytest.raises(RunError, match="no name for a text in the zip. Choose one such as"):
        exported(packed, {name: ""})


# The script in it


@pytest.mark.slow
def test_the_script_trains_the_same_run_again(trained, tmp_path):
    archive = zipfile.ZipFile(io.BytesIO(exported(trained / "tiny-recites")))
    script = tmp_path / "reproduce.py"
    script.write_bytes(archive.read("reproduce.py"))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", script, tmp_path / "again"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("step     150   loss ")
    again, run = open_run(tmp_path / "again"), open_run(trained / "tiny-recites")
    assert again.config == run.config
    assert (again.title, again.sentence) == (run.title, run.sentence)
    np.testing.assert_array_equal(again.log, run.log)
    assert again.checksums == run.checksums


def test_texts_of_a_run_cannot_break_out_of_the_script(packed, forge, monkeypatch):
    evil = '"""\'\'\'\n{0}\\" + __import__("os").getcwd() + "\r\u2028\x1b[31m Größe'
    forge(packed, lambda r: r.update(title=evil, sentence=evil, provenance={"device": evil}))
    text = zipfile.ZipFile(io.BytesIO(exported(packed))).read("reproduce.py").decode()
    started = {}

    class Worker:
        @staticmethod
        def start(path, config, **texts):
            started.update(path=path, config=config, **texts)

        @staticmethod
        def run(path, device):
            return []

    monkeypatch.setattr(sys, "argv", ["reproduce.py", "out"])
    import grokviz

    monkeypatch.setattr(grokviz, "worker", Worker, raising=False)
    monkeypatch.setitem(sys.modules, "grokviz.worker", Worker)
    exec(compile(text, "reproduce.py", "exec"), {})
    config = open_run(packed).config
    assert started == {
        "path": Path("out"),
        "config": config,
        "device": "auto",
        "title": evil,
        "sentence": evil,
    }
    readme = zipfile.ZipFile(io.BytesIO(exported(packed))).read("README.txt").decode()
    assert "\x1b" not in readme
    assert readme.splitlines()[0].endswith("Größe")


def test_a_script_of_the_default_recipe_names_no_setting(packed):
    text = leaflets.reproduce(dataclasses.replace(open_run(packed), config=RunConfig()))
    assert "config = RunConfig()\n" in text


# In


@pytest.mark.parametrize("prefix", ["", "mod113-paper/", "Größe 1/"])
def test_files_may_lie_in_one_folder_beside_harmless_ones(packed, root, prefix):
    more = {"losses.csv": b"x", "Notes.TXT": b"x", "README.md": b"x", ".DS_Store": b"x", "evil.py": b"x"}
    more |= {"timeline.safetensors": b"a forged cache"}
    pairs = [(prefix + name, data) for name, data in (members(packed) | more).items()]
    pairs += [(prefix, b"")] if prefix else []
    pairs += [("__MACOSX/" + prefix + "._run.json", b"x"), ("__MACOSX/", b"")]
    run = taken_in(zipped(pairs), root)
    assert_same(run, open_run(packed))
    assert sorted(os.listdir(run.path)) == sorted(FILES)


def info(name, mode=stat.S_IFREG | 0o644, **fields) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo("x")
    made.filename, made.external_attr, made.create_system = name, mode << 16, 3
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def patched(data: bytes, name: str, offset: int, value: bytes, both: int | None = None) -> bytes:
    """Bytes of the entry of a member in the list at the end changed and, at `both`, in its own header."""
    out = bytearray(data)
    entry = data.rindex(b"PK\1\2", 0, data.rindex(name.encode()))
    out[entry + offset : entry + offset + len(value)] = value
    if both is not None:
        header = struct.unpack_from("<L", data, entry + 42)[0]
        out[header + both : header + both + len(value)] = value
    return bytes(out)


def add(name, data=b"x", **fields):
    """A hostile member beside a sound run."""
    return lambda files: zipped([*files.items(), (info(name, **fields), data)])


def replaced(name, data):
    return lambda files: zipped(files | {name: data})


def encrypted(files):
    return patched(zipped(files), "run.json", 8, b"\1\0", both=6)


def declared(size):
    return lambda files: patched(zipped(files), "run.json", 24, struct.pack("<L", size))


def without(*names):
    return lambda files: zipped({name: data for name, data in files.items() if name not in names})


def forged_header(files):
    data = files["snapshots-0.safetensors"]
    return zipped(files | {"snapshots-0.safetensors": (10 * 2**30).to_bytes(8, "little") + data[8:]})


def long_directory(files):
    data = zipped(files)
    end = len(data) - 22
    return data[: end + 12] + struct.pack("<L", 2**31) + data[end + 16 :]


def zip64(files):
    data = zipped(files)
    return data[:-22] + b"PK\6\7" + b"\0" * 16 + data[-22:]


def comment(files):
    """Whoever looks for the end from behind finds another one, in the comment."""
    data = zipped(files)
    end = data[-22:-2]
    return data[:-2] + struct.pack("<H", 22) + end + b"\1\0"


def renamed_inside(files):
    """The list at the end calls it log.jsonl, the member itself run.json2."""
    data = zipped(files)
    start = data.index(b"log.jsonl")
    return data[:start] + b"etc/passw" + data[start + 9 :]


def flipped(files):
    """A byte of the data is not what its checksum says."""
    data = bytearray(zipped(files, zipfile.ZIP_STORED))
    data[data.index(b'"provenance"') + 3] ^= 1
    return bytes(data)


REFUSED = {
    "zip slip": (add("../../evil.txt"), "leads out of its folder"),
    "zip slip below": (add("a/../../run.json"), "leads out of its folder"),
    "absolute": (add("/etc/cron.d/evil.txt"), "leads out of its folder"),
    "drive": (add("C:evil.txt"), "leads out of its folder"),
    "backslashes": (add("..\\..\\evil.txt"), "leads out of its folder"),
    "dots": (add("./evil.txt"), "leads out of its folder"),
    "double slash": (add("a//evil.txt"), "leads out of its folder"),
    "control character": (add("a\x1b[31m.txt"), r"'a\\x1b\[31m.txt' in the zip holds a control character"),
    "newline": (add("run.json\n"), "control character"),
    "right to left": (add("a\u202etxt.exe"), "control character"),
    "10,000 characters": (add("x" * 10_000 + ".txt"), "has 10,004 characters, expected at most 200"),
    "symlink": (add("notes.txt", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "'notes.txt' .* is a link"),
    "device": (add("notes.txt", mode=stat.S_IFCHR | 0o666), "is a link or a device"),
    "pipe": (add("notes.txt", mode=stat.S_IFIFO | 0o666), "is a link or a device"),
    "twice": (add("run.json"), "holds 'run.json' twice"),
    "twice in other letters": (add("RUN.JSON"), "holds 'RUN.JSON' twice"),
    "name cut short by a zero": (add("a.txt\0.exe"), "control character"),
    "nested": (add("more.zip"), "another archive, 'more.zip'"),
    "nested tar": (add("more.tar.gz"), "another archive"),
    "program": (add("setup.exe"), "'setup.exe', which is no part of a packed run"),
    "resume": (add("resume.safetensors"), "no part of a packed run"),
    "unnamed shard": (add("snapshots-4.safetensors"), "holds snapshots-4.safetensors, of which"),
    "sixth shard": (add("snapshots-5.safetensors"), "no part of a packed run"),
    "two folders": (add("b/notes.txt"), "side by side"),
    "deep": (lambda files: zipped(files, folder="a/b/"), "side by side"),
    "many": (
        lambda files: zipped(files | {f"{n}.txt": b"" for n in range(60)}),
        "holds 65 members, expected at most 64",
    ),
    "encrypted": (encrypted, "'run.json' in the zip is encrypted"),
    "bzip2": (lambda files: zipped(files, zipfile.ZIP_BZIP2), "compressed by method 12"),
    "lzma": (lambda files: zipped(files, zipfile.ZIP_LZMA), "compressed by method 14"),
    "bomb": (replaced("log.jsonl", b"\0" * 30_000_000), r"unpacks to 30,000,000 bytes from 2\d,\d{3}"),
    "huge run.json": (replaced("run.json", os.urandom(2**20 + 1)), "holds 1,048,577 bytes, expected at most"),
    "declared large": (declared(2**32 - 2), "run.json in the zip holds 4,294,967,294 bytes"),
    "declared small": (declared(10), "The zip is damaged: Bad CRC-32"),
    "long directory": (long_directory, "takes 2,147,483,648 bytes, expected at most 65,536"),
    "zip64": (zip64, "does not end as a plain zip"),
    "truncated": (lambda files: zipped(files)[:-500], "does not end as a plain zip"),
    "beginning lost": (lambda files: zipped(files)[5000:], "The zip is damaged|does not end"),
    "comment": (comment, "does not end as a plain zip"),
    "zeros": (lambda files: bytes(100), "does not end as a plain zip"),
    "no zip": (lambda files: b"GIF89a" * 100, "does not end as a plain zip does: it is no zip"),
    "nothing": (lambda files: b"", "it is no zip"),
    "empty zip": (lambda files: zipped({}), "holds no run.json, so there is no run in it"),
    "holiday": (lambda files: zipped({"beach.jpg": b"x"}), "holds no run.json, so there is no run in it"),
    "renamed inside": (renamed_inside, "The zip is damaged: File name in directory"),
    "flipped": (flipped, "The zip is damaged: Bad CRC-32"),
    "no log": (without("log.jsonl"), "log.jsonl is missing"),
    "no shard": (without("snapshots-1.safetensors"), "snapshots-1.safetensors is missing"),
    "forged safetensors": (forged_header, "claims a header of 10,737,418,240"),
    "pickle": (replaced("snapshots-0.safetensors", b"\x80\x04cos\nsystem\n"), "snapshots-0"),
    "torn log": (
        lambda files: zipped(files | {"log.jsonl": files["log.jsonl"][:-9]}),
        "log.jsonl is damaged",
    ),
    "list": (replaced("run.json", b"[]"), "expected a JSON object"),
}


@pytest.mark.slow
@pytest.mark.parametrize("attack", REFUSED)
def test_a_hostile_zip_is_refused_and_leaves_nothing(packed, root, attack):
    make, says = REFUSED[attack]
    data = make(members(packed))
    before = sorted(root.parent.rglob("*"))
    tracemalloc.start()
    with pytest.raises(RunError, match=says) as error:
        taken_in(data, root)
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert str(error.value).endswith(".")
    assert len(str(error.value)) < 600
    assert str(error.value).isprintable()
    assert sorted(root.parent.rglob("*")) == before
    assert not Path("/etc/cron.d/evil.txt").exists()


def test_a_name_given_in_an_extra_field_does_not_count_for_another(packed, root):
    """Newer Pythons read a name from the Unicode path field of Info-ZIP, older ones do not: either is safe."""
    name, other = b"a.txt", b"../../evil.txt"
    field = struct.pack("<BL", 1, zlib.crc32(name)) + other
    evil = info("a.txt", extra=struct.pack("<HH", 0x7075, len(field)) + field)
    data = zipped([*members(packed).items(), (evil, b"x")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        is_read = archive.infolist()[-1].filename != "a.txt"
    if is_read:
        with pytest.raises(RunError, match="a second name"):
            taken_in(data, root)
    else:
        assert sorted(os.listdir(taken_in(data, root).path)) == sorted(FILES)
    assert sorted(os.listdir(root.parent)) == ["live", "runs"]

    two = zipfile.ZipInfo("a.txt")
    two.filename = "../../evil.txt"
    with pytest.raises(RunError, match=r"gives 'a.txt' a second name, '../../evil.txt'"):
        bundle._check_name(two)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda r: r.update(version=3), "newer GrokViz.*Update"),
        (lambda r: r.update(packed=None, finished=False), "is not packed"),
        (lambda r: r.update(finished=False), "is not packed"),
        (lambda r: r.update(title="x" * 10_000), "title of the run has 10,000 characters"),
        (lambda r: r.update(title="a\nb"), "title of the run has 3 characters or a control character"),
        (lambda r: r.update(sentence="\x1b[2J"), "sentence of the run"),
        (lambda r: r["config"].update(p=7), "config of the run expects"),
        (lambda r: r["config"].update(d_mlp=10**9), "d_mlp"),
        (lambda r: r["packed"]["checksums"].__setitem__(4, 1), "The snapshot of step 100 .* is damaged"),
    ],
)
def test_a_run_that_is_not_sound_is_refused(packed, root, forge, edit, says):
    forge(packed, edit)
    with pytest.raises(RunError, match=says):
        taken_in(zipped(members(packed)), root)
    assert os.listdir(root) == []


def test_weights_that_are_not_finite_are_refused(live, root, config, weights_at, monkeypatch):
    monkeypatch.setattr(write, "_stored", lambda name, array, precision: array.astype(np.float16))
    write.write_snapshot(live, 101, weights_at(101) | {"b_in": np.full(16, np.nan)})
    monkeypatch.setattr(folder.np, "isfinite", lambda array: np.ones(array.shape, bool))
    write.pack(live)
    monkeypatch.undo()
    files = {name: (live / name).read_bytes() for name in FILES[:3]}
    with pytest.raises(RunError, match="step 101 holds weights that are not finite"):
        taken_in(zipped(files), root)
    assert os.listdir(root) == []


def test_an_emoji_in_a_title_is_welcome(packed, root, forge):
    forge(packed, lambda r: r.update(title="Größe \N{WOMAN}\u200d\N{PERSONAL COMPUTER}"))
    assert taken_in(zipped(members(packed)), root).title.startswith("Größe")


def test_a_limit_holds_for_the_zip_and_for_what_is_in_it(packed, root):
    data = exported(packed)
    total = sum(len(content) for content in members(packed).values())
    with pytest.raises(RunError, match=rf"The file holds {len(data):,} bytes, expected at most"):
        taken_in(data, root, limit_bytes=len(data) - 1)
    small = zipped(members(packed))
    assert len(small) < total
    with pytest.raises(RunError, match=rf"takes {total:,} bytes, expected at most {total - 1:,}"):
        taken_in(small, root, limit_bytes=total - 1)
    assert os.listdir(root) == []
    taken_in(small, root, limit_bytes=total)


def test_real_bytes_are_counted_whatever_the_header_says(packed, root, monkeypatch):
    """As if `zipfile` believed a header that says 10 bytes but went on reading."""
    real = zipfile.ZipFile.open

    def lying(archive, member, mode: Literal["r", "w"] = "r", **rest):
        opened = real(archive, member, mode, **rest)
        if member.filename == "log.jsonl" and mode == "r":
            opened.read = lambda size=-1: b"\0" * size
        return opened

    monkeypatch.setattr(zipfile.ZipFile, "open", lying)
    with pytest.raises(RunError, match=r"log.jsonl in the zip unpacks to [\d,]+ bytes"):
        taken_in(zipped(members(packed)), root)
    assert os.listdir(root) == []


@pytest.mark.parametrize("name", ["", "../guest", "Guest", ".import-x", "a/b", "x" * 65, "a\0", "a\n"])
def test_a_run_gets_a_plain_name_only(packed, root, name):
    with pytest.raises(RunError, match="is no name of a run"):
        import_zip(io.BytesIO(exported(packed)), root, name)
    assert os.listdir(root) == []


def test_a_run_that_is_there_is_not_written_over(packed, root):
    taken_in(exported(packed), root)
    before = members(root / "guest")
    with pytest.raises(RunError, match="There is a run 'guest' already"):
        taken_in(exported(packed), root)
    (root / "dangling").symlink_to(root.parent / "elsewhere")
    with pytest.raises(RunError, match="There is a run 'dangling' already"):
        import_zip(io.BytesIO(exported(packed)), root, "dangling")
    assert members(root / "guest") == before
    assert sorted(os.listdir(root)) == ["dangling", "guest"]


def test_a_run_of_that_name_that_appears_meanwhile_is_not_written_over(packed, root, monkeypatch):
    def appear(*arguments):
        (root / "guest").mkdir()
        (root / "guest" / "thesis.tex").write_text("mine")

    monkeypatch.setattr(bundle, "_check_run", appear)
    with pytest.raises(RunError, match="guest cannot be written"):
        taken_in(exported(packed), root)
    assert os.listdir(root) == ["guest"]
    assert (root / "guest" / "thesis.tex").read_text() == "mine"


def test_a_host_may_refuse_a_config(packed, root):
    def check(config):
        assert config == open_run(packed).config
        raise ConfigError("d_mlp = 16 is over the limit of this host.")

    with pytest.raises(ConfigError, match="over the limit"):
        taken_in(exported(packed), root, check=check)
    assert os.listdir(root) == []


def test_a_full_disk_leaves_nothing(packed, root, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="run.json cannot be written: No space left on device"):
        taken_in(exported(packed), root)
    assert os.listdir(root) == []


@pytest.mark.slow
def test_any_flipped_byte_is_noticed_or_harmless(packed, root):
    data, run = exported(packed), open_run(packed)
    noticed = 0
    for number, position in enumerate(np.linspace(0, len(data) - 1, 200).astype(int)):
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(position % 8)
        try:
            found = import_zip(io.BytesIO(bytes(flipped)), root, f"r{number}")
        except RunError as error:
            assert str(error).isprintable()  # noqa: PT017
            noticed += 1
        else:
            assert_same(found, run)
    assert noticed > 100
    assert len(os.listdir(root)) == 200 - noticed
    assert not [name for name in os.listdir(root) if name.startswith(".")]
    assert json.dumps(sorted(os.listdir(root.parent))) == '["live", "runs"]'
