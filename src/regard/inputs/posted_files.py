"""Files within JSON, such as pictures and recordings, as a service gets them."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from regard.errors import DataError, RegardError

__all__ = ["file_form", "nameless", "posted_files"]


def file_form(what: str, example: str) -> dict[str, Any]:
    """The JSON schema of a file.

    Parameters:
        what: it is.
        example: a small one in base64.
    """
    described = f"{what}, in base64."
    return {
        "type": "string",
        "contentEncoding": "base64",
        "minLength": 1,
        "description": described,
        "examples": [example],
    }


@contextmanager
def posted_files(values: list[Any]) -> Iterator[list[Path]]:
    """Values in base64 as files, which are deleted afterwards.

    Raises:
        DataError: a value is no text, or not base64.
    """
    with nameless() as folder:
        paths = []
        for at, value in enumerate(values):
            if not isinstance(value, str):
                raise DataError("a case: wanted the bytes of a file in base64")
            try:
                content = b64decode(value.encode(), validate=True)
            except (binascii.Error, UnicodeEncodeError):
                raise DataError("a case: is not base64") from None
            paths.append(folder / f"case {at}")
            paths[-1].write_bytes(content)
        yield paths


@contextmanager
def nameless() -> Iterator[Path]:
    """A folder for a while, of which errors raised within say nothing."""
    with TemporaryDirectory(prefix="regard-") as name:
        try:
            yield Path(name)
        except RegardError as error:
            error.message = error.message.replace(f"{name}/", "").replace(name, "the file")
            raise
