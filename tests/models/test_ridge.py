"""Ridge regression against scikit-learn, case by case left out."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from regard.models import solve_ridge


def _by_hand(
    features: NDArray[np.float32], targets: NDArray[np.float64], factors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values of each case by a model of the others, and of all by that of all, at the strength with
    the least squared error of the former."""
    weight = factors / factors.mean()
    mean = np.average(features, axis=0, weights=weight)
    spread = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weight))
    x = (features - mean) / np.where(spread > 1e-6, spread, np.inf)
    size = (weight * (x**2).sum(1)).mean()
    best: tuple[float, float, NDArray[np.float64]] | None = None
    for strength in size * np.logspace(-6, 1, 15):
        held = np.empty_like(targets)
        for n in range(len(x)):
            rest = np.arange(len(x)) != n
            model = Ridge(alpha=strength).fit(x[rest], targets[rest], sample_weight=weight[rest])
            held[n] = model.predict(x[n : n + 1]).ravel()
        error = float((weight[:, None] * (held - targets) ** 2).sum())
        if best is None or error < best[0]:
            best = error, strength, held
    assert best is not None
    whole = Ridge(alpha=best[1]).fit(x, targets, sample_weight=weight)
    return best[2], whole.predict(x).reshape(targets.shape)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cases", [12, 30])
def test_ridge_of_all_but_one(cases: int, weighted: bool) -> None:
    random = np.random.default_rng(cases)
    drawn = random.standard_normal((cases, 50)) * random.uniform(0.1, 5, 50)
    features = (drawn + 3).astype(np.float32)
    features[:, 7] = 2.5  # never changes
    targets = np.stack([features[:, 0] + 0.5 * random.standard_normal(cases), np.ones(cases)], 1)
    targets[::3, 1] = -1
    factors = random.uniform(0.2, 3, cases)
    solved = solve_ridge(features, targets, factors if weighted else None)
    held, fitted = _by_hand(features, targets, factors if weighted else np.ones(cases))
    np.testing.assert_allclose(solved.held, held, atol=1e-4)
    np.testing.assert_allclose(features @ solved.weights + solved.bias, fitted, atol=1e-4)
    assert not solved.weights[7].any()


def test_strength_of_many_cases_is_chosen_on_some() -> None:
    """More cases than the strength is chosen on: still nearly the best, and held values are."""
    random = np.random.default_rng(0)
    features = random.standard_normal((1300, 40)).astype(np.float32)
    truth = random.standard_normal(40)
    targets = (features @ truth + 3 * random.standard_normal(1300))[:, None]
    solved = solve_ridge(features, targets)
    assert np.corrcoef(solved.weights[:, 0], truth)[0, 1] > 0.98
    left_out = np.square(solved.held - targets).mean()
    assert 8.5 < left_out < 10.5  # the variance of the noise is 9
    again = solve_ridge(features[1:], targets[1:])
    np.testing.assert_allclose(
        features[:1] @ again.weights + again.bias, solved.held[:1], atol=0.02
    )


def test_features_that_never_change() -> None:
    solved = solve_ridge(np.ones((4, 3), np.float32), np.array([[1.0], [1], [-1], [-1]]))
    assert not solved.weights.any()
    assert solved.bias.tolist() == [0.0]
