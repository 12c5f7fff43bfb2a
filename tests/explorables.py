"""Cases that pages let be explored, for tests."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.inputs.image.view import PictureView
from regard.inputs.series.view import SeriesView
from regard.inputs.text.view import TextView
from regard.outputs.classes.outcome import ClassOutcome
from regard.plots import Answers

__all__ = ["answers", "picture", "series", "text"]


def answers(
    *,
    N: int = 2,
    weights: NDArray[Any],
    place: int = 0,
    evidence: tuple[NDArray[Any], ...] = (),
    name: str = "class",
    unit: str = "step",
    sure: float = 0.75,
) -> Answers:
    """Of N classes, of which the first is predicted."""
    values = np.full(N, (1 - sure) / max(1, N - 1))
    values[0] = sure
    return Answers(
        place=place,
        names=[f"{name} {n}" for n in range(N)],
        values=values,
        shares=True,
        shown=list(range(min(N, 5))),
        weights=weights,
        weighed="attention",
        evidence=evidence,
        unit=unit,
    )


def _outcome(name: str, *, right: bool, sure: float) -> ClassOutcome:
    return ClassOutcome(true=f"{name} {0 if right else 1}", predicted=f"{name} 0", probability=sure)


def series(
    T: int = 29,
    *,
    place: int = 0,
    values: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    evidence: tuple[NDArray[Any], ...] = (),
    right: bool = True,
    sure: float = 0.75,
    name: str = "class",
) -> SeriesView:
    """A series of one channel, called after its place."""
    values = np.sin(np.arange(float(T)))[None] if values is None else values
    weights = np.full(values.shape[1], 1 / values.shape[1]) if weights is None else weights
    return SeriesView(
        id=str(place),
        series=values,
        channels=("channel 0",),
        weights=weights,
        outcome=_outcome(name, right=right, sure=sure),
        answers=answers(weights=weights, place=place, evidence=evidence, name=name, sure=sure),
    )


def text(
    written: str,
    *,
    place: int = 0,
    evidence: tuple[NDArray[Any], ...] = (),
    right: bool = True,
    sure: float = 0.75,
    name: str = "class",
) -> TextView:
    """A text whose words stand between blanks, the first the highest."""
    ends = np.cumsum([len(word) + 1 for word in written.split(" ")])
    words = np.stack([np.append(0, ends[:-1]), ends - 1], 1)
    weights = np.arange(len(words), 0, -1) / np.arange(len(words) + 1).sum()
    own = answers(
        weights=weights, place=place, evidence=evidence, name=name, unit="word", sure=sure
    )
    return TextView(
        id=str(place),
        text=written,
        words=words,
        weights=weights,
        known=len(words),
        outcome=_outcome(name, right=right, sure=sure),
        answers=own,
    )


def picture(weights: NDArray[Any], *, evidence: tuple[NDArray[Any], ...] = ()) -> PictureView:
    """A grey picture with a box."""
    return PictureView(
        id="0",
        pixels=np.full((*weights.shape, 1), 127, np.uint8),
        weights=weights,
        box=(1, 1, 4, 3),
        outcome=_outcome("class", right=True, sure=0.75),
        answers=answers(weights=weights, evidence=evidence, unit="position"),
    )
