"""A reference becomes a run in the folder of downloaded runs: cache first, then asked for, fetched, checked, listed."""

# What reads runs is imported when a file is here: whoever waits for the Hub should not wait for that first.
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from grokviz.errors import GrokVizError, HubError, RunError, Unanswered
from grokviz.hosting import check_size, is_hosted, limits
from grokviz.hub import client
from grokviz.hub.client import Repo
from grokviz.hub.refs import COMMIT, Ref, run_id
from grokviz.runs.catalog import check_id
from grokviz.runs.record import RUN
from grokviz.runs.storage import read_json, replace_file, saying

if TYPE_CHECKING:
    from grokviz.runs.folder import SequenceRun

RUN_FILE = re.compile(rf"{re.escape(RUN)}|log\.jsonl|snapshots-[0-4]\.safetensors")
WEIGHTS = (".pth", ".pt", ".safetensors", ".bin")
MAX_RUN_FILE = 64 * 2**20  # bytes: a log may be that long, a packed file less
MAX_BYTES = 4_000_000_000
MAX_BYTES_HOSTED = 1_000_000_000
MAX_ACTIVATIONS_HOSTED = 60_000_000  # p p d_mlp: what a page holds in memory to show one snapshot
KEEP_FILES, KEEP_FILES_HOSTED = 4_000_000_000, 1_000_000_000  # bytes of files that runs were made of
ARRIVING_SECONDS = 600
KEEP_HOSTED = 2_000_000_000  # bytes of downloaded runs; the oldest go first

WISHES = ("title", "snapshots")  # how a person wants a run that is made of a file

Progress = Callable[[str, int, int], None]


def open_ref(
    ref: Ref,
    root: Path,
    given: Mapping | None = None,
    on_progress: Progress = lambda what, done, total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    endpoint: str | None = None,
) -> str:
    """The name of the run in `root` for a reference; downloads, imports and measures it where it is not there yet.

    `given` is what a person says of a file to import, and how they want it: operation, frac_train, split, seed, title,
    snapshots. It belongs to the name of the copy: what is said anew makes another. Without it any copy will do.
    A pinned reference that is there asks nobody. When the Hub cannot be asked for the newest, the copy that was
    the newest is taken. Raises `HubError`, `RunError`, or `client.CancelledError`.
    """
    given = {name: value for name, value in (given or {}).items() if value not in (None, "")}
    if ref.is_pinned and (kept := find(root, ref, given)):
        return kept
    on_progress("Asking the Hub", 0, 1)
    try:
        repo = client.look_up(ref, _token(), endpoint)
    except HubError:
        if kept := find(root, ref, given):
            return kept
        raise
    folder, names = choose(ref, repo)
    exact = ref._replace(revision=repo.commit, file=folder or (names[0] if len(names) == 1 else None))
    if given and Path(names[0]).name == RUN:
        raise HubError(
            f"{exact} is a run of GrokViz and says itself how it was trained. Leave out {', '.join(sorted(given))}."
        )
    if kept := find(root, exact, given):
        _write_origin(root, kept, ref, exact, repo, given or given_of(root, kept))  # asked for in other words
        return kept

    def step(what: str, done: int, total: int) -> None:
        if is_cancelled():
            raise client.CancelledError
        on_progress(what, done, total)

    name = _bring(root, names, exact, repo, given, step, endpoint)
    _write_origin(root, name, ref, exact, repo, given)
    if is_hosted():
        _make_room(root, name)
    return name


def _bring(
    root: Path,
    names: list[str],
    exact: Ref,
    repo: Repo,
    given: Mapping,
    on_progress: Progress,
    endpoint: str | None,
) -> str:
    """Download, make and measure a run that is not here yet; its name."""
    name = run_id(exact, repo.commit, given)
    part = root / ".part" / run_id(exact, repo.commit)  # the same file, whatever is said of it
    _download(part, names, exact, repo, on_progress, endpoint)
    try:
        made = _make(part, names, exact, repo, given, on_progress)
    except (client.CancelledError, Unanswered):  # what has arrived waits for another time, or for the answer
        raise
    except GrokVizError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    with saying(name):
        os.rename(made, root / name)
    _keep_latest(part.parent, part)
    return name


def _keep_latest(parts: Path, newest: Path) -> None:
    """Of what was downloaded keep the files that another answer may be given to: the newest, and of the others as many
    as there is room for. What arrives at this moment is left alone."""
    room, now = KEEP_FILES_HOSTED if is_hosted() else KEEP_FILES, time.time()
    for path in sorted(parts.iterdir(), key=_written, reverse=True):
        room -= sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else 0
        if path != newest and room < 0 and now - _written(path) > ARRIVING_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _written(path: Path) -> float:
    try:
        return max([path.stat().st_mtime, *(file.stat().st_mtime for file in path.iterdir())])
    except OSError:
        return 0.0


def _download(
    part: Path, names: list[str], exact: Ref, repo: Repo, on_progress: Progress, endpoint: str | None
) -> None:
    """All files of a run, or the one to import, in `part`. Raises `HubError` when they are too large."""
    size = sum(repo.files[name].size for name in names)
    limit = MAX_BYTES_HOSTED if is_hosted() else MAX_BYTES
    if size > limit:
        raise HubError(
            f"{exact.repo} holds {size / 1e9:.1f} GB,",
            f"expected at most {limit / 1e9:g} GB.",
            "Import it by hand.",
        )
    with saying(part.parents[1].name):
        part.mkdir(parents=True, exist_ok=True)
    client.refuse_full_disk(part, size)
    before = 0
    for name in names:
        address = client.Address(exact, repo.commit, name, _token(), endpoint)
        client.download(
            address,
            repo.files[name],
            part / _local_name(name),
            lambda have, before=before: on_progress("Downloading", before + have, size),
        )
        before += repo.files[name].size


def _token() -> bool | None:
    """Whose login is used: on a shared machine nobody's."""
    return False if is_hosted() else None


def _make(
    part: Path, names: list[str], exact: Ref, repo: Repo, given: Mapping, on_progress: Progress
) -> Path:
    """The run folder of what was downloaded, opened and measured once: that checks every byte of it."""
    from grokviz import study
    from grokviz.importers.apart import import_apart
    from grokviz.runs.folder import Run, SequenceRun, open_any, open_run

    origin = {"repo": exact.repo, "commit": repo.commit, "file": exact.file, "licence": repo.licence}
    made = part.with_name(part.name + ".run")
    shutil.rmtree(made, ignore_errors=True)
    if Path(names[0]).name != RUN:
        known = {name: value for name, value in given.items() if name not in WISHES}
        wishes: dict = {"title": f"{exact.repo.split('/')[1]}: {Path(names[0]).name}"}
        wishes |= {name: given[name] for name in WISHES if name in given}
        import_apart(part / _local_name(names[0]), made, known, origin, **wishes, on_progress=on_progress)
        run = open_run(made)
    elif isinstance(run := open_any(part), SequenceRun):
        return _checked(run)
    else:
        made = part
    assert isinstance(run, Run)
    c = run.config
    if is_hosted() and c.p * c.p * c.d_mlp > MAX_ACTIVATIONS_HOSTED:
        raise HubError(
            f"This network of {c.d_mlp} neurons mod {c.p} is too large for this server. Open it on a machine of yours."
        )
    study.load(run, keep=True, on_progress=lambda n, total: on_progress("Measuring", n, total))
    return made


def _checked(run: "SequenceRun") -> Path:
    """Its folder, once every byte of its weights was read."""
    from grokviz.runs.folder import iter_weights

    if most := limits():
        check_size(run.config, len(run.steps), most)
    for _ in iter_weights(run):
        pass
    return run.path


def choose(ref: Ref, repo: Repo) -> tuple[str | None, list[str]]:
    """The folder of the run in the repository and its files, or the one file to import.

    Raises `HubError` when there is nothing to open, or more than one thing and no file is named.
    """
    folders = {name.rpartition("/")[0] for name in repo.files if name.rpartition("/")[2] == RUN}
    wanted = ref.file
    if wanted and wanted.rpartition("/")[2] == RUN:
        wanted = wanted.rpartition("/")[0] or None
    if wanted in folders or (wanted is None and ("" in folders or len(folders) == 1)):
        folder = wanted or ("" if "" in folders else next(iter(folders)))
        inside = {n.rpartition("/")[2]: n for n in repo.files if n.rpartition("/")[0] == folder}
        names = sorted(
            (n for short, n in inside.items() if RUN_FILE.fullmatch(short)), key=lambda n: not n.endswith(RUN)
        )
        for n in names:
            if repo.files[n].size > MAX_RUN_FILE:
                raise HubError(f"{n} of {ref.repo} is larger than any file of a run. It was not fetched.")
        return folder or None, names
    if wanted:
        if wanted not in repo.files:
            raise HubError(f"{ref.repo} holds no file {wanted!r} at this revision. It holds {_listed(repo)}.")
        if not wanted.endswith(WEIGHTS):
            raise HubError(f"{wanted!r} is neither a run nor weights ({', '.join(WEIGHTS)}).")
        return None, [wanted]
    loose = [n for n in sorted(repo.files) if n.endswith(WEIGHTS) and n.rpartition("/")[0] not in folders]
    found = loose + sorted(folders)
    if len(found) == 1:
        return None, found
    if found:
        raise HubError(f"{ref.repo} holds {len(found)} runs or files of weights. Name one: {ref}/{found[0]}, or one of "
                       f"{', '.join(found[1:7])}.")  # fmt: skip
    raise HubError(f"{ref.repo} holds neither a run nor weights that could be one. It holds {_listed(repo)}.")


def _listed(repo: Repo) -> str:
    names = sorted(repo.files)
    return ", ".join(name[:40] for name in names[:5]) + (" and others" if len(names) > 5 else "") or "nothing"


def _local_name(name: str) -> str:
    """The last part of a name on the Hub as a name on this disk."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name.rpartition("/")[2])[-80:].lstrip(".") or "file"


def _write_origin(root: Path, name: str, ref: Ref, exact: Ref, repo: Repo, given: Mapping) -> None:
    """Beside the run: where it is from, in which words it was asked for, and what was said of it."""
    asked = origin(root, name).get("asked", [])
    values = {
        "repo": exact.repo, "commit": repo.commit, "file": exact.file, "dataset": exact.is_dataset,
        "author": repo.author, "licence": repo.licence, "asked": sorted({*asked, str(ref), str(exact)}),
        "given": dict(given),
    }  # fmt: skip
    replace_file(root / f"{name}.json", json.dumps(values, indent=1).encode())


def origin(root: Path, name: str) -> dict:
    """Where a downloaded run is from: repo, commit, file, author, licence; empty when nothing is known."""
    try:
        values = read_json(root, f"{name}.json")
    except RunError:
        return {}
    good = isinstance(values.get("repo"), str) and COMMIT.fullmatch(str(values.get("commit")))
    return values if good and isinstance(values.get("asked"), list) else {}


def given_of(root: Path, name: str) -> dict:
    """What was said of a downloaded file when its run was made."""
    given = origin(root, name).get("given")
    return given if isinstance(given, dict) else {}


def find(root: Path, ref: Ref, given: Mapping | None = None) -> str | None:
    """The downloaded run that was asked for in these words, the latest first; None when there is none.

    With `given`, the one of which just that was said.
    """
    try:
        notes = sorted(root.glob("*.json"), key=lambda path: -path.stat().st_mtime)
    except OSError:
        return None
    return next(
        (
            n.stem
            for n in notes
            if str(ref) in origin(root, n.stem).get("asked", [])
            and (root / n.stem).is_dir()
            and (not given or given_of(root, n.stem) == dict(given))
        ),
        None,
    )


def remove(root: Path, name: str) -> None:
    """Take a downloaded run away. It can be fetched again. Raises `RunError` when the disk refuses."""
    check_id(name)
    with saying(name):
        (root / f"{name}.json").unlink(missing_ok=True)
        if (root / name).is_dir():
            shutil.rmtree(root / name)


def _make_room(root: Path, newest: str) -> None:
    """Remove the downloaded runs that were opened longest ago until what is left fits the server."""
    sizes = {path: sum(f.stat().st_size for f in path.iterdir()) for path in root.iterdir() if _is_run(path)}
    for path in sorted(sizes, key=lambda path: path.stat().st_mtime):
        if sum(sizes.values()) <= KEEP_HOSTED:
            return
        if path.name != newest:
            remove(root, path.name)
            del sizes[path]


def _is_run(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")
