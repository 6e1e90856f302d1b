"""Do runs grok as a pizza and end as a clock? Ten seeds of the fast preset, at one attention rate or several.

    python -m bench.clock_pizza --rates 1            # trains, and writes grokviz/forecast/clock_pizza.json

Every run is measured at the first snapshot at which 99 % of the unseen pairs are right, and at its last one.
"""

import argparse
import dataclasses
import json
from pathlib import Path

from grokviz.engine.schedule import LogRow
from grokviz.engine.train import Snapshot, train_many
from grokviz.forecast.clock_pizza import FILE, P
from grokviz.forecast.recipes import fast_preset
from grokviz.measures.registry import by_name
from grokviz.measures.snapshot import Snapshot as Measured
from grokviz.tasks.pairs import build_task

SEEDS = 10
GROKKED = 0.99  # of the unseen pairs
MEASURES = ("gradient_symmetricity", "distance_irrelevance", "circularity", "test_accuracy")


def main(p: int, seeds: int, rates: list[float], out: Path) -> None:
    command = f"python -m bench.clock_pizza --modulus {p} --seeds {seeds} --rates " + " ".join(
        f"{r:g}" for r in rates
    )
    rows: list[dict] = []
    for rate in rates:
        rows += trained(p, seeds, rate)
        out.write_text(json.dumps({"command": command, "p": p, "runs": rows}, indent=1) + "\n")


def trained(p: int, seeds: int, rate: float) -> list[dict]:
    """One row a seed: the step of each moment, and what is measured there."""
    configs = [dataclasses.replace(fast_preset(p), seed=seed, attention_rate=rate) for seed in range(seeds)]
    found: list[dict] = [{"seed": config.seed, "attention_rate": rate, "grokked": None} for config in configs]
    for i, event in train_many(configs, "cpu"):
        if isinstance(event, LogRow) and event.train_accuracy >= GROKKED:
            found[i].setdefault("memorised_at", event.step)
        if isinstance(event, Snapshot):
            weights = event.weights | configs[i].model.constants
            snapshot = Measured(weights, build_task(configs[i]))
            values = {name: round(float(by_name(name).compute(snapshot)), 4) for name in MEASURES}
            moment = {"step": event.step} | values
            if found[i]["grokked"] is None and values["test_accuracy"] >= GROKKED:
                found[i]["grokked"] = moment
            found[i]["last"] = moment
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modulus", type=int, default=P)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rates", type=float, nargs="+", default=[1.0])
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    main(options.modulus, options.seeds, options.rates, options.out)
