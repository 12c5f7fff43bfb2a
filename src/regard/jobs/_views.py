"""Cases as the plots want them: with what was predicted of them and where the model looked."""

from regard.data import Cases
from regard.estimators import SeriesClassifier
from regard.plots import CaseView

__all__ = ["case_views"]


def case_views(estimator: SeriesClassifier, cases: Cases) -> list[CaseView]:
    """Cases with what was predicted of them and where the model looked."""
    probabilities = estimator.predict_proba(cases)
    weights = estimator.attend(cases)
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
