from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from regard.errors import ConfigError, DataError
from regard.inputs.panel.linear import LinearModel

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


def fitted(model: LinearModel, past: Any, future: Any, ahead: Any = None) -> LinearModel:
    return model.fit([(past, future, ahead)], count=len(past))


def test_linear_model_by_hand() -> None:
    # One step back, one ahead: y - x1 on x0 - x1, (-1, 3), (0, 4), (1, 8): slope 5/2, mean 5.
    past = np.array([[[1.0, 2.0]], [[7.0, 7.0]], [[4.0, 3.0]]])
    future = np.array([[[5.0]], [[11.0]], [[11.0]]])
    model = fitted(LinearModel((1e-9,)), past, future)
    np.testing.assert_allclose(model.weights[0, 0], [2.5], rtol=1e-6)
    np.testing.assert_allclose(model.bias, [[5.0]], rtol=1e-6)
    np.testing.assert_allclose(model.predict(np.array([[[12.0, 10.0]]])), [[[20.0]]], rtol=1e-6)


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_linear_model_is_the_ridge_of_scikit_learn(alpha: float) -> None:
    past, future, _ = drawn()
    ours = fitted(LinearModel((alpha,)), past, future).predict(past)
    for m in range(past.shape[1]):
        x, y = past[:, m] - past[:, m, -1:], future[:, m] - past[:, m, -1:]
        penalty = alpha * len(x) * x.var(axis=0).mean()
        theirs = Ridge(penalty).fit(x, y).predict(x) + past[:, m, -1:]
        np.testing.assert_allclose(ours[:, m], theirs, rtol=1e-9)


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_known_columns_count_at_their_own_step(alpha: float) -> None:
    past, future, ahead = drawn()
    model = fitted(LinearModel((alpha,)), past, future, ahead)
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
    assert fitted(LinearModel(alphas), past, future, ahead).alpha.tolist() == chosen.tolist()


def test_noise_asks_for_a_larger_ridge() -> None:
    past, future, _ = drawn(known=0)
    noise = np.random.default_rng(0).normal(size=future.shape) * 100
    few = fitted(LinearModel(), past[:20], past[:20, :, -1:] + noise[:20])
    assert (few.alpha >= 1).all()
    assert (fitted(LinearModel(), past, future).alpha < 1).all()


def test_targets_do_not_meet() -> None:
    past, future, ahead = drawn()
    both = fitted(LinearModel(), past, future, ahead).predict(past, ahead)
    alone = fitted(LinearModel(), past[:, 1:2], future[:, 1:2], ahead).predict(past[:, 1:2], ahead)
    np.testing.assert_allclose(both[:, 1:2], alone, rtol=1e-9)


def test_the_level_is_no_matter() -> None:
    past, future, _ = drawn(known=0)
    low = fitted(LinearModel(), past, future).predict(past)
    high = fitted(LinearModel(), past + 1e6, future + 1e6).predict(past + 1e6)
    np.testing.assert_allclose(high - 1e6, low, atol=1e-5)


def test_batches_are_fitted_as_one() -> None:
    past, future, ahead = drawn()
    whole = fitted(LinearModel(), past, future, ahead)
    cuts = [slice(0, 13), slice(13, 80), slice(80, 97)]
    parts = LinearModel().fit(((past[rows], future[rows], ahead[rows]) for rows in cuts), count=97)
    assert whole.alpha.tolist() == parts.alpha.tolist()
    np.testing.assert_allclose(whole.weights, parts.weights, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(whole.bias, parts.bias, rtol=1e-7)


def test_constant_windows_and_columns_are_no_trouble() -> None:
    past = np.full((11, 2, 5), 3.0)
    past[:, 1] += np.random.default_rng(0).normal(size=(11, 5))
    future, ahead = past[..., :3] + 1, np.full((11, 2, 3), 7.0)
    ahead[:, 0] = np.random.default_rng(1).normal(size=(11, 3))
    forecast = fitted(LinearModel(), past, future, ahead).predict(past, ahead)
    np.testing.assert_allclose(forecast[:, 0], 4.0)
    assert np.isfinite(forecast).all()


def test_models_that_cannot_be_used() -> None:
    past, future, ahead = drawn()
    with pytest.raises(DataError, match=r"^the linear model is not fitted; call fit with"):
        LinearModel().predict(past)
    with pytest.raises(
        DataError, match=r"^past: wanted two windows to fit a linear model, given 1$"
    ):
        fitted(LinearModel(), past[:1], future[:1])
    with pytest.raises(ConfigError, match=r"^alphas: wanted numbers above 0, given \(0\.0,\)$"):
        LinearModel((0.0,))
    with pytest.raises(DataError, match=r"^batches: wanted count=98 windows, given 97$"):
        LinearModel().fit([(past, future, ahead)], count=98)
    model = fitted(LinearModel(), past, future, ahead)
    with pytest.raises(DataError, match=r"2 known columns, as fitted; given 3, 7 and 0$"):
        model.predict(past)
    with pytest.raises(
        DataError, match=r"wanted 3 targets, 7 steps and 2 known columns, as fitted"
    ):
        model.predict(past[..., 1:], ahead)


def ridge(alpha: float, x: Any, y: Any) -> Ridge:
    """Ridge regression with the penalty in units of the inputs."""
    return Ridge(alpha * len(x) * x.var(axis=0).mean(), solver="svd").fit(x, y)


def risen(past: Any, future: Any) -> Arrays:
    """Both less the last value [B, M, ...], and that value."""
    last = past[..., -1:]
    return past - last, future - last, last


def pooled_peer(alpha: float, own: float, past: Any, future: Any, new: Any) -> Any:
    """One ridge for the windows of all targets; then one for each, of what that leaves."""
    x, y, _ = risen(past, future)
    shared = ridge(alpha, x.reshape(-1, x.shape[2]), y.reshape(-1, y.shape[2])).coef_
    inputs, _, last = risen(new, new)
    forecast = last + inputs @ shared.T
    for m in range(past.shape[1]):
        rest = ridge(own, x[:, m], y[:, m] - x[:, m] @ shared.T)
        forecast[:, m] += rest.predict(inputs[:, m])
    return forecast


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_pooled_targets_are_drawn_towards_one_model(alpha: float) -> None:
    past, future, _ = drawn(known=0)
    model = fitted(LinearModel((alpha,), pooled=True), past[:60], future[:60])
    theirs = pooled_peer(alpha, alpha, past[:60], future[:60], past[60:])
    np.testing.assert_allclose(model.predict(past[60:]), theirs, rtol=1e-9)
    apart = fitted(LinearModel((alpha,)), past[:60], future[:60]).predict(past[60:])
    assert np.abs(apart - theirs).max() > 1e-3


def test_pooled_the_ridges_are_those_that_forecast_the_last_windows_best() -> None:
    """First that of the model of all targets, then each target's own."""
    past, future, _ = drawn(count=41, known=0)
    future = future + np.random.default_rng(5).normal(size=future.shape) * 5
    alphas = (1e-6, 1e-2, 1.0, 100.0)
    early, late = slice(0, 33), slice(33, 41)
    x, y, _ = risen(past, future)

    def error(model: Ridge, to: Any, at: Any) -> Any:
        return ((model.predict(at) - to) ** 2).sum()

    def best(x: Any, y: Any, late_x: Any, late_y: Any) -> float:
        return min(alphas, key=lambda alpha: error(ridge(alpha, x, y), late_y, late_x))

    flat = [each.reshape(-1, each.shape[2]) for each in (x[early], y[early], x[late], y[late])]
    common = best(*flat)
    shared = ridge(common, x.reshape(-1, x.shape[2]), y.reshape(-1, y.shape[2])).coef_
    rest = y - x @ shared.T
    own = [best(x[early, m], rest[early, m], x[late, m], rest[late, m]) for m in range(3)]
    model = fitted(LinearModel(alphas, pooled=True), past, future)
    assert model.alpha.tolist() == own
    for m in range(3):
        forecast = ridge(own[m], x[:, m], rest[:, m]).predict(x[:, m]) + x[:, m] @ shared.T
        found = model.predict(past)[:, m] - past[:, m, -1:]
        np.testing.assert_allclose(found, forecast, rtol=1e-9, atol=1e-9)


def test_pooled_targets_that_follow_one_rule_need_fewer_windows() -> None:
    """Where each target has no more windows than steps, it cannot tell the rule by itself."""
    generator = np.random.default_rng(0)
    past = generator.normal(size=(100, 5, 13))
    weights = generator.normal(size=(13, 2))
    x = past - past[..., -1:]
    future = past[..., -1:] + x @ weights + generator.normal(size=(100, 5, 2))
    errors = [
        np.abs(fitted(LinearModel(pooled=pooled), past[:15], future[:15]).predict(past[15:])
               - future[15:]).mean()
        for pooled in (True, False)
    ]  # fmt: skip
    assert errors[0] < 0.7 * errors[1]


def test_a_single_target_has_none_to_pool_with() -> None:
    past, future, ahead = drawn(targets=1)
    pooled, alone = (
        fitted(LinearModel(pooled=pooled), past, future, ahead).predict(past, ahead)
        for pooled in (True, False)
    )
    np.testing.assert_array_equal(pooled, alone)


def test_pooled_targets_have_known_columns_of_their_own() -> None:
    """A column that says all of each target, in a measure of its own."""
    generator = np.random.default_rng(0)
    past = generator.normal(size=(200, 3, 7))
    ahead = generator.normal(size=(200, 2, 5)) + 2000
    future = past[..., -1:] + np.einsum("bfh,fm->bmh", ahead, np.array([[1, 2, 0], [0, -1, 3.0]]))
    model = fitted(LinearModel((1e-9,), pooled=True), past, future, ahead)
    np.testing.assert_allclose(model.predict(past, ahead), future, rtol=1e-6)
    wanted = np.broadcast_to([[[1], [0]], [[2], [-1]], [[0], [3]]], (3, 2, 5))
    np.testing.assert_allclose(model.known_weights, wanted, atol=1e-6)


@pytest.mark.parametrize(("held_out", "late"), [(0.3, 29), (0.001, 1)])
def test_what_is_held_out_chooses_the_ridge_and_is_fitted_on_request(
    held_out: float, late: int
) -> None:
    past, future, ahead = drawn()
    alphas = (1e-6, 1e-2, 1.0, 100.0)
    first, last = slice(0, 97 - late), slice(97 - late, 97)
    errors = []
    for alpha in alphas:
        forecast = peer(alpha, past[first], future[first], ahead[first], past[last], ahead[last])
        errors.append(((forecast - future[last]) ** 2).sum(axis=(0, 2)))
    chosen = np.array(alphas)[np.argmin(errors, axis=0)].tolist()
    cuts = [slice(0, 13), slice(13, 97)]
    for refit, rows in ((True, slice(0, 97)), (False, first)):
        model = LinearModel(alphas).fit(
            ((past[cut], future[cut], ahead[cut]) for cut in cuts),
            count=97,
            held_out=held_out,
            refit=refit,
        )
        assert model.alpha.tolist() == chosen
        found = model.predict(past, ahead)
        for m, alpha in enumerate(chosen):
            own = past[rows, m : m + 1], future[rows, m : m + 1], ahead[rows]
            wanted = peer(alpha, *own, past[:, m : m + 1], ahead)
            np.testing.assert_allclose(found[:, m : m + 1], wanted, rtol=1e-8)


@pytest.mark.parametrize("refit", [True, False])
def test_pooled_what_is_held_out_is_fitted_on_request(refit: bool) -> None:
    past, future, _ = drawn(known=0)
    model = LinearModel((0.1,), pooled=True)
    model.fit([(past, future, None)], count=97, held_out=0.3, refit=refit)
    rows = slice(0, 97 if refit else 68)
    theirs = pooled_peer(0.1, 0.1, past[rows], future[rows], past)
    np.testing.assert_allclose(model.predict(past), theirs, rtol=1e-9)
