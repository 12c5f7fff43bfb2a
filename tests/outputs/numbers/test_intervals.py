"""Intervals of regression: split conformal on the validation part."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard import SeriesRegressor
from regard.errors import ConfigError
from regard.inputs.series.cases import Cases
from regard.outputs.numbers.outcome import NumbersOutcome

SETTINGS: dict[str, Any] = {
    "encoder": "conv", "pooling": "attention", "hidden": 4, "layers": 1, "members": 1,
    "epochs": 1, "updates_per_epoch": 2, "random_state": 0,
}  # fmt: skip


def _cases(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of a series and, 100 times larger, its last value; both with noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 1, 11)) + rng.normal(size=(count, 1, 1))
    y = np.stack([X.mean((1, 2)), 100 * X[:, 0, -1]], 1)
    return X, y + rng.standard_t(4, size=(count, 2)) * [0.5, 50]


@pytest.fixture(scope="module")
def fitted() -> SeriesRegressor:
    return SeriesRegressor(**SETTINGS, validation_share=0.4).fit(*_cases(600, 0))


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_as_many_new_cases_are_within_as_promised(fitted: SeriesRegressor, coverage: float) -> None:
    X, y = _cases(2000, 1)
    intervals = fitted.predict_interval(X, coverage=coverage)
    assert intervals.shape == (2000, 2, 2)
    within = (intervals[..., 0] <= y) & (y <= intervals[..., 1])
    # 240 cases calibrate it: the coverage varies by a standard deviation of up to 0.033.
    np.testing.assert_allclose(within.mean(0), coverage, atol=0.08)
    np.testing.assert_allclose(intervals.mean(2), fitted.predict(X), rtol=1e-6)


def test_by_hand() -> None:
    X, y = _cases(60, 2)
    held, errors = Cases(X[40:49], np.full(9, 11), y[40:49, :1]), []
    model = SeriesRegressor(**SETTINGS)
    model.fit(Cases(X[:40], np.full(40, 11), y[:40, :1]), validation=held)
    errors = sorted(np.abs(model.predict(X[40:49])[:, 0] - y[40:49, 0]))
    low, high = model.predict_interval(X[50:51], coverage=0.8)[0, 0]
    assert (high - low) / 2 == pytest.approx(errors[7])  # ceil(10 * 0.8) = 8th of 9
    with pytest.raises(ConfigError, match="coverage: 9 cases of the validation part are too few"):
        model.predict_interval(X, coverage=0.91)


def test_one_target_has_two_ends() -> None:
    X, y = _cases(50, 3)
    model = SeriesRegressor(**SETTINGS, validation_share=0.2).fit(X, y[:, 0])
    assert model.predict_interval(X).shape == (50, 2)


def test_without_a_validation_part_there_is_none_and_the_fix_is_named(tmp_path: Path) -> None:
    X, y = _cases(50, 4)
    model = SeriesRegressor(**SETTINGS).fit(X, y)
    wanted = "an interval needs a validation part, and training had none; pass validation_share=0.1"
    with pytest.raises(ConfigError) as caught:
        model.predict_interval(X)
    assert str(caught.value) == wanted
    model.save(tmp_path / "run")
    with pytest.raises(ConfigError):
        SeriesRegressor.load(tmp_path / "run").predict_interval(X)
    columns, _ = model.output_.columns(model.infer(X))
    assert list(columns) == ["case", *model.targets_]


@pytest.mark.parametrize("coverage", [0, 1, 80])
def test_coverage_is_a_share(fitted: SeriesRegressor, coverage: float) -> None:
    with pytest.raises(ConfigError, match="coverage: wanted a share between 0 and 1, given"):
        fitted.predict_interval(_cases(3, 5)[0], coverage=coverage)


def test_saved_runs_have_the_same_intervals(fitted: SeriesRegressor, tmp_path: Path) -> None:
    X, _ = _cases(7, 6)
    fitted.save(tmp_path / "run")
    loaded = SeriesRegressor.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_interval(X), fitted.predict_interval(X))


def test_tables_and_figures_have_the_interval(fitted: SeriesRegressor) -> None:
    X, y = _cases(700, 7)
    seen = fitted.infer(Cases(X, np.full(700, 11), y), maps=("weights",))
    intervals = fitted.predict_interval(X)
    columns, _ = fitted.output_.columns(seen)
    name = fitted.targets_[1]
    np.testing.assert_allclose(columns[f"{name} 0.1"], intervals[:, 1, 0], atol=0.01)
    np.testing.assert_allclose(columns[f"{name} 0.9"], intervals[:, 1, 1], atol=0.01)
    for m, row in enumerate(fitted.output_.metrics(seen)["coverage"]):
        within = (intervals[:, m, 0] <= y[:, m]) & (y[:, m] <= intervals[:, m, 1])
        assert row["target"] == fitted.targets_[m]
        assert (row["wanted"], row["found"]) == (0.8, pytest.approx(within.mean(), abs=0.002))


def test_an_outcome_tells_the_interval_with_the_decimals_of_the_prediction() -> None:
    outcome = NumbersOutcome(true={"fat": 3.0}, predicted={"fat": 3.25}, margins={"fat": 0.5})
    assert outcome.title == "predicted 3.250 ± 0.500 (true 3.000)"
