"""What is drawn of a case: attention weights, or each step's share of the evidence."""

from typing import Any

import numpy as np

from regard import SeriesClassifier
from regard.data import sine
from regard.jobs._views import case_views, looked_at
from regard.outputs.classes.outcome import ClassOutcome


def _fitted(pooling: str) -> SeriesClassifier:
    settings: dict[str, Any] = {"encoder": "conv", "hidden": 8, "epochs": 2, "random_state": 0}
    return SeriesClassifier(pooling=pooling, **settings).fit(sine(series=40, steps=31))


def test_with_attention_pooling_it_is_the_attention() -> None:
    model, cases = _fitted("attention"), sine(series=7, steps=31, seed=1)
    np.testing.assert_array_equal(looked_at(model, cases), model.attend(cases))


def test_with_conjunctive_pooling_it_is_the_evidence_for_the_prediction() -> None:
    model, cases = _fitted("conjunctive"), sine(series=7, steps=31, seed=1)
    shares, evidence = looked_at(model, cases), model.evidence(cases)
    column = (model.predict(cases) == model.classes_[1]).astype(int)
    for n in range(7):
        speaks_for = np.maximum(evidence[n, column[n]], 0)
        np.testing.assert_allclose(shares[n], speaks_for / speaks_for.sum(), atol=1e-9)


def test_views_are_cut_to_the_length_of_the_case() -> None:
    model, cases = _fitted("attention"), sine(series=7, steps=31, seed=1)
    for n, view in enumerate(case_views(model, cases)):
        np.testing.assert_array_equal(view.series, cases.values[n])
        assert isinstance(view.outcome, ClassOutcome)
        assert view.outcome.true == str(cases.labels[n]) if cases.labels is not None else False
        assert view.outcome.predicted == str(model.predict(cases)[n])
