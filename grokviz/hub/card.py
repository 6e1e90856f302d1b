"""The model card of a run, made from the run: what it is, what happened in it, what it measures, how to load it."""

import json
import re
from collections.abc import Mapping, Sequence

from grokviz import study
from grokviz.config import RunConfig, settings_of
from grokviz.measures import registry
from grokviz.runs.folder import AnyRun, Run
from grokviz.runs.imported import UNKNOWN, stated
from grokviz.tasks.pairs import task_of
from grokviz.view import thumbnail

FIGURE = "losses.svg"
TAGS = ("grokking", "mechanistic-interpretability", "modular-arithmetic", "grokviz")
RECORDED = "Trained and recorded by GrokViz."
LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]{1,40}")
LICENCES = ("mit", "apache-2.0", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "other")
CITATION = """@inproceedings{nanda2023progress,
  title     = {Progress measures for grokking via mechanistic interpretability},
  author    = {Nanda, Neel and Chan, Lawrence and Lieberum, Tom and Smith, Jess and Steinhardt, Jacob},
  booktitle = {International Conference on Learning Representations},
  year      = {2023}
}"""


def figure(run: AnyRun) -> str:
    """The loss curves, over the phases where there are any, as SVG."""
    bands = study.phases_of(run).bands if isinstance(run, Run) else ()
    return thumbnail.loss_svg(run.log, bands, max(1, run.last_step), width=760, height=320, labels=True)


def model_card(run: Run, repo: str, licence: str) -> str:
    """The README.md of the repository, its metadata first. Every number in it is read or computed from the run."""
    c, phases, last = run.config, study.phases_of(run), len(run.steps) - 1
    measured = study.measure_exactly(run, last)
    told = [measure for measure in registry.scalars() if (measure.json_name or measure.name) in measured]
    events = [(name.replace("_", " "), value) for name, value in phases.to_json().items()
              if name not in ("intervals", "summary")]  # fmt: skip
    keys = ", ".join(measured["key_blocks"]) or "none"
    group = (
        f"{measured['group']}, elements: {measured['order']}" if measured["group"] else measured["no_group"]
    )
    origin = run.provenance.get("imported")
    made = f"Imported from {plain_line(str(origin))}." if origin else RECORDED
    return "\n".join([
        *head(run, repo, licence, TAGS),
        f"A one-layer transformer learns **{task_of(c)}** from {_share(c)}. "
        f"{phases.summary()} {made}", "",
        f"![Train and test loss over the steps, with the phases of the run]({FIGURE})", "",
        f"Loss on a logarithmic scale; {_lines(c)}. Bands: memorisation, circuit "
        "formation, cleanup.", "",
        *here_and_how(run, repo, '    weights["W_E"][-1]  # the embedding at weights["steps"][-1]'),
        "## Phases", "", *table(("event", "step"), [(n, "–" if v is None else f"{v:,}") for n, v in events]), "",
        f"## Measures at step {run.steps[-1]:,}", "",
        *table(("measure", "value"), [("group", group), ("key frequencies", keys), *((m.title, _number(measured[m.json_name or m.name])) for m in told)]),
        "", "Definitions: Nanda et al. 2023. Computed in float64 from the stored weights.", "",
        "## Config", "", *table(("setting", "value"), _settings(c, run.provenance)), "",
        "## Citation", "", "The measures and the set-up:", "", *("    " + line for line in CITATION.splitlines()), "",
    ])  # fmt: skip


def head(run: AnyRun, repo: str, licence: str, tags: tuple[str, ...]) -> list[str]:
    """How a card begins: its metadata, title and sentence."""
    return [
        "---", f"license: {licence}", f"tags: {json.dumps(list(tags))}", "library_name: grokviz", "---", "",
        f"# {plain_line(run.title or repo)}", "", plain_line(run.sentence), "",
    ]  # fmt: skip


def here_and_how(run: AnyRun, repo: str, example: str) -> list[str]:
    """What the repository holds, and how to load it; `example` is a line of Python that takes a matrix."""
    c = run.config
    return [
        "## What is here", "",
        f"{len(run.steps)} snapshots of all {c.n_parameters:,} weights as {c.precision}, from step {run.steps[0]:,} to "
        f"{run.steps[-1]:,}, and {len(run.log):,} rows of losses: `run.json`, `log.jsonl` and safetensors. No pickle.", "",
        "## Load it", "",
        f"In GrokViz, paste `{repo}` on the page *Library*, or", "",
        f"    python -m grokviz import {repo} --out runs/{repo.split('/')[1].lower()}", "",
        "Without it, `snapshots-0.safetensors` holds every matrix with the snapshots along its first axis, and `steps`:",
        "", "    from safetensors.numpy import load_file", '    weights = load_file("snapshots-0.safetensors")',
        example, "",
    ]  # fmt: skip


def _share(config: RunConfig) -> str:
    return (
        "a share of the pairs that is not known"
        if config.split == UNKNOWN
        else f"{100 * config.frac_train:.3g} % of the pairs"
    )


def _lines(config: RunConfig) -> str:
    return (
        "both lines: all pairs"
        if config.split == UNKNOWN
        else "dashed: pairs trained on, solid: pairs never seen"
    )


def _settings(config: RunConfig, provenance: Mapping[str, object]) -> list[tuple[str, str]]:
    """What the run was trained with; of an imported one, as far as its file says it."""
    hidden = ("train_pairs", *(("frac_train", "seed") if config.split == UNKNOWN else ()))
    values = {name: value for name, value in settings_of(config).items() if name not in hidden}
    numbers = {
        name: stated(config, provenance, name) for name, value in values.items() if isinstance(value, float)
    }
    values |= {name: "not known" if number is None else number for name, number in numbers.items()}
    return [(f"`{name}`", str(value)) for name, value in values.items()]


def table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The lines of a table in Markdown."""
    first, *others = (f"| {' | '.join(row)} |" for row in (names, *rows))
    return [first, f"|{'---|' * len(names)}", *others]


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)


def plain_line(text: str) -> str:
    """A text of the run on one line, with what Markdown or HTML would act on made harmless."""
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())[:400]
    return re.sub(r"([\\`*_{}\[\]<>|#!$])", r"\\\1", line)
