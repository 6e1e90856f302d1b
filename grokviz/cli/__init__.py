"""The same things without a browser: `python -m grokviz train | fork | sweep | compact | measure | deepen | figure | phases | list | app`."""

import argparse
import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from grokviz import config, installation, study
from grokviz.cli import compact, deepen, figure, flags, fork, sequences, share, site, sweep
from grokviz.cli.common import snapshot_index, train_to_the_end
from grokviz.config import RunConfig
from grokviz.errors import BadInputError, GrokVizError, Unanswered
from grokviz.measures.phases import Event
from grokviz.runs import library
from grokviz.runs.folder import open_any, open_run
from grokviz.runs.imported import UNKNOWN
from grokviz.runs.record import Config, config_to_json
from grokviz.tasks.pairs import operation_of, places_of

BAD_INPUT = 2
CLOSED_PIPE = 141  # as of a program that SIGPIPE ends


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Exit code 0, or 2 with one sentence on standard error when the input is bad.

    What a terminal cannot show is replaced; when whoever reads the output has gone, it ends without a word.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = _run(_parser().parse_args(arguments))
        print(end="", flush=True)  # while it can still be caught: Python's own flush at the end cannot
        return code
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return CLOSED_PIPE


def _run(options: argparse.Namespace) -> int:
    try:
        with installation.missing_packages_are_named():
            return options.command(options) or 0
    except GrokVizError as error:
        return _refuse(error)
    except KeyboardInterrupt:
        print("\nStopped. What was trained is kept; --resume goes on from there.", file=sys.stderr)
        return 130


def _refuse(error: GrokVizError) -> int:
    asked = f" {share.flags_for(error.questions)}" if isinstance(error, Unanswered) else ""
    print(_line(f"grokviz: {error}{asked}"), file=sys.stderr)
    return BAD_INPUT


def _line(text: str) -> str:
    """One line without what a terminal would obey: texts of a run come from anywhere."""
    return "".join(c if c.isprintable() else " " for c in text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grokviz", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=function)
        return sub

    _add_train_flags(command("train", train, "train a run and record it in a folder"))
    fork.add_command(command)

    sub = command("measure", measure, "every progress measure of one snapshot, computed in float64")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--step", default="last", help="the snapshot nearest to this step, or last")
    sub.add_argument("--key-freqs", help="frequencies to use as key, such as 6,23,37")
    sub.add_argument("--json", action="store_true", help="one JSON object")
    sub.add_argument("--deep", action="store_true", help="with --json: what `deepen` has measured, too")

    for part in (compact, deepen, sweep, figure):
        part.add_command(command)

    sub = command("phases", phases, "when the run memorised, formed its circuit and cleaned up")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--json", action="store_true", help="one JSON object")

    sub = command("list", list_runs, "the runs that are here")
    sub.add_argument("--json", action="store_true", help="one JSON array")

    sub = command("inspect", inspect, "what a run folder holds")
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument("--json", action="store_true", help="one JSON object")

    share.add_commands(command)
    site.add_commands(command)

    sub = command("app", app, "open the explorer in a browser")
    sub.add_argument("--port", type=int, default=8501, help="port to listen on")
    return parser


def _add_train_flags(sub: argparse.ArgumentParser) -> None:
    flags.add(sub)
    sequences.add_flags(sub)
    sub.add_argument("--device", default="auto", help="auto, cpu or cuda")
    sub.add_argument("--title", help="what to call the run")
    sub.add_argument("--sentence", help="what there is to see in it, in one sentence")
    sub.add_argument("--out", required=True, type=Path, help="the run folder")
    sub.add_argument("--resume", action="store_true", help="go on with the run in --out where it stopped")


def train(options: argparse.Namespace) -> None:
    from grokviz import worker  # the only command that needs torch

    settings = flags.settings(options)
    of_sequences = sequences.given(options)
    if options.resume:
        given = [flags.FLAGS[name] for name in flags.given(options)]
        given += [sequences.ALONE[name] for name in of_sequences]
        given += [
            f"--{name}" for name in ("preset", "title", "sentence") if getattr(options, name) is not None
        ]
        if given:
            raise BadInputError(f"--resume takes every setting from the run in --out; leave out {given[0]}.")
        run_config = open_any(options.out).config
    else:
        run_config = _config_of(options.preset, settings, of_sequences)
        worker.start(options.out, run_config, options.device, options.title or "", options.sentence or "")
    train_to_the_end(options.out, options.device, run_config.steps)


def _config_of(preset: str | None, settings: dict, of_sequences: dict) -> Config:
    sequences.refuse_without_task(of_sequences)
    if not of_sequences:
        return flags.config(preset, settings)
    if preset is not None:
        raise BadInputError("--preset is for runs on pairs.", mend="Leave it out: --task has a recipe of its own.")  # fmt: skip
    return sequences.config_of(settings, of_sequences)


def measure(options: argparse.Namespace) -> None:
    run = open_run(library.locate(options.run))
    index = snapshot_index(run, options.step)
    result = study.measure_exactly(run, index, _key_freqs(options.key_freqs, run.config))
    if options.deep:
        result["deep"] = deepen.told(run, int(run.steps[index]))
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:32} {_plain(value)}")
    if run.config.split == UNKNOWN:
        print("Which pairs it was trained on is not known: train and test are both all pairs.")


def _key_freqs(text: str | None, config: RunConfig) -> tuple[int, ...] | None:
    if text is None:
        return None
    places = places_of(config)
    if places is None:
        why = operation_of(config).why_no_group(config.p)
        raise BadInputError(f"--key-freqs {text[:60]!r} cannot be measured. {why} Leave it out.")
    parts, last = [part.strip() for part in text.split(",")], len(places.group.blocks) - 1
    if not all(part.isdecimal() and 1 <= int(part[:18]) <= last for part in parts):
        names = "; ".join(f"{k} is {block.name}" for k, block in enumerate(places.group.blocks) if k)
        those = "" if places.group.is_cyclic else f" In {places.group.name}, {names}."
        raise BadInputError(
            f"--key-freqs {text[:60]!r} should be frequencies from 1 to {last}, such as 6,23,37.{those}"
        )
    return tuple(sorted({int(part) for part in parts}))


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value)


def phases(options: argparse.Namespace) -> None:
    found = study.phases_of(open_run(library.locate(options.run)))
    if options.json:
        print(json.dumps(found.to_json()))
        return
    print(found.summary())
    for name, event in found._asdict().items():
        print(f"{name:10} " + (f"{event.step:>7,}  ({_since(event)})" if event else "      –"))


def _since(event: Event) -> str:
    if event.by_loss:
        return f"at the latest, as the loss tells; not yet at {event.after:,}"
    return f"not yet at {event.after:,}" if event.after < event.step else "the first look at it"


def list_runs(options: argparse.Namespace) -> None:
    cards = library.all_cards()
    if options.json:
        print(json.dumps([_card_json(card) for card in cards]))
        return
    for card in cards:
        print(_line(f"{card.id:20} {card.problem or card.sentence or card.task}"))
    if not cards:
        print("No run yet. Train one: python -m grokviz train --preset quick --out runs/first")


def _card_json(card) -> dict:
    values = {"path": str(card.path), "config": card.config and config.to_json(card.config)}
    return card._asdict() | values


def inspect(options: argparse.Namespace) -> None:
    run = open_any(library.locate(options.run))
    result = {
        "path": str(run.path),
        "title": run.title,
        "sentence": run.sentence,
        "finished": run.finished,
        "parameters": run.config.n_parameters,
        "snapshots": [int(step) for step in run.steps],
        "logged_rows": len(run.logged["step"]),
        "config": config_to_json(run.config),
        "provenance": run.provenance,
    }
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(_line(f"{name:12} {value if isinstance(value, str) else json.dumps(value)}"))


# `python -m streamlit`, with what the first visitor would otherwise wait for imported before they come.
STREAMLIT = "import altair, pandas, pyarrow; from streamlit.web.cli import main; main(prog_name='streamlit')"


def app(options: argparse.Namespace) -> int:
    installation.require("streamlit")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", options.port))
        except (OSError, OverflowError) as error:
            raise BadInputError(
                f"Port {options.port} cannot be used ({error}). "
                f"Choose another: make run PORT={min(options.port + 1, 65535)}"
            ) from error
    command = [sys.executable, "-c", STREAMLIT, "run", "app.py", f"--server.port={options.port}"]
    # One thread a product: the pages' products are small, and visitors and trainings share the cores.
    # And two heaps for all of its threads, where each would keep one of its own: what a visitor leaves is used again.
    # Arrays from 1 MB on lie outside of them (where there is glibc), and go back to the machine when they are done with.
    heaps = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(2**20)}
    environment = {"OPENBLAS_NUM_THREADS": "1", **heaps, **os.environ}
    if os.name == "posix":  # become Streamlit, so that whoever ends this process ends the server
        sys.stdout.flush()
        os.chdir(installation.HOME)
        os.execve(command[0], command, environment)
    return subprocess.call(command, cwd=installation.HOME, env=environment)
