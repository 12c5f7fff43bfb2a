from typing import Any

import numpy as np
import pytest

from regard.data import Cases, sine
from regard.errors import ConfigError


def spans_of(cases: Cases) -> Any:
    assert cases.spans is not None
    return cases.spans


def labels_of(cases: Cases) -> Any:
    assert cases.labels is not None
    return cases.labels


def test_defaults_are_the_documented_problem() -> None:
    cases = sine()
    assert cases.values.shape == (10_000, 1, 500)
    assert cases.values.dtype == np.float64
    assert (cases.lengths == 500).all()
    assert labels_of(cases).sum() == 5_000
    # Heights are uniform from 1 to 10; a wave of at least one cycle comes near its height.
    heights = np.abs(cases.values[labels_of(cases) == 0, 0]).max(axis=1)
    assert 0.99 < heights.min() < 1.05
    assert 9.95 < heights.max() <= 10
    np.testing.assert_allclose(heights.mean(), 5.5, atol=0.15)
    # The label says nothing about the position: the order is random.
    assert abs(np.corrcoef(labels_of(cases), np.arange(10_000))[0, 1]) < 0.04


def test_a_wave_is_the_documented_formula() -> None:
    cases = sine(
        series=3,
        steps=11,
        normal_share=1.0,
        frequency=(2.0, 2.0),
        amplitude=(5.0, 5.0),
        phase=(0.5, 0.5),
    )
    x = [2 * np.pi * t / 10 for t in range(11)]
    wanted = [5 * np.sin(2 * one + 0.5) for one in x]
    for case in range(3):
        np.testing.assert_allclose(cases.values[case, 0], wanted, atol=1e-12)
    assert labels_of(cases).tolist() == [0, 0, 0]
    assert spans_of(cases).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_stretch_holds_the_value_of_its_first_step_noise_and_all(noise: float) -> None:
    held = sine(series=211, steps=97, normal_share=0.0, noise=noise, seed=3)
    for values, (start, stop) in zip(held.values[:, 0], spans_of(held), strict=True):
        assert 2 <= stop - start <= round(0.5 * 97)
        assert (values[start:stop] == values[start]).all()
        # The steps around the stretch move on.
        if start > 0:
            assert values[start - 1] != values[start]
        if stop < 97:
            assert values[stop] != values[start]


def test_stretches_have_the_asked_start_and_length() -> None:
    cases = sine(series=499, steps=100, normal_share=0.0, start=(0.2, 0.6), length=(0.1, 0.3))
    start, stop = spans_of(cases).T
    assert start.min() == 20
    assert start.max() == 59
    assert (stop - start).min() == 10
    assert (stop - start).max() == 30


def test_a_stretch_is_cut_at_the_end_and_keeps_two_steps() -> None:
    cases = sine(series=101, steps=10, normal_share=0.0, start=(0.99, 0.99), length=(0.5, 0.5))
    assert spans_of(cases).tolist() == [[8, 10]] * 101
    short = sine(series=101, steps=10, normal_share=0.0, length=(0.01, 0.01))
    assert set(np.diff(spans_of(short)).ravel()) == {2}


def test_normal_waves_have_empty_spans() -> None:
    cases = sine(series=97, steps=31, normal_share=0.25)
    empty = spans_of(cases)[:, 0] == spans_of(cases)[:, 1]
    assert (empty == (labels_of(cases) == 0)).all()
    assert empty.sum() == round(97 * 0.25)


def test_noise_is_a_share_of_the_amplitude() -> None:
    settings: dict[str, Any] = {
        "series": 7,
        "steps": 5003,
        "normal_share": 1.0,
        "frequency": (1.0, 1.0),
        "amplitude": (20.0, 20.0),
    }
    noise = sine(**settings, noise=0.1).values - sine(**settings).values
    np.testing.assert_allclose(noise.std(), 0.1 * 20, rtol=0.03)


def test_the_seed_decides_the_draw() -> None:
    def draw(seed: int) -> Cases:
        return sine(series=5, steps=13, noise=0.1, phase=(0, 3), seed=seed)

    assert (draw(1).values == draw(1).values).all()
    assert not (draw(1).values == draw(2).values).any()


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("series", 0, "series: wanted a whole number of at least 1, given 0"),
        ("series", 2.5, "series: wanted a whole number of at least 1, given 2.5"),
        ("series", True, "series: wanted a whole number of at least 1, given True"),
        ("steps", 1, "steps: wanted a whole number of at least 2, given 1"),
        ("normal_share", 1.1, "normal_share: wanted a number in [0, 1], given 1.1"),
        ("normal_share", "half", "normal_share: wanted a number in [0, 1], given 'half'"),
        (
            "frequency",
            (4.0, 1.0),
            "frequency: wanted two numbers in (0, 1e9], low to high, given (4.0, 1.0)",
        ),
        (
            "frequency",
            (0.0, 1.0),
            "frequency: wanted two numbers in (0, 1e9], low to high, given (0.0, 1.0)",
        ),
        ("amplitude", 3.0, "amplitude: wanted two numbers in (0, 1e9], low to high, given 3.0"),
        (
            "amplitude",
            (1.0, float("inf")),
            "amplitude: wanted two numbers in (0, 1e9], low to high, given (1.0, inf)",
        ),
        ("start", (0.0, 1.0), "start: wanted two numbers in [0, 1), low to high, given (0.0, 1.0)"),
        (
            "length",
            (0.0, 0.5),
            "length: wanted two numbers in (0, 1], low to high, given (0.0, 0.5)",
        ),
        ("noise", -0.1, "noise: wanted a number in [0, 1e9], given -0.1"),
        ("noise", float("nan"), "noise: wanted a number in [0, 1e9], given nan"),
        ("phase", (1.0,), "phase: wanted two numbers in [-1e9, 1e9], low to high, given (1.0,)"),
        ("seed", -1, "seed: wanted a whole number of at least 0, given -1"),
    ],
)
def test_parameters_out_of_range_are_named(parameter: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sine(**{parameter: value})
    assert str(caught.value) == message
