"""The kinds of jobs, declared once. Another kind is another line here, and a module that does it."""

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """How jobs of a kind are run: `python -m MODULE ROOT/NAME`, one process each.

    Such a process holds a lock as long as it works, reads `job.json`, says how far it is with `files.tell` and why it
    ended with `files.end`.
    """

    module: str
    is_queued: bool  # the supervisor starts it when it is its turn; else it is started when it is asked for
    locks_run: (
        bool  # it holds the lock of the run folder; else that of its job, where the run is still to come
    )
    restarts: int = 0  # how often one that was killed is started again by itself
    environment: Mapping[str, str] = {}


KINDS = {
    "train": Kind(
        "grokviz.worker",
        is_queued=True,
        locks_run=True,
        restarts=2,
        environment={"OMP_WAIT_POLICY": "PASSIVE"},  # threads that spin on shared cores slow each other down
    ),
    "deepen": Kind(  # what takes its time to measure
        "grokviz.jobs.deepening",
        is_queued=True,
        locks_run=False,
        restarts=2,  # each goes on where the one before was killed
        environment={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    ),
    "race": Kind(  # a few trainings side by side
        "grokviz.racer",
        is_queued=True,
        locks_run=False,
        restarts=2,
        environment={"OMP_WAIT_POLICY": "PASSIVE"},
    ),
    "sweep": Kind(  # a small map of a visitor's own
        "grokviz.jobs.sweeping",
        is_queued=True,
        locks_run=False,
        restarts=2,  # each goes on where the one before was killed
        environment={"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"},
    ),
    "open": Kind(  # a reference of the Hub
        "grokviz.hub.job",
        is_queued=False,
        locks_run=False,
        environment={"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
    ),
}
