"""The type of labelled series that readers return and models take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError

__all__ = ["Cases", "pad"]

_PER_CASE = ("lengths", "labels", "spans", "ids")


@dataclass(frozen=True, eq=False)
class Cases:
    """B series of C channels and up to T steps, padded with zeros at the end.

    Attributes:
        values: [B, C, T] float64, in the units of the data, zero after each case's length.
        lengths: [B] int64, the number of steps of each case without padding, at least 1.
        labels: [B] class of each case (strings from files, anything from Python); or the numbers
            to predict, float64 [B] or [B, M]; or None.
        spans: [B, 2] int64 half-open (start, stop) steps that determine the case's class, if they
            are known, or several of each case, [B, n, 2]; spans with start == stop are empty.
        ids: [B] names of the cases in the source (the case column of a table; by default the
            position, from 0).
        channels: C names; by default "channel 0", "channel 1", ...
        targets: M names of the columns with the labels, if the source has them.
        columns: T names of the columns with the steps, if the source has them.
        notes: what the user should know of how they were read, such as cases left out.
    """

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    labels: NDArray[Any] | None = None
    spans: NDArray[np.int64] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    channels: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 3:
            shape = list(self.values.shape)
            raise DataError(f"values: wanted [cases, channels, steps], given the shape {shape}")
        cases, channels, _ = self.values.shape
        if len(self.ids) == 0:
            object.__setattr__(self, "ids", np.arange(cases))
        if len(self.channels) == 0:
            names = tuple(f"channel {c}" for c in range(channels))
            object.__setattr__(self, "channels", names)
        if len(self.channels) != channels:
            raise DataError(f"channels: wanted {channels} names, given {len(self.channels)}")
        for name in _PER_CASE:
            given = getattr(self, name)
            if given is not None and len(given) != cases:
                raise DataError(f"{name}: wanted one for each of {cases} cases, given {len(given)}")
        if self.spans is not None:
            self._check_spans(self.spans)

    def _check_spans(self, spans: NDArray[np.int64]) -> None:
        if spans.ndim not in (2, 3) or spans.shape[-1] != 2 or spans.dtype.kind not in "iu":
            raise DataError(
                "spans: wanted whole numbers [cases, 2] or [cases, spans, 2], given "
                f"{spans.dtype} of the shape {list(spans.shape)}"
            )
        start, stop = spans.T  # [B] or [n, B] each
        wrong = (start < 0) | (stop < start) | (stop > self.lengths)
        if (strange := np.atleast_2d(wrong).any(0)).any():
            at = int(strange.argmax())
            raise DataError(
                f"spans[{at}] is {spans[at].tolist()}; wanted 0 <= start <= stop <= "
                f"{self.lengths[at]}, the length of the case"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """[B, T] True for the steps of a series, False for padding."""
        return np.asarray(np.arange(self.values.shape[2]) < self.lengths[:, None])

    @property
    def constant(self) -> NDArray[np.bool_]:
        """[B] which never change, of three steps or more."""
        same = (self.values == self.values[:, :, :1]) | ~self.mask[:, None, :]
        return np.asarray(same.all(axis=(1, 2)) & (self.lengths > 2))

    def take(self, index: NDArray[np.int64]) -> Cases:
        """The cases at these positions, in this order, padded to the longest of them."""
        given = {name: getattr(self, name) for name in _PER_CASE}
        taken = {name: value[index] for name, value in given.items() if value is not None}
        steps = int(taken["lengths"].max(initial=1))
        return replace(self, values=self.values[index, :, :steps], **taken)


def pad(series: Sequence[NDArray[np.floating]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """B arrays [C, steps] as values [B, C, T], zeros at the end, and lengths [B]."""
    lengths = np.array([one.shape[1] for one in series], dtype=np.int64)
    values = np.zeros((len(series), series[0].shape[0], lengths.max()))
    for case, one in enumerate(series):
        values[case, :, : one.shape[1]] = one
    return values, lengths
