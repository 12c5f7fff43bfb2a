"""How much a file may hold once it is unpacked, so that a small one cannot fill the memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from regard.checks import check_number
from regard.errors import Fix

__all__ = ["FIXES", "LARGEST", "RATIO", "SMALL", "gib_or_mib", "most_bytes", "reading", "too_large"]

RATIO = 100
"""Times its own size that a packed file may hold; series of text are packed to a tenth."""

SMALL = 64 * 2**20
"""Bytes that every file may hold, whatever its own size."""

LARGEST = 4 * 2**30
"""Bytes that no file may hold."""

FIXES: tuple[Fix, ...] = ("max_gib",)
"""What lets a larger file be read."""

_allowed: ContextVar[float | None] = ContextVar("allowed", default=None)


@contextmanager
def reading(*, max_gib: float) -> Iterator[None]:
    """Files read within, in this thread, may hold so much, however small they are themselves.

    Parameters:
        max_gib: 2^30 bytes that a file may hold once it is unpacked. Without it a file may hold
            100 times its own size, of 64 MiB at least and 4 GiB at most.

    >>> with reading(max_gib=8):
    ...     too_large(5 * 2**30, of=2**20)
    ''
    """
    check_number("max_gib", max_gib, within="(0, inf)")
    token = _allowed.set(max_gib * 2**30)
    try:
        yield
    finally:
        _allowed.reset(token)


def too_large(size: float, *, of: int, streamed: bool = False) -> str:
    """What is wrong with the size of what a file holds; "" where it is within the limit.

    Parameters:
        size: bytes once it is unpacked, as it says, or as have been read.
        of: bytes of the file itself.
        streamed: whether no more than a part is kept in memory, so that only the ratio counts.

    >>> too_large(2**30, of=2**20), too_large(99 * 2**20, of=2**20)
    ('it holds more than 100 MiB, 100 times its own size', '')
    """
    limit = most_bytes(of, streamed=streamed)
    if size <= limit:
        return ""
    why = f", {RATIO} times its own size" if SMALL < limit == RATIO * of else ""
    return f"it holds more than {gib_or_mib(limit)}{why}"


def most_bytes(of: int, *, streamed: bool = False) -> float:
    """The bytes that a file may hold; see `too_large`."""
    allowed = _allowed.get()
    if allowed is not None:
        return max(allowed, RATIO * of) if streamed else allowed
    return min(inf if streamed else LARGEST, max(SMALL, RATIO * of))


def gib_or_mib(size: float) -> str:
    """A size in few digits.

    >>> gib_or_mib(2**26), gib_or_mib(1.5 * 2**30)
    ('64 MiB', '1.5 GiB')
    """
    unit, name = (2**30, "GiB") if size >= 2**30 else (2**20, "MiB")
    return f"{size / unit:.3g} {name}"
