"""Opening files, with an error for each way that can fail."""

from os import PathLike
from pathlib import Path

from regard.errors import DataError

__all__ = ["FilePath", "check_file", "read_text"]

FilePath = str | PathLike[str]


def check_file(path: FilePath) -> Path:
    """The path of a file that is there and can be opened."""
    file = Path(path)
    if file.is_dir():
        raise DataError(f"{path} is a folder; wanted a file")
    try:
        file.open("rb").close()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be opened: {reason}") from None
    return file


def read_text(path: FilePath) -> str:
    r"""The text of a UTF-8 file that is not empty, every line ending in "\n", without its mark."""
    content = check_file(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        byte = f"0x{content[error.start]:02x}"
        raise DataError(
            f"{path}, row {row}: byte {byte} is not UTF-8 text; save the file as UTF-8"
        ) from None
    if not text.strip():
        raise DataError(f"{path} is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")
