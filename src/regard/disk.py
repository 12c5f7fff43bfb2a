"""What the file system does in one step: renaming without replacing, exchanging, replacing a file.

And syncing: what is renamed to its final name is on the disk before.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

__all__ = ["exchange", "remove", "rename_new", "replace_bytes", "sync"]

_THERE = (errno.EEXIST, errno.ENOTEMPTY)
_TAKEN = (errno.ENOTDIR, errno.EISDIR)  # unless a folder on the way is none
_UNKNOWN = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # of renameat2, by the file system
_NOREPLACE, _EXCHANGE = 1, 2
_HERE = -100  # relative paths are relative to the working directory


def rename_new(source: Path, target: Path) -> None:
    """Rename a file or folder to a name that is free.

    Where the system cannot do so in one step, the name is looked at just before; even then a
    folder replaces no file, and no folder that holds anything.

    Raises:
        FileExistsError: something has this name, if only a link to nowhere.
    """
    if _renameat2(source, target, _NOREPLACE):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        os.rename(source, target)
    except OSError as error:
        # What had the name may have gone since.
        if error.errno in _THERE or (error.errno in _TAKEN and os.path.lexists(target)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        raise


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders change their names in one step; False where the system cannot."""
    return _renameat2(one, other, _EXCHANGE)


def _renameat2(source: Path, target: Path, flag: int) -> bool:
    """Whether the system has done it; where it knows no such thing nothing has happened."""
    rename = _system_rename()
    if rename is None:
        return False
    number = rename(os.fsencode(source), os.fsencode(target), flag)
    if number and number not in _UNKNOWN:
        raise OSError(number, os.strerror(number), str(source), None, str(target))
    return not number


@cache
def _system_rename() -> Callable[[bytes, bytes, int], int] | None:
    """Linux's `renameat2`, which returns an error's number; None where there is none."""
    if sys.platform != "linux":
        return None
    import ctypes

    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]

    def rename(source: bytes, target: bytes, flag: int) -> int:
        return ctypes.get_errno() if call(_HERE, source, _HERE, target, flag) else 0

    return rename


def replace_bytes(path: Path, *content: bytes | memoryview) -> None:
    """Write a file beside its name, sync it, and rename it; what had the name is replaced."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as file:
        for each in content:
            file.write(each)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync(path.parent, inside=False)


def sync(path: Path, *, inside: bool = True) -> None:
    """Have the system write a file, or a folder with all that is in it, to the disk."""
    if path.is_dir():
        for each in path.iterdir() if inside else ():
            sync(each)
        if os.name == "nt":  # where folders are not opened
            return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link, but not what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
