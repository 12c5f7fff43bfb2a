"""Windows against hand-drawn ones, numpy's triangles and the paper's numbers."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from regard.reference import (
    Mask,
    alibi,
    alibi_slopes,
    causal,
    local_monotonic,
    local_predictive,
    local_predictive_centres,
    relative_positions,
    sliding,
)


def _drawn(*rows: str) -> Mask:
    return np.array([[mark == "x" for mark in row] for row in rows])


def test_causal() -> None:
    np.testing.assert_array_equal(causal(3, 5), _drawn("x....", "xx...", "xxx.."))
    np.testing.assert_array_equal(causal(2, 5, position=3), _drawn("xxxx.", "xxxxx"))
    np.testing.assert_array_equal(causal(7, 7), np.tril(np.ones((7, 7), dtype=bool)))


def test_local_monotonic() -> None:
    np.testing.assert_array_equal(local_monotonic(3, 5, 1), _drawn("xx...", "xxx..", ".xxx."))
    np.testing.assert_array_equal(local_monotonic(2, 5, 1, position=4), _drawn("...xx", "....x"))
    np.testing.assert_array_equal(local_monotonic(5, 5, 0), np.eye(5, dtype=bool))


def test_sliding() -> None:
    np.testing.assert_array_equal(sliding(4, 5, 2), _drawn("x....", "xx...", ".xx..", "..xx."))
    np.testing.assert_array_equal(sliding(2, 5, 3, position=3), _drawn(".xxx.", "..xxx"))
    np.testing.assert_array_equal(sliding(3, 7, 1, position=2), np.eye(3, 7, 2, dtype=bool))


def test_sliding_is_causal_and_local() -> None:
    for size in (1, 2, 5, 100):
        both = causal(7, 11, 3) & local_monotonic(7, 11, size - 1, 3)
        np.testing.assert_array_equal(sliding(7, 11, size, 3), both)


def test_centres_are_a_share_of_the_length() -> None:
    rng = np.random.default_rng(0)
    query, w_p, v_p = rng.normal(size=(5, 3)), rng.normal(size=(7, 3)), rng.normal(size=7)
    expected = 11 * expit(np.tanh(query @ w_p.T) @ v_p)
    np.testing.assert_allclose(local_predictive_centres(query, 11, w_p, v_p), expected, rtol=1e-12)


def test_local_predictive_by_hand() -> None:
    allowed, gaussian = local_predictive(np.array([2.0, 0.4]), 6, 2)
    np.testing.assert_array_equal(allowed, _drawn("xxxxx.", "xxx..."))
    e = np.exp(1)  # sigma = 1
    np.testing.assert_allclose(gaussian[0], [e**-2, e**-0.5, 1, e**-0.5, e**-2, e**-4.5])


def test_the_gaussian_is_the_normal_density_scaled_to_one() -> None:
    centres, radius = np.array([1.3, 6.0, 0.0]), 3
    _, gaussian = local_predictive(centres, 7, radius)
    density = norm.pdf(np.arange(7)[None], centres[:, None], radius / 2)
    np.testing.assert_allclose(gaussian, density / norm.pdf(0, 0, radius / 2), rtol=1e-12)


def test_alibi_by_hand() -> None:
    np.testing.assert_array_equal(
        alibi(2, 4, 0.5, position=1), [[-0.5, 0, -0.5, -1], [-1, -0.5, 0, -0.5]]
    )


def test_slopes_of_the_paper() -> None:
    expected = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    np.testing.assert_allclose(alibi_slopes(8), expected)
    np.testing.assert_allclose(alibi_slopes(16), 2 ** (-np.arange(1, 17) / 2))
    np.testing.assert_allclose(alibi_slopes(1), [2**-8])


@pytest.mark.parametrize(
    ("heads", "added"),
    [(12, [-0.5, -1.5, -2.5, -3.5]), (15, [-0.5 - n for n in range(7)]), (9, [-0.5])],
)
def test_slopes_beyond_a_power_of_two(heads: int, added: list[float]) -> None:
    expected = [2.0**-h for h in range(1, 9)] + [2.0**h for h in added]
    np.testing.assert_allclose(alibi_slopes(heads), expected)


def test_relative_by_hand() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]])  # of the distances -1, 0 and 1
    found = relative_positions(np.array([[3.0, 5.0], [7.0, 0.0]]), 4, vectors, position=1)
    np.testing.assert_allclose(found * 2**0.5, [[3, 0, 10, 10], [7, 7, 0, 0]])


def test_relative_positions_are_the_papers_with_scaled_dot_products() -> None:
    rng = np.random.default_rng(0)
    query, keys, vectors = rng.normal(size=(4, 3)), rng.normal(size=(6, 3)), rng.normal(size=(5, 3))
    found = query @ keys.T / 3**0.5 + relative_positions(query, 6, vectors)
    for i in range(4):
        for j in range(6):
            distant = keys[j] + vectors[min(max(j - i, -2), 2) + 2]  # k_j + a_ij
            np.testing.assert_allclose(found[i, j], query[i] @ distant / 3**0.5)
