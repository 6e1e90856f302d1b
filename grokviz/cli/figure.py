"""`python -m grokviz figure RUN --panel rings --step N --out f.svg`: a figure of a run as a file, without a browser."""

import argparse
from collections.abc import Callable
from pathlib import Path

from grokviz import installation
from grokviz.errors import BadInputError
from grokviz.measures.registry import scalars

KINDS = ("svg", "png", "pdf", "json")  # json: the chart for Vega-Lite
PIXELS_PER_POINT = 2.0  # of a PNG


def add_command(command) -> None:
    """Adds `figure` to the parser."""
    sub = command("figure", figure, "save a figure of a run as a file: " + ", ".join(KINDS))
    sub.add_argument("run", help="a run folder, or the name of a run in `list`")
    sub.add_argument(
        "--panel", required=True, help="losses, rings, answers, spectra, or the name of a measure"
    )
    sub.add_argument("--step", type=int, help="that is shown or marked; the last where it is not given")
    sub.add_argument("--out", required=True, type=Path, help="the file; its ending says the kind")


def figure(options: argparse.Namespace) -> None:
    """Raises `BadInputError` for an unknown panel or kind, and where the run has nothing to draw."""
    import grokviz
    from grokviz.runs import library

    draw = _drawing(options.panel)
    kind = options.out.suffix.lstrip(".").lower()
    if kind not in KINDS:
        raise BadInputError(
            f"{options.out.name} should end in one of: {', '.join('.' + kind for kind in KINDS)}."
        )
    chart = draw(grokviz.open(library.locate(options.run)), options.step)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if kind != "json":
        installation.require("vl_convert")
    chart.save(str(options.out), format=kind, **({"scale_factor": PIXELS_PER_POINT} if kind == "png" else {}))
    print(options.out)


def _drawing(panel: str) -> Callable:
    with installation.missing_packages_are_named():
        from grokviz import charts
    if panel in charts.FIGURES:
        return charts.FIGURES[panel]
    names = [measure.name for measure in scalars()]
    if panel not in names:
        raise BadInputError(
            f"There is no figure {panel[:40]!r}.",
            mend=f"Choose one of: {', '.join([*charts.FIGURES, *names])}.",
        )
    return lambda run, step: charts.measures(run, panel, step=step)
