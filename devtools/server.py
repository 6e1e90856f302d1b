"""A Streamlit server in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devtools import ROOT


def free_port() -> int:
    """A port of this machine on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def get(address: str) -> str | None:
    """The text at an address; None where nothing answers."""
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:
            return answer.read().decode()
    except OSError:
        return None


def streamlit(script: str, port: int) -> list[str]:
    """The command that serves one script, named from the root of the repository."""
    flags = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    return [sys.executable, "-m", "streamlit", "run", str(ROOT / script), *flags]


def start(
    command: Sequence[str],
    port: int,
    *,
    environment: Mapping[str, str] = os.environ,
    cwd: Path = ROOT,
    seconds: float = 60,
) -> subprocess.Popen:
    """The process of a server that is well: it has answered when asked for its health, and has met nobody yet.

    It leads a group of its own: see `stop`. Raises `RuntimeError` with the end of what it said when it ends, or is
    not well after `seconds`.
    """
    with tempfile.TemporaryFile() as log:
        output = {"stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, cwd=cwd, env=environment, start_new_session=True, **output)
        end = time.monotonic() + seconds
        while get(f"{url(port)}/_stcore/health") != "ok":
            if process.poll() is not None or time.monotonic() > end:
                stop(process, signal.SIGKILL)
                log.seek(0)
                said = log.read().decode(errors="replace")[-3000:]
                raise RuntimeError(f"No server on port {port} after {seconds:.0f} s. It said:\n{said}")
            time.sleep(0.1)
    return process


def stop(process: subprocess.Popen, by: signal.Signals = signal.SIGTERM) -> None:
    """End a server and all of its group, and wait for it."""
    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, by)
    process.wait()


@contextmanager
def commanded(port: int, **variables: str) -> Iterator[subprocess.Popen]:
    """The process of `python -m grokviz app`, for as long as it is needed; `variables` of its environment."""
    quiet = {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1", "STREAMLIT_SERVER_HEADLESS": "true"}
    command = [sys.executable, "-m", "grokviz", "app", "--port", str(port)]
    process = start(command, port, environment={**os.environ, **quiet, **variables})
    try:
        yield process
    finally:
        stop(process)


@contextmanager
def serving(script: str = "app.py", **variables: str) -> Iterator[str]:
    """The address of a script of this repository, for as long as it is needed; `variables` of its environment."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    process = start(streamlit(script, port), port, environment=environment)
    try:
        yield url(port)
    finally:
        stop(process)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """The address of a plain server of the files in a folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield url(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
