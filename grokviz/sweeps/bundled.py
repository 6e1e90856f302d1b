"""The sweeps that come with GrokViz, and those that can be asked for on the page: small, and minutes to train."""

import dataclasses
from pathlib import Path
from typing import NamedTuple

from grokviz.forecast.presets import preset
from grokviz.sweeps.grid import DEFINITION, Sweep

FOLDER = Path(__file__).with_name("maps")


def bundled() -> dict[str, Path]:
    """The folders of the sweeps that come with GrokViz, by name."""
    return {file.parent.name: file.parent for file in sorted(FOLDER.glob(f"*/{DEFINITION}"))}


class Offer(NamedTuple):
    """A small map of two settings, for a modulus: the fast recipe at twice its learning rate, which halves the wait."""

    words: str
    columns: tuple[str, tuple]
    rows: tuple[str, tuple]

    def sweep(self, p: int, keep: bool = False) -> Sweep:
        """What would be trained; `keep`: every run, with few snapshots."""
        fast = preset("fast", p)
        base = dataclasses.replace(fast, lr=2 * fast.lr, steps=STEPS, log_every=20, max_snapshots=SNAPSHOTS)
        return Sweep(base, (self.columns, self.rows), keep=() if keep else None, title=self.words)


STEPS = 1_200  # of each run, at most
SNAPSHOTS = 12  # of each run that is kept: about a MB
MODULI = (31, 59)
SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
DECAYS = (0.0, 0.5, 1.0, 2.0, 4.0)
OFFERS = {
    "share": Offer("Share of the pairs and weight decay", ("frac_train", SHARES), ("weight_decay", DECAYS)),
    "rate": Offer(
        "Learning rate and weight decay",
        ("lr", (1e-3, 2.5e-3, 5e-3, 1e-2, 2e-2)),
        ("weight_decay", (*DECAYS, 8.0)),
    ),
    "modulus": Offer(
        "Modulus and share of the pairs", ("p", (13, 19, 23, 31, 37, 43)), ("frac_train", SHARES[1:])
    ),
}
