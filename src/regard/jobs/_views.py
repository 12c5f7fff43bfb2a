"""Cases as the plots want them: with what was predicted of them and where the model looked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.estimators import SeriesClassifier, SeriesRegressor, TextClassifier
from regard.inputs.series.cases import Cases
from regard.inputs.text.sentences import sentence_spans
from regard.inputs.text.texts import Texts
from regard.outputs.numbers.targets import targets_of
from regard.plots import CaseView, TextView

__all__ = ["by_evidence", "case_views", "looked_at", "notes_of", "text_views"]

_AT_ONCE = 1000  # cases whose evidence for every class is held in memory
_RUNNERS_UP = 3


def notes_of(estimator: SeriesClassifier | SeriesRegressor | TextClassifier) -> list[str]:
    """What one should know to read the pictures."""
    notes = list(estimator.notes_)
    if isinstance(estimator, TextClassifier):
        if by_evidence(estimator):
            notes.append(
                "The weights drawn are each word's share of the evidence for the predicted class, "
                "of what it says to the attention and by its n-grams together."
            )
    elif estimator.pooling == "conjunctive":
        of = (
            "how far each step moved the prediction"
            if isinstance(estimator, SeriesRegressor)
            else "each step's share of the evidence for the predicted class"
        )
        notes.append(
            "Conjunctive pooling looks at every step and lets what each says differ: the weights "
            f"drawn are {of}."
        )
    return notes


def looked_at(estimator: SeriesClassifier | SeriesRegressor, cases: Cases) -> NDArray[np.float64]:
    """Where the model looked to say what it predicts: [B, T], each row summing to one.

    With attention pooling these are its weights. Conjunctive pooling opens its gates to most steps
    and lets their values differ: there it is each step's share of the evidence for the predicted
    class, leaving out what speaks against it; or, of numbers, its share of all that moved them.
    """
    if estimator.pooling != "conjunctive":
        return estimator.attend(cases)
    shares = np.zeros((len(cases), cases.values.shape[2]))
    for start in range(0, len(cases), _AT_ONCE):
        index = np.arange(start, min(start + _AT_ONCE, len(cases)))
        some = cases.take(index)
        evidence = estimator.evidence(some)  # [some, N, T]
        spoke = (
            np.abs(evidence).sum(1)
            if isinstance(estimator, SeriesRegressor)
            else _for_the_prediction(evidence)
        )
        gates = estimator.attend(some)  # where nothing at all speaks for it
        shares[index, : some.values.shape[2]] = _shares(spoke, gates)
    return shares


def _for_the_prediction(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """[B, N, T] -> [B, T] what speaks for the class that has most evidence."""
    predicted = evidence.sum(2).argmax(1)
    return np.asarray(evidence[np.arange(len(evidence)), predicted].clip(min=0))


def _shares(spoke: NDArray[np.float64], otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., T] shares of each row's sum; where that is zero, the other weights."""
    total = spoke.sum(-1, keepdims=True)
    return np.where(total > 0, spoke / np.where(total > 0, total, 1), otherwise)


def case_views(estimator: SeriesClassifier | SeriesRegressor, cases: Cases) -> list[CaseView]:
    """Cases with what was predicted of them and where the model looked."""
    weights = looked_at(estimator, cases)
    outcomes = (
        _numbers(estimator, cases)
        if isinstance(estimator, SeriesRegressor)
        else _classes(estimator, cases)
    )
    views = []
    for n, length in enumerate(cases.lengths):
        span = None if cases.spans is None else (int(cases.spans[n, 0]), int(cases.spans[n, 1]))
        views.append(
            CaseView(
                id=str(cases.ids[n]),
                series=cases.values[n, :, :length],
                channels=cases.channels,
                weights=weights[n, :length],
                span=span if span and span[0] < span[1] else None,
                **outcomes[n],
            )
        )
    return views


def _numbers(estimator: SeriesRegressor, cases: Cases) -> list[dict[str, Any]]:
    """The true and the predicted numbers of each case, by the names of the targets."""

    def named(rows: NDArray[np.float64]) -> list[Mapping[str, float]]:
        rows = rows.reshape(len(cases), -1)
        return [dict(zip(estimator.targets_, map(float, row), strict=True)) for row in rows]

    predicted = named(estimator.predict(cases))
    true: list[Any] = [None] * len(cases)
    if cases.labels is not None:
        true = list(named(targets_of(cases)))
    return [{"true": t, "predicted": p} for t, p in zip(true, predicted, strict=True)]


def _classes(estimator: SeriesClassifier | TextClassifier, cases: Any) -> list[dict[str, Any]]:
    """The true and the predicted class of each case, and its probability."""
    probabilities = estimator.predict_proba(cases)
    return [
        {
            "true": None if cases.labels is None else str(cases.labels[n]),
            "predicted": str(estimator.classes_[row.argmax()]),
            "probability": float(row.max()),
        }
        for n, row in enumerate(probabilities)
    ]


def by_evidence(estimator: TextClassifier) -> bool:
    """Whether words are drawn by their evidence: where it is not the attention alone that says."""
    if estimator.pooling == "conjunctive":
        return True
    attention: Any = estimator.resolve(estimator.seed_).model.attention
    linear = estimator.pooling == "attention" and attention.query != "last"
    return estimator.ngrams_ is not None and linear


def text_views(estimator: TextClassifier, texts: Texts) -> list[TextView]:
    """Texts with what was predicted of them and at which words the model looked."""
    probabilities = estimator.predict_proba(texts)
    weights = estimator.attend(texts)
    evident = by_evidence(estimator)
    if evident:
        evidence = estimator.evidence(texts)
        weights = [
            _shares(_for_the_prediction(each[None])[0], gates)
            for each, gates in zip(evidence, weights, strict=True)
        ]
    known, spans = estimator.encode(texts).known, estimator.word_spans(texts)
    views = []
    for n, outcome in enumerate(_classes(estimator, texts)):
        best = np.argsort(-probabilities[n], kind="stable")[1 : 1 + _RUNNERS_UP]
        runners = tuple((str(estimator.classes_[c]), float(probabilities[n, c])) for c in best)
        sentences: dict[str, Any] = {}
        if estimator.pooling == "hierarchical":
            found = np.array(sentence_spans(texts.texts[n]))
            middle = spans[n].mean(1)
            of = np.clip(np.searchsorted(found[:, 0], middle, side="right") - 1, 0, None)
            sentences = {
                "sentences": found,
                "sentence_weights": np.bincount(of, weights[n], minlength=len(found)),
            }
        views.append(
            TextView(
                id=str(texts.ids[n]),
                text=texts.texts[n],
                words=spans[n],
                weights=weights[n],
                known=int(known[n]),
                runners_up=runners,
                by_evidence=evident,
                **sentences,
                **outcome,
            )
        )
    return views
