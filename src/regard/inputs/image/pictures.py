"""The type of labelled pictures that readers return and models take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError

__all__ = ["Pictures"]

_PER_CASE = ("values", "extents", "labels", "boxes", "links", "parts", "ids", "faults")


@dataclass(frozen=True, eq=False)
class Pictures:
    """B pictures, each at the top left of a square canvas.

    Attributes:
        values: [B, size, size, C] uint8, C = 1 (grey) or 3 (RGB), zero outside a picture.
        extents: [B, 2] int64, the rows and columns of each picture on its canvas, at least 1.
        labels: [B] class of each case (strings from files, anything from Python) or text to write
            for each; or None.
        boxes: [B, 4] int64 (top, left, bottom, right), half-open, in pixels of the canvas: where
            what determines the class is, if that is known; all zero where it is not.
        links: B arrays [n, 6] of the places that words of a label show: (start, stop) characters
            of the label, a text, and the box (top, left, bottom, right); None where not known.
        parts: [B] "train", "valid" or "test", where their table says so; or None.
        ids: [B] names of the cases: paths, or by default the position, from 0.
        faults: [B] why a picture cannot be read, empty where it can; such pictures are blank.
        notes: what the user should know of how they were read.
    """

    values: NDArray[np.uint8]
    extents: NDArray[np.int64]
    labels: NDArray[Any] | None = None
    boxes: NDArray[np.int64] | None = None
    links: tuple[NDArray[np.int64], ...] | None = None
    parts: NDArray[np.str_] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    faults: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, np.str_))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.values.shape
        if self.values.dtype != np.uint8 or len(shape) != 4 or shape[3] not in (1, 3):
            raise DataError(
                "values: wanted uint8 [cases, size, size, 1 or 3], given "
                f"{self.values.dtype} {list(shape)}"
            )
        if shape[1] != shape[2]:
            raise DataError(f"values: wanted a square canvas, given {shape[1]} x {shape[2]}")
        if len(self.ids) == 0:
            object.__setattr__(self, "ids", np.arange(len(self)))
        if len(self.faults) == 0:
            object.__setattr__(self, "faults", np.full(len(self), ""))
        for name in _PER_CASE:
            given = getattr(self, name)
            if given is not None and len(given) != len(self):
                raise DataError(
                    f"{name}: wanted one for each of {len(self)} cases, given {len(given)}"
                )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def size(self) -> int:
        """Rows and columns of the canvas."""
        return int(self.values.shape[1])

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """[B, size, size] True inside a picture; None if each fills its canvas."""
        if (self.extents == self.size).all():
            return None
        at = np.arange(self.size)
        rows, columns = (at < self.extents[:, side, None] for side in (0, 1))
        return np.asarray(rows[:, :, None] & columns[:, None, :])

    def take(self, index: NDArray[np.int64]) -> Pictures:
        """The cases at these positions, in this order."""
        given = {name: getattr(self, name) for name in _PER_CASE}
        taken: dict[str, Any] = {
            name: tuple(own[at] for at in index) if isinstance(own, tuple) else own[index]
            for name, own in given.items()
            if own is not None
        }
        return replace(self, **taken)
