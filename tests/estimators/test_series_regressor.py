"""The regressor of series: numbers in their units, one and several, and those that cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from regard.data import Cases
from regard.errors import ConfigError, DataError
from regard.estimators import SeriesRegressor
from regard.outputs.numbers.targets import targets_of
from regard.outputs.sides import sides_of

SMALL: dict[str, Any] = {
    "encoder": "conv",
    "pooling": "attention",
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "members": 1,
    "dropout": 0.0,
    "scaling": "channel",
    "validation_share": 0.0,
    "epochs": 15,
    "updates_per_epoch": 6,
    "learning_rate": 0.03,
    "device": "cpu",
    "random_state": 0,
}
Floats = NDArray[np.float64]


def _bumps(cases: int = 40, steps: int = 23, seed: int = 0) -> tuple[Floats, Floats]:
    """Series with a bump somewhere, and how high it is."""
    generator = np.random.default_rng(seed)
    X = 0.05 * generator.normal(size=(cases, 1, steps))
    heights = generator.uniform(1, 3, cases)
    starts = generator.integers(0, steps - 3, cases)
    for n in range(cases):
        X[n, 0, starts[n] : starts[n] + 3] += heights[n]
    return X, heights


def _make(**changes: Any) -> SeriesRegressor:
    return SeriesRegressor(**{**SMALL, **changes})


@pytest.fixture(scope="module")
def fitted() -> SeriesRegressor:
    return _make().fit(*_bumps())


def test_it_learns_and_scores(fitted: SeriesRegressor) -> None:
    X, y = _bumps(seed=1)
    assert fitted.score(X, y) > 0.8
    assert fitted.predict(X).shape == (40,)
    assert fitted.targets_ == ("target",)


@pytest.mark.parametrize("unit", [1e6, 1e-6, -1.0])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_the_unit_of_the_numbers_makes_no_difference(
    fitted: SeriesRegressor, unit: float, offset: float
) -> None:
    """Scaled inside: the same model but for rounding, in other units."""
    X, y = _bumps()
    model = _make().fit(X, unit * (y + offset))
    expected = fitted.predict(X)
    if unit > 0:
        np.testing.assert_allclose(model.predict(X) / unit - offset, expected, atol=2e-3)
    assert model.score(X, unit * (y + offset)) > 0.8


def test_numbers_of_other_sizes_count_alike() -> None:
    X, y = _bumps()
    both = np.stack([1e6 * y, 1e-6 * y], 1)
    predicted = _make().fit(X, both).predict(X)
    assert predicted.shape == (40, 2)
    for m in range(2):
        residual = ((predicted[:, m] - both[:, m]) ** 2).sum()
        assert 1 - residual / ((both[:, m] - both[:, m].mean()) ** 2).sum() > 0.8


@pytest.mark.parametrize(
    ("y", "shape"),
    [
        (np.arange(40), (40,)),
        (np.arange(40).astype(np.float32), (40,)),
        (np.arange(80.0).reshape(40, 2), (40, 2)),
        (np.arange(80.0).reshape(40, 2).tolist(), (40, 2)),
    ],
)
def test_predictions_have_the_shape_of_what_was_given(y: Any, shape: tuple[int, ...]) -> None:
    X, _ = _bumps()
    model = _make(epochs=1).fit(X, y)
    assert model.predict(X).shape == shape
    assert model.evidence(X).shape == (40, *(shape[1:] or (1,)), 23)
    assert model.predict(X).dtype == np.float64


def test_a_table_of_one_column_stays_a_table(tmp_path: Path) -> None:
    X, y = _bumps()
    cases = Cases(X, np.full(40, 23), y[:, None], targets=("height",))
    model = _make(epochs=1).fit(cases)
    assert model.predict(X).shape == (40, 1)
    assert model.targets_ == ("height",)
    model.save(tmp_path / "model")
    loaded = SeriesRegressor.load(tmp_path / "model")
    assert loaded.targets_ == ("height",)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


@pytest.mark.parametrize("pooling", ["attention", "conjunctive"])
def test_evidence_is_in_the_units_of_the_data(pooling: str) -> None:
    X, y = _bumps()
    both = np.stack([1e6 * y + 7e6, -y], 1)
    model = _make(pooling=pooling, epochs=3).fit(X, both)
    sums = model.evidence(X).sum(2) + both.mean(0)
    np.testing.assert_allclose(sums, model.predict(X), rtol=1e-5)


def test_members_are_averaged() -> None:
    """Each begins elsewhere and learns by itself; what is shown is the mean, as what is said."""
    X, y = _bumps()
    model = _make(members=3, epochs=3).fit(X, y)
    ensemble: Any = model.model_
    series = torch.from_numpy(model.scaler_.transform(Cases(X, np.full(40, 23))))
    with torch.inference_mode():
        each = [member(series) for member in ensemble.members]
    values = np.stack([one.values.double().numpy() for one in each])
    assert np.ptp(values, axis=0).min() > 0
    mean = model.target_scaler_.invert(values.mean(0))[:, 0]
    np.testing.assert_allclose(model.predict(X), mean, rtol=1e-5)
    weights = np.stack([one.maps["attention"].numpy() for one in each]).mean(0)
    np.testing.assert_allclose(model.attend(X), weights, atol=1e-6)
    np.testing.assert_allclose(
        model.evidence(X).sum(2)[:, 0] + y.mean(), model.predict(X), rtol=1e-5
    )


def test_a_member_learns_what_it_would_alone() -> None:
    """By a loss of its own, not by that of the mean."""
    X, y = _bumps()
    both = _make(members=2, epochs=1, updates_per_epoch=1).fit(X, y)
    generator = torch.Generator().manual_seed(0)
    series = torch.randn(5, 1, 23, generator=generator)
    targets = torch.randn(5, 1, generator=generator)
    ensemble: Any = both.model_.train()
    ensemble.zero_grad()
    objective = both.output_.objective(Cases(X, np.full(40, 23), y))
    objective(ensemble(series).values, targets).backward()
    for member in ensemble.members:
        alone = torch.autograd.grad(
            objective(member(series).values, targets), list(member.parameters())
        )
        for parameter, gradient in zip(member.parameters(), alone, strict=True):
            torch.testing.assert_close(2 * parameter.grad, gradient)


def test_nothing_of_a_series_is_varied_in_training() -> None:
    """Its scale may be what is to be predicted."""
    incoming, _ = sides_of(_make().resolve(0))
    assert incoming.augment() is None


def test_validation_is_by_the_error_in_units() -> None:
    X, y = _bumps(60)
    unit = _make(validation_share=0.2, epochs=3).fit(X, y).history_
    thousand = _make(validation_share=0.2, epochs=3).fit(X, 1000 * y).history_
    assert {"validation_loss", "validation_rmse"} <= set(unit[0])
    for ours, theirs in zip(unit, thousand, strict=True):
        assert theirs["validation_rmse"] == pytest.approx(1000 * ours["validation_rmse"], rel=1e-2)
        assert theirs["validation_loss"] == pytest.approx(ours["validation_loss"], rel=1e-2)


def test_only_the_training_part_scales() -> None:
    X, y = _bumps()
    cases = Cases(X, np.full(40, 23), y)
    held = Cases(X, np.full(40, 23), 1e9 * y)
    model = _make(epochs=1).fit(cases, validation=held)
    assert model.target_scaler_.mean is not None
    assert model.target_scaler_.mean[0] == pytest.approx(y.mean())


def test_cross_validation_grid_search_and_pipeline() -> None:
    X, y = _bumps()
    model = _make(epochs=2)
    assert cross_val_score(model, X, y, cv=2, scoring="neg_root_mean_squared_error").shape == (2,)
    search = GridSearchCV(model, {"hidden": np.array([5, 7])}, cv=2).fit(X[:, 0], y)
    assert search.best_params_["hidden"] in (5, 7)
    pipeline = make_pipeline(FunctionTransformer(np.abs), model)
    assert pipeline.fit(X[:, 0], y).predict(X[:, 0]).shape == (40,)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (np.full(40, 3.5), "^target is 3.5 for every case"),
        (np.stack([np.arange(40.0), np.full(40, 7)], 1), "^target 1 is 7 for every case"),
        (np.arange(39.0), "y has 39 labels, X has 40 cases; wanted one for each"),
        (["high"] * 40, "y: could not convert string to float: 'high'"),
        ([np.nan, *range(39)], "y, case 0: the target is missing; pass missing='skip'"),
        ([np.inf, *range(39)], "y: Input y contains infinity"),
        (np.zeros((40, 2, 2)), "y: Found array with dim 3"),
    ],
)
def test_numbers_that_cannot_be_learned(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _make().fit(_bumps()[0], y)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "the cases have no targets"),
        (np.array(["a", "b"] * 20), "case 0: the target 'a' is not a number; for classes take"),
        (np.array([1.0, np.nan] * 20), "case 1: the target is nan; wanted a finite number"),
    ],
)
def test_cases_that_cannot_be_learned(labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _make().fit(Cases(_bumps()[0], np.full(40, 23), labels))


def test_classes_that_are_written_as_numbers_are_numbers() -> None:
    X, y = _bumps()
    written = Cases(X, np.full(40, 23), np.array([f"{height:.6f}" for height in y]))
    model = _make(epochs=1).fit(written)
    assert model.target_scaler_.to_dict()["mean"] == pytest.approx([targets_of(written).mean()])


def test_validation_of_another_number_of_targets() -> None:
    X, y = _bumps()
    cases = Cases(X, np.full(40, 23), y)
    held = Cases(X, np.full(40, 23), np.stack([y, y], 1))
    with pytest.raises(DataError, match="the cases have 2 targets, the training part has 1"):
        _make().fit(cases, validation=held)


def test_what_is_for_classes_is_unknown() -> None:
    with pytest.raises(TypeError, match="class_weight"):
        SeriesRegressor(class_weight="balanced")
    assert not hasattr(SeriesRegressor(), "predict_proba")


def test_series_of_other_channels(fitted: SeriesRegressor) -> None:
    with pytest.raises(DataError, match="X has 2 channels; the model was fitted on 1"):
        fitted.predict(np.zeros((3, 2, 23)))
    with pytest.raises(ConfigError, match="conjunctive pooling gates every state by itself"):
        _make(attention="causal", pooling="conjunctive").fit(*_bumps())
