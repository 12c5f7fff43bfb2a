import json
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from regard.data import Cases, Scaler, as_cases
from regard.errors import ConfigError, DataError

LENGTHS = (7, 2, 11, 5)


def random_cases(seed: int = 0, scale: float = 3.0, offset: float = 4.0) -> Cases:
    generator = np.random.default_rng(seed)
    return as_cases([offset + scale * generator.normal(size=(3, steps)) for steps in LENGTHS])


def test_each_channel_of_each_case_by_itself() -> None:
    cases = random_cases()
    scaled = Scaler("series").fit(cases).transform(cases)
    assert scaled.dtype == np.float32
    assert scaled.shape == cases.values.shape
    for case, steps in enumerate(LENGTHS):
        for channel in range(3):
            own = cases.values[case, channel, :steps]
            wanted = (own - own.mean()) / own.std()
            np.testing.assert_allclose(scaled[case, channel, :steps], wanted, rtol=1e-5, atol=1e-6)
        assert (scaled[case, :, steps:] == 0).all()


def test_each_channel_over_the_training_part_as_scikit_learn_does() -> None:
    training, test = random_cases(), random_cases(seed=1, scale=5.0, offset=-2.0)
    scaled = Scaler("channel").fit(training).transform(test)

    def steps_of(cases: Cases, values: Any) -> Any:
        """True steps of all cases in a row: [steps, C]."""
        return np.moveaxis(values, 1, 2)[cases.mask]

    peer = StandardScaler().fit(steps_of(training, training.values))
    wanted = peer.transform(steps_of(test, test.values))
    np.testing.assert_allclose(steps_of(test, scaled), wanted, rtol=1e-5, atol=1e-6)
    assert (np.moveaxis(scaled, 1, 2)[~test.mask] == 0).all()


def test_none_changes_nothing() -> None:
    cases = random_cases()
    scaled = Scaler("none").fit(cases).transform(cases)
    np.testing.assert_array_equal(scaled, cases.values.astype(np.float32))


@pytest.mark.parametrize("kind", ["series", "channel"])
@pytest.mark.parametrize("level", [0.1, -1e9 / 3, 0.0, 1e-300, 1e300])
def test_constant_channels_become_zero(kind: Literal["series", "channel"], level: float) -> None:
    cases = as_cases(np.full((3, 1, 499), level))
    assert (Scaler(kind).fit(cases).transform(cases) == 0).all()


@pytest.mark.parametrize("kind", ["series", "channel"])
def test_rounding_is_not_blown_up_to_a_signal(kind: Literal["series", "channel"]) -> None:
    sums = np.array([0.1 + 0.2, 0.3] * 50)  # one and the same number but for its last bit
    assert np.ptp(sums) > 0
    cases = as_cases(sums[None, :])
    assert np.abs(Scaler(kind).fit(cases).transform(cases)).max() < 1e-12


@pytest.mark.parametrize("kind", ["series", "channel"])
def test_a_large_offset_loses_nothing(kind: Literal["series", "channel"]) -> None:
    # Multiples of 1/1024 are exact beside 1e9, so both must scale to the same.
    small = np.random.default_rng(2).integers(-2048, 2048, size=(3, 2, 101)) / 1024
    scaler = Scaler(kind)
    plain = scaler.fit(as_cases(small)).transform(as_cases(small))
    lifted = scaler.fit(as_cases(small + 1e9)).transform(as_cases(small + 1e9))
    np.testing.assert_allclose(lifted, plain, atol=2e-6)


@settings(max_examples=50)
@given(
    arrays(np.float64, (3, 2, 7), elements=st.integers(-1000, 1000).map(float)),
    st.sampled_from([-600, -30, 30, 600]),
)
def test_the_unit_of_the_values_does_not_matter(values: Any, power: int) -> None:
    scaled = Scaler("series").transform(as_cases(values))
    other = Scaler("series").transform(as_cases(values * 2.0**power))
    np.testing.assert_allclose(other, scaled, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(scaled.mean(axis=2), 0, atol=1e-5)
    constant = np.ptp(values, axis=2) == 0
    np.testing.assert_allclose(scaled.std(axis=2), np.where(constant, 0, 1), atol=1e-5)


def test_json_and_back() -> None:
    training, test = random_cases(), random_cases(seed=1)
    for scaler in (Scaler("channel").fit(training), Scaler("series"), Scaler("none")):
        again = Scaler.from_dict(json.loads(json.dumps(scaler.to_dict())))
        assert again.kind == scaler.kind
        np.testing.assert_array_equal(again.transform(test), scaler.transform(test))


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ([], "scaler: wanted an object, given []"),
        ({}, "scaler: the field kind is missing"),
        ({"kind": "serie"}, "scaler.kind: no 'serie'; did you mean 'series'?"),
        (
            {"kind": "none", "means": [1.0]},
            "scaler: no field 'means'; did you mean 'mean'?",
        ),
        (
            {"kind": "channel", "mean": [1.0]},
            "scaler: wanted mean and std together, and only for the kinds 'channel' and 'log'",
        ),
        (
            {"kind": "series", "mean": [1.0], "std": [1.0]},
            "scaler: wanted mean and std together, and only for the kinds 'channel' and 'log'",
        ),
        (
            {"kind": "channel", "mean": [1.0], "std": [0.0]},
            "scaler.std: wanted one number above 0 for each of scaler.mean",
        ),
        (
            {"kind": "channel", "mean": [1.0], "std": [1.0, 2.0]},
            "scaler.std: wanted one number above 0 for each of scaler.mean",
        ),
        (
            {"kind": "channel", "mean": ["1"], "std": [1.0]},
            "scaler.mean: wanted a list of finite numbers, given ['1']",
        ),
        (
            {"kind": "channel", "mean": [float("nan")], "std": [1.0]},
            "scaler.mean: wanted a list of finite numbers, given [nan]",
        ),
    ],
)
def test_other_dicts_are_refused(given_: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Scaler.from_dict(given_)
    assert str(caught.value) == message


def test_unknown_kind() -> None:
    with pytest.raises(ConfigError, match=r"^kind: no 'chanel'; did you mean 'channel'\?$"):
        Scaler("chanel")  # type: ignore[arg-type]


def test_transforming_before_fitting_or_another_number_of_channels() -> None:
    cases = random_cases()
    with pytest.raises(DataError, match="the scaler is not fitted; call fit with the training"):
        Scaler("channel").transform(cases)
    with pytest.raises(DataError, match="the scaler was fitted on 3 channels, given 2"):
        Scaler("channel").fit(cases).transform(as_cases(np.ones((5, 2, 7))))


def test_values_too_large_for_the_model_are_named() -> None:
    values = np.ones((3, 2, 5))
    values[1, 1, 4] = 1e39
    with pytest.raises(DataError) as caught:
        Scaler("none").transform(as_cases(values))
    assert str(caught.value) == (
        "case 1, channel 1, step 4: 1e+39 is too large for float32 after scaling of the kind 'none'"
    )


def test_log_keeps_the_sizes_and_the_signs_of_series_that_differ_by_orders_of_magnitude() -> None:
    small, large = np.array([[1.0, -3.0, 7.0]]), np.array([[1e6, -3e6, 7e6]])
    cases = as_cases([small, small, large, large])
    scaled = Scaler("log").fit(cases).transform(cases)[:, 0]
    logs = np.log1p(np.abs(cases.values[:, 0])) * np.sign(cases.values[:, 0])
    np.testing.assert_allclose(scaled, (logs - logs.mean()) / logs.std(), rtol=1e-5)


@pytest.mark.parametrize("huge", [1e308, -1e308, 1e15])
def test_one_value_that_hides_all_others_is_refused(huge: float) -> None:
    values = np.random.default_rng(0).normal(size=(13, 1, 7))
    values[5, 0, 3] = huge
    with pytest.raises(DataError, match=r"^case 5, channel 0, step 3: .* is so large that the"):
        Scaler("channel").fit(as_cases(values))
    values[2, 0, 1] = -huge  # so that their difference is infinite
    with pytest.raises(DataError, match=r"^case [52], channel 0, step [31]: .* is so large"):
        Scaler("channel").fit(as_cases(values))


def test_events_among_equal_values_are_not_refused() -> None:
    values = np.full((5, 1, 7), 3.0)
    values[2, 0, 4] = 5.0
    cases = as_cases(values)
    wanted = StandardScaler().fit_transform(values.reshape(-1, 1)).reshape(values.shape)
    np.testing.assert_allclose(Scaler("channel").fit(cases).transform(cases), wanted, rtol=1e-6)


def test_values_of_many_sizes_are_not_refused() -> None:
    values = 10.0 ** np.arange(-3, 4).repeat(6).reshape(6, 1, 7)
    assert np.isfinite(Scaler("channel").fit(as_cases(values)).transform(as_cases(values))).all()
