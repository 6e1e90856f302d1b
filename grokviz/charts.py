"""Charts of an open run, for notebooks: `grokviz.charts.losses(grokviz.open("mod113-paper"))`. They need Altair."""

from grokviz import installation
from grokviz.api import OpenRun

with installation.missing_packages_are_named():
    import altair as alt

    from grokviz.view import charts, rings_chart, tables
    from grokviz.view.charts import Figure

WIDTH, SQUARE = 640, 420  # pixels


def losses(run: OpenRun, step: int | None = None, dark: bool = False) -> Figure:
    """Train, test, restricted and excluded loss over the whole run, its phases shaded, with a rule at a step.

    >>> import grokviz
    >>> losses(grokviz.open("mod59-quick")).to_dict()["description"]
    'Train, test, restricted and excluded loss over 3,590 steps, on a log scale.'
    """
    study, at = run.study, _step(run, step)
    bands = tables.bands(study.phases, study.last_step)
    return charts.loss_chart(tables.losses(study), bands, at, study.last_step, dark).properties(width=WIDTH)


def measures(
    run: OpenRun, *names: str, step: int | None = None, log: bool = False, dark: bool = False
) -> Figure:
    """Measures with one number a snapshot over the whole run, such as "gini_W_E"; see `run.timeline` for all.

    Raises `KeyError` where there is none of that name.
    """
    study, at = run.study, _step(run, step)
    for name in names:
        run.timeline[name]
    values = tables.measures(study, {name: name for name in names})
    bands = tables.bands(study.phases, study.last_step)
    chart = charts.measure_chart(values, bands, at, study.last_step, ", ".join(names), log, dark)
    return chart.properties(width=WIDTH)


def spectra(run: OpenRun, step: int | None = None) -> Figure:
    """The norm of every frequency in the embedding and in the neuron-logit map, at the snapshot nearest to a step."""
    table = tables.spectrum(run.study, run.study.index_at(_step(run, step)))
    highest = float(max(run.timeline[name].max() for name in ("spectrum_W_E", "spectrum_W_L")))
    return charts.spectrum_chart(table, highest, list(run.study.timeline.key_freqs))


def rings(run: OpenRun, step: int | None = None) -> alt.ConcatChart:
    """The numbers in the plane of every key frequency, at the snapshot nearest to a step.

    Raises `BadInputError` where the run has no key frequencies, with the reason.
    """
    study = run.study
    table = tables.rings(study, study.index_at(_step(run, step)))
    return rings_chart.rings_chart(table, bool(study.task.places and study.task.places.group.is_cyclic))


def answers(run: OpenRun, step: int | None = None) -> alt.Chart:
    """Every pair, right or wrong, trained on or never seen, at the snapshot nearest to a step."""
    table = tables.answers(run.study, run.study.index_at(_step(run, step)))
    return charts.answers_chart(table, run.config.p).properties(width=SQUARE, height=SQUARE)


FIGURES = {"losses": losses, "rings": rings, "answers": answers, "spectra": spectra}  # by name, at a step


def _step(run: OpenRun, step: int | None) -> int:
    return run.study.last_step if step is None else step
