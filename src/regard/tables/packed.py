"""How much Parquet and Feather files hold once they are unpacked, told before any of it is.

Both say so in what comes before each piece of data: the header of a page of Parquet (in the compact
protocol of Thrift) and the length before each buffer of a record batch of Arrow. What the footer of
a file sums up is not believed, since nothing is unpacked by it.

Source: the specifications of Apache Parquet (README, "File format", and parquet.thrift), of Apache
Thrift (thrift-compact-protocol.md) and of Apache Arrow ("Columnar format", Message.fbs, File.fbs).
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["feather_size", "parquet_size"]

_VALUE = 8  # bytes that a value takes in memory, whatever its encoding
_DEPTH = 16  # of nested structures, more than either format has
_STOP, _TRUE, _BYTE, _INTS, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = (
    0,
    1,
    3,
    (4, 5, 6),
    7,
    8,
    9,
    10,
    12,
)


def parquet_size(path: Path) -> int:
    """Bytes of a Parquet file in memory: of its unpacked pages, and of the values in them.

    Raises:
        ValueError: it is damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            length = int.from_bytes(content[-8:-4], "little")
            start = len(content) - 8 - length
            footer = _Thrift(content, start).struct() if start > 0 else {}
            total = 0
            for group in footer.get(4, []):
                for chunk in group.get(1, []):
                    total += _pages_size(content, chunk.get(3, {}))
            return total
        except (IndexError, KeyError, AttributeError, TypeError, struct.error):
            raise ValueError("its footer is damaged") from None


def _pages_size(content: Any, column: dict[int, Any]) -> int:
    """Bytes of the pages of a column's part, and of its values."""
    starts = [column[at] for at in (9, 11) if at in column]  # of its data, and its dictionary
    at, total = min(starts), 0
    stop = at + column[7]
    while at < stop:
        page = _Thrift(content, at)
        header = page.struct()
        values = max((header[kind].get(1, 0) for kind in (5, 7, 8) if kind in header), default=0)
        total += header[2] + _VALUE * values
        if header[3] < 0 or header[2] < 0 or values < 0:
            raise ValueError("the size of a page is negative")
        at = page.at + header[3]
    return total


class _Thrift:
    """A reader of the compact protocol: structures as dicts from the number of a field."""

    def __init__(self, content: Any, at: int) -> None:
        if at < 0:
            raise IndexError
        self.content = content
        self.at = at

    def struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _DEPTH:
            raise ValueError("it is nested too deep")
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != _STOP:
            number = number + (head >> 4) if head >> 4 else self._whole()
            found[number] = self._value(head & 15, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind <= 2:
            return kind == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind in _INTS:
            return self._whole()
        if kind == _DOUBLE:
            self.at += 8
            return None
        if kind == _BINARY:
            size = self._plain()  # which moves on, too
            self.at += size
            return None
        if kind in (_LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._plain()
            inner = head & 15
            if inner <= 2:  # each is a byte here
                self.at += count
                return None
            return [self._value(inner, depth + 1) for _ in range(count)]
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise ValueError(f"it has a field of the kind {kind}")

    def _byte(self) -> int:
        self.at += 1
        return int(self.content[self.at - 1])

    def _plain(self) -> int:
        """A number of seven bits a byte, the lowest first."""
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
            if shift > 63:
                raise ValueError("a number has too many bytes")

    def _whole(self) -> int:
        """A number with its sign in the lowest bit."""
        number = self._plain()
        return (number >> 1) ^ -(number & 1)


def feather_size(path: Path) -> int:
    """Bytes of a Feather (Arrow) file in memory: of its unpacked buffers, and of its values.

    Raises:
        ValueError: it is damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            start = len(content) - 10 - struct.unpack_from("<i", content, len(content) - 10)[0]
            footer = _Table.root(content, start)
            return sum(_batch_size(content, *block) for block in _blocks(footer))
        except (IndexError, struct.error):
            raise ValueError("its footer is damaged") from None


def _blocks(footer: "_Table") -> Iterator[tuple[int, int]]:
    """Place and length of what comes before the data of each dictionary and record batch."""
    for number in (2, 3):
        for at in footer.vector(number, 24):
            yield struct.unpack_from("<qi", footer.content, at)


def _batch_size(content: Any, start: int, length: int) -> int:
    message = start + (8 if content[start : start + 4] == b"\xff\xff\xff\xff" else 4)
    outer = _Table.root(content, message)
    batch = outer.table(2)
    if outer.byte(1) == 2:  # of a dictionary
        batch = batch.table(1)
    body = start + length
    packed = batch.has(3)
    total = 0
    for at in batch.vector(1, 16):
        total += _VALUE * struct.unpack_from("<q", content, at)[0]
    for at in batch.vector(2, 16):
        offset, size = struct.unpack_from("<qq", content, at)
        if packed and size:
            size = max(size, struct.unpack_from("<q", content, body + offset)[0])
        total += size
    return total


class _Table:
    """A table of a flatbuffer."""

    def __init__(self, content: Any, at: int) -> None:
        self.content, self.at = content, at
        self.fields = at - struct.unpack_from("<i", content, at)[0]
        self.width = struct.unpack_from("<H", content, self.fields)[0]

    @classmethod
    def root(cls, content: Any, at: int) -> "_Table":
        return cls(content, at + struct.unpack_from("<I", content, at)[0])

    def _place(self, number: int) -> int:
        """Where a field is; 0 where there is none."""
        slot = 4 + 2 * number
        if slot + 2 > self.width:
            return 0
        offset = struct.unpack_from("<H", self.content, self.fields + slot)[0]
        return self.at + offset if offset else 0

    def has(self, number: int) -> bool:
        return bool(self._place(number))

    def byte(self, number: int) -> int:
        at = self._place(number)
        return int(self.content[at]) if at else 0

    def table(self, number: int) -> "_Table":
        at = self._place(number)
        if not at:
            raise IndexError
        return _Table.root(self.content, at)

    def vector(self, number: int, size: int) -> Iterator[int]:
        """Where the elements of a vector of structures are."""
        at = self._place(number)
        if not at:
            return
        start = at + struct.unpack_from("<I", self.content, at)[0]
        count = struct.unpack_from("<I", self.content, start)[0]
        if start + 4 + count * size > len(self.content):
            raise IndexError
        yield from (start + 4 + each * size for each in range(count))
