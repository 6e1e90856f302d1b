"""The picture that others show of a link to the site: the answers of the run at the moment it groks, and its title."""

import io
import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from grokviz.study import Study
from grokviz.view.palette import palette
from grokviz.view.pixels import rgb

SIZE = (1200, 630)
PAPER, INK, QUIET = "#FDFCFA", "#23211E", "#6B665E"
MAP, MARGIN = 510, 60
WORDS = "A small network learns by heart. Much later, it understands. Drag through its training."


def of_run(study: Study, title: str) -> bytes:
    """A PNG of 1200 x 630 pixels."""
    at = study.phases.grokked or study.phases.memorised
    index = study.index_at(at.step) if at else len(study.timeline.steps) - 1
    right, series = study.timeline.is_right[index], palette()["series"]
    colours = np.array(
        [rgb("#D8DEE2"), rgb(series["test"]["light"]), rgb(series["train"]["light"])], np.uint8
    )
    pixels = colours[right * (1 + study.task.is_train.astype(int))]
    image = Image.new("RGB", SIZE, PAPER)
    image.paste(Image.fromarray(pixels).resize((MAP, MAP), Image.Resampling.NEAREST), (MARGIN, MARGIN))
    draw, left = ImageDraw.Draw(image), MARGIN + MAP + 50
    draw.text((left, 110), title[:24], INK, ImageFont.load_default(64))
    draw.multiline_text((left, 220), _wrapped(WORDS, 30), INK, ImageFont.load_default(30), spacing=14)
    step = f"{study.run.title[:34]}, step {int(study.timeline.steps[index]):,}"
    draw.text((left, 520), step, QUIET, ImageFont.load_default(22))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))
