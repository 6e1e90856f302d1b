"""The sweeps that come with GrokViz, and those that can be asked for on the page: small, and minutes to train.

Those that come with it were made, on two cores, by

    python -m grokviz sweep --preset fast --lr 0.01 --steps 1500 --log-every 25 --seeds 3 --out DIR --grid GRID

with --modulus 59 and these grids; where a setting is in the grid, the flag is left out:

    share-decay-59   frac_train=0.15,0.2,0.25,0.3,0.35,0.45,0.6,0.8 weight_decay=0,0.5,1,2,4,8
    rate-decay-59    lr=0.001,0.002,0.0035,0.005,0.007,0.01,0.015,0.02 weight_decay=0,0.5,1,2,4,8
    modulus-share    p=11,13,17,23,31,41,53,67 frac_train=0.2,0.3,0.4,0.5,0.6,0.8
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

from grokviz.forecast.presets import preset
from grokviz.sweeps.grid import DEFINITION, Sweep

FOLDER = Path(__file__).with_name("maps")


NOTICE = {  # in the order in which they are shown: what is seen on each
    "share-decay-59": "Grokking is a band between those that only recite and those that understand at once. Up to a weight decay of 2, "
    "the harder the weights are pulled, the fewer pairs it takes; at 8 nothing is learnt at all.",
    "rate-decay-59": "The band runs aslant. A step of training takes away a part of each weight that is the product of both settings, so "
    "twice the learning rate with half the weight decay is much the same: the product sets how soon it groks.",
    "modulus-share": "The more numbers there are, the smaller the share that is enough: from eight in ten of the pairs to three in ten. "
    "A number then stands first in ten to twenty of the pairs, be there 13 numbers or 67.",
}


def bundled() -> dict[str, Path]:
    """The folders of the sweeps that come with GrokViz, by name."""
    here = [file.parent for file in FOLDER.glob(f"*/{DEFINITION}")]
    order = [*NOTICE, *sorted(folder.name for folder in here if folder.name not in NOTICE)]
    return {folder.name: folder for folder in sorted(here, key=lambda folder: order.index(folder.name))}


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
