"""What it costs to look inside a run: seconds of a core and bytes of memory, by the size of its network.

Almost all of it is work on the activations of every pair, p p d_mlp numbers: each cost is a number of these times so
much, as `bench/strangers.py` measures it.
"""

from typing import NamedTuple

from grokviz.config import RunConfig


class Cost(NamedTuple):
    """Of one request, at most."""

    seconds: float  # of a core
    bytes: float  # of memory, while it is computed

    def is_over(self, most: "Cost") -> bool:
        """Whether either is more than in `most`."""
        return self.seconds > most.seconds or self.bytes > most.bytes


# Seconds and bytes for each activation.
SNAPSHOT = Cost(15e-9, 30)  # all measures of one
CUT = Cost(110e-9, 40)
EXPERIMENTS = Cost(350e-9, 40)
ABLATIONS = Cost(540e-9, 40)


def activations(config: RunConfig) -> int:
    """How many numbers the neurons of the network are, over all pairs."""
    return config.p * config.p * config.d_mlp


def of_study(config: RunConfig, n_snapshots: int) -> Cost:
    """To measure so many snapshots, one after the other."""
    n = activations(config)
    return Cost(n_snapshots * SNAPSHOT.seconds * n, SNAPSHOT.bytes * n)


def of_each(cost: Cost, config: RunConfig) -> Cost:
    """`CUT`, `EXPERIMENTS` or `ABLATIONS` of this network."""
    n = activations(config)
    return Cost(cost.seconds * n, cost.bytes * n)
