"""Open files, with clear errors."""

import codecs
import errno
import gzip
import os
import zlib
from collections.abc import Iterator
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import IO

from regard.bounded import no_file
from regard.errors import ConfigError, DataError, FileKindError
from regard.tables.limits import FIXES, gib_or_mib, most_bytes, too_large
from regard.tables.signatures import describe_binary, is_text, media_kind

__all__ = [
    "NO_FILE",
    "FilePath",
    "check_file",
    "check_size",
    "file_fault",
    "read_bytes",
    "read_text",
    "rows_of",
]

FilePath = str | PathLike[str]

NO_FILE = "there is no such file"

# Encodings that have a character for nearly every byte, so that they read any file.
_ONE_BYTE = ("iso8859", "cp125", "cp437", "cp850", "mac")

# Encodings that have control characters where Windows-1252 has dashes and quotation marks.
_WESTERN = ("iso8859-1", "iso8859-15")

_SAMPLE = 2**16  # bytes that tell text

_GZIP = b"\x1f\x8b"
_CHUNK = 2**20
_LONGEST_ROW = 2**24

_NAMES = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "latin-1": "Latin-1"}


def check_file(path: FilePath) -> Path:
    """The path of a file, which must be a regular one and readable."""
    if fault := file_fault(path):
        if fault != NO_FILE:
            raise DataError(f"{path} {fault}")
        where = "" if os.path.isabs(path) else f" in the current folder, {os.getcwd()}"
        raise DataError(f"{path}: {fault}{where}")
    return Path(path)


def file_fault(path: FilePath, *, wanted: str = "a file") -> str:
    """Why a path is no file to read; "" for a regular file that can be opened.

    A pipe is not opened, which would wait for its writer, and a device not read, which may not end.

    >>> file_fault("."), file_fault("nowhere.csv")
    ('is a folder; wanted a file', 'there is no such file')
    """
    try:
        if what := no_file(os.stat(path).st_mode):
            return f"is {what}; wanted {wanted}"
        open(path, "rb").close()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return NO_FILE
        return f"cannot be opened: {error.strerror}"
    except ValueError:  # a path with a zero byte
        return NO_FILE
    return ""


def check_size(path: FilePath, size: float, *, of: int, streamed: bool = False) -> None:
    """Refuse a file that holds too much; see `too_large`.

    Raises:
        DataError: it does.
    """
    if fault := too_large(size, of=of, streamed=streamed):
        raise DataError(f"{path}: {fault}", fixes=FIXES)


def read_bytes(path: FilePath) -> bytes:
    """The content of a file, which is unpacked if it is gzipped.

    Raises:
        DataError: it cannot be read, or holds too much; no more than the limit is unpacked.
    """
    file = check_file(path)
    size = file.stat().st_size
    with file.open("rb") as raw:
        if raw.read(len(_GZIP)) != _GZIP:
            check_size(path, size, of=size)
            raw.seek(0)
            return raw.read()
        raw.seek(0)
        content = BytesIO()
        for chunk in _unpacked(path, raw, size):
            content.write(chunk)
        return content.getvalue()


def rows_of(path: FilePath) -> Iterator[bytes]:
    """The lines of a file that may be larger than memory, gzipped or not.

    Raises:
        DataError: it cannot be read, a line is too long to be one of text, or it is gzipped and
            holds too much.
    """
    file = check_file(path)
    size, total = file.stat().st_size, 0
    most = most_bytes(size, streamed=True)
    with file.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) if packed else raw as rows:
            while row := _tried(path, rows, _LONGEST_ROW):
                total += len(row)
                if len(row) == _LONGEST_ROW:
                    raise DataError(f"{path}: a line is longer than {gib_or_mib(_LONGEST_ROW)}")
                if total > most:
                    check_size(path, total, of=size, streamed=True)
                yield row


def read_text(path: FilePath, *, encoding: str | None = None) -> str:
    r"""The text of a file with "\n" line ends and without a byte order mark; gzip is unpacked.

    Parameters:
        path: a file that is not empty.
        encoding: name of a Python codec; None for UTF-8 if users cannot set an encoding, so that
            messages do not suggest one.
    """
    codec = "utf-8-sig" if encoding is None else _codec(encoding)
    content = read_bytes(path)
    if binary := describe_binary(content):
        raise DataError(f"{path} {binary}")
    if kind := media_kind(content) or _binary(content[:_SAMPLE]):
        raise FileKindError(path, kind, "a file of text, such as CSV")
    try:
        text = content.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _undecodable(path, error.object, error.start, encoding) from None
    if likely := _misread(content, codec):
        raise DataError(
            f"{path} is {_NAMES[likely]} text, not {str(encoding).upper()}",
            fixes=(("encoding", likely),),
        )
    if "\0" in text and _guess(content).startswith("utf-16"):
        raise _undecodable(path, content, content.index(b"\0"), encoding)
    if not text.strip():
        raise DataError(f"{path} is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _binary(sample: bytes) -> str:
    """What the start of a file that has no known signature is; "" for text in any encoding."""
    text = sample.decode(_guess(sample) or "latin-1", errors="replace")
    return "" if is_text(text) else "a binary file"


def _misread(content: bytes, codec: str) -> str:
    """The encoding of a file that another decodes, to other characters; "" if it is right."""
    if codec.startswith(_ONE_BYTE) and not content.isascii():
        likely = _guess(content)
        return likely if likely == "utf-8" or (likely == "cp1252" and codec in _WESTERN) else ""
    if codec.startswith("utf-16") and b"\0" not in content:  # which a tab or line end would have
        likely = _guess(content)
        return likely if likely in _NAMES else ""
    return ""


def _undecodable(path: FilePath, content: bytes, at: int, encoding: str | None) -> DataError:
    """The error for a byte that is no text in the encoding, with the encoding to read it in."""
    row, name = content[:at].count(b"\n") + 1, (encoding or "utf-8").upper()
    message = f"{path}, row {row}: byte 0x{content[at]:02x} is not {name} text"
    if encoding is None:
        return DataError(f"{message}; save the file as UTF-8")
    return DataError(message, fixes=(("encoding", _guess(content) or ...),))


def _guess(content: bytes) -> str:
    """A likely encoding; "" where none is."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = content[::2].count(0), content[1::2].count(0)
    if max(zeros) > len(content) / 8:  # half of the bytes of Latin letters are zero
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    for name in ("utf-8", "cp1252"):
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        # Windows-1252 is Latin-1 with marks and letters in the place of control characters.
        marks = any(0x80 <= byte < 0xA0 for byte in content)
        return name if name == "utf-8" or marks else "latin-1"
    return ""


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


def _unpacked(path: FilePath, raw: IO[bytes], size: int) -> Iterator[bytes]:
    total = 0
    with gzip.open(raw) as content:
        while True:
            try:
                chunk = content.read(_CHUNK)
            except (EOFError, OSError, zlib.error) as error:
                raise _damaged(path, error) from None
            if not chunk:
                return
            total += len(chunk)
            check_size(path, total, of=size)
            yield chunk


def _tried(path: FilePath, rows: IO[bytes] | gzip.GzipFile, most: int) -> bytes:
    try:
        return rows.readline(most)
    except (EOFError, OSError, zlib.error) as error:
        raise _damaged(path, error) from None


def _damaged(path: FilePath, error: Exception) -> DataError:
    return DataError(
        f"{path} cannot be unpacked with gzip: {error}; the file may be truncated or damaged"
    )
