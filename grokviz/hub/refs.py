"""References to what lies on the Hub, as people paste them: owner/name[@revision][/file]."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from grokviz.errors import RunError

PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
REVISION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
FILE = r"[A-Za-z0-9_][A-Za-z0-9_.+ -]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9_.+ -]{0,99}){0,7}"
REF = re.compile(rf"(datasets/|models/)?({PART}/{PART})(?:@({REVISION}))?(?:/({FILE}))?/?")
HOST = r"(?:www\.)?(?:huggingface\.co|hf\.co)/"
# With or without https, and with whatever a page adds behind a question mark or a hash.
URL = re.compile(rf"(?:https?://)?{HOST}(datasets/|models/)?({PART}/{PART})"
                 rf"(?:/(?:blob|resolve|tree|raw|commit)/({REVISION})(?:/({FILE}))?)?/?", re.I)  # fmt: skip
COMMIT = re.compile(r"[0-9a-f]{40}")


class Ref(NamedTuple):
    """Something on the Hub. Without a revision, the newest; without a file, whatever run the repository holds."""

    repo: str
    revision: str | None = None
    file: str | None = None
    is_dataset: bool = False

    def __str__(self) -> str:
        where = f"datasets/{self.repo}" if self.is_dataset else self.repo
        return where + (f"@{self.revision}" if self.revision else "") + (f"/{self.file}" if self.file else "")

    @property
    def kind(self) -> str:
        return "dataset" if self.is_dataset else "model"

    @property
    def is_pinned(self) -> bool:
        return self.revision is not None and COMMIT.fullmatch(self.revision) is not None


def parse(text: str) -> Ref:
    """The reference in a text, or in the address of a page of the Hub. Raises `RunError` for anything else."""
    given, text = text, text.strip().strip("<>\"'")
    if address := re.match(rf"(https?://|{HOST})", text, re.I):
        text = unquote(re.split(r"[?#]", text, maxsplit=1)[0])
    found = (URL if address else REF).fullmatch(text.removeprefix("hf://"))
    if not found or ".." in text or "--" in found[2]:
        shown = "".join(c for c in given.strip()[:80] if c.isprintable())
        raise RunError(
            f"{shown!r} is no reference to the Hub. Write owner/name, owner/name/file.pth or owner/name@revision, "
            "or paste the address of the page."
        )
    return Ref(found[2], found[3], found[4], found[1] is not None and found[1].lower() == "datasets/")


def run_id(ref: Ref, commit: str, given: Mapping[str, object] | None = None) -> str:
    """The name under which a run of the Hub is kept here: readable, and another for every commit and file, and for
    every other thing that a person has said of the file."""
    exact = str(ref._replace(revision=commit)) + (json.dumps(dict(given), sort_keys=True) if given else "")
    slug = "--".join(re.sub(r"[^a-z0-9.]+", "-", part) for part in ref.repo.lower().split("/"))
    return f"{slug[:50]}-{hashlib.sha256(exact.encode()).hexdigest()[:8]}"
