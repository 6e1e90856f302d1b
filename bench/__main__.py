"""Every speed this project promises, measured on this machine: `make bench`. Writes docs/benchmarks.md."""

import argparse
import datetime
import importlib.util
import os
import platform
import subprocess
import sys
from importlib.metadata import version

from bench.table import Row, as_markdown
from devtools import ROOT

PARTS = (
    "training", "accelerator", "analysis", "inside", "listing", "live", "watching", "crowd", "lasting", "strangers", "browsing",
    "importing", "hub", "startup", "scrubber", "maps", "site",
)  # fmt: skip
PACKAGES = ("torch", "numpy", "streamlit")  # which of them a part needs, it says itself
INTRODUCTION = """# Benchmarks

Written by `make bench`, each part with the machine that it was measured on; `python -m bench PART ...` measures and
replaces some parts only. Read the ratios: they travel, the seconds do not.
"""
RESULTS = ROOT / "docs" / "benchmarks.md"


def machine() -> str:
    """What the figures were measured on, without names of hosts or paths."""
    try:
        model = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
        cpu = next(line.split(":")[1].strip() for line in model.splitlines() if line.startswith("Model name"))
    except (OSError, StopIteration, subprocess.CalledProcessError):
        cpu = platform.processor() or platform.machine()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    here = [f"{name} {version(name)}" for name in PACKAGES if importlib.util.find_spec(name)]
    return (
        f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(here)}; "
        f"load {load:.1f} at the start; {datetime.date.today()}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"only these of: {', '.join(PARTS)}")
    chosen = parser.parse_args().parts or PARTS
    if unknown := [part for part in chosen if part not in PARTS]:
        sys.exit(f"There is no part {unknown[0]!r}. Choose from: {', '.join(PARTS)}.")
    sections = written()
    for part in chosen:
        on = machine()
        measured = importlib.import_module(f"bench.{part}")
        rows: list[Row] = measured.rows()
        if not rows:
            print(f"\n{part.capitalize()}: nothing that can be measured here.")
            continue
        sections[part] = f"{measured.__doc__}\n\n{on}\n\n{as_markdown(rows)}"
        print(f"\n## {part.capitalize()}\n\n{sections[part]}", flush=True)
        text = "".join(f"\n## {p.capitalize()}\n\n{sections[p]}" for p in PARTS if p in sections)
        RESULTS.write_text(INTRODUCTION + text, "utf-8")


def written() -> dict[str, str]:
    """Part -> what the file of results says of it so far."""
    parts = RESULTS.read_text("utf-8").split("\n## ")[1:] if RESULTS.exists() else []
    return {name.lower(): text.strip() + "\n" for name, _, text in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    main()
