"""One stage or one cut of a snapshot of p = 113, as a page asks for it: figures in float64, warm."""

from collections.abc import Callable

import numpy as np

from bench.table import Row, medians, milliseconds
from grokviz import study
from grokviz.app.circuit import snapshots
from grokviz.circuit import interventions, questions, stages
from grokviz.circuit.cuts import Choice, Cuts
from grokviz.models.forward import forward
from grokviz.runs import library
from grokviz.runs.folder import open_run, read_weights


def rows() -> list[Row]:
    run = open_run(library.find(library.DEFAULT_RUN))
    found = study.load(run)
    keys, order = found.timeline.key_freqs, snapshots.order(found)
    whole = forward(read_weights(run, len(run.steps) - 1, np.float64))
    single = forward(read_weights(run, len(run.steps) - 1, np.float32))
    read = stages.read_stages(single, order, keys)

    def cut(cuts: Cuts) -> Callable[[], object]:
        return lambda: interventions.outcome(
            interventions.run(whole.weights, cuts, order, whole).logits, found.task
        )

    owners = interventions.neuron_owners(whole, order)
    before = interventions.outcome(whole.logits, found.task).probability

    def redraw(cuts: Cuts) -> Callable[[], object]:
        """What the page computes after a cut that nobody has made before, the network without cuts at hand."""

        def draw() -> None:
            cut = snapshots.look_inside(whole, cuts, order, keys, found.task, owners)
            np.searchsorted([-0.5, -0.05, 0.05, 0.5], cut.outcome.probability - before)  # the map of damage
            answer = questions.ask(cut.logits[14, 100], 1)
            logits = stages.follow(cut.stages, 14, 100).logits  # with the circles
            questions.speakers(logits, 1, answer.rival)
            stages.follow(cut.stages, 14, 100)  # the waves

        return draw

    timed = {
        "all five stages of a snapshot": lambda: stages.read_stages(single, order, keys),
        "one pair through them": lambda: stages.follow(read, 14, 100),
        "cut: frequencies in the logits": cut(Cuts(logits=Choice("drop", keys))),
        "cut: frequencies in the neurons": cut(Cuts(neurons=Choice("keep", keys))),
        "cut: frequencies in the embedding": cut(Cuts(embedding=Choice("drop", keys[:1]))),
        "cut: a head": cut(Cuts(heads=(0,))),
        "cut: the neurons of a frequency": cut(Cuts(clusters=keys[:1])),
        "cut: neurons as polynomials": cut(Cuts(polynomial=True)),
        "cut: attention by its linear form": cut(Cuts(linear=True)),
        "cut: noise": cut(Cuts(noise=(10, 0))),
        "redraw: figures and stages after a cut: frequencies in the neurons": redraw(
            Cuts(neurons=Choice("keep", keys))
        ),
        "redraw: figures and stages after a cut: neurons as polynomials": redraw(Cuts(polynomial=True)),
        "redraw: figures and stages after a cut: attention by its linear form": redraw(Cuts(linear=True)),
        "redraw: figures and stages after a cut: noise": redraw(Cuts(noise=(10, 0))),
    }
    return [
        Row(name, milliseconds(seconds), "150 ms")
        for name, seconds in zip(timed, medians(*timed.values(), repeats=7, warm_up=2), strict=True)
    ]
