"""The type of labelled recordings that readers return and models take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError

__all__ = ["Recordings", "Word", "fault_of"]

_PER_CASE = ("labels", "spans", "ids", "parts")


class Word(NamedTuple):
    """A word that is said in a recording.

    Attributes:
        text: as it is written.
        start, stop: where it is said, in seconds.
    """

    text: str
    start: float
    stop: float


@dataclass(frozen=True, eq=False)
class Recordings:
    """B recordings of one rate with their labels.

    Attributes:
        waves: B arrays [samples] float32, mono, between -1 and 1; empty only where a new recording
            cannot be used.
        rate: samples in a second.
        labels: [B] class of each (strings from files, any type from Python) or text to write for
            each, empty where new cases have none; or None.
        ids: [B] name of each in its source; by default its position, from 0.
        spans: [B, 2] float64 (start, stop) seconds that determine the case's class, if they are
            known; start == stop if no stretch does.
        words: B times the words that are said and where, if they are known; or None.
        parts: [B] "train", "valid" or "test", if the source says so; or None.
        faults: B reasons why a recording cannot be used, "" for those that can.
        notes: what the user should know of how they were read, such as resampling.

    >>> tone = np.sin(np.arange(800), dtype=np.float32)
    >>> recordings = Recordings((tone, tone[:400]), 8000, np.array(["long", "short"]))
    >>> recordings.seconds.tolist()
    [0.1, 0.05]
    """

    waves: tuple[NDArray[np.float32], ...]
    rate: int
    labels: NDArray[Any] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    spans: NDArray[np.float64] | None = None
    words: tuple[tuple[Word, ...], ...] | None = None
    parts: NDArray[np.str_] | None = None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        cases = len(self.waves)
        if not len(self.ids):
            object.__setattr__(self, "ids", np.arange(cases))
        if not self.faults:
            object.__setattr__(self, "faults", ("",) * cases)
        for name in (*_PER_CASE, "words", "faults"):
            given = getattr(self, name)
            if given is not None and len(given) != cases:
                raise DataError(
                    f"{name}: wanted one for each of {cases} recordings, given {len(given)}"
                )

    def __len__(self) -> int:
        return len(self.waves)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """[B] which of them have no fault."""
        return np.array([not fault for fault in self.faults], bool)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """[B] how long each is."""
        return np.array([len(wave) for wave in self.waves]) / self.rate

    def take(self, index: NDArray[np.int64]) -> Recordings:
        """The recordings at these positions, in this order."""
        given = {name: getattr(self, name) for name in _PER_CASE}
        taken = {name: value[index] for name, value in given.items() if value is not None}
        for name in ("waves", "words", "faults"):
            value = getattr(self, name)
            if value is not None:
                taken[name] = tuple(value[at] for at in index)
        return replace(self, **taken)

    def resampled(self, rate: int) -> Recordings:
        """The same at another rate."""
        if rate == self.rate:
            return self
        from regard.inputs.sound.files import resample

        waves = tuple(resample(wave, self.rate, rate) for wave in self.waves)
        return replace(self, waves=waves, rate=rate)


def fault_of(wave: NDArray[np.floating]) -> str:
    """Why samples cannot be learned from or predicted; "" where they can.

    >>> fault_of(np.zeros(100)), fault_of(np.array([])), fault_of(np.array([0.0, 0.5]))
    ('it is silent: all samples are the same', 'it has no samples', '')
    """
    if not wave.size:
        return "it has no samples"
    if not np.isfinite(wave).all():
        return "it has samples that are no finite numbers"
    return "it is silent: all samples are the same" if (wave == wave[0]).all() else ""
