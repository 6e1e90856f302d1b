"""What a file is that holds no weights at all, told by how it begins, and why it is usually there instead of them."""

from pathlib import Path

from grokviz.errors import RunError

LOOK = 4_096  # bytes from the beginning
STARTS = (
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive", "Unpack it first"),
    (b"Rar!", "is a RAR archive", "Unpack it first"),
    (b"BZh", "is compressed with bzip2", "Unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz", "Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", "Unpack it first"),
    (
        b"\x89HDF\r\n\x1a\n",
        "is an HDF5 file, as Keras writes",
        "Save its weights with torch.save or as .safetensors",
    ),
    (b"GGUF", "is a GGUF file of a language model", "Choose the file that PyTorch saved"),
    (
        b"\x93NUMPY",
        "is one numpy array",
        "Save a dictionary of all weights with torch.save or as .safetensors",
    ),
    (b"%PDF", "is a PDF document", "Choose the file with the weights"),
    (b"\x89PNG", "is a picture", "Choose the file with the weights"),
    (b"PAR1", "is a Parquet table", "Choose the file with the weights"),
)


def refuse_other_files(path: Path, start: bytes, size: int) -> None:
    """Raises `RunError`, one sentence with the usual cause, for what is no file of weights of any kind."""
    if not size:
        raise RunError(f"{path.name} is empty: the download did not arrive. Download it again.")
    if start.startswith(b"version https://git-lfs"):
        raise RunError(
            f"{path.name} is a Git LFS pointer, a note of {size:,} bytes that stands for the file: the repository was "
            "cloned without Git LFS. Fetch the file itself with `git lfs pull`, or download it from its page."
        )
    for magic, what, mend in STARTS:
        if start.startswith(magic):
            raise RunError(f"{path.name} {what}, and no file of weights. {mend}.")
    if start[257:262] == b"ustar":
        raise RunError(f"{path.name} is a tar archive, and no file of weights. Unpack it first.")
    if (text := _text(start, size)) is not None:
        head = text.lstrip("\ufeff \t\r\n").lower()
        if head.startswith(("<!doctype", "<html", "<?xml", "<head")):
            raise RunError(
                f"{path.name} is a web page, and no file of weights: the address of a page about the file was saved in "
                "place of the file. Download it with the download button of that page."
            )
        kind = "text in JSON, such as a log or a config" if head[:1] in ("{", "[") else "text"
        raise RunError(f"{path.name} is {kind}, and no file of weights. Choose the file with the weights.")


def _text(start: bytes, size: int) -> str | None:
    """The beginning as text, if it is text."""
    for cut in range(4 if size > len(start) else 1):  # a character may be cut in two
        try:
            text = start[: len(start) - cut].decode()
        except ValueError:
            continue
        return text if all(c.isprintable() or c in "\t\r\n\f\ufeff" for c in text) else None
    return None
