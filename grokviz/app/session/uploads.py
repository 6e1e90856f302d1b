"""Streamlit's door for uploads stands open to every session, whatever page it shows: here it is shut.

A session may bring a file while the page it shows asks for one, and no more than that page takes. What a session has
brought goes when its page asks no longer.

What is refused to a page that asked arrives all the same, without a byte in it: the browser would show the number of
an HTTP status and nothing else, so the page says why, with `refusal`. An upload counts as the largest there may be
from when it begins until it is here, so that nobody begins a hundred.
"""

import threading
from typing import NamedTuple, cast

import streamlit as st
from starlette.exceptions import HTTPException
from streamlit import config
from streamlit.runtime import Runtime, exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from grokviz import hosting
from grokviz.app.session import budget, keys
from grokviz.errors import HostingError


@st.cache_resource(show_spinner=False)
def _door() -> "Door | None":
    """That of this server; none where a page runs without one, in tests."""
    return Door(get_instance()) if exists() else None


class Asked(NamedTuple):
    """What a page takes."""

    most: int  # bytes
    who: str  # pays for them


class Door:
    """Before every file: whether its session may bring it."""

    def __init__(self, runtime: Runtime) -> None:
        self._files = cast(MemoryUploadedFileManager, runtime.uploaded_file_mgr)
        self._is_active, self._add = runtime.is_active_session, self._files.add_file
        self._asked: dict[str, Asked] = {}  # by session: those whose page asks for a file
        self._coming: dict[str, list[list[float]]] = {}  # by session: uploads that have begun, [bytes] each
        self._refused: dict[str, str] = {}  # by file: why
        self._lock = threading.Lock()
        runtime.is_active_session = (
            self._may_send
        )  # asked before the body of an upload is read, and for nothing else
        self._files.add_file = self._take
        if limits := hosting.limits():
            config.set_option("server.maxUploadSize", limits.upload_mb)  # before that it would be read whole

    def open(self, session: str, asked: Asked) -> None:
        """From here on this session may bring so many bytes."""
        with self._lock:
            self._asked = {s: a for s, a in self._asked.items() if self._is_active(s)} | {session: asked}
            self._coming = {s: begun for s, begun in self._coming.items() if s in self._asked}

    def shut(self, session: str) -> None:
        """No more; what it has brought goes."""
        with self._lock:
            if self._asked.pop(session, None) is not None:
                self._files.remove_session_files(session)

    def refusal(self, file: str) -> str:
        """Why a file was refused, once; "" when it was taken."""
        with self._lock:
            return self._refused.pop(file, "")

    def _may_send(self, session_id: str) -> bool:
        with self._lock:
            asked = self._asked.get(session_id)
            if asked is None or not self._is_active(session_id):
                return False
            if limits := hosting.limits():
                if budget.BYTES.total(asked.who) >= 1e6 * limits.transfer_mb + 2 * asked.most:
                    return False  # who goes on like this is no reader of sentences
                bill = [float(asked.most)]
                self._coming.setdefault(session_id, []).append(bill)
                budget.BYTES.charge_what_grows(asked.who, lambda: bill[0])
            return True

    def _take(self, session_id: str, file: UploadedFileRec) -> None:
        with self._lock:
            if session_id not in self._asked:
                raise HTTPException(403, "This page asks for no file.")
            if coming := self._coming.get(session_id):
                coming.pop()[0] = len(file.data)
            if session_id in self._files.file_storage:  # one file: the one before goes
                self._files.remove_session_files(session_id)
            if why := self._why_not(self._asked[session_id], len(file.data)):
                self._refused = {**dict(list(self._refused.items())[-100:]), file.file_id: why}
                file = file._replace(data=b"")
            self._add(session_id, file)

    def _why_not(self, asked: Asked, size: int) -> str:
        if size > asked.most:
            return f"The file holds {size / 1e6:,.0f} MB, and this page takes {asked.most / 1e6:,.0f} MB at most."
        limits = hosting.limits()
        stored = list(self._files.file_storage.values())
        held = sum(len(f.data) for files in stored for f in list(files.values()))
        if limits and held + size > 1e6 * limits.uploads_mb:
            return "Other visitors are bringing files at this moment. Try again in a minute."
        return budget.why_no_bytes(of=asked.who)


def begin_run() -> None:
    """At the start of every run of a page."""
    keys.ASKED_FOR_A_FILE.set(False)


def ask(megabytes: int) -> None:
    """This page draws an uploader, for a file of so many MB at most.

    Raises `HostingError` when whoever is looking may bring nothing more now.
    """
    if why := budget.why_no_bytes():
        raise HostingError(why)
    keys.ASKED_FOR_A_FILE.set(True)
    if (door := _door()) and (session := _session()):
        door.open(session, Asked(megabytes * 1_000_000, budget.payer()))


def refusal(file: str) -> str:
    """Why the file of this id was refused; "" when it was taken."""
    door = _door()
    return door.refusal(file) if door else ""


def end_run() -> None:
    """At its end: where nothing was asked for, the door is shut."""
    if not keys.ASKED_FOR_A_FILE.value() and (door := _door()) and (session := _session()):
        door.shut(session)


def _session() -> str | None:
    context = get_script_run_ctx()
    return context.session_id if context else None
