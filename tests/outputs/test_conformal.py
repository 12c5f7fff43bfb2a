"""Intervals hold on new data what they promise, by hand and over many draws."""

import numpy as np
import pytest

from regard.outputs.conformal import conformal_quantile, enough, quantile_shifts


def test_the_rank_counts_the_new_score() -> None:
    # n = 4: ceil(5 * 0.8) = 4, ceil(5 * 0.5) = 3, ceil(5 * 0.2) = 1; 0.9 needs a fifth score.
    scores: np.ndarray = np.array([[30.0], [10.0], [40.0], [20.0]])
    assert [float(conformal_quantile(scores, level)[0]) for level in (0.8, 0.5, 0.2)] == [
        40,
        30,
        10,
    ]
    assert enough(4, 0.8)
    assert not enough(4, 0.9)
    assert float(conformal_quantile(scores, 0.9)[0]) == 40


def test_the_rank_is_not_off_by_rounding() -> None:
    assert (0.8 - 0.2) * 10 > 6  # in doubles
    assert float(conformal_quantile(np.array(range(1, 10), float), 0.8 - 0.2)) == 6
    assert float(conformal_quantile(np.array(range(1, 10), float), 0.7)) == 7
    assert float(conformal_quantile(np.array(range(1, 100), float), 0.9 - 0.1)) == 80


def test_a_pair_moves_apart_by_the_same_and_a_lone_level_by_itself() -> None:
    # Four windows of one target and step; the interval [0, 1] misses by -0.5, 1, 2 and 3.
    truth = np.array([0.5, 2.0, -2.0, 4.0]).reshape(4, 1, 1)
    quantiles = np.broadcast_to([0.0, 0.7, 1.0], (4, 1, 1, 3))
    shifts = quantile_shifts(truth, quantiles, [0.1, 0.4, 0.9])
    # ceil(5 * 0.8) = 4: 3. ceil(5 * 0.4) = 2: the second of -2.7, -0.2, 1.3, 3.3.
    np.testing.assert_allclose(shifts, [[[-3.0, -0.2, 3.0]]])


def test_intervals_that_are_too_wide_shrink() -> None:
    truth = (np.arange(99) / 128).reshape(99, 1, 1)  # exact in binary
    quantiles = np.broadcast_to([-5.0, 5.0], (99, 1, 1, 2))
    shifted = quantiles + quantile_shifts(truth, quantiles, [0.1, 0.9])
    within = (shifted[..., 0] <= truth) & (truth <= shifted[..., 1])
    assert within.sum() == 80  # of 99; the hundredth is the new one


def test_each_target_and_step_has_its_own_shift_where_windows_are_many() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([[1.0, 3.0, 9.0], [20.0, 20.0, 20.0]])  # [M, horizon]
    truth = rng.normal(size=(50, 2, 3)) * spread
    shifts = quantile_shifts(truth, np.zeros((50, 2, 3, 2)), [0.1, 0.9])
    expected = [  # ceil(51 * 0.8) = 41 of 50
        [sorted(np.abs(truth[:, m, h]))[40] for h in range(3)] for m in range(2)
    ]
    np.testing.assert_allclose(shifts[..., 1], expected)
    few = quantile_shifts(truth[:49], np.zeros((49, 2, 3, 2)), [0.1, 0.9])
    shared = [sorted(np.abs(truth[:49, m]).ravel())[int(np.ceil(148 * 0.8)) - 1] for m in range(2)]
    np.testing.assert_allclose(few[..., 1], np.repeat(np.array(shared)[:, None], 3, 1))


def test_a_low_level_alone_has_its_own_shifts_only_where_windows_are_many() -> None:
    truth = np.random.default_rng(0).normal(size=(100, 1, 3)) * [1.0, 3.0, 9.0]
    shifts = quantile_shifts(truth, np.zeros((100, 1, 3, 1)), [0.1])
    expected = [sorted(truth[:, 0, h])[10] for h in range(3)]  # ceil(101 * 0.1) = 11
    np.testing.assert_allclose(shifts[0, :, 0], expected)
    few = quantile_shifts(truth[:99], np.zeros((99, 1, 3, 1)), [0.1])
    shared = sorted(truth[:99].ravel())[29]  # ceil(298 * 0.1) = 30
    np.testing.assert_allclose(few[0, :, 0], [shared] * 3)


@pytest.mark.parametrize("n", [9, 40])
def test_new_data_lie_within_as_often_as_promised(n: int) -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(2000):
        truth = rng.standard_t(3, size=(n + 1, 1, 1))
        quantiles = np.broadcast_to([-0.3, 0.1], (n + 1, 1, 1, 2))  # far too narrow, and skew
        low, high = (quantiles[0] + quantile_shifts(truth[:n], quantiles[:n], [0.1, 0.9]))[0, 0]
        found.append(low <= truth[n, 0, 0] <= high)
    # Exactly ceil((n + 1) 0.8) / (n + 1), and three standard errors around it.
    expected = np.ceil(round((n + 1) * 0.8, 9)) / (n + 1)
    assert np.mean(found) == pytest.approx(expected, abs=3 * 0.4 / 2000**0.5)
