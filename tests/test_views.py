"""What is drawn of a case: attention weights, or each step's share of the evidence."""

from typing import Any

import numpy as np

from regard import SeriesClassifier
from regard.data import Cases, sine
from regard.explain import localisation_ap
from regard.inputs.series.view import SeriesView
from regard.outputs.classes.outcome import ClassOutcome


def _fitted(pooling: str) -> SeriesClassifier:
    settings: dict[str, Any] = {"encoder": "conv", "hidden": 8, "epochs": 2, "random_state": 0}
    return SeriesClassifier(pooling=pooling, **settings).fit(sine(series=40, steps=31))


def _views(model: SeriesClassifier, cases: Any) -> list[SeriesView]:
    seen = model.infer(cases, maps=("weights",))
    views = [model.input_.view(seen, n, model.output_.outcome(seen, n)) for n in range(len(cases))]
    return [view for view in views if isinstance(view, SeriesView)]


def test_with_attention_pooling_it_is_the_attention() -> None:
    model, cases = _fitted("attention"), sine(series=7, steps=31, seed=1)
    weights = np.stack([view.weights for view in _views(model, cases)])
    np.testing.assert_array_equal(weights, model.attend(cases))


def test_with_conjunctive_pooling_it_is_the_evidence_for_the_prediction() -> None:
    model, cases = _fitted("conjunctive"), sine(series=7, steps=31, seed=1)
    shares = np.stack([view.weights for view in _views(model, cases)])
    evidence = model.evidence(cases)
    column = (model.predict(cases) == model.classes_[1]).astype(int)
    for n in range(7):
        speaks_for = np.maximum(evidence[n, column[n]], 0)
        np.testing.assert_allclose(shares[n], speaks_for / speaks_for.sum(), atol=1e-9)
    np.testing.assert_array_equal(shares, model.attend(cases))  # one answer everywhere
    seen = model.infer(cases, maps=("attention", "weights"))
    assert cases.spans is not None
    wanted = localisation_ap(shares, cases.spans, cases.lengths)
    found = model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    assert found["localisation_ap"] == wanted
    gates = np.stack(seen.maps["attention"])
    assert np.ptp(gates) < np.ptp(shares)
    [note] = model.input_.reading("each {}'s share")
    assert note.endswith("a gate says how much a step counts, but not for what.")


def test_views_have_the_series_the_truth_and_the_prediction() -> None:
    model, cases = _fitted("attention"), sine(series=7, steps=31, seed=1)
    assert cases.labels is not None
    views = _views(model, cases)
    assert len(views) == 7
    for n, view in enumerate(views):
        np.testing.assert_array_equal(view.series, cases.values[n])
        assert isinstance(view.outcome, ClassOutcome)
        assert view.outcome.true == str(cases.labels[n])
        assert view.outcome.predicted == str(model.predict(cases)[n])


def test_the_axis_has_seconds_or_the_numbers_of_the_header() -> None:
    X = np.random.default_rng(0).normal(size=(8, 1, 3))
    labels = np.array(["a", "b"] * 4)
    settings: dict[str, Any] = {"encoder": "conv", "hidden": 4, "epochs": 1, "random_state": 0}

    def view(names: tuple[str, ...], **options: Any) -> SeriesView:
        cases = Cases(X, np.full(8, 3), labels, columns=names)
        return _views(SeriesClassifier(**settings, **options).fit(cases), cases)[0]

    timed = view((), rate=4.0)
    assert (timed.steps.tolist(), timed.unit) == ([0, 0.25, 0.5], "time (s)")  # type: ignore[union-attr]
    spectrum = view(("850", "852.5", "855"))
    assert spectrum.steps is not None
    assert spectrum.steps.tolist() == [850, 852.5, 855]
    for names in ((), ("x", "y", "z"), ("3", "2", "1")):
        plain = view(names)
        assert (plain.steps, plain.unit) == (None, "step")
