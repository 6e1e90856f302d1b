"""The film in a notebook: a widget that hears Python and tells it where the viewer stands, and a copy without a kernel.

It works wherever anywidget does: Jupyter, Colab, marimo, VS Code.
"""

import functools
import html
from pathlib import Path

from grokviz import installation
from grokviz.study import Study
from grokviz.view import export, theme
from grokviz.view.film import assets
from grokviz.view.film.assets import DEFAULT_PANELS, message
from grokviz.view.frames import maps_blob, read_header, timeline_blob

with installation.missing_packages_are_named():
    import anywidget
    import traitlets

SCRIPT = Path(__file__).parent / "js/widget.js"
HEIGHT = 900  # pixels of a copy, which cannot tell its own


@functools.cache
def script() -> str:
    """The film as a module that a notebook can load."""
    return assets.bundle(SCRIPT) + "\nexport default { render };\n"


@functools.cache
def style() -> str:
    return theme.variables(".gv-notebook") + assets.style()


class Film(anywidget.AnyWidget):
    """A run to scrub through. `step` is the snapshot in view, `panels` those that are up: read them, or set them.

    Raises `TraitError` for a step below 0.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    step = traitlets.Int(min=0).tag(sync=True)
    panels = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, study: Study, step: int | None, panels: tuple[str, ...] = DEFAULT_PANELS) -> None:
        if unknown := [panel for panel in panels if panel not in assets.panels()]:
            raise ValueError(f"Unknown panel {unknown[0]!r}. The panels are: {', '.join(assets.panels())}.")
        run, timeline = study.run, study.timeline
        self._core = timeline_blob(run, timeline, study.task, study.phases)
        self._maps = maps_blob(run, timeline)
        self._title = run.title or run.path.name
        header = read_header(self._core)
        start = export.start_of(header) if step is None else study.step_at(step)
        control = {"key": header["id"], "id": header["id"], "seq": 0, "layout": "full"}
        control |= {"step": start, "panels": list(panels)}
        super().__init__(
            _esm=script(),
            _css=style(),
            data=message(control, [self._core, self._maps]),
            step=start,
            panels=list(panels),
        )

    def saved(self) -> "SavedFilm":
        """A copy that needs no kernel: it stays in the notebook when that is saved, and in its HTML."""
        page = export.offline_html(
            self._core, self._title, maps=self._maps, step=self.step, panels=tuple(self.panels)
        )
        return SavedFilm(page)


class SavedFilm:
    """The film as HTML in a frame of its own."""

    def __init__(self, page: str) -> None:
        self.page = page

    def _repr_html_(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" style="width:100%;height:{HEIGHT}px;border:0" '
            f'title="GrokViz" srcdoc="{html.escape(self.page)}"></iframe>'
        )
