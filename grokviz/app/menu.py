"""The menu and the way through the pages. Each page declares itself, at its head, and nowhere else.

The declaration is read, not run: a page may only be run where Streamlit runs it.
"""

import ast
import functools
from typing import NamedTuple

from grokviz.installation import HOME

SECTIONS = ("Read", "Look inside", "Make", "Runs")
FOLDER = HOME / "pages"
START = "story"  # the page at the address of the app itself


class Entry(NamedTuple):
    """A page in the menu. `place` orders those of a section; what is `aside` is not on the way through."""

    name: str
    title: str
    section: str
    place: int
    icon: str  # of Material, by its name
    help: str
    aside: bool = False

    @property
    def file(self) -> str:
        """As Streamlit asks for it."""
        return f"pages/{self.name}.py"

    @property
    def symbol(self) -> str:
        """The icon, as Streamlit writes it."""
        return f":material/{self.icon}:"


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Every page, in the order of the menu.

    Raises ValueError where a page does not declare itself by `MENU = {...}`, or names a section that does not exist.
    """
    found = [_declared(file.stem, file.read_text("utf-8")) for file in FOLDER.glob("*.py")]
    return tuple(sorted(found, key=lambda entry: (SECTIONS.index(entry.section), entry.place, entry.name)))


def entry(name: str) -> Entry:
    """The page of this name. Raises KeyError where there is none."""
    return {entry.name: entry for entry in entries()}[name]


def course() -> tuple[Entry, ...]:
    """The pages in the order in which they are best read."""
    return tuple(entry for entry in entries() if not entry.aside)


def _declared(name: str, source: str) -> Entry:
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="MENU")], value=value):
                entry = Entry(name, **ast.literal_eval(value))
                if entry.section not in SECTIONS:
                    raise ValueError(
                        f"The page {name} is in the section {entry.section!r}. There are: {', '.join(SECTIONS)}."
                    )
                return entry
    raise ValueError(f'pages/{name}.py has no MENU = {{"title": ..., "section": ..., ...}} for the menu.')
