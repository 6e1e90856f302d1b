"""Streamlit's Markdown as HTML: the text of the pages, with its formulas as MathML.

HTML in a text stays text, and an address that is no web address is no link: see markdown-it's `validateLink`.
"""

import functools
import html
import re

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

_ICON = re.compile(r":material/\w+:\s*")
_COLOUR = re.compile(
    r":(gray|blue|red|green|orange|violet|primary)\[((?:[^\[\]]|\[[^\]]*\](?:\([^)]*\))?)*)\]"
)


def to_html(markdown: str) -> str:
    """The HTML of a piece of Streamlit's Markdown, as paragraphs."""
    return _coloured(_parser().render(_ICON.sub("", markdown)))


def inline(markdown: str) -> str:
    """The same of a title or a label: without a paragraph around it."""
    return _coloured(_parser().renderInline(_ICON.sub("", markdown)))


def formula(latex: str, is_block: bool = True) -> str:
    """A formula as MathML; as its source where that cannot be read."""
    known = latex.replace("{aligned}", "{split}")  # the same, by the name that the converter has for it
    try:
        return convert(known.strip().strip("$").strip(), display="block" if is_block else "inline")
    except Exception:  # the converter has no common error; what it cannot read is shown as it was written
        return f"<code>{html.escape(latex)}</code>"


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

    def render(latex: str, options: dict) -> str:
        return formula(latex, options["display_mode"])

    return parser.use(dollarmath_plugin, renderer=render, allow_digits=False, double_inline=True)


def _coloured(text: str) -> str:
    """:gray[quiet words]: of Streamlit's colours only the quiet one is used for a meaning."""
    return _COLOUR.sub(lambda found: f'<span class="{found[1]}">{found[2]}</span>', text)
