"""All measures of one snapshot of p = 113, and of a whole timeline, in float32 and warm."""

import time

from bench.table import Row, medians, milliseconds
from grokviz import study
from grokviz.measures import registry
from grokviz.runs import library
from grokviz.runs.folder import iter_weights, open_run, read_weights
from grokviz.study import timeline


def rows() -> list[Row]:
    run = open_run(library.find(library.DEFAULT_RUN))
    found = study.load(run)
    last = len(run.steps) - 1
    weights = read_weights(run, last)
    reading, one, opening = medians(
        lambda: read_weights(run, last),
        lambda: registry.measure(weights, found.task, found.timeline.key_freqs),
        lambda: open_run(run.path),
    )
    start = time.perf_counter()
    timeline.analyse(run.steps.tolist(), iter_weights(run), weights, found.task)
    each = (time.perf_counter() - start) / len(run.steps)
    (cached,) = medians(lambda: study.load(run), repeats=5, warm_up=1)
    return [
        Row("open the run", milliseconds(opening)),
        Row("read one snapshot", milliseconds(reading)),
        Row("all measures of one snapshot", milliseconds(one), "60 ms"),
        Row("everything the film shows of one snapshot", milliseconds(each)),
        Row("a timeline of 150 snapshots", f"{150 * each:.1f} s", "12 s"),
        Row("a timeline from its cache", milliseconds(cached)),
    ]
