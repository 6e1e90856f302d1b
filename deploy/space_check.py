"""`make space-check`: the Space without Docker. A fresh user, a fresh virtual environment from requirements.txt, a
read-only copy of exactly the files that `python -m grokviz space` pushes, and of all folders only HOME writable; then the
Dockerfile's own command in the Dockerfile's own environment, asked for its health and for a page.

    python deploy/space_check.py [--venv FOLDER]     FOLDER: a ready environment, for a quick look

As root it makes a user of its own and takes it away again. Otherwise it runs as whoever calls, and says so.
"""

import argparse
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from devtools import ROOT
from devtools.browser import lacking, launch
from devtools.server import free_port, get, start, stop, url

USER = "grokviz-space"
SECONDS = 90
TORCH_CPU = "https://download.pytorch.org/whl/cpu"


def dockerfile() -> tuple[dict[str, str], list[str]]:
    """The environment and the command of the Dockerfile."""
    text = (ROOT / "deploy" / "space" / "Dockerfile").read_text()
    env = dict(re.findall(r"^ENV (\w+)=(\S+)$", text, re.M))
    return env, json.loads(re.findall(r"^CMD (\[.*\])$", text, re.M)[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, help="a ready virtual environment instead of a fresh one")
    ready = parser.parse_args().venv
    is_root = os.geteuid() == 0
    base = Path(tempfile.mkdtemp(prefix="space-check-"))
    base.chmod(0o755)
    home, source = base / "home", base / "app"
    home.mkdir()
    try:
        as_user = fresh_user(home) if is_root else []
        say(f"as {USER if is_root else 'you (no root, so no fresh user)'}")
        copy_source(source)
        say(f"{sum(f.is_file() for f in source.rglob('*'))} files, read-only")
        env, command = dockerfile()
        env = {name: value.replace("/home/user", str(home)) for name, value in env.items()}
        python = ready.absolute() / "bin" / "python" if ready else install(home, source, env, as_user)
        env["PATH"] = f"{python.parent}:/usr/local/bin:/usr/bin:/bin"
        refuse_writing(python, source, env, as_user)
        draw_train(python, source, env, as_user)
        serve(python, source, env, command, as_user)
        say("all well")
    finally:
        if is_root:
            subprocess.run(["userdel", "--force", USER], capture_output=True)
        for path in [source, *source.rglob("*")] if source.exists() else []:
            path.chmod(0o755)
        shutil.rmtree(base, ignore_errors=True)


def say(text: str) -> None:
    print(f"space-check: {text}", flush=True)


def fresh_user(home: Path) -> list[str]:
    """A new user without rights, and what to put before a command to run it as that one."""
    subprocess.run(["userdel", "--force", USER], capture_output=True)
    subprocess.run(
        ["useradd", "--home-dir", str(home), "--no-create-home", "--shell", "/bin/sh", USER], check=True
    )
    entry = pwd.getpwnam(USER)
    os.chown(home, entry.pw_uid, entry.pw_gid)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


def copy_source(to: Path) -> None:
    from grokviz.hub.space import space_files

    for name, file in space_files().items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to / name)
    for path in [*to.rglob("*"), to]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def install(home: Path, source: Path, env: dict[str, str], as_user: list[str]) -> Path:
    """The Dockerfile's pip line, in a virtual environment in HOME."""
    begin = time.monotonic()
    network = {
        k: v for k, v in os.environ.items() if k.upper().startswith("PIP_") or k.upper().endswith("_PROXY")
    }
    run = {"env": {**env, **network}, "cwd": home, "check": True}
    subprocess.run([*as_user, system_python(), "-m", "venv", str(home / "venv")], **run)
    pip = [str(home / "venv/bin/pip"), "install", "--quiet", "--no-cache-dir"]
    index = ["--extra-index-url", TORCH_CPU]
    if get(f"{TORCH_CPU}/torch/") is None:
        say("torch's own index for CPUs cannot be reached from here: torch comes from the default index")
        index = []
    subprocess.run([*as_user, *pip, *index, "-r", str(source / "requirements.txt")], **run)
    say(f"installed in {time.monotonic() - begin:.0f} s")
    return home / "venv" / "bin" / "python"


def system_python() -> str:
    """A Python that another user may run: that of this environment often lies in somebody's home."""
    real = Path(sys.executable).resolve()
    readable = all(os.stat(folder).st_mode & 0o001 for folder in real.parents)
    return str(real) if readable else shutil.which("python3", path="/usr/local/bin:/usr/bin") or str(real)


def refuse_writing(python: Path, source: Path, env: dict[str, str], as_user: list[str]) -> None:
    """Shows that HOME can be written and the source cannot, where a user of its own makes that so."""
    code = (
        "import pathlib, sys\n"
        "pathlib.Path.home().joinpath('probe').write_text('x')\n"
        "try: pathlib.Path('probe').write_text('x')\n"
        "except OSError: sys.exit(0)\n"
        "sys.exit('the source can be written')"
    )
    if as_user:
        subprocess.run([*as_user, str(python), "-c", code], env=env, cwd=source, check=True)
        say("HOME is writable, the source is not")


TRAIN_PAGE = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60)
app.session_state["_visitor_secret"] = "0" * 32  # what a browser would answer
app.switch_page("pages/train.py").run()
assert not app.exception, app.exception[0].message
assert "Start" in [button.label for button in app.button], "the form is not there"
"""


def draw_train(python: Path, source: Path, env: dict[str, str], as_user: list[str]) -> None:
    """The page Train runs for a visitor of a hosted server, without an exception."""
    assert env.get("GROKVIZ_HOSTED") == "1", "the Dockerfile does not turn hosted mode on"
    subprocess.run([*as_user, str(python), "-c", TRAIN_PAGE], env=env, cwd=source, check=True)
    say("the page Train draws for a visitor")


def serve(python: Path, source: Path, env: dict[str, str], command: list[str], as_user: list[str]) -> None:
    port = free_port()
    before = contents(source)
    begin = time.monotonic()
    try:
        process = start(
            [*as_user, str(python), *command[1:-1], str(port)],
            port,
            environment=env,
            cwd=source,
            seconds=SECONDS,
        )
    except RuntimeError as error:
        sys.exit(f"space-check: {error}")
    try:
        say(f"healthy after {time.monotonic() - begin:.1f} s")
        for path in ("", "/train"):
            assert "<title>" in (get(url(port) + path) or ""), f"the page {path} is not served"
        look(url(port))
    finally:
        stop(process)
    assert contents(source) == before, "the source has changed"
    say("nothing was written into the source")


def contents(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def look(address: str) -> None:
    """The timeline draws its film, and the library offers no publishing, in a real browser where there is one."""
    if missing := lacking():
        say(f"no {missing} here, so no look at the pages")
        return
    with launch() as browser:
        page = browser.new_page()
        page.goto(f"{address}/timeline")
        page.wait_for_selector(".gv-strip-figure canvas", timeout=60_000)
        say("the timeline draws")
        page.goto(f"{address}/library")
        page.get_by_text("From the Hub").first.wait_for(timeout=60_000)
        assert page.get_by_role("button", name="Publish").count() == 0, "a visitor could publish"
        say("the library opens, and offers no publishing")
        page.goto(f"{address}/train")
        page.get_by_text("What shall it learn?").wait_for(timeout=60_000)
        assert page.locator('[data-testid="stException"]').count() == 0, "the page Train fails"
        say("the page Train opens")


if __name__ == "__main__":
    main()
