"""Few data: which of the three tasks on sequences grok, with weight decay and without?

python -m bench.few_data            # trains, and writes grokviz/forecast/few_data.json
"""

import argparse
import json
from pathlib import Path

from grokviz.engine.sequences import PartsRow, train
from grokviz.forecast.few_data import FILE, SMALLER, config

SEEDS = 2


def main(seeds: int, tasks: list[str], out: Path) -> None:
    """What the file holds already is not trained again, so a command that was stopped goes on."""
    outcomes: list[dict] = json.loads(out.read_text("utf-8"))["outcomes"] if out.exists() else []
    done = {(row["task"], row["seed"], row["decays"]) for row in outcomes}
    for seed in range(seeds):
        for task in tasks:
            for decays in (True, False):
                if (task, seed, decays) not in done:
                    outcomes.append(trained(task, seed, decays))
                    about = {"command": f"python -m bench.few_data --seeds {seeds}", "outcomes": outcomes}
                    out.write_text(json.dumps(about, separators=(",", ":")) + "\n", "utf-8")


def trained(task: str, seed: int, decays: bool) -> dict:
    """One training: its losses by the steps of its log, every fiftieth after the first ones."""
    wanted = config(task, decays, seed=seed)
    rows = [
        event
        for event in train(wanted, "cpu")
        if isinstance(event, PartsRow) and (event.step % 50 == 0 or event.step in (10, 20, 30, 40))
    ]
    return {
        "task": task, "seed": seed, "decays": decays, "plateau": round(wanted.question.plateau, 4),
        "at": [row.step for row in rows],
        "train": [float(f"{row.train_loss:.3g}") for row in rows],
        "test": [float(f"{row.test_loss:.3g}") for row in rows],
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tasks", nargs="*", choices=SMALLER, default=list(SMALLER))
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    main(options.seeds, options.tasks, options.out)
