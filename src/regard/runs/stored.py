"""The weights of a run folder: what they are is read first, and they themselves when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from regard.bounded import parse_json, read_bytes, shown
from regard.errors import RunError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["MOST_BYTES", "StoredWeights"]

_MOST_HEADER = 2**24  # bytes; a weight takes about a hundred
MOST_BYTES = 2**31 + _MOST_HEADER
_TYPES = {
    "BOOL": ("bool", 1),
    "U8": ("uint8", 1),
    "I8": ("int8", 1),
    "I16": ("int16", 2),
    "I32": ("int32", 4),
    "I64": ("int64", 8),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "F32": ("float32", 4),
    "F64": ("float64", 8),
}
# Its first bytes; or the length with which safetensors begin.
_PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class StoredWeights(Mapping[str, "Tensor"]):
    """Name to tensor, of a file of the format safetensors.

    Attributes:
        path: of the file.
        layout: type and shape of each, from the head of the file.

    Raises:
        RunError: the file is truncated, damaged, too large or a pickle.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.layout = _layout(path)
        except (OSError, ValueError) as error:
            self._refuse(error)
        self._loaded: dict[str, Tensor] | None = None

    def __getitem__(self, name: str) -> Tensor:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout)

    def __len__(self) -> int:
        return len(self.layout)

    def _load(self) -> dict[str, Tensor]:
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            loaded: dict[str, Tensor] = load(read_bytes(self.path, most=MOST_BYTES))
        except (OSError, ValueError, SafetensorError) as error:
            self._refuse(error)
        return loaded

    def _refuse(self, error: Exception) -> NoReturn:
        try:
            start = read_bytes(self.path, most=MOST_BYTES, first=2)
        except (OSError, ValueError):
            start = b""
        # Only now: the length of a good file may look like a pickle's first bytes.
        if start in _PICKLES:
            raise RunError(f"{self.path}: is a pickle, which could run code; refused") from None
        raise RunError(f"{self.path}: is truncated or damaged: {error}") from None


def _layout(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The layout in the head of a file, whose parts lie one after the other to its end."""
    size = int.from_bytes(read_bytes(path, most=MOST_BYTES, first=8), "little")
    if size > _MOST_HEADER:
        raise ValueError(f"its head has {size:,} bytes; wanted at most {_MOST_HEADER:,}")
    head = read_bytes(path, most=MOST_BYTES, first=8 + size)[8:]
    if len(head) < size:
        raise ValueError("its head is cut off")
    parts = parse_json(head.decode("utf-8"))
    if not isinstance(parts, dict):
        raise ValueError("its head is not a JSON object")
    parts.pop("__metadata__", None)
    layout = {}
    ends: list[tuple[int, int]] = []
    for name, part in parts.items():
        kind, shape, *between = _part(name, part)
        layout[name] = (_TYPES[kind][0], tuple(shape))
        if between[1] - between[0] != prod(shape) * _TYPES[kind][1]:
            raise ValueError(f"{shown(name)} has another size than its shape")
        ends.append((between[0], between[1]))
    at = 0
    for start, stop in sorted(ends):
        if start != at:
            raise ValueError("its parts do not follow each other")
        at = stop
    if at != path.stat().st_size - 8 - size:
        raise ValueError(f"wanted {at:,} bytes of weights")
    return layout


def _part(name: str, part: Any) -> tuple[Any, ...]:
    """Type, shape, start and stop of a weight."""
    try:
        kind, shape, (start, stop) = part["dtype"], part["shape"], part["data_offsets"]
        numbers = [*shape, start, stop]
        right = kind in _TYPES and all(type(x) is int and x >= 0 for x in numbers)
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise ValueError(f"{shown(name)} has no type, shape and place that are known")
    return kind, shape, start, stop
