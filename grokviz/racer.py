"""Several trainings side by side: `python -m grokviz.racer RACE` is a race that the app has asked for.

Whoever is behind takes the next steps, so that all are at the same step, whatever a step of theirs costs.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from grokviz import hosting, study, worker
from grokviz.errors import RunError, TrainingError
from grokviz.hosting import Limits
from grokviz.jobs import asked, files, racing
from grokviz.jobs.files import GO_ON, Order, Progress
from grokviz.runs.folder import open_run

LISTEN_SECONDS, TELL_SECONDS = 0.1, 0.5


def side_by_side(
    runs: Sequence[Path], listen: Callable[[Path], Order] = lambda run: GO_ON
) -> Iterator[tuple[Path, worker.Row]]:
    """Trains every run to its end and packs it, as `worker.run` does; yields each row as it is logged. One that
    diverges ends, and says why in its job; the others go on."""
    going = {run: worker.run(run, "cpu", partial(listen, run)) for run in runs}
    at = dict.fromkeys(runs, -1)
    while going:
        run = min(going, key=lambda run: at[run])
        try:
            row = next(going[run], None)
        except TrainingError as error:
            files.end(run, "failed", error)
            row = None
        if row is None:
            del going[run]
            continue
        at[run] = row.step
        yield run, row


class _Listener:
    """Hears what is wanted of the race, a few times a second: runs that are to stop are kept as they are."""

    def __init__(self, race: Path, most: Limits | None) -> None:
        self.race, self.most = race, most
        self.begin = self.heard = time.monotonic()
        self.why = ""  # it is to stop

    def listen(self, run: Path) -> Order:
        now = time.monotonic()
        if not self.why and now - self.heard > LISTEN_SECONDS:
            self.heard = now
            self.why = asked.why_to_end(self.race, self.most, now - self.begin)
        if self.why:
            return Order("keep")
        return Order(files.read(run).wanted) if files.has_job(run) else GO_ON  # somebody stops this one alone


def main(race: Path) -> None:
    """The process."""
    torch.set_num_threads(1)  # as fast as with more at this size, see `engine.train.leave_a_core`
    with asked.carried_out(race, lambda error: RunError(f"The race met an error ({type(error).__name__}).")):
        listener = _Listener(race, hosting.limits())
        runs = racing.runs_of(race)
        told = 0.0
        for _, row in side_by_side(runs, listener.listen):
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                files.tell(race, Progress(f"step {row.step:,}", row.step, max(row.step, 1)))
        files.tell(race, Progress("Measuring"))
        for run in runs:
            with contextlib.suppress(RunError):  # one that is gone
                study.load(open_run(run), keep=True)  # measured once, for whoever opens it
        if listener.why:
            raise asked.EndedError(listener.why)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
