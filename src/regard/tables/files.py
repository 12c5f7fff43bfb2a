"""Open files, with clear errors."""

import codecs
import gzip
import zlib
from os import PathLike
from pathlib import Path

from regard.errors import ConfigError, DataError

__all__ = ["FilePath", "check_file", "read_text"]

FilePath = str | PathLike[str]


def check_file(path: FilePath) -> Path:
    """The path of a file, which must exist and be readable."""
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


def read_text(path: FilePath, *, encoding: str | None = None) -> str:
    r"""The text of a file with "\n" line ends and without a byte order mark; gzip is unpacked.

    Parameters:
        path: a file that is not empty.
        encoding: name of a Python codec; None for UTF-8 if users cannot set an encoding, so that
            messages do not suggest one.
    """
    codec = "utf-8-sig" if encoding is None else _codec(encoding)
    content = _unpacked(path, check_file(path).read_bytes())
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        whole: bytes = error.object
        row = whole[: error.start].count(b"\n") + 1
        fix = ""
        if codec == "utf-8-sig":
            utf16 = whole.startswith((b"\xff\xfe", b"\xfe\xff"))
            other = f", or set encoding, for example {'utf-16' if utf16 else 'latin-1'!r}"
            fix = f"; save the file as UTF-8{other if encoding else ''}"
        raise DataError(
            f"{path}, row {row}: byte 0x{whole[error.start]:02x} is not "
            f"{(encoding or 'utf-8').upper()} text{fix}"
        ) from None
    if not text.strip():
        raise DataError(f"{path} is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _codec(encoding: str) -> str:
    """The canonical name of a codec; for UTF-8 the codec that drops the byte order mark."""
    name = encoding
    try:
        name = codecs.lookup(encoding).name
        b"a".decode(name)  # fails for codecs that do not decode to text, such as base64
    except UnicodeError:
        pass  # a codec that needs more bytes
    except (LookupError, TypeError, ValueError):
        raise ConfigError(
            f"encoding: no {encoding!r}; wanted a name such as 'utf-8', 'latin-1' or 'cp1252'"
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _unpacked(path: FilePath, content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path} cannot be unpacked with gzip: {error}") from None
