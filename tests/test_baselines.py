from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from regard.baselines import LinearModel, naive, seasonal_naive
from regard.errors import ConfigError, DataError

Arrays = tuple[Any, Any, Any]


def drawn(
    count: int = 97, *, targets: int = 3, steps: int = 7, horizon: int = 5, known: int = 2
) -> Arrays:
    """Windows whose future depends on past and known columns, with noise."""
    generator = np.random.default_rng(11)
    past = generator.normal(size=(count, targets, steps)).cumsum(axis=2) + 50
    ahead = generator.normal(size=(count, known, horizon)) * 3 + 2000
    weights = generator.normal(size=(targets, steps, horizon))
    future = past[..., -1:] + np.einsum("bmt,mth->bmh", past - past[..., -1:], weights)
    future += ahead.sum(axis=1)[:, None] * np.arange(1, targets + 1)[:, None]
    return past, future + generator.normal(size=future.shape), ahead


def peer(alpha: float, past: Any, future: Any, ahead: Any, new: Any, new_ahead: Any) -> Any:
    """Ridge regression of scikit-learn, which has one penalty for all columns.

    So known columns are brought to the size at which it is each one's own.
    """
    forecast = np.empty((len(new), *future.shape[1:]))
    for m in range(past.shape[1]):
        x, new_x = (one[:, m] - one[:, m, -1:] for one in (past, new))
        size = x.var(axis=0).mean()
        for h in range(future.shape[2]):
            scale = np.sqrt(size) / ahead[:, :, h].std(axis=0)
            model = Ridge(alpha * len(x) * size, solver="svd")
            model.fit(np.hstack([x, ahead[:, :, h] * scale]), future[:, m, h] - past[:, m, -1])
            inputs = np.hstack([new_x, new_ahead[:, :, h] * scale])
            forecast[:, m, h] = model.predict(inputs) + new[:, m, -1]
    return forecast


def test_the_last_value_stays() -> None:
    past = np.array([[[1.0, 2.0], [5.0, 3.0]], [[4.0, 7.0], [0.0, -1.0]]])
    assert naive(past, 3).tolist() == [[[2] * 3, [3] * 3], [[7] * 3, [-1] * 3]]


def test_the_last_season_comes_again() -> None:
    past = np.array([[[9.0, 9.0, 1.0, 2.0, 3.0]]])
    assert seasonal_naive(past, 7, 3).tolist() == [[[1, 2, 3, 1, 2, 3, 1]]]
    assert seasonal_naive(past, 2, 5).tolist() == [[[9, 9]]]
    assert seasonal_naive(past, 2, 3).tolist() == [[[1, 2]]]


@pytest.mark.parametrize("season", [0, 6])
def test_seasons_that_no_window_holds(season: int) -> None:
    with pytest.raises(ConfigError) as caught:
        seasonal_naive(np.zeros((2, 3, 5)), 1, season)
    assert str(caught.value) == f"season: wanted 1 to 5, the steps of the window, given {season}"


def test_linear_model_by_hand() -> None:
    # One step back, one ahead: y - x1 on x0 - x1, (-1, 3), (0, 4), (1, 8): slope 5/2, mean 5.
    past = np.array([[[1.0, 2.0]], [[7.0, 7.0]], [[4.0, 3.0]]])
    future = np.array([[[5.0]], [[11.0]], [[11.0]]])
    model = LinearModel((1e-9,)).fit(past, future)
    np.testing.assert_allclose(model.weights[0, 0], [2.5], rtol=1e-6)
    np.testing.assert_allclose(model.bias, [[5.0]], rtol=1e-6)
    np.testing.assert_allclose(model.predict(np.array([[[12.0, 10.0]]])), [[[20.0]]], rtol=1e-6)


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_linear_model_is_the_ridge_of_scikit_learn(alpha: float) -> None:
    past, future, _ = drawn()
    ours = LinearModel((alpha,)).fit(past, future).predict(past)
    for m in range(past.shape[1]):
        x, y = past[:, m] - past[:, m, -1:], future[:, m] - past[:, m, -1:]
        penalty = alpha * len(x) * x.var(axis=0).mean()
        theirs = Ridge(penalty).fit(x, y).predict(x) + past[:, m, -1:]
        np.testing.assert_allclose(ours[:, m], theirs, rtol=1e-9)


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_known_columns_count_at_their_own_step(alpha: float) -> None:
    past, future, ahead = drawn()
    model = LinearModel((alpha,)).fit(past, future, ahead)
    theirs = peer(alpha, past, future, ahead, past, ahead)
    np.testing.assert_allclose(model.predict(past, ahead), theirs, rtol=1e-8)
    assert model.known_weights.shape == (3, 2, 5)


def test_the_ridge_is_the_one_that_forecasts_the_last_windows_best() -> None:
    past, future, ahead = drawn(count=41)
    alphas = (1e-6, 1e-2, 1.0, 100.0)
    early, late = slice(0, 33), slice(33, 41)  # a fifth of 41 is 8
    errors = []
    for alpha in alphas:
        forecast = peer(alpha, past[early], future[early], ahead[early], past[late], ahead[late])
        errors.append(((forecast - future[late]) ** 2).sum(axis=(0, 2)))
    chosen = np.array(alphas)[np.argmin(errors, axis=0)]
    assert LinearModel(alphas).fit(past, future, ahead).alpha.tolist() == chosen.tolist()


def test_noise_asks_for_a_larger_ridge() -> None:
    past, future, _ = drawn(known=0)
    noise = np.random.default_rng(0).normal(size=future.shape) * 100
    few = LinearModel().fit(past[:20], past[:20, :, -1:] + noise[:20])
    assert (few.alpha >= 1).all()
    assert (LinearModel().fit(past, future).alpha < 1).all()


def test_targets_do_not_meet() -> None:
    past, future, ahead = drawn()
    both = LinearModel().fit(past, future, ahead).predict(past, ahead)
    alone = LinearModel().fit(past[:, 1:2], future[:, 1:2], ahead).predict(past[:, 1:2], ahead)
    np.testing.assert_allclose(both[:, 1:2], alone, rtol=1e-9)


def test_the_level_is_no_matter() -> None:
    past, future, _ = drawn(known=0)
    low = LinearModel().fit(past, future).predict(past)
    high = LinearModel().fit(past + 1e6, future + 1e6).predict(past + 1e6)
    np.testing.assert_allclose(high - 1e6, low, atol=1e-5)


def test_batches_are_fitted_as_one() -> None:
    past, future, ahead = drawn()
    whole = LinearModel().fit(past, future, ahead)
    cuts = [slice(0, 13), slice(13, 80), slice(80, 97)]
    parts = LinearModel().fit_batches(
        ((past[rows], future[rows], ahead[rows]) for rows in cuts), count=97
    )
    assert whole.alpha.tolist() == parts.alpha.tolist()
    np.testing.assert_allclose(whole.weights, parts.weights, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(whole.bias, parts.bias, rtol=1e-7)


def test_constant_windows_and_columns_are_no_trouble() -> None:
    past = np.full((11, 2, 5), 3.0)
    past[:, 1] += np.random.default_rng(0).normal(size=(11, 5))
    future, ahead = past[..., :3] + 1, np.full((11, 2, 3), 7.0)
    ahead[:, 0] = np.random.default_rng(1).normal(size=(11, 3))
    forecast = LinearModel().fit(past, future, ahead).predict(past, ahead)
    np.testing.assert_allclose(forecast[:, 0], 4.0)
    assert np.isfinite(forecast).all()


def test_models_that_cannot_be_used() -> None:
    past, future, ahead = drawn()
    with pytest.raises(DataError, match=r"^the linear model is not fitted; call fit with"):
        LinearModel().predict(past)
    with pytest.raises(
        DataError, match=r"^past: wanted two windows to fit a linear model, given 1$"
    ):
        LinearModel().fit(past[:1], future[:1])
    with pytest.raises(ConfigError, match=r"^alphas: wanted numbers above 0, given \(0\.0,\)$"):
        LinearModel((0.0,))
    with pytest.raises(DataError, match=r"^batches: wanted 98 windows as count says, given 97$"):
        LinearModel().fit_batches([(past, future, ahead)], count=98)
    model = LinearModel().fit(past, future, ahead)
    with pytest.raises(DataError, match=r"2 known columns, as fitted; given 3, 7 and 0$"):
        model.predict(past)
    with pytest.raises(
        DataError, match=r"wanted 3 targets, 7 steps and 2 known columns, as fitted"
    ):
        model.predict(past[..., 1:], ahead)
