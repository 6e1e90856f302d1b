"""The film's files as text: script, style, and the message that carries a run to them. No Streamlit here.

The script is written as modules, one file a panel, and needs no build step: `bundle` puts the files behind each
other in the order of their imports. That they share one scope asks three things of a file: every import is
written `import { a, b } from "./file.js";` without renaming, nothing is exported by default, and no two files
declare the same name at their top level. What others wrote (`js/vendor`) keeps a scope of its own.
"""

import functools
import json
import re
import struct
from pathlib import Path
from typing import NamedTuple

from grokviz.view.palette import palette

FOLDER = Path(__file__).parent
ENTRY = FOLDER / "js/mount.js"
HTML = '<div class="gv">\n</div>'
DEFAULT_PANELS = ("rings", "answers", "embedding", "attention", "neurons", "logits")

_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async |function |const |let )", re.MULTILINE)
_FOREIGN_EXPORTS = re.compile(r"\bexport ?\{([^}]*)\};?\s*$")
_DOCS = re.compile(r"^ *(/\*\*((?!\*/).)*\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)


class Moment(NamedTuple):
    """A moment of the guided tour: what it is called, its step, and what to look at there."""

    name: str
    step: int
    sentence: str


@functools.cache
def panels() -> tuple[str, ...]:
    """Every panel there is, by its id, in the order of the page: read from js/panels/index.js."""
    index = (FOLDER / "js/panels/index.js").read_text("utf-8")
    return tuple(re.findall(r'^import \{ (\w+)Panel \} from "', index, re.MULTILINE))


@functools.cache
def script() -> str:
    """The film: everything that `js/mount.js` needs, in one scope, with the palette in front."""
    return bundle(ENTRY)


@functools.cache
def style() -> str:
    """What the film looks like."""
    return (FOLDER / "style.css").read_text("utf-8")


def bundle(entry: Path) -> str:
    """`entry` and the files it imports, each once and after what it imports itself, as one script.

    Comments that stand alone stay behind: what is sent to the page is a third shorter.
    """
    parts: dict[Path, str] = {}

    def add(file: Path) -> None:
        if file in parts:
            return
        parts[file] = ""  # on its way: two files may need each other's functions
        text = file.read_text("utf-8")
        for name in _IMPORT.findall(text):
            add((file.parent / name).resolve())
        del parts[file]  # behind what it needs
        if file.parent.name == "vendor":
            parts[file] = _in_own_scope(text)
        else:
            parts[file] = _DOCS.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))

    add(entry.resolve())
    return f"const PALETTE = {json.dumps(palette())};\n" + "\n".join(parts.values())


def _in_own_scope(text: str) -> str:
    """A module of others, which ends in `export{a as b,...}`: all that is seen of it are the names of its exports."""
    found = _FOREIGN_EXPORTS.search(text)
    if not found:
        raise ValueError("A script of js/vendor should end in export{...}, as published packages do.")
    pairs = [pair.split(" as ") for pair in found[1].split(",") if not pair.endswith(" as default")]
    names, given = ", ".join(pair[-1] for pair in pairs), ", ".join(f"{p[-1]}: {p[0]}" for p in pairs)
    return f"const {{ {names} }} = (() => {{\n{text[: found.start()]}\nreturn {{ {given} }};\n}})();\n"


def message(control: dict, parts: list[bytes]) -> bytes:
    """What the component is given: control and parts, every part on a 4-byte boundary."""
    text = json.dumps(control | {"sizes": [len(part) for part in parts]}).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([struct.pack("<I", len(text)), text, *parts])
