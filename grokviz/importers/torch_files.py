"""Torch files that a stranger wrote. Nothing in them is executed, whatever they name.

`torch.load(weights_only=True)` reads tensors and plain containers and refuses everything else. Real files also
hold the odd object of some class, a config for instance. For exactly the names that a file mentions, an empty
shell is registered: it takes whatever state it is given as a dictionary, and the module named is never imported.
"""

import pickle
import threading
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

from grokviz.errors import RunError

MAX_PICKLE = 256 * 2**20  # bytes of the part of the file that is no tensor: losses are lists of numbers there
MAX_NAMES = 200
_loading = threading.Lock()  # the shells are registered for the whole process


class Shell:
    """What is left of an object of an unknown class: its attributes, if it had any, and no behaviour."""

    def __new__(cls, *arguments, **named):
        return super().__new__(cls)

    def __init__(self, *arguments, **named) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple):  # (attributes, slots)
            state = {k: v for part in state if isinstance(part, dict) for k, v in part.items()}
        if isinstance(state, dict):
            self.__dict__.update({str(k): v for k, v in state.items()})


def settings_of(value: object) -> dict:
    """The settings in a config, be it a dictionary or the shell of an object; else none."""
    if isinstance(value, Shell):
        value = vars(value)
    return {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else {}


def read_torch(path: Path) -> object:
    """The content of a torch file, its tensors mapped from the disk and read only when they are used.

    Raises `RunError` for anything that is no whole torch file, or asks for more than tensors, numbers, texts
    and shells.
    """
    names = _unknown_names(path)
    import torch  # slow, and only needed for these files

    shells: list = [(type("Shell", (Shell,), {}), name) for name in names]
    with _loading, warnings.catch_warnings(), torch.serialization.safe_globals(shells):
        warnings.simplefilter("ignore")  # about old protocols: the file reads or it does not
        try:
            mapped = zipfile.is_zipfile(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped or None)
        except pickle.UnpicklingError as error:
            raise RunError(
                f"{path.name} holds more than weights and numbers ({_first_line(error)}). It was not opened, and "
                "nothing in it was run. Ask its author for a state dict, best as .safetensors."
            ) from None
        except (
            RuntimeError,
            EOFError,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            OSError,
        ) as e:
            raise RunError(
                f"{path.name} is no torch file that can be read ({_first_line(e)}). Download it again."
            ) from None


def _unknown_names(path: Path) -> list[str]:
    """The classes and functions that the file names and torch does not know."""
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file:
            start = file.read(4)
        if start == b"PK\x03\x04":
            raise RunError(f"{path.name} is cut short: the end of the file is missing. Download it again.")
        return []  # a torch file from before 2020, or none: torch will say
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise RunError(f"{path.name} is damaged ({_first_line(error)}). Download it again.") from None
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise RunError(f"{path.name} is a compressed archive, which no torch file is. Unpack it first.")
    size = sum(entry.file_size for entry in entries if entry.filename.endswith("data.pkl"))
    if not size:
        raise RunError(f"{path.name} is an archive without a data.pkl, so it is no torch file.")
    if size > MAX_PICKLE:
        raise RunError(
            f"{path.name} holds {size:,} bytes besides its tensors, expected at most {MAX_PICKLE:,}."
        )
    from torch.serialization import get_unsafe_globals_in_checkpoint

    try:
        names = sorted(get_unsafe_globals_in_checkpoint(path))
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise RunError(
            f"{path.name} cannot be opened safely ({_first_line(error)}). It was not opened, and nothing in it "
            "was run. Ask its author for a state dict, best as .safetensors."
        ) from None
    if len(names) > MAX_NAMES:
        raise RunError(f"{path.name} names {len(names):,} unknown classes, expected at most {MAX_NAMES}.")
    return names


def _first_line(error: BaseException) -> str:
    """Why, in the words of whoever raised it, without the advice to switch the safety off."""
    text = next(
        (line.strip() for line in str(error).splitlines() if "GLOBAL" in line or "nsupported" in line), ""
    )
    text = text or (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text.split(" Please use")[0].split("whose module")[0].strip(" .")[:160]
