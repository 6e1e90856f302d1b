"""GrokViz for scripts and notebooks: `grokviz.open`, `grokviz.train`, `grokviz.record` and `grokviz.film`. Charts are in `grokviz.charts`."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from grokviz import installation, study
from grokviz.config import RunConfig
from grokviz.forecast.presets import preset
from grokviz.importers.layouts import NAMES
from grokviz.measures.phases import Phases
from grokviz.runs import folder, library
from grokviz.runs.folder import Run
from grokviz.study import deep
from grokviz.view.film.assets import DEFAULT_PANELS

if TYPE_CHECKING:
    import pandas as pd

    from grokviz.engine.schedule import LogRow
    from grokviz.engine.train import Snapshot
    from grokviz.importers.recording import Recorder
    from grokviz.view.notebook import Film

LONG_NAMES = {short: long for long, short in NAMES.items()}


class Series(Mapping[str, Shaped[np.ndarray, "n ..."]]):
    """Arrays by name, with the step of each row along their first axis.

    >>> log = open("mod59-quick").log
    >>> float(log["test_loss"][-1].round(7))
    7e-07
    >>> list(log)[:3]
    ['step', 'train_loss', 'test_loss']
    """

    def __init__(
        self,
        steps: Int[np.ndarray, " n"],
        names: Iterable[str],
        array: Callable[[str], Shaped[np.ndarray, "n ..."]],
    ) -> None:
        self.steps = steps
        self._names = tuple(names)
        self._array = array

    def __getitem__(self, name: str) -> Shaped[np.ndarray, "n ..."]:
        if name not in self._names:
            raise KeyError(f"There is no {name!r}. Choose one of: {', '.join(self._names)}.")
        return self._array(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{len(self.steps)} steps of: {', '.join(self)}>"

    def to_pandas(self) -> "pd.DataFrame":
        """A row a step and a column for everything with one number a step.

        Raises `MissingPackageError` where there is no pandas.
        """
        installation.require("pandas")
        import pandas as pd

        columns = {name: self[name] for name in self if self[name].ndim == 1}
        return pd.DataFrame({"step": self.steps} | columns)


class OpenRun:
    """A run as it was when it was opened. Nothing is read before it is asked for.

    >>> run = open("mod59-quick")
    >>> run
    <run mod59-quick: add mod 59, 25 snapshots up to step 3,590>
    >>> run.config.p, run.config.weight_decay
    (59, 2.0)
    >>> run.phases.memorised_at < run.phases.grokked_at
    True
    >>> run.timeline["gini_W_E"].shape == run.steps.shape
    True
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def __repr__(self) -> str:
        many = f"{len(self.steps)} snapshots up to step {self.run.last_step:,}"
        return f"<run {self.name}: {self.config.group or f'{self.config.operation} mod {self.config.p}'}, {many}>"

    @property
    def name(self) -> str:
        """That of its folder."""
        return self.run.path.name

    @property
    def config(self) -> RunConfig:
        """Every setting it was trained with."""
        return self.run.config

    @property
    def steps(self) -> Int[np.ndarray, " n"]:
        """The steps of its snapshots, ascending."""
        return self.run.steps

    @property
    def log(self) -> Series:
        """What was logged while it was trained, at full precision."""
        logged = self.run.logged
        return Series(logged["step"].astype(int), logged, logged.__getitem__)

    @cached_property
    def study(self) -> study.Study:
        """The run measured: from its cache, or snapshot by snapshot, which takes up to a minute."""
        return study.load(self.run)

    @property
    def timeline(self) -> Series:
        """Every measure of every snapshot."""
        timeline = self.study.timeline
        return Series(timeline.steps, timeline.series, timeline.__getitem__)

    @property
    def deep(self) -> Mapping[str, Series]:
        """What `python -m grokviz deepen RUN` has measured, by the name of the measure, each with steps of its own.

        >>> margins = open("mod59-quick").deep["margins"]
        >>> int(margins.steps[-1]), round(float(margins["margin_mean"][-1]), 1)
        (3590, 16.7)
        """
        return {
            name: Series(rows.steps, rows.series, dict(rows.series).__getitem__)
            for name, rows in deep.read(self.run).items()
        }

    @property
    def phases(self) -> Phases:
        """When it memorised, formed its circuit and cleaned up."""
        return study.phases_of(self.run)

    def measure(self, step: int | None = None) -> dict[str, object]:
        """Every measure of the snapshot nearest to a step, or of the last, in float64 and as plain JSON values.

        >>> found = open("mod59-quick").measure()
        >>> found["step"], found["key_freqs"], round(found["logit_fve"], 2)
        (3590, [9, 15, 17], 0.98)
        """
        return study.measure_exactly(self.run, self._index(step))

    def weights(self, step: int | None = None) -> dict[str, Float[np.ndarray, "..."]]:
        """The weights of the snapshot nearest to a step, or of the last, under the names of TransformerLens.

        >>> open("mod59-quick").weights(1000)["blocks.0.attn.W_Q"].shape
        (4, 64, 16)
        """
        found = folder.read_weights(self.run, self._index(step))
        return {LONG_NAMES.get(name, name): array for name, array in found.items()}

    def _index(self, step: int | None) -> int:
        return folder.nearest_snapshot(self.run, self.run.last_step if step is None else step)


def open(ref: str | Path) -> OpenRun:
    """The run in a folder, of a name (see `python -m grokviz list`), or on the Hub, from where it is downloaded once.

    On the Hub it is named owner/name, with @revision and /file where needed, or by the address of its page.
    Raises `RunError` when there is none or it is damaged, `HubError` when the Hub does not give it,
    `MissingPackageError` when downloading needs a package that is not installed, and `Unanswered` when a file does
    not say what it was trained on: `python -m grokviz import` asks for that.

    >>> open("mod59-quick").name
    'mod59-quick'
    """
    text = str(ref)
    is_here = os.path.isdir(text) or "/" not in text or text in {card.id for card in library.cards()}
    return OpenRun(folder.open_run(library.locate(text) if is_here else _downloaded(text)))


def _downloaded(text: str) -> Path:
    from grokviz.hub import fetch
    from grokviz.hub.refs import parse

    with installation.missing_packages_are_named():
        return library.downloaded() / fetch.open_ref(parse(text), library.downloaded())


def train(
    config: RunConfig | str, out: str | Path | None = None, device: str = "auto"
) -> "Iterator[LogRow | Snapshot]":
    """Trains a network, and yields what happens as it happens: a `LogRow` at every logged step.

    `config` is a `RunConfig` or the name of a preset. With `out` the run is recorded in that new folder, from which
    `open` reads it at any moment; without, nothing is kept, and each `Snapshot` of the weights is yielded too.
    Raises `ConfigError` when there is no such preset, `MissingPackageError` where there is no PyTorch,
    `RunError` where `out` is something already, `TrainingError` when the loss is no longer finite.

    >>> small = RunConfig(p=7, d_model=8, n_heads=1, d_mlp=8, steps=50)
    >>> rows = [row for row in train(small, device="cpu") if hasattr(row, "test_loss")]
    >>> rows[-1].step
    50
    """
    if isinstance(config, str):
        config = preset(config)
    installation.require("torch")
    return _train(config, out, device)


def _train(config: RunConfig, out: str | Path | None, device: str) -> "Iterator[LogRow | Snapshot]":
    from grokviz import worker
    from grokviz.engine.batch import State
    from grokviz.engine.schedule import LogRow
    from grokviz.engine.train import train

    if out is None:
        yield from (event for event in train(config, device) if not isinstance(event, State))
    else:
        worker.start(Path(out), config, device)
        yield from (row for row in worker.run(Path(out), device) if isinstance(row, LogRow))


def record(
    path: str | Path,
    config: RunConfig,
    *,
    is_train: Bool[np.ndarray, "p p"] | None = None,
    title: str = "",
    sentence: str = "",
) -> "Recorder":
    """Records a training loop of your own into a folder: see `Recorder`.

    `config` says what is asked and the sizes of the network; `is_train` which pairs are trained on, where no split of
    GrokViz draws them. Raises `RunError` when the folder holds something else.

    >>> import tempfile
    >>> seven = RunConfig(p=7, d_model=8, n_heads=1, d_mlp=8)
    >>> with record(tempfile.mkdtemp() + "/seven", seven) as rec:
    ...     rec.log(0, train_loss=1.9, test_loss=2.0)
    ...     rec.snapshot(0, {name: np.ones(shape) for name, shape in seven.shapes.items()})
    >>> open(rec.path).log["train_loss"].tolist()
    [1.9]
    """
    from grokviz.importers.recording import Recorder

    return Recorder(path, config, is_train=is_train, title=title, sentence=sentence)


def film(
    run: OpenRun | str | Path, step: int | None = None, panels: tuple[str, ...] = DEFAULT_PANELS
) -> "Film":
    """The film of a run in a notebook: `film.step` is the step in view, to be read and to be set.

    It opens at the snapshot nearest to `step`, or where the test loss is about to drop. `film.saved()` is a copy that
    needs no kernel. Raises like `open`, `ValueError` for a panel that is none, and `MissingPackageError` where there is
    no anywidget.
    """
    opened = run if isinstance(run, OpenRun) else open(run)
    with installation.missing_packages_are_named():
        from grokviz.view.notebook import Film
    return Film(opened.study, step, panels)
