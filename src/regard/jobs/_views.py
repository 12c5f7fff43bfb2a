"""Cases as the plots want them: with what was predicted of them and where the model looked."""

import numpy as np
from numpy.typing import NDArray

from regard.data import Cases
from regard.estimators import SeriesClassifier
from regard.plots import CaseView

__all__ = ["case_views", "looked_at"]

_AT_ONCE = 1000  # cases whose evidence for every class is held in memory


def looked_at(estimator: SeriesClassifier, cases: Cases) -> NDArray[np.float64]:
    """Where the model looked to say what it predicts: [B, T], each row summing to one.

    With attention pooling these are its weights. Conjunctive pooling opens its gates to most steps
    and lets their class scores differ: there it is each step's share of the evidence for the
    predicted class, leaving out what speaks against it.
    """
    if estimator.pooling == "attention":
        return estimator.attend(cases)
    shares = np.zeros((len(cases), cases.values.shape[2]))
    for start in range(0, len(cases), _AT_ONCE):
        index = np.arange(start, min(start + _AT_ONCE, len(cases)))
        some = cases.take(index)
        evidence = estimator.evidence(some)  # [some, N, T]
        predicted = evidence.sum(2).argmax(1)
        speaks_for = evidence[np.arange(len(some)), predicted].clip(min=0)
        total = speaks_for.sum(1, keepdims=True)
        gates = estimator.attend(some)  # where nothing at all speaks for it
        shares[index, : some.values.shape[2]] = np.where(
            total > 0, speaks_for / np.where(total > 0, total, 1), gates
        )
    return shares


def case_views(estimator: SeriesClassifier, cases: Cases) -> list[CaseView]:
    """Cases with what was predicted of them and where the model looked."""
    probabilities = estimator.predict_proba(cases)
    weights = looked_at(estimator, cases)
    views = []
    for n, length in enumerate(cases.lengths):
        span = None if cases.spans is None else (int(cases.spans[n, 0]), int(cases.spans[n, 1]))
        views.append(
            CaseView(
                id=str(cases.ids[n]),
                series=cases.values[n, :, :length],
                channels=cases.channels,
                weights=weights[n, :length],
                true=None if cases.labels is None else str(cases.labels[n]),
                predicted=str(estimator.classes_[probabilities[n].argmax()]),
                probability=float(probabilities[n].max()),
                span=span if span and span[0] < span[1] else None,
            )
        )
    return views
