"""Ungrokking: a grokked network goes on with fewer of its pairs. At which share does it lose the rule?

    python -m bench.ungrokking            # trains, and writes grokviz/forecast/ungrokking.json

The parents are the bundled run mod59-quick and, for the other seeds, runs of its very config; each has grokked. Every fork
starts from the last snapshot as it is stored, and is trained for 1,600 steps with the first pairs of the same order.
"""

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grokviz import worker
from grokviz.engine.batch import State
from grokviz.engine.schedule import LogRow, Schedule
from grokviz.engine.train import train
from grokviz.forecast.ungrokking import DECAYS, FILE, PARENT, SHARES, STEPS
from grokviz.runs import fork, library
from grokviz.runs.folder import Run, open_run, read_weights

SEEDS = 3
EVERY = 50  # steps between two rows that are kept
ROWS = ("at", "never_seen", "removed", "train", "sum_squared_weights")


def main(seeds: int, out: Path) -> None:
    """What the file holds already is not trained again, so a command that was stopped goes on."""
    command = f"python -m bench.ungrokking --seeds {seeds}"
    forks: list[dict] = json.loads(out.read_text())["forks"] if out.exists() else []
    done = {(row["seed"], row["share"], row["weight_decay"]) for row in forks}
    with tempfile.TemporaryDirectory() as folder:
        for parent in parents(seeds, Path(folder)):
            for share, decay in wanted():
                if (parent.config.seed, share, decay) not in done:
                    forks.append(trained(parent, share, decay))
                    about = {"command": command, "parent": PARENT, "steps": STEPS, "forks": forks}
                    out.write_text(json.dumps(about, separators=(",", ":")) + "\n")


def wanted() -> list[tuple[float, float]]:
    """Every share at the parent's own weight decay, and the smallest at the others."""
    return [(share, DECAYS[0]) for share in SHARES] + [(SHARES[0], decay) for decay in DECAYS[1:]]


def parents(seeds: int, folder: Path) -> Iterator[Run]:
    """The bundled run, then runs of its config with other seeds."""
    bundled = open_run(library.locate(PARENT))
    yield bundled
    others = [seed for seed in range(seeds) if seed != bundled.config.seed]
    for seed in others[: seeds - 1]:
        path = folder / str(seed)
        worker.start(path, dataclasses.replace(bundled.config, seed=seed), "cpu")
        for _ in worker.run(path, "cpu"):
            pass
        yield open_run(path)


def trained(parent: Run, share: float, decay: float) -> dict:
    """One fork: its share, weight decay and pairs, and its accuracies from the step of the fork on."""
    index, start = fork.forked_at(parent, parent.last_step)
    asked = fork.asked_for(parent, start, STEPS, frac_train=share, weight_decay=decay)
    config = fork.config_of_fork(parent, start, asked)
    pairs = int(share * config.p**2)
    row = {"seed": config.seed, "share": share, "weight_decay": decay, "pairs": pairs} | {
        name: [] for name in ROWS
    }
    for event in train(config, "cpu", State(start, read_weights(parent, index), {}, Schedule())):
        if isinstance(event, LogRow) and (event.step - start) % EVERY == 0:
            removed = event.removed_accuracy
            now = (
                event.step - start, round(event.test_accuracy, 4), None if removed is None else round(removed, 4),
                round(event.train_accuracy, 4), round(event.sum_squared_weights, 1),
            )  # fmt: skip
            for name, value in zip(ROWS, now, strict=True):
                row[name].append(value)
    return row


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    main(options.seeds, options.out)
