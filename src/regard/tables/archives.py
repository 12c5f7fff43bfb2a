"""NumPy archives, opened without executing any code in them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, did_you_mean
from regard.tables.files import FilePath, check_file, check_size

__all__ = ["read_archive"]


def read_archive(
    path: FilePath, known: Sequence[str], *, instead: str = "numbers or strings"
) -> dict[str, NDArray[Any]]:
    """The arrays of what `numpy.savez` has written, by name.

    Parameters:
        path: an .npz file.
        known: names that arrays may have; the first one must be there.
        instead: what to save in place of objects.

    Raises:
        DataError: the file cannot be read, or an array has another name, or holds objects.
    """
    with check_file(path).open("rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
        except Exception:  # a damaged file may raise any type
            raise DataError(
                f"{path} is not a NumPy archive; wanted what numpy.savez writes"
            ) from None
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(f"{path} is a single array; wanted an archive with {known[0]}")
        for key in archive.files:
            if key not in known:
                raise DataError(f"{path}: array {key!r} is unknown{did_you_mean(key, known)}")
        if known[0] not in archive.files:
            present = ", ".join(archive.files) or "nothing"
            raise DataError(f"{path} has no array {known[0]!r}; it has {present}")
        _check_sizes(path, archive, archive.files)
        arrays = {}
        for key in archive.files:
            try:
                arrays[key] = np.asarray(archive[key])
            except Exception as error:  # as above
                reason = f"is damaged: {error}"
                if "Object arrays" in str(error):
                    reason = f"holds Python objects, which are never loaded; save {instead}"
                raise DataError(f"{path}: array {key!r} {reason}") from None
        return arrays


def _check_sizes(path: FilePath, archive: Any, names: Sequence[str]) -> None:
    """Refuse arrays that hold too much, or say that they hold more than there is."""
    members = {member.filename.removesuffix(".npy"): member for member in archive.zip.infolist()}
    total = sum(members[name].file_size for name in names)
    check_size(path, total, of=Path(path).stat().st_size)
    for name in names:
        try:
            with archive.zip.open(members[name]) as file:
                said = _said_bytes(file)
        except Exception as error:  # a damaged file may raise any type
            raise DataError(f"{path}: array {name!r} is damaged: {error}") from None
        if said is not None and said != members[name].file_size:
            raise DataError(
                f"{path}: array {name!r} is damaged: it says {said:,} bytes and holds "
                f"{members[name].file_size:,}"
            )


def _said_bytes(file: Any) -> int | None:
    """The bytes of an array with its header, as that says; None for one of Python objects."""
    formats: Any = np.lib.format
    first = formats.read_magic(file) == (1, 0)
    read = formats.read_array_header_1_0 if first else formats.read_array_header_2_0
    shape, _, dtype = read(file)
    return None if dtype.hasobject else file.tell() + math.prod(shape) * dtype.itemsize
