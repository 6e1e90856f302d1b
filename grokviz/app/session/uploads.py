"""Streamlit's door for uploads stands open to every session, whatever page it shows: here it is shut.

A session may bring a file while the page it shows asks for one, and no more than that page takes. What a session has
brought goes when its page asks no longer.
"""

import threading
from typing import cast

import streamlit as st
from starlette.exceptions import HTTPException
from streamlit.runtime import Runtime, exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from grokviz import hosting
from grokviz.app.session import keys


@st.cache_resource(show_spinner=False)
def _door() -> "Door | None":
    """That of this server; none where a page runs without one, in tests."""
    return Door(get_instance()) if exists() else None


class Door:
    """Before every file: whether its session may bring it."""

    def __init__(self, runtime: Runtime) -> None:
        self._files = cast(MemoryUploadedFileManager, runtime.uploaded_file_mgr)
        self._is_active, self._add = runtime.is_active_session, self._files.add_file
        self._most: dict[str, int] = {}  # bytes by session: those whose page asks for a file
        self._lock = threading.Lock()
        runtime.is_active_session = (
            self._may_send
        )  # asked before the body of an upload is read, and for nothing else
        self._files.add_file = self._take

    def open(self, session: str, most: int) -> None:
        """From here on this session may bring so many bytes."""
        with self._lock:
            self._most = {s: n for s, n in self._most.items() if self._is_active(s)} | {session: most}

    def shut(self, session: str) -> None:
        """No more; what it has brought goes."""
        with self._lock:
            if self._most.pop(session, None) is not None:
                self._files.remove_session_files(session)

    def _may_send(self, session_id: str) -> bool:
        return session_id in self._most and self._is_active(session_id)

    def _take(self, session_id: str, file) -> None:
        with self._lock:
            stored = self._files.file_storage
            if session_id not in self._most:
                raise HTTPException(403, "This page asks for no file.")
            if len(file.data) > self._most[session_id]:
                raise HTTPException(413, "The file is too large.")
            if session_id in stored:  # one file: the one before goes
                self._files.remove_session_files(session_id)
            limits = hosting.limits()
            held = sum(len(f.data) for files in list(stored.values()) for f in list(files.values()))
            if limits and held + len(file.data) > 1e6 * limits.uploads_mb:
                raise HTTPException(503, "Other visitors are bringing files. Try again in a minute.")
            self._add(session_id, file)


def begin_run() -> None:
    """At the start of every run of a page."""
    keys.ASKED_FOR_A_FILE.set(False)


def ask(megabytes: int) -> None:
    """This page draws an uploader, for a file of so many MB at most."""
    keys.ASKED_FOR_A_FILE.set(True)
    if (door := _door()) and (session := _session()):
        door.open(session, megabytes * 1_000_000)


def end_run() -> None:
    """At its end: where nothing was asked for, the door is shut."""
    if not keys.ASKED_FOR_A_FILE.value() and (door := _door()) and (session := _session()):
        door.shut(session)


def _session() -> str | None:
    context = get_script_run_ctx()
    return context.session_id if context else None
