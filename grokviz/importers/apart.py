"""An import in a process of its own, with limits on what a stranger's file may cost: CPU seconds, memory and time.

`python -m grokviz.importers.apart` is that process. It reads one request in JSON, and answers with a line of JSON for
every step of progress and a last one with what was found, or why it ended.
"""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

from grokviz import errors, installation
from grokviz.errors import GrokVizError, RunError
from grokviz.hosting import is_hosted
from grokviz.importers.convert import READING, SNAPSHOTS, Progress, import_file, making_name, remove

try:
    import resource
except ImportError:  # Windows: time alone is limited there
    resource = None

LOOK_SECONDS = 0.25  # between two looks whether the person has thought better of it
GIB = 2**30


class Limits(NamedTuple):
    """What one import may take."""

    cpu: int  # seconds
    memory: int  # bytes of address space
    seconds: int  # from begin to end


# Until it is known what the file holds, and then for measuring it, which a large network needs longer for.
READ = Limits(60, 3 * GIB, 120)
MEASURE = Limits(3_600, 12 * GIB, 4 * 3_600)
MEASURE_HOSTED = Limits(300, 3 * GIB, 600)


def import_apart(
    path: Path,
    out: Path,
    given: Mapping | None = None,
    origin: Mapping | None = None,
    title: str = "",
    snapshots: int = SNAPSHOTS,
    on_progress: Progress = lambda what, done, total: None,
) -> dict:
    """`import_file` in a process of its own. Whatever `on_progress` raises ends it.

    Raises `RunError` also where the file takes more than the limits allow, or ends that process.
    """
    request = {"path": str(path.absolute()), "out": str(out.absolute()), "given": dict(given or {}),
               "origin": dict(origin or {}), "title": title, "snapshots": snapshots}  # fmt: skip
    command = [sys.executable, "-m", "grokviz.importers.apart"]
    child = subprocess.Popen(
        command, cwd=installation.HOME, text=True, encoding="ascii", stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with child:
            try:
                return _follow(child, path.name, json.dumps(request), on_progress)
            finally:
                child.kill()
    finally:
        remove(out.with_name(making_name(out.name, child.pid)))


def _follow(child: subprocess.Popen, name: str, request: str, on_progress: Progress) -> dict:
    assert child.stdin
    assert child.stdout
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
    try:
        child.stdin.write(request)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already, and why is asked below
    begun, progress = time.monotonic(), (READING, 0, 1)
    while True:
        limit = READ.seconds if progress[0] == READING else _measuring().seconds
        if time.monotonic() - begun > limit:
            raise RunError(
                f"Reading {name} took longer than {limit:,} seconds and was stopped. It is no run of this size."
            )
        try:
            line = lines.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            on_progress(*progress)
            continue
        if line is None:
            raise RunError(_ended(child.wait(), name))
        said = json.loads(line)
        if "progress" not in said:
            return _result(said, name)
        what, done, total = said["progress"]
        progress = (str(what), int(done), int(total))
        on_progress(*progress)


def _read(stream: TextIO, lines: "queue.Queue[str | None]") -> None:
    try:
        for line in stream:
            lines.put(line)
    except ValueError:  # it was closed meanwhile
        pass
    lines.put(None)


def _result(said: dict, name: str) -> dict:
    match said:
        case {"provenance": dict(provenance)}:
            return provenance
        case {"error": dict(error)}:
            raise errors.from_json(error)
        case {"memory": True}:
            raise RunError(
                f"Reading {name} took more memory than an import may, and was stopped. It is no run of this size."
            )
    raise RunError(
        f"{name} cannot be read ({said.get('failed')}). Its author may have it as a state dict in .safetensors."
    )


def _ended(code: int, name: str) -> str:
    if code == -getattr(signal, "SIGXCPU", 0):
        return f"Reading {name} took more than {READ.cpu} seconds of CPU and was stopped. It is no run of this size."
    return f"Reading {name} ended the process that read it (code {code}). It is damaged, or this machine is out of memory."


def _measuring() -> Limits:
    return MEASURE_HOSTED if is_hosted() else MEASURE


def hold_to(limits: Limits) -> None:
    """Set the limits of this process, never above those that it has."""
    if resource is None:
        return
    for which, amount in ((resource.RLIMIT_CPU, limits.cpu), (resource.RLIMIT_AS, limits.memory)):
        _, most = resource.getrlimit(which)
        resource.setrlimit(which, (amount if most == resource.RLIM_INFINITY else min(amount, most), most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(**said: object) -> None:
    print(json.dumps(said), flush=True)


def main() -> None:
    """The process."""
    request = json.load(sys.stdin)
    hold_to(READ)
    stages = {READING}

    def show(what: str, done: int, total: int) -> None:
        if what not in stages:
            stages.add(what)
            hold_to(_measuring())
        _say(progress=(what, done, total))

    try:
        path, out = Path(request.pop("path")), Path(request.pop("out"))
        _say(provenance=import_file(path, out, **request, on_progress=show))
    except GrokVizError as error:
        _say(error=errors.to_json(error))
    except MemoryError:
        _say(memory=True)
    except Exception as error:
        _say(failed=type(error).__name__)
        raise


if __name__ == "__main__":
    main()
