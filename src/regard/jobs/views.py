"""Cases as pages show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError
from regard.inference import Inference
from regard.outputs import Rated
from regard.plots import Answers, CaseView
from regard.plots.explored import MOST_EXPLORED

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator

__all__ = ["explorable", "to_explore", "view_of"]

_BATCH = 64  # cases whose evidence for all classes is held at a time


def view_of(estimator: AttentionEstimator, seen: Inference, n: int = 0) -> CaseView:
    """A case, ready to be drawn."""
    return estimator.input_.view(seen, n, estimator.output_.outcome(seen, n))


def to_explore(estimator: AttentionEstimator, seen: Inference) -> list[int]:
    """Which cases of a test part to explore: the worst and others in turn, at most 200.

    Any number of the first of them has about as many of the worst as of the others, which lie
    evenly over the test part.
    """
    worst = estimator.output_.worst(seen)[: MOST_EXPLORED // 2]
    rest = np.setdiff1d(np.arange(len(seen)), worst)
    # The multiples of the golden ratio below any bound are spread evenly.
    rest = rest[np.argsort(np.arange(len(rest)) * (np.sqrt(5) - 1) / 2 % 1, kind="stable")]
    count = min(len(worst), len(rest))
    turns = np.stack([worst[:count], rest[:count]], 1).ravel()
    every = np.concatenate([turns, worst[count:], rest[count:]])
    return [int(n) for n in every[:MOST_EXPLORED]]


def explorable(
    estimator: AttentionEstimator, seen: Inference, positions: Sequence[int]
) -> list[CaseView]:
    """Cases with what a page needs to let them be explored; none where it cannot draw them.

    The evidence is asked of the model again, for these cases alone: that of all cases of a test
    part for all classes may be too large to hold.

    Parameters:
        seen: cases with the map "weights".
        positions: of the cases.
    """
    rated = estimator.output_.rated(seen)
    if rated is None or not len(positions) or not view_of(estimator, seen, positions[0]).data():
        return []
    views = [view_of(estimator, seen, n) for n in positions]
    shown = [_shown(rated, n, view) for n, view in zip(positions, views, strict=True)]
    incoming = estimator.input_
    parts = zip(views, positions, shown, _evidence(estimator, seen, positions, shown), strict=True)
    return [
        replace(
            view,
            answers=Answers(
                place=n,
                names=rated.names,
                values=rated.values[n],
                shares=rated.shares,
                shown=own,
                weights=seen.maps["weights"][n],
                weighed="evidence" if incoming.by_evidence else "attention",
                evidence=evidence,
                unit=incoming.noun,
            ),
        )
        for view, n, own, evidence in parts
    ]


def _shown(rated: Rated, n: int, view: CaseView) -> list[int]:
    group = view.outcome.group
    true = rated.names.index(group) if group in rated.names else None
    return Answers.likeliest(rated.values[n], shares=rated.shares, true=true)


def _evidence(
    estimator: AttentionEstimator,
    seen: Inference,
    positions: Sequence[int],
    shown: Sequence[Sequence[int]],
) -> Iterator[list[NDArray[np.float64]]]:
    """For each case the evidence for the answers that are shown; none where the model has none."""
    for start in range(0, len(positions), _BATCH):
        some = np.array(positions[start : start + _BATCH])
        try:
            found = estimator.infer(seen.cases.take(some), maps=("evidence",)).maps["evidence"]
        except ConfigError:  # of this pooling there is none that is exact
            yield from ([] for _ in some)
            continue
        for own, wanted in zip(found, shown[start : start + _BATCH], strict=True):
            yield [own[at] for at in wanted]
