"""Asking the Hub, and fetching from it. Every fault has its sentence, and no question takes over 3 seconds.

The Hub's own library retries for half a minute and more where it cannot be reached, and does not go on with a
download that broke. So it is asked for what a repository holds, under a deadline; the files are fetched here.
"""

import errno
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from grokviz.errors import GrokVizError, HubError
from grokviz.hub.refs import Ref

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

T = TypeVar("T")

ANSWER_SECONDS = 1.6  # of silence
DEADLINE_SECONDS = 2.0  # for the whole answer to a question
BODY_SECONDS = 10.0  # of silence in the middle of a file
MAX_BREAKS = 8  # of one download
ROOM = 100_000_000  # bytes left free on the disk
FULL = "The disk is full. What has arrived is kept: make room, then try again, and it goes on from there."
HERE = "What is bundled and what was opened before still works."


class CancelledError(Exception):
    """The person has thought better of it. What has arrived is kept for another time."""


class HubFile(NamedTuple):
    size: int
    sha256: str | None  # of a large file
    blob: str | None  # of a small one: git's SHA-1


class Repo(NamedTuple):
    """What a repository holds at one commit."""

    commit: str
    files: dict[str, HubFile]
    author: str
    licence: str | None
    gated: bool


def look_up(ref: Ref, token: bool | None = None, endpoint: str | None = None) -> Repo:
    """What the repository holds, at the revision of the reference or the newest.

    `token=False` sends none, whatever lies on this machine. Raises `HubError` within 3 seconds.
    """
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint, token=token)
    with sentences(ref):
        info = within(DEADLINE_SECONDS, lambda: api.repo_info(
            ref.repo, revision=ref.revision, repo_type=ref.kind, files_metadata=True, timeout=ANSWER_SECONDS
        ))  # fmt: skip
        card = getattr(info, "card_data", None)
        licence = card.get("license") if card else None
        files = {}
        for sibling in getattr(info, "siblings", None) or []:
            lfs = sibling.lfs or {}
            if sibling.size is not None:
                files[sibling.rfilename] = HubFile(int(sibling.size), lfs.get("sha256"), sibling.blob_id)
        if not isinstance(info.sha, str) or len(info.sha) != 40:
            raise ValueError("no commit")
    author = info.author or ref.repo.split("/")[0]
    return Repo(info.sha, files, author, licence if isinstance(licence, str) else None, bool(info.gated))


def within(seconds: float, question: Callable[[], T]) -> T:
    """The answer, or `TimeoutError`: a server that sends a byte now and then keeps the socket's own limit waiting."""
    answer: list = []

    def ask() -> None:
        try:
            answer.append((question(), None))
        except BaseException as error:
            answer.append((None, error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise TimeoutError
    value, error = answer[0]
    if error is not None:
        raise error
    return value


class Address(NamedTuple):
    """A file on the Hub: which, at which commit, asked for with which token at which endpoint."""

    ref: Ref
    commit: str
    name: str
    token: bool | None = None  # False: none, whatever lies on this machine
    endpoint: str | None = None


def download(
    address: Address,
    file: HubFile,
    to: Path,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> None:
    """The file in `to`, whole and with the hash that the Hub announced. Goes on where an earlier attempt broke.

    `on_bytes` is told how many bytes are there, and may raise `CancelledError`. Raises that, or `HubError`; either
    way what has arrived stays in `to`.part for the next attempt, except where it is wrong.
    """
    if to.exists():
        on_bytes(file.size)
        return
    ref, name = address.ref, address.name
    part = to.with_name(to.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    refuse_full_disk(to.parent, file.size - have)
    with sentences(ref, name):
        _receive(address, part, file.size, on_bytes)
        if not _is_right(part, file):
            part.unlink()
            raise HubError(
                f"{name} of {ref.repo} arrived, but it is not what the Hub announced: its hash differs. It was "
                f"thrown away. Try again. {HERE}"
            )
        os.replace(part, to)


def _receive(address: Address, part: Path, size: int, on_bytes: Callable[[int], None]) -> None:
    """All bytes into `part`, from where they end; a connection that breaks off is taken up again while it helps."""
    import httpx2

    for attempt in range(MAX_BREAKS + 1):
        have = part.stat().st_size if part.exists() else 0
        if have > size:
            part.unlink()
            have = 0
        if have:
            on_bytes(have)
        if have == size and part.exists():
            return
        started = have
        try:
            for arrived in _stream(address, part, started, size):
                have = arrived
                on_bytes(have)
        except (httpx2.TransportError, OSError) as error:
            lost = isinstance(error, httpx2.TransportError) and not isinstance(error, httpx2.ConnectError)
            have = part.stat().st_size if part.exists() else 0
            if not lost or attempt == MAX_BREAKS or (attempt and have == started):
                raise
        if have < size:
            if attempt and have == started:
                break
            time.sleep(0.3)
    raise httpx2.RemoteProtocolError("cut short")


def _stream(address: Address, part: Path, have: int, size: int) -> Iterator[int]:
    """Write what comes behind the bytes that are there; how many there are, after every piece.

    Raises `HubError` when more comes than was announced.
    """
    import httpx2
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    ref, commit, name, token, endpoint = address
    url = hf_hub_url(ref.repo, name, repo_type=ref.kind, revision=commit, endpoint=endpoint)
    headers = {**build_hf_headers(token=token), "Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={have}-"} if have else {}
    timeout = httpx2.Timeout(BODY_SECONDS, connect=ANSWER_SECONDS)
    with get_session().stream("GET", url, headers=headers, timeout=timeout) as answer:
        hf_raise_for_status(answer)
        have = have if answer.status_code == 206 else 0  # it may send all of it anew
        with open(part, "ab" if have else "wb") as out:
            for chunk in answer.iter_bytes():
                have += len(chunk)
                if have > size:
                    break
                out.write(chunk)
                yield have
    if have > size:
        part.unlink()
        raise HubError(f"The Hub sends more than the {size:,} bytes it announced. It was thrown away. {HERE}")


def _is_right(path: Path, file: HubFile) -> bool:
    if file.sha256:
        with open(path, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
    if file.blob:
        git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        git.update(path.read_bytes())
        return git.hexdigest() == file.blob
    return path.stat().st_size == file.size


def refuse_full_disk(folder: Path, size: int) -> None:
    """Raises `HubError` when the download would leave the disk without room."""
    if size + ROOM > (free := shutil.disk_usage(folder).free):
        raise HubError(
            f"This takes {size / 1e6:,.0f} MB and the disk has {free / 1e6:,.0f} MB left. Make room, then try again."
        )


@contextmanager
def sentences(ref: Ref, name: str = "") -> Iterator[None]:
    """Turns whatever goes wrong at the Hub into one `HubError`."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except HfHubHTTPError as error:
        raise HubError(_refusal(error, ref, name)) from None
    except (httpx2.HTTPError, TimeoutError) as error:
        raise HubError(_silence(error, ref, name), mend=HERE) from None
    except HFValidationError:
        raise HubError(f"The Hub knows no such name as {ref.repo}.", mend="Check its spelling.") from None
    except GrokVizError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HubError(
            "What answers at the address of the Hub does not speak as it does.",
            mend=f"Is a login page of the network in between, or HF_ENDPOINT set? {HERE}",
        ) from None
    except OSError as error:
        raise HubError(_disk(error, ref)) from None


def _silence(error: Exception, ref: Ref, name: str) -> str:
    """Why no answer, or not all of it, has come."""
    import httpx2

    if isinstance(error, httpx2.ConnectTimeout):
        return "The Hub cannot be reached: nobody answers there. Check the network."
    if isinstance(error, httpx2.ConnectError):
        return "The Hub cannot be reached: no connection. Check the network."
    if isinstance(error, httpx2.TimeoutException):
        middle = f"in the middle of {name}; what has arrived is kept"
        when = middle if name else f"for {ANSWER_SECONDS:g} seconds"
        return f"The Hub has taken the call and fallen silent {when}. Try again later."
    if isinstance(error, TimeoutError):
        return (
            f"The Hub is too slow: after {DEADLINE_SECONDS:g} seconds its answer about {ref.repo} was not complete. "
            "Try again later."
        )
    if isinstance(error, httpx2.RemoteProtocolError):
        return (
            f"The connection breaks off in the middle of {name or 'an answer'}. What has arrived is kept: try again, "
            "and it goes on from there."
        )
    return f"The Hub cannot be understood ({type(error).__name__}). Try again later."


def _disk(error: OSError, ref: Ref) -> str:
    """Why a download cannot be kept, or was not asked for."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set, so the Hub was not asked. Unset it to open {ref}. {HERE}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return FULL
    return f"The download cannot be kept: {error.strerror or type(error).__name__}."


def _refusal(error: "HfHubHTTPError", ref: Ref, name: str) -> str:
    from huggingface_hub.errors import GatedRepoError, RemoteEntryNotFoundError, RevisionNotFoundError

    status = error.response.status_code
    if isinstance(error, RevisionNotFoundError):
        return f"{ref.repo} has no revision {ref.revision!r} (any more). Leave @{ref.revision} out for the newest."
    if isinstance(error, RemoteEntryNotFoundError):
        return (
            f"{ref.repo} holds no file {name!r} at this revision. Look at https://huggingface.co/{ref.repo}."
        )
    if isinstance(error, GatedRepoError):
        return (
            f"{ref.repo} is gated: its owner wants to be asked first, at https://huggingface.co/{ref.repo}. Accept the "
            "terms there and log in on this machine (hf auth login), then try again."
        )
    if status == 401:
        return (
            f"The Hub wants a login for {ref.repo}: it is private, or it does not exist. Check its spelling, or log in "
            "on this machine (hf auth login)."
        )
    if status == 403:
        return f"The Hub does not let this machine read {ref.repo}. Ask its owner."
    if status == 404:
        return f"There is no {ref.kind} {ref.repo} on the Hub. Check its spelling; datasets are datasets/owner/name."
    if status == 429:
        wait = error.response.headers.get("Retry-After", "")
        when = f"in {wait} seconds" if wait.isdecimal() and len(wait) < 6 else "in some minutes"
        return f"The Hub has been asked too often from here. Try again {when}. {HERE}"
    if status >= 500:
        return f"The Hub has a fault of its own (HTTP {status}). Try again later. {HERE}"
    return f"The Hub refuses (HTTP {status}). {HERE}"
