"""Giving a run away: what will be sent, shown first, and then the sending. The token comes from where it always
does (`hf auth login`, HF_TOKEN) and is neither read, shown, logged nor stored here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from grokviz.errors import HubError, RunError
from grokviz.hosting import is_hosted
from grokviz.hub import card
from grokviz.hub.client import within
from grokviz.hub.fetch import RUN_FILE
from grokviz.hub.refs import PART
from grokviz.hub.sequence_card import sequence_card
from grokviz.runs.folder import DEEP, TIMELINE, AnyRun, Run, SequenceRun, open_any

SEND_SECONDS = 1_800.0
ASK_SECONDS = 20.0


class Parcel(NamedTuple):
    """What goes to a repository of the Hub: name there -> bytes or the file they are in."""

    repo: str
    kind: str  # model or space
    private: bool
    files: dict[str, bytes | Path]
    sdk: str = ""  # of a Space: static or docker

    def listing(self) -> list[tuple[str, int]]:
        """Name and size in bytes of everything that will be sent."""
        return [
            (name, len(f) if isinstance(f, bytes) else f.stat().st_size) for name, f in self.files.items()
        ]


def parcel(path: Path, repo: str, licence: str, private: bool = False) -> Parcel:
    """A run folder with the model card made from it. Sends nothing.

    Raises `RunError` when the run is not finished, or the name or the licence cannot be.
    """
    check_name(repo)
    if not card.LICENCE.fullmatch(licence):
        raise RunError(
            f"{licence[:40]!r} is no licence of the Hub's list. Choose one of: {', '.join(card.LICENCES)}."
        )
    run = open_any(path)
    if not run.shards:
        raise RunError(
            "This run is still being trained, or was not finished. Let it finish, then publish it."
        )
    measured = (TIMELINE, DEEP)
    names = sorted(
        file.name for file in path.iterdir() if RUN_FILE.fullmatch(file.name) or file.name in measured
    )
    files: dict[str, bytes | Path] = {name: path / name for name in names}
    files["README.md"] = _card(run, repo, licence).encode()
    files[card.FIGURE] = card.figure(run).encode()
    return Parcel(repo, "model", private, files)


def _card(run: AnyRun, repo: str, licence: str) -> str:
    if isinstance(run, SequenceRun):
        return sequence_card(run, repo, licence)
    assert isinstance(run, Run)  # there is no third kind
    return card.model_card(run, repo, licence)


def check_name(repo: str) -> None:
    """Raises `RunError` unless this is owner/name."""
    if not re.fullmatch(f"{PART}/{PART}", repo) or "--" in repo or ".." in repo:
        raise RunError(f"{repo[:80]!r} is no name of a repository. Write owner/name.")


def send(parcel: Parcel, endpoint: str | None = None) -> str:
    """Create the repository where it does not exist, and put everything into it in one commit; its address.

    Raises `HubError`; on a hosted server always: a token there is not a visitor's.
    """
    if is_hosted():
        raise HubError("Nothing is published from a public server. Use GrokViz on a machine of your own.")
    from huggingface_hub import CommitOperationAdd, HfApi, get_token

    if not get_token():
        raise HubError(
            "Nobody is logged in to the Hub on this machine. Log in: hf auth login, or set HF_TOKEN."
        )
    api = HfApi(endpoint=endpoint)
    operations = [CommitOperationAdd(name, file) for name, file in parcel.files.items()]
    sdk: dict[str, Any] = {"space_sdk": parcel.sdk} if parcel.sdk else {}
    with _writing(parcel.repo):
        within(ASK_SECONDS, lambda: api.create_repo(
            parcel.repo, private=parcel.private, repo_type=parcel.kind, exist_ok=True, **sdk
        ))  # fmt: skip
        done = within(SEND_SECONDS, lambda: api.create_commit(
            parcel.repo, operations, commit_message="Publish with GrokViz", repo_type=parcel.kind
        ))  # fmt: skip
    where = "spaces/" if parcel.kind == "space" else ""
    return f"{api.endpoint}/{where}{parcel.repo} at {done.oid[:7]}"


# HTTP status -> what it means for somebody who sends, and how to mend it.
_REFUSED = {
    401: ("The Hub does not know your login.", "Log in again: hf auth login, with a token that may write."),
    402: (
        "The Hub asks for money: on free hardware it makes only static Spaces; a Docker Space needs a paid plan.",
        "Leave --docker out for a static Space, which is free, or see https://huggingface.co/pricing.",
    ),
    403: ("Your login may not write to {repo}.", "Check the owner's name, and that your token may write."),
    409: ("{repo} was changed by somebody else meanwhile.", "Try again."),
    413: ("One of the files is larger than the Hub takes.", "Publish fewer runs, or smaller ones."),
    429: ("The Hub has been asked too often from here.", "Try again in some minutes."),
}


@contextmanager
def _writing(repo: str) -> Iterator[None]:
    """Turns what goes wrong while sending into one `HubError` that repeats nothing the Hub or the token said."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code
        later = f"The Hub did not take it (HTTP {status})."
        found, mend = _REFUSED.get(status, (later, "Try again later."))
        raise HubError(found.format(repo=repo), mend=mend) from None
    except TimeoutError:
        raise HubError(
            "The Hub does not answer. Nothing, or not all, was published. Try again later."
        ) from None
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise HubError(
            f"The Hub cannot be reached ({type(error).__name__}). Nothing, or not all, was published. Try again later."
        ) from None
