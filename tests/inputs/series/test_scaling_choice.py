from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard import SeriesClassifier, SeriesRegressor
from regard.data import as_cases
from regard.errors import DataError
from regard.inputs.series.scaling_choice import scaling_by_error, scaling_by_size


def test_series_of_very_different_sizes_are_scaled_each_by_itself() -> None:
    generator = np.random.default_rng(0)
    alike = generator.normal(size=(41, 3, 29)) * generator.uniform(1, 4, size=(41, 1, 1)) + 7.0
    assert scaling_by_size(as_cases(alike)) == "channel"
    apart = alike * 10.0 ** generator.uniform(-3, 3, size=(41, 1, 1))
    assert scaling_by_size(as_cases(apart)) == "series"
    one_channel_apart = alike.copy()
    one_channel_apart[:, 1] = apart[:, 1]
    assert scaling_by_size(as_cases(one_channel_apart)) == "channel"
    ragged = [case[:, : 5 + n % 7] for n, case in enumerate(apart)]
    assert scaling_by_size(as_cases(ragged)) == "series"


def test_the_size_is_kept_where_numbers_may_depend_on_it() -> None:
    small, large = np.array([[1.0, -3.0, 7.0]]), np.array([[1e6, -3e6, 7e6]])
    cases = as_cases([small, small, large, large])
    assert scaling_by_size(cases) == "series"
    assert scaling_by_size(cases, keep_size=True) == "log"
    assert scaling_by_size(as_cases([small, small]), keep_size=True) == "channel"


def waves(seed: int, cases: int = 60) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Series with noise, [B, 1, 40], and the frequency of each, [B]."""
    generator = np.random.default_rng(seed)
    frequency = generator.uniform(1, 4, cases)
    phase = generator.uniform(0, 2 * np.pi, cases)
    steps = np.linspace(0, 1, 40)
    values = np.sin(2 * np.pi * frequency[:, None] * steps + phase[:, None])
    return (values + generator.normal(0, 0.1, values.shape))[:, None], frequency


@pytest.mark.parametrize("numbers", [False, True])
def test_the_kind_of_the_least_error_is_chosen(numbers: bool) -> None:
    values, frequency = waves(0)
    generator = np.random.default_rng(1)
    exponents, levels = generator.uniform(0, 4, 60), generator.normal(0, 3, 60)
    sizes = 10.0 ** exponents[:, None, None]
    wanted = {
        "series": (values * sizes, frequency),
        "channel": (values + 20 + levels[:, None, None], levels),
    }
    if not numbers:
        wanted["log"] = values * sizes, frequency + exponents
    for kind, (given, label) in wanted.items():
        cases = as_cases(given, label if numbers else label > np.median(label))
        assert scaling_by_error(cases, numbers=numbers, seed=0) == kind


def test_without_a_clear_gain_each_channel_is_scaled() -> None:
    values, _ = waves(3)
    label = np.random.default_rng(0).integers(0, 2, len(values))
    for numbers in (False, True):
        assert scaling_by_error(as_cases(values, label), numbers=numbers, seed=0) == "channel"


def test_many_cases_are_chosen_on_some_of_every_class() -> None:
    """Every second case is of a class: cases spread evenly would be of one."""
    values, frequency = waves(4, 1200)
    order = np.argsort(frequency)
    order = np.stack([order[:600], order[600:]], 1).ravel()
    values *= 10.0 ** np.random.default_rng(1).uniform(-3, 3, (1200, 1, 1))
    cases = as_cases(values[order], np.arange(1200) % 2)
    assert scaling_by_error(cases, numbers=False, seed=0) == "series"


def test_a_kind_that_does_not_take_the_values_is_not_chosen() -> None:
    values, frequency = waves(5)
    values[:, 0] += frequency[:, None] * 1e30
    labels = frequency > 2.5
    assert scaling_by_error(as_cases(values, labels), numbers=False, seed=0) == "channel"
    values, _ = waves(5)
    values[0, 0, 0] = 1e308
    with pytest.raises(DataError, match=r"^case 0, channel 0, step 0: 1e\+308 is so large"):
        scaling_by_error(as_cases(values, labels), numbers=False, seed=0)


@pytest.mark.parametrize("numbers", [False, True])
def test_sizes_too_different_for_one_scale_are_no_fault(numbers: bool) -> None:
    values, frequency = waves(7)
    values *= 10.0 ** np.random.default_rng(1).uniform(-30, 30, (60, 1, 1))
    cases = as_cases(values, frequency if numbers else frequency > 2.5)
    assert scaling_by_error(cases, numbers=numbers, seed=0) == "series"


def test_models_with_convolutions_choose_by_error_and_others_by_size() -> None:
    values, frequency = waves(6)
    values[::5] *= 1e3  # too few for the quartiles of the sizes
    short: dict[str, Any] = {"epochs": 1, "updates_per_epoch": 1, "hidden": 4, "random_state": 0}
    for estimator, labels in (
        (SeriesClassifier, frequency > np.median(frequency)),
        (SeriesRegressor, frequency),
    ):
        solved = estimator(convolutions="only", **short).fit(values, labels)
        assert solved.scaler_.kind == scaling_by_error(
            as_cases(values, labels), numbers=estimator is SeriesRegressor, seed=0
        )
        assert solved.scaler_.kind != "channel"
        trained = estimator(convolutions=False, **short).fit(values, labels)
        assert trained.scaler_.kind == "channel"
