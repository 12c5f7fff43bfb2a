"""Monotonic alignments: the expected one is the mean of the hard ones over every outcome."""

from itertools import product

import numpy as np
import pytest
from scipy.special import expit, logit

from regard.reference import Array, Mask, monotonic_expected, monotonic_hard

Rng = np.random.Generator


def _walk(stops: tuple[bool, ...], Q: int, K: int, start: int) -> Array:
    """Algorithm 1 with its draws given: `stops` says at which (query, key) a walker would stop."""
    weights, place = np.zeros((Q, K)), start
    for i in range(Q):
        chosen = [j for j in range(place, K) if stops[i * K + j]]
        if not chosen:
            break
        place = chosen[0]
        weights[i, place] = 1.0
    return weights


def _mean_over_every_outcome(p: Array, previous: Array) -> Array:
    Q, K = p.shape
    mean = np.zeros((Q, K))
    for stops in product((False, True), repeat=Q * K):
        chance = np.where(stops, p.ravel(), 1 - p.ravel()).prod()
        for start in range(K):
            mean += chance * previous[start] * _walk(stops, Q, K, start)
    return mean


@pytest.mark.parametrize(("Q", "K"), [(1, 5), (2, 3), (3, 3), (3, 2), (5, 2), (2, 5)])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("spread", [False, True])
def test_expected_is_the_mean_of_every_outcome(
    rng: Rng, Q: int, K: int, masked: bool, spread: bool
) -> None:
    scores = 2 * rng.normal(size=(Q, K))
    allowed: Mask | None = rng.random((Q, K)) < 0.7 if masked else None
    previous: Array | None = 0.9 * rng.dirichlet(np.ones(K)) if spread else None
    p = np.where(True if allowed is None else allowed, expit(scores), 0.0)
    expected = _mean_over_every_outcome(p, np.eye(K)[0] if previous is None else previous)
    weights = monotonic_expected(scores, allowed, previous)
    np.testing.assert_allclose(weights, expected, atol=1e-14)


@pytest.mark.parametrize("masked", [False, True])
def test_hard_is_the_walk_whose_draws_are_certain(rng: Rng, masked: bool) -> None:
    for _ in range(50):
        scores = rng.normal(size=(3, 5))
        allowed = rng.random((3, 5)) < 0.7 if masked else None
        stops = (scores > 0) & (True if allowed is None else allowed)
        start = int(rng.integers(6))
        expected = _walk(tuple(stops.ravel()), 3, 5, start)
        np.testing.assert_array_equal(monotonic_hard(scores, allowed, start), expected)


def test_expected_comes_to_hard_as_the_scores_grow(rng: Rng) -> None:
    scores = rng.normal(size=(5, 7))
    np.testing.assert_allclose(monotonic_expected(1e6 * scores), monotonic_hard(scores), atol=1e-9)


def test_expected_by_hand() -> None:
    p = np.array([[0.5, 0.2, 1.0], [0.1, 0.5, 0.25]])
    scores = np.where(p < 1, logit(np.minimum(p, 0.9)), 1000.0)
    first = [0.5, 0.5 * 0.2, 0.5 * 0.8 * 1.0]  # 0.5, 0.1, 0.4
    # at key 0 with .5; at key 1 with .1 + .5 * .9; at key 2 with .4 + .55 * .5
    second = [0.1 * 0.5, 0.5 * 0.55, 0.25 * 0.675]
    np.testing.assert_allclose(monotonic_expected(scores), [first, second], rtol=1e-12)


def test_steps_one_at_a_time_hand_on_the_previous_row(rng: Rng) -> None:
    scores = rng.normal(size=(5, 7))
    whole, previous = monotonic_expected(scores), None
    for i in range(5):
        previous = monotonic_expected(scores[i : i + 1], previous=previous)[0]
        np.testing.assert_allclose(previous, whole[i], rtol=1e-12)


def test_chance_is_lost_only_over_the_end(rng: Rng) -> None:
    weights = monotonic_expected(rng.normal(size=(7, 5)))
    sums = weights.sum(1)
    assert (sums <= 1 + 1e-12).all()
    assert (np.diff(sums) <= 1e-12).all()
    certain = monotonic_expected(np.where(np.arange(5) == 4, 1000.0, rng.normal(size=(7, 5))))
    np.testing.assert_allclose(certain.sum(1), 1.0, rtol=1e-12)


def test_hard_goes_on_from_the_key_where_it_stopped_and_may_take_it_again() -> None:
    scores = np.array([[-1.0, 2.0, 9.0], [9.0, 0.5, 9.0], [9.0, 0.0, 1.0]])
    np.testing.assert_array_equal(monotonic_hard(scores), [[0, 1, 0], [0, 1, 0], [0, 0, 1]])


def test_hard_stays_at_the_end_once_there() -> None:
    scores = np.array([[-1.0, 2.0, 9.0], [9.0, -1.0, -1.0], [9.0, 9.0, 9.0]])
    np.testing.assert_array_equal(monotonic_hard(scores), [[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    assert not monotonic_hard(np.ones((2, 3)), start=3).any()
    assert not monotonic_expected(np.ones((2, 3)), np.zeros((2, 3), dtype=bool)).any()
