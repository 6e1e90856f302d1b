"""A page as Streamlit built it, as HTML: its elements one by one, the same text in another rendering.

What needs a server is left out, or says how to get it. Texts are Markdown and become HTML in `prose`; what is drawn
from a run is left to the film.
"""

import html
import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

import pandas as pd
from streamlit.testing.v1.element_tree import Block, Element, Node

from grokviz.app.compare.page import PICKERS
from grokviz.app.explorer.page import ASKS, CHOSEN, FIXED, MOVES, PICKER
from grokviz.app.freeze import prose
from grokviz.app.session.address import TO
from grokviz.app.shell import WHEREABOUTS
from grokviz.view import site

HOW_TO_GET_IT = "in a copy of GrokViz, <code>make run</code>."
NEEDS_A_SERVER = f"This needs the app: {HOW_TO_GET_IT}"
# The components that tell a film what to show, where panels stand beside a text, and that draw a picture.
COMMAND, PANELS, PICTURE = "grokviz_command", "grokviz_panels", "grokviz_picture"
_INSIDE = re.compile(r'<a href="(\w+)((?:[?#][^"]*)?)">(.*?)</a>')  # a link to a page by its name


class _Place(NamedTuple):
    outer: str
    inner: str


_DRAWN = {PANELS: _Place("site-panels", "gv"), PICTURE: _Place("site-picture", "pic")}
_PLACES = {PICKER: "site-runs", PICKERS: "site-rivals"}  # that site.js fills
_LEFT_OUT = (WHEREABOUTS, ASKS)  # and blocks whose key begins so


def body(tree: Block, pages: Collection[str], cases: str = "") -> str:
    """The HTML of a page's main part; links to `pages` lead to them, others say what they need. `cases` stands in the
    place of what was chosen."""
    return _html(_Rendering(pages, cases).blocks(tree), pages)


def chosen(tree: Block, pages: Collection[str]) -> str:
    """The HTML of that part of a page which is of what was chosen."""
    return _html(_Rendering(pages).blocks(_found(tree, CHOSEN)), pages)


def _found(tree: Block, key: str) -> Block:
    blocks = [child for child in _children(tree) if isinstance(child, Block)]
    while blocks:
        block = blocks.pop(0)
        if _key(block) == key:
            return block
        blocks += [child for child in _children(block) if isinstance(child, Block)]
    raise LookupError(f"The page has no block {key}.")


def _html(parts: Iterator[str], pages: Collection[str]) -> str:
    """Links of the text to other pages lead to their files; of a page that the site lacks the words alone stay."""

    def linked(found: re.Match) -> str:
        name, rest, words = found.groups()
        return (
            f'<a data-page="{name}" href="{site.file_of(name)}{rest}">{words}</a>' if name in pages else words
        )

    return _INSIDE.sub(linked, "\n".join(parts))


class _Rendering:
    def __init__(self, pages: Collection[str], cases: str = "") -> None:
        self.pages, self.cases = pages, cases

    def blocks(self, node: Node) -> Iterator[str]:
        """What stands in a block, in its order."""
        for child in _children(node):
            if isinstance(child, Block):
                yield from self.block(child)
            else:
                yield from self.element(child)

    def block(self, block: Block) -> Iterator[str]:
        """A block with what is in it; of one whose content moves with the step, the film alone."""
        if _key(block) == MOVES:
            yield from self.moving(block)
            return
        if _key(block).startswith(_LEFT_OUT):
            return
        if _key(block) == CHOSEN:
            yield self.cases
            return
        if place := _PLACES.get(_key(block)):
            yield f'<div class="{place}"></div>'
            return
        inside = list(self.blocks(block))
        if not inside:
            return
        if block.type in ("expander", "popover"):
            yield f"<details><summary>{prose.inline(block.proto.label or block.proto.popover.label)}</summary>"
            yield from inside
            yield "</details>"
        elif block.type == "column":
            yield from ("<div>", *inside, "</div>")
        elif any(child.type == "column" for child in _children(block)):
            yield from ('<div class="site-row">', *inside, "</div>")
        else:
            yield from inside

    def moving(self, block: Block) -> Iterator[str]:
        """What moves with the step: the films, and the text and panels that are those of every step."""
        for child in _children(block):
            if _key(child) == FIXED:
                yield from self.blocks(child)
            elif _key(child) == CHOSEN:
                yield self.cases
            elif isinstance(child, Block):
                yield from self.moving(child)
            elif child.type == "bidi_component" and child.proto.component_name == COMMAND:
                yield _film(child.proto)

    def element(self, element: Element) -> Iterator[str]:
        """An element that is text, a table, a link, or one that the site has a script for; of others nothing."""
        render = _RENDER.get(element.type)
        if render:
            yield render(element)
        elif element.type == "page_link":
            yield self.link(element.proto)
        elif element.type == "bidi_component" and (place := _DRAWN.get(element.proto.component_name)):
            told = html.escape(element.proto.json)
            yield f'<div class="{place.outer}" data-told="{told}"><div class="{place.inner}">\n</div></div>'

    def link(self, proto) -> str:
        """A link to another page, here or on the web."""
        label = prose.inline(proto.label)
        if proto.external:
            return f'<p><a href="{html.escape(proto.page)}">{label}</a></p>'
        name = proto.page or "index"
        if name not in self.pages:
            return f'<p class="site-needs">{label}. {NEEDS_A_SERVER}</p>'
        to = _to(proto.query_string)
        kept = f' data-page="{name}"' * (not to)  # one that names a run keeps none of this page
        return f'<p><a{kept} href="{site.file_of(name)}{html.escape(to)}">{label}</a></p>'


def _to(query: str) -> str:
    """A link of a lesson to a run and a step, `to=run@step`, as the site writes it."""
    run, _, step = parse_qs(query).get(TO, [""])[0].rpartition("@")
    return f"?{urlencode({'run': run, 'step': step})}" if run else ""


def _children(node: Node) -> list:
    return list(getattr(node, "children", {}).values())


def _key(node) -> str:
    """The key that the app gave to a block or an element: the end of its id."""
    found = re.fullmatch(r"\$\$ID-[0-9a-f]+-(.*)", getattr(node.proto, "id", "") or "")
    return found[1] if found else ""


def _film(proto) -> str:
    """A film with the panels and the layout that Python told it."""
    told = json.loads(proto.json)
    panels = html.escape(",".join(told["panels"]))
    tour = " data-tour" if told["moments"] else ""
    return (
        f'<div class="site-film" data-panels="{panels}" data-layout="{told["layout"]}"{tour}>'
        '<div class="gv">\n</div></div>'
    )


def _heading(element: Element) -> str:
    tag = element.proto.tag
    anchor = f' id="{html.escape(element.proto.anchor)}"' if element.proto.anchor else ""
    return f"<{tag}{anchor}>{prose.inline(element.proto.body)}</{tag}>"


def _table(element: Element) -> str:
    value = element.value
    frame = value if isinstance(value, pd.DataFrame) else value.data
    return frame.to_html(index=False, border=0)


_RENDER: dict[str, Callable[[Element], str]] = {
    "title": _heading,
    "header": _heading,
    "subheader": _heading,
    "markdown": lambda element: prose.to_html(element.proto.body),
    "caption": lambda element: f'<div class="site-caption">{prose.to_html(element.proto.body)}</div>',
    "latex": lambda element: f'<div class="site-formula">{prose.formula(element.proto.body)}</div>',
    "arrow_data_frame": _table,
    "arrow_table": _table,
    "info": lambda element: f'<div class="site-needs">{prose.to_html(element.proto.body)}</div>',
    "divider": lambda element: "<hr>",
}
