"""Alignments against scipy, closed forms, and searches of the whole simplex."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from scipy import special
from scipy.stats import entropy

from regard.reference import (
    Array,
    entmax15,
    hard_argmax,
    hard_entropy,
    hard_log_probabilities,
    hard_policy_gradient,
    softmax,
    sparsemax,
)

Rng = np.random.Generator
ALL = [softmax, sparsemax, entmax15, hard_argmax]


@pytest.mark.parametrize("align", ALL)
@pytest.mark.parametrize("spread", [0.01, 1.0, 100.0])
def test_rows_sum_to_one_over_what_is_allowed(
    rng: Rng, align: Callable[..., Array], spread: float
) -> None:
    scores, allowed = spread * rng.normal(size=(7, 5)), rng.random((7, 5)) < 0.5
    allowed[2], allowed[3] = False, True
    scores[~allowed] = np.nan  # is never read
    weights = align(scores, allowed)
    np.testing.assert_allclose(weights.sum(1), allowed.any(1), rtol=1e-14)
    assert (weights >= 0).all()
    assert (weights[~allowed] == 0).all()


@pytest.mark.parametrize("align", ALL)
def test_masking_is_leaving_out(rng: Rng, align: Callable[..., Array]) -> None:
    scores, kept = rng.normal(size=(3, 7)), [0, 2, 3, 6]
    allowed = np.isin(np.arange(7), kept)[None].repeat(3, 0)
    np.testing.assert_allclose(align(scores, allowed)[:, kept], align(scores[:, kept]), rtol=1e-14)


@pytest.mark.parametrize("align", ALL)
def test_a_constant_more_on_every_score_changes_nothing(
    rng: Rng, align: Callable[..., Array]
) -> None:
    scores = rng.normal(size=(3, 5))
    np.testing.assert_allclose(align(scores + 1000.0), align(scores), rtol=1e-9, atol=1e-12)


def test_softmax_is_that_of_scipy(rng: Rng) -> None:
    scores = 300 * rng.normal(size=(5, 7))
    np.testing.assert_allclose(softmax(scores), special.softmax(scores, axis=1), rtol=1e-12)


def test_sparsemax_of_two_scores_is_a_clipped_line() -> None:
    for gap in (-3.0, -1.0, -0.3, 0.0, 0.25, 0.999, 1.0, 8.0):
        first = min(max((gap + 1) / 2, 0.0), 1.0)
        np.testing.assert_allclose(
            sparsemax(np.array([[gap, 0.0]])), [[first, 1 - first]], atol=1e-15
        )


def test_entmax15_of_two_scores_solves_a_quadratic() -> None:
    # a^2 + b^2 = 1 and a - b = gap / 2, until b is zero
    for gap in (0.0, 0.25, 1.0, 1.999, 2.0, 8.0):
        difference = min(gap / 2, 1.0)
        a = (difference + np.sqrt(2 - difference**2)) / 2
        weights = entmax15(np.array([[gap, 0.0], [0.0, gap]]))
        np.testing.assert_allclose(weights, [[a**2, 1 - a**2], [1 - a**2, a**2]], atol=1e-15)


def test_sparsemax_is_the_nearest_point_of_the_simplex(rng: Rng) -> None:
    for z in rng.normal(size=(20, 5)):
        # The nearest point is the nearest on one of the faces, each named by the keys it keeps.
        candidates = []
        for size in range(1, 6):
            for face in combinations(range(5), size):
                point = np.zeros(5)
                point[list(face)] = z[list(face)] - (z[list(face)].sum() - 1) / size
                if (point >= 0).all():
                    candidates.append(point)
        nearest = min(candidates, key=lambda point: float(((point - z) ** 2).sum()))
        np.testing.assert_allclose(sparsemax(z[None])[0], nearest, atol=1e-14)


def test_entmax15_is_the_best_point_of_the_simplex(rng: Rng) -> None:
    def objective(points: Array, z: Array) -> Array:
        """p . z + H(p), H the Tsallis entropy of alpha = 1.5: equations of the paper."""
        gain: Array = points @ z + ((points - points**1.5) / (1.5 * 0.5)).sum(-1)
        return gain

    for z in rng.normal(size=(10, 4)):
        best = entmax15(z[None])[0]
        others = rng.dirichlet(np.ones(4), size=2000)
        near = np.abs(best + 1e-3 * rng.normal(size=(2000, 4)))
        near /= near.sum(1, keepdims=True)
        assert (objective(best, z) >= objective(np.vstack((others, near)), z)).all()


def test_entmax15_lies_between_softmax_and_sparsemax() -> None:
    scores = np.array([[1.0, 0.2, -0.4, -1.2]])
    zeros = [(align(scores) == 0).sum() for align in (softmax, entmax15, sparsemax)]
    assert zeros == [0, 1, 2]


def test_hard_argmax_takes_the_first_of_the_highest_allowed() -> None:
    scores = np.array([[9.0, 5.0, 7.0, 7.0], [1.0, 1.0, 1.0, 1.0]])
    allowed = np.array([[False, True, True, True], [True, True, True, True]])
    np.testing.assert_array_equal(hard_argmax(scores, allowed), [[0, 0, 1, 0], [1, 0, 0, 0]])


def test_hard_log_probabilities_are_those_of_scipy(rng: Rng) -> None:
    scores, allowed = 300 * rng.normal(size=(5, 7)), rng.random((5, 7)) < 0.6
    allowed[1], allowed[:, 0] = False, [True, False, True, True, True]
    expected = np.full((5, 7), -np.inf)
    for i in (0, 2, 3, 4):
        expected[i, allowed[i]] = special.log_softmax(scores[i, allowed[i]])
    np.testing.assert_allclose(hard_log_probabilities(scores, allowed), expected, rtol=1e-12)


def test_hard_entropy_is_that_of_scipy(rng: Rng) -> None:
    scores = rng.normal(size=(5, 7))
    expected = entropy(special.softmax(scores, axis=1), axis=1)
    np.testing.assert_allclose(hard_entropy(scores), expected, rtol=1e-12)
    allowed = np.array([[True, True, False], [False, False, False], [False, True, False]])
    np.testing.assert_allclose(hard_entropy(np.zeros((3, 3)), allowed), [np.log(2), 0, 0])
    assert hard_entropy(np.array([[0.0, -5000.0]])).tolist() == [0.0]


def test_hard_policy_gradient_is_the_slope_of_the_mean_reward(rng: Rng) -> None:
    scores, reward = rng.normal(size=7), rng.normal(size=7)
    gradient = hard_policy_gradient(scores, reward)
    for j in range(7):
        step = 1e-5 * np.eye(7)[j]
        above, below = special.softmax(scores + step), special.softmax(scores - step)
        assert gradient[j] == pytest.approx(float((above - below) @ reward) / 2e-5, abs=1e-9)


def test_hard_policy_gradient_is_the_mean_of_its_estimates(rng: Rng) -> None:
    scores, reward, baseline = rng.normal(size=5), rng.normal(size=5), 3.7
    chances = special.softmax(scores)
    # E[(reward - baseline) d log p_j], where d log p_j / d scores is onehot(j) - p
    expected = sum(chances[j] * (reward[j] - baseline) * (np.eye(5)[j] - chances) for j in range(5))
    np.testing.assert_allclose(hard_policy_gradient(scores, reward), expected, atol=1e-14)
