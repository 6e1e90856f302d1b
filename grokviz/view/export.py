"""The film as one HTML file: opens from disk, needs no network, no server and no Python."""

import base64
import html
from collections.abc import Sequence

from grokviz.view.film.assets import DEFAULT_PANELS, HTML, message, script, style
from grokviz.view.frames import Header, read_header
from grokviz.view.theme import variables

FRAME = """
body { margin: 0; background: var(--st-background-color); color: var(--st-text-color); }
main { max-width: 1240px; margin: 0 auto; padding: 24px clamp(14px, 3vw, 32px) 64px; }
h1 { font: 600 26px/1.25 system-ui, sans-serif; margin: 0 0 4px; }
main > p { font: 400 15px/1.5 system-ui, sans-serif; margin: 0 0 16px; max-width: 680px; }
"""

# The bytes stand in the page as base64 text; nothing in the page is ever read as markup but this template.
PLAY = """
const text = document.getElementById("timeline").textContent.trim();
const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const parentElement = document.querySelector("main");
const show = () => mount({ data: null, parentElement, setStateValue() {}, setTriggerValue() {} });
mount({ data: bytes, parentElement, setStateValue() {}, setTriggerValue() {} });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
"""


def offline_html(
    blob: bytes,
    title: str,
    *,
    maps: bytes | None = None,
    step: int | None = None,
    panels: tuple[str, ...] | None = None,
    beside: Sequence[bytes] = (),
) -> str:
    """A page that plays `blob`, with the same code as the app. `maps` adds the neurons and the logits, `beside` runs that are
    moved by the same hand.

    It starts at `step`, or where the test loss is about to drop. Title and texts of the run are escaped.
    """
    header = read_header(blob)
    shown = panels or tuple(panel for panel in DEFAULT_PANELS if maps or panel not in ("neurons", "logits"))
    control = {"key": "offline", "id": header["id"], "seq": 0, "panels": list(shown), "layout": "full"}
    if beside:
        control["ids"] = [header["id"], *(read_header(other)["id"] for other in beside)]
    control["step"] = start_of(header) if step is None else step
    data = base64.b64encode(message(control, [blob, *beside, *([maps] if maps else [])])).decode()
    carried = f'<script type="application/octet-stream" id="timeline">{data}</script>'
    return document(title, header["sentence"], HTML, carried, style(), script() + PLAY)


def document(title: str, sentence: str, content: str, data: str, style: str, script: str) -> str:
    """A page that stands alone. Title and sentence are escaped; `data` is a script that nothing runs."""
    name = html.escape(title)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>{variables()}{FRAME}{style}</style>
<main>
<h1>{name}</h1>
<p>{html.escape(sentence)}</p>
{content}
</main>
{data}
<script type="module">
{script}
</script>
</html>
"""


def start_of(header: Header) -> int:
    """The step at which a film opens: where the test loss is about to drop, or the last."""
    cleanup = header["phases"]["cleanup_from"]
    return int(header["steps"][-1] if cleanup is None else cleanup)
