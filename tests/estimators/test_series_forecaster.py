"""The forecaster: what it takes and gives, what it learns from, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from torch import nn

from regard.config import config_of, kinds_of
from regard.data import Panel
from regard.errors import ConfigError, DataError, RegardWarning, RunError
from regard.estimators import SeriesForecaster, SeriesRegressor
from regard.inputs.panel import model as panel_model
from regard.inputs.panel.cases import choose_window
from regard.inputs.panel.part import JoinedWindows, WindowPart
from regard.training.callbacks import Checkpoint

T, WINDOW, HORIZON = 89, 11, 3
SMALL: dict[str, Any] = {
    "encoder": "conv",
    "hidden": 5,
    "layers": 1,
    "attention_dim": 7,
    "dropout": 0.0,
    "horizon": HORIZON,
    "window": WINDOW,
    "epochs": 1,
    "updates_per_epoch": 2,
    "batch_size": 16,
    "device": "cpu",
    "random_state": 0,
}
DAYS = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 12, 31), eager=True)


def _made(**changes: Any) -> SeriesForecaster:
    return SeriesForecaster(**{**SMALL, **changes})


def _waves(steps: int = T, *, seed: int = 0) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    return np.asarray(np.sin(np.arange(steps) * 2 * np.pi / 7) + generator.normal(size=steps) / 5)


def _daily(steps: int = T, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"ds": DAYS[:steps], **(columns or {"y": _waves(steps)})})


def _long(**series: Any) -> pl.DataFrame:
    parts = [_daily(len(y), y=y).with_columns(unique_id=pl.lit(n)) for n, y in series.items()]
    return pl.concat(parts)


def _weights(model: SeriesForecaster) -> dict[str, NDArray[Any]]:
    return {name: tensor.numpy() for name, tensor in model.model_.state_dict().items()}


def _same(first: SeriesForecaster, second: SeriesForecaster) -> bool:
    pairs = zip(_weights(first).values(), _weights(second).values(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def fitted() -> SeriesForecaster:
    return _made(quantiles=[0.9, 0.1]).fit(_daily())


# What it takes.


def _pandas(frame: pl.DataFrame) -> Any:
    return pd.DataFrame(frame.to_dict(as_series=False))


def _periods(frame: pl.DataFrame) -> Any:
    """A pandas frame whose times are its index."""
    pandas = _pandas(frame).set_index("ds")
    return pandas.set_axis(pd.PeriodIndex(pandas.index, freq="D"))


ONE: list[Callable[[NDArray[Any]], Any]] = [
    lambda y: y,
    lambda y: y[:, None],
    lambda y: list(y),
    lambda y: [y],
    lambda y: pl.Series("y", y),
    lambda y: pd.Series(y, index=pd.date_range("2024-01-01", periods=len(y)), name="y"),
    lambda y: pl.DataFrame({"ds": np.arange(len(y)), "y": y}),
    lambda y: _daily(len(y), y=y),
    lambda y: _pandas(_daily(len(y), y=y)),
    lambda y: _periods(_daily(len(y), y=y)),
    lambda y: _daily(len(y), y=y).with_columns(unique_id=pl.lit("a")),
    lambda y: Panel((y[None],), (np.arange(len(y)),), np.arange(1), ("y",)),
]


@pytest.mark.parametrize("form", range(len(ONE)))
def test_one_series_is_the_same_in_every_form(form: int, fitted: SeriesForecaster) -> None:
    X = ONE[form](_waves())
    time = None if form == 4 else "ds"
    model = _made(quantiles=[0.9, 0.1], season=7, time=time).fit(X)
    assert model.targets_ == ("y",)
    assert _same(model, fitted)
    np.testing.assert_array_equal(model.predict(), fitted.predict())
    np.testing.assert_array_equal(model.predict(X), model.predict())
    assert model.predict().shape == (1, 1, HORIZON)
    assert model.attend(X).shape == (1, 1, HORIZON, WINDOW)


def test_several_targets_are_the_same_in_every_form() -> None:
    y = np.stack([_waves(seed=seed) for seed in range(2)], 1)
    wide = _daily(north=y[:, 0], south=y[:, 1])
    values = [_made(season=7).fit(y).predict()]
    for X in (wide, _pandas(wide), wide.with_columns(note=pl.lit("fine"))):
        with pytest.warns(RegardWarning, match="are forecast: north, south; name those"):
            values.append(_made(season=7).fit(X).predict())
    assert values[0].shape == (1, 2, HORIZON)
    for other in values[1:]:
        np.testing.assert_array_equal(other, values[0])
    chosen = _made(target=["south"]).fit(wide)
    assert chosen.targets_ == ("south",)
    np.testing.assert_array_equal(chosen.predict(), _made(season=7).fit(y[:, 1]).predict())


def test_several_series_are_the_same_in_every_form() -> None:
    a, b = _waves(seed=0), _waves(61, seed=1)
    long = _long(a=a, b=b)
    times = tuple(DAYS[: len(y)].to_numpy().astype("M8[us]") for y in (a, b))
    panel = Panel((a[None], b[None]), times, np.array(["a", "b"]), ("y",))
    model = _made().fit(long)
    values = model.predict()
    assert values.shape == (2, 1, HORIZON)
    for X in (_pandas(long), panel, long.rename({"unique_id": "id"})):
        changes = {"id": "id"} if "id" in getattr(X, "columns", ()) else {}
        np.testing.assert_array_equal(_made(**changes).fit(X).predict(), values)
    # by their ids, in whatever order
    turned = pl.concat([long.filter(pl.col("unique_id") == one) for one in "ba"])
    np.testing.assert_allclose(model.predict(turned), values[::-1], rtol=1e-5)
    assert model.forecast(turned).ids.tolist() == ["b", "a"]
    # arrays have no times: all of them begin together
    assert _made().fit([a, b]).predict().shape == (2, 1, HORIZON)


def test_columns_that_were_not_there_do_not_matter(fitted: SeriesForecaster) -> None:
    frame = _daily().with_columns(z=pl.col("y") * 2).select("z", "y", "ds")
    np.testing.assert_array_equal(fitted.predict(frame), fitted.predict())
    model = _made().fit(_daily(a=_waves()))  # found, not named
    frame = _daily(z=_waves(seed=1), a=_waves())
    np.testing.assert_array_equal(model.predict(frame), model.predict())


# What it gives.


def test_times_go_on(fitted: SeriesForecaster) -> None:
    forecast = fitted.forecast()
    assert forecast.times.astype("M8[D]").tolist() == [DAYS[T : T + HORIZON].to_list()]
    assert forecast.targets == ("y",)
    shorter = fitted.forecast(_daily(40))
    assert shorter.times.astype("M8[D]").tolist() == [DAYS[40:43].to_list()]
    assert _made().fit(_waves()).forecast().times.tolist() == [[T, T + 1, T + 2]]
    model = _made(time=None).fit(pl.DataFrame({"y": _waves()}))
    assert model.forecast().times.tolist() == [[T, T + 1, T + 2]]


@pytest.mark.parametrize("window", [1, 2, 5, 11])
@pytest.mark.parametrize("loaded", [False, True])
def test_after_friday_comes_monday(window: int, loaded: bool, tmp_path: Path) -> None:
    """However few of the times are in the window."""
    days = DAYS.filter(DAYS.dt.weekday() <= 5)[:85]  # ends on a Friday
    frame = pl.DataFrame({"ds": days, "y": _waves(85), "k": _waves(85, seed=1)})
    model = _made(window=window, known=["k"], target="y").fit(frame)
    if loaded:
        model.save(tmp_path / "run")
        model = SeriesForecaster.load(tmp_path / "run")
    future = pl.DataFrame({"ds": ["2024-04-29", "2024-04-30", "2024-05-01"], "k": [1, 2, 3]})
    for X in (None, frame, frame[-window:], frame[-max(window, 6) : -1]):
        given = future
        if X is not None and len(X) < len(frame) and X["ds"][-1] != days[-1]:
            given = pl.concat(
                [frame[-1:].select(pl.col("ds").cast(str), "k"), future.cast({"k": float})]
            )
            if len(X) < window:
                continue
        forecast = model.forecast(X, future=given)
        wanted = given["ds"].to_list()[:3]
        assert forecast.times.astype("M8[D]").astype(str).tolist() == [wanted]


@pytest.mark.parametrize(
    ("first", "every", "season", "after"),
    [
        ("2020-01-31", "1mo", 12, ["2027-06-30", "2027-07-31", "2027-08-31"]),
        ("2000-01-01", "1q", 4, ["2022-04-01", "2022-07-01", "2022-10-01"]),
        ("2024-01-01", "1h", 24, ["2024-01-04T17", "2024-01-04T18", "2024-01-04T19"]),
        ("2024-01-01", "15m", 96, ["2024-01-01T22:15", "2024-01-01T22:30", "2024-01-01T22:45"]),
        ("2024-01-01", "1d", 7, ["2024-03-30", "2024-03-31", "2024-04-01"]),
    ],
)
def test_steps_of_the_calendar(first: str, every: str, season: int, after: list[str]) -> None:
    start = pl.Series([first]).str.to_datetime("%Y-%m-%d")[0]
    end = "+".join([every])
    times = pl.datetime_range(start, start.replace(year=start.year + 90), end, eager=True)[:T]
    if first.endswith("31"):
        times = times.dt.month_end()
    model = _made().fit(pl.DataFrame({"ds": times, "y": _waves()}))
    assert model.season_ == season
    found = model.forecast().times[0]
    assert (found == np.array(after, dtype="M8[us]")).all()


def test_a_long_table_of_the_forecast() -> None:
    a, b = _waves(), _waves(seed=1)
    frame = _daily(x=a, z=b).with_columns(shop=pl.lit("n"))
    frame = pl.concat([frame, frame.with_columns(shop=pl.lit("s"), x=pl.col("x") + 5)])
    forecast = _made(id="shop", target=["x", "z"], quantiles=[0.75, 0.25]).fit(frame).forecast()
    table = forecast.columns()
    assert list(table) == ["shop", "ds", "x", "x 0.25", "x 0.75", "z", "z 0.25", "z 0.75"]
    assert table["shop"].tolist() == ["n"] * 3 + ["s"] * 3
    np.testing.assert_array_equal(table["ds"], np.tile(forecast.times[0], 2))
    np.testing.assert_array_equal(table["x"], forecast.values[:, 0].ravel())
    np.testing.assert_array_equal(table["z 0.25"], forecast.quantiles[0.25][:, 1].ravel())


def test_weights_say_where_each_step_looked(fitted: SeriesForecaster) -> None:
    weights = fitted.attend()
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    assert (weights >= 0).all()
    np.testing.assert_array_equal(weights, fitted.forecast().weights)
    # the last encoders leave fewer positions than steps, which are laid over them
    strided = _made(encoder="conv-bilstm", window=60).fit(_waves(200))
    assert strided.attend().shape == (1, 1, HORIZON, 60)
    np.testing.assert_allclose(strided.attend().sum(-1), 1, rtol=1e-5)


# What it learns.


def _error(model: SeriesForecaster, X: pl.DataFrame, future: pl.DataFrame | None) -> float:
    """The mean absolute error of forecasts from the last 30 origins."""
    errors = []
    for origin in range(len(X) - 30, len(X) - HORIZON + 1):
        given = None if future is None else future[origin:]
        forecast = model.predict(X[:origin], future=given)[0, 0]
        errors.append(np.abs(forecast - X["y"].to_numpy()[origin : origin + HORIZON]))
    return float(np.mean(errors))


@pytest.mark.parametrize("linear", [True, False])
def test_what_is_known_of_the_future_helps(linear: bool) -> None:
    """Here it says all: y is three times the column, whose past says nothing of its future."""
    promo = np.random.default_rng(1).normal(size=300)
    frame = _daily(300, y=3 * promo, promo=promo)
    options: dict[str, Any] = {"target": "y", "linear": linear}
    if not linear:
        options |= {"epochs": 2, "updates_per_epoch": 40, "learning_rate": 0.02, "hidden": 16}
    with_it = _made(**options, known=["promo"]).fit(frame[:270])
    error = _error(with_it, frame, frame.select("ds", "promo"))
    without = _made(**options).fit(frame[:270])
    assert error < (0.25 if linear else 0.5) * _error(without, frame, None)


def test_past_columns_help_and_need_no_future() -> None:
    """The column runs a step ahead of what is forecast."""
    ahead = np.random.default_rng(1).normal(size=365)
    frame = _daily(365, y=np.roll(ahead, 1), ahead=ahead)
    options: dict[str, Any] = {"horizon": 1, "target": "y", "learning_rate": 0.02, "hidden": 16}
    options |= {"epochs": 2, "updates_per_epoch": 40, "window": 5, "batch_size": 32}
    model = _made(**options, past=["ahead"]).fit(frame[:300])
    without = _made(**options).fit(frame[:300])
    found, blind = (
        [each.predict(frame[:at])[0, 0, 0] for at in range(300, 365)] for each in (model, without)
    )
    truth = frame["y"].to_numpy()[300:]
    assert np.abs(found - truth).mean() < 0.6 * np.abs(blind - truth).mean()


def test_the_future_needs_only_the_known_columns() -> None:
    generator = np.random.default_rng(0)
    frame = _daily(y=_waves(), promo=generator.normal(size=T), heat=generator.normal(size=T))
    model = _made(target="y", known=["promo"], past=["heat"]).fit(frame)
    ahead = pl.DataFrame({"ds": DAYS[T : T + HORIZON], "promo": [1.0, 0.0, 2.0]})
    wanted = model.predict(future=ahead)
    days = DAYS[T - 5 : T + HORIZON + 5]
    earlier_too = pl.DataFrame({"promo": [9.0] * 5 + [1, 0, 2] + [7] * 5, "ds": days})
    panel = Panel(
        (ahead["promo"].to_numpy()[None],),
        (ahead["ds"].to_numpy().astype("M8[us]"),),
        np.arange(1),
        (),
        known=("promo",),
    )
    dummies = ahead.with_columns(y=pl.lit(None), heat=pl.lit(None))
    for future in (_pandas(ahead), earlier_too, panel, dummies):
        np.testing.assert_array_equal(model.predict(future=future), wanted)
    other = model.predict(future=ahead.with_columns(pl.col("promo") + 1))
    assert np.abs(other - wanted).min() > 1e-6


def test_ids_of_the_future_are_told_by_how_they_read() -> None:
    """Ids are numbers where all of them are: in a table of some of the series perhaps."""
    frame = pl.concat(
        _daily(y=_waves(seed=at), k=_waves(seed=at + 5)).with_columns(unique_id=pl.lit(name))
        for at, name in enumerate(("7", "a"))
    )
    model = _made(known=["k"], target="y").fit(frame)
    future = pl.DataFrame({"ds": DAYS[T : T + 3], "k": [1.0, 2, 3]}).with_columns(
        unique_id=pl.lit(7)
    )
    seven = frame.filter(pl.col("unique_id") == "7")
    forecast = model.forecast(seven, future=future)
    both = pl.concat([future.cast({"unique_id": str}), future.with_columns(unique_id=pl.lit("a"))])
    np.testing.assert_allclose(forecast.values[0], model.predict(future=both)[0], rtol=1e-5)


def test_series_of_very_different_scale_are_learned_alike() -> None:
    """One is the other in other units: so is what is forecast of it."""
    y = _waves(150)
    frame = _long(small=1e-6 * y, large=1e6 * y + 1e8)
    model = _made().fit(frame)
    small, large = model.predict()
    np.testing.assert_allclose(small * 1e12 + 1e8, large, rtol=1e-6)
    np.testing.assert_allclose(*model.attend(), atol=1e-4)  # type: ignore[call-overload]
    alone = model.predict(frame.filter(pl.col("unique_id") == "large"))
    np.testing.assert_allclose(alone[0], large, rtol=1e-6)


def test_units_of_the_other_columns_are_no_matter() -> None:
    k, p = _waves(seed=1), _waves(seed=2)
    future = _waves(HORIZON, seed=3)
    values = []
    for size, level in ((1.0, 0.0), (1e3, 5e4)):
        frame = _daily(y=_waves(), k=size * k + level, p=size * p + level)
        ahead = pl.DataFrame({"ds": DAYS[T : T + HORIZON], "k": size * future + level})
        model = _made(known=["k"], past=["p"], target="y", learning_rate=0.02).fit(frame)
        values.append(model.predict(frame, future=ahead))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-3)


def test_new_series_are_scaled_by_their_own_rows() -> None:
    y = _waves(150)
    model = _made(validation_share=0.0).fit(_long(known=y))
    known = model.predict()
    new = model.forecast(_long(new=1e3 * y - 7, known=y))
    assert new.ids.tolist() == ["new", "known"]
    np.testing.assert_allclose(new.values[1], known[0], rtol=1e-6)
    np.testing.assert_allclose(new.values[0], 1e3 * known[0] - 7, rtol=1e-4)
    # one that stands still has nothing to be scaled by, and goes on nearly as it was
    still = model.predict(_long(still=np.full(30, 0.1)))
    assert np.isfinite(still).all()


def test_columns_that_stood_still_are_not_blown_up() -> None:
    """A tenth has a standard deviation of rounding: dividing by it would make one of a promotion
    that is the first."""
    frame = _daily(y=_waves(), promo=np.full(T, 0.1))
    model = _made(known=["promo"], target="y").fit(frame)
    days = DAYS[T : T + HORIZON]
    as_ever, new = (
        model.predict(future=pl.DataFrame({"ds": days, "promo": [value] * 3})) for value in (0.1, 1)
    )
    assert np.abs(new - as_ever).max() < 10


# Quantiles.


def test_quantiles_have_the_names_of_their_levels() -> None:
    y = np.random.default_rng(0).normal(size=300)
    options = {"updates_per_epoch": 60, "learning_rate": 0.02}
    forecasts = [
        _made(quantiles=levels, **options).fit(y).forecast()
        for levels in ([0.9, 0.1, 0.5], (0.1, 0.5, 0.9))
    ]
    for forecast in forecasts:
        assert list(forecast.quantiles) == [0.1, 0.5, 0.9]
        assert (forecast.quantiles[0.1] < forecast.values).all()
        assert (forecast.values < forecast.quantiles[0.9]).all()
        for values in forecast.quantiles.values():
            assert values.shape == (1, 1, HORIZON)
        np.testing.assert_allclose(forecast.quantiles[0.5], forecast.values, atol=0.5)
    np.testing.assert_array_equal(forecasts[0].values, forecasts[1].values)
    np.testing.assert_array_equal(forecasts[0].quantiles[0.1], forecasts[1].quantiles[0.1])
    assert _made().fit(y).forecast().quantiles == {}


def test_quantiles_cover_what_they_say() -> None:
    """Of noise that goes one way further than the other."""
    y = np.random.default_rng(0).exponential(size=4000)
    options = {"epochs": 3, "updates_per_epoch": 60, "learning_rate": 0.02, "batch_size": 64}
    model = _made(quantiles=[0.9, 0.2], window=5, **options).fit(y[:2000])
    rows = [y[at : at + 5] for at in range(2000, 3990)]
    panel = Panel(
        tuple(row[None] for row in rows),
        (np.arange(5),) * len(rows),
        np.zeros(len(rows), int),  # all of them the series that was trained on
        ("y",),
    )
    forecast = model.forecast(panel)
    truth = np.stack([y[at + 5 : at + 8] for at in range(2000, 3990)])
    for level, wanted in ((0.2, 0.2), (0.9, 0.9)):
        found = (truth <= forecast.quantiles[level][:, 0]).mean(0)
        np.testing.assert_allclose(found, np.full(HORIZON, wanted), atol=0.05)
    # the forecast is the middle, which half of the truth is below
    np.testing.assert_allclose((truth <= forecast.values[:, 0]).mean(0), 0.5, atol=0.06)


# Nothing of the parts held out is learned.


@pytest.fixture
def _one_ridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ridge is chosen by the validation part."""
    monkeypatch.setattr(panel_model, "_RIDGES", (0.1,))


@pytest.mark.usefixtures("_one_ridge")
@pytest.mark.parametrize("linear", [True, False])
def test_without_a_refit_the_validation_part_is_not_trained_on(linear: bool) -> None:
    """But for the linear term, which is solved with all windows in the end."""
    y = _waves(130)
    other = y.copy()
    other[117:] = 40 * y[117:] ** 2  # the last tenth
    first, second = (_made(linear=linear, refit=False).fit(each) for each in (y, other))
    assert first.scales_ == second.scales_
    np.testing.assert_allclose(first.scales_["0"][0], [y[:117].mean()])
    np.testing.assert_allclose(first.scales_["0"][1], [y[:117].std()])
    for (name, ours), theirs in zip(
        _weights(first).items(), _weights(second).values(), strict=True
    ):
        if not ours.size:
            continue  # of known columns
        assert np.array_equal(ours, theirs) != name.startswith("linear."), name
    loss = [each.history_[0]["validation_loss"] for each in (first, second)]
    assert loss[0] < loss[1] / 10
    assert first.history_[0]["loss"] == second.history_[0]["loss"]
    before = _made(linear=linear, refit=False).fit(np.concatenate([other[:110] * 2, y[110:]]))
    assert before.scales_ != first.scales_


def test_a_refit_trains_on_both_parts_for_as_long_as_was_best() -> None:
    y = _waves(130)
    other = y.copy()
    other[117:] += 1
    first, second = (
        _made(linear=False, epochs=12, patience=2, learning_rate=0.03).fit(each)
        for each in (y, other)
    )
    for model in (first, second):
        held = [row for row in model.history_ if "validation_loss" in row]
        again = [row for row in model.history_ if "refit_loss" in row]
        assert model.history_ == held + again
        assert [row["epoch"] for row in model.history_] == [*range(1, len(model.history_) + 1)]
        best = int(np.argmin([row["validation_loss"] for row in held]))
        rates = [0.0, *(row["learning_rate"] for row in held)]
        learned = sum(rates[: best + 1]) + sum(rates[1 : best + 2])  # twice the area
        peak = model.get_params()["learning_rate"]
        assert len(again) == pytest.approx(learned / peak, abs=0.8)
    assert len(held) > len(again)
    assert first.history_[0]["loss"] == second.history_[0]["loss"]
    assert first.history_[-1]["refit_loss"] != second.history_[-1]["refit_loss"]
    before, after = (_weights(model) for model in (first, second))
    assert not all(np.array_equal(before[name], after[name]) for name in before)
    assert len(_made(linear=False, epochs=2, validation_share=0.0).fit(y).history_) == 2


@pytest.mark.parametrize(("chosen", "again"), [(None, False), (True, True)])
def test_quantiles_are_of_the_model_that_was_calibrated(chosen: bool | None, again: bool) -> None:
    model = _made(quantiles=[0.1, 0.9], epochs=1, refit=chosen).fit(_waves(130))
    assert any("refit_loss" in row for row in model.history_) == again


def test_joined_windows_are_those_of_either_part() -> None:
    model = _made(known=["k"], target="y").fit(_daily(130, y=_waves(130), k=_waves(130, seed=3)))
    encoded = model.input_.encode(model._cases(_daily(130, y=_waves(130), k=_waves(130, seed=3))))
    whole = model.input_.part(encoded, targets=None, training=True)
    n = len(whole)
    parts = [
        WindowPart(replace(encoded, cases=replace(encoded.cases, index=index)), training=True)
        for index in (
            encoded.cases.index.take(np.arange(9)),
            encoded.cases.index.take(np.arange(9, n)),
        )
    ]
    joined = JoinedWindows(*parts)
    assert len(joined) == n
    for index in (np.arange(n), np.array([8, 9, 3, n - 1, 0]), np.array([2]), np.array([11, 10])):
        for ours, theirs in zip(joined[index].inputs, whole[index].inputs, strict=True):
            assert torch.equal(ours, theirs)
        found, wanted = joined[index].targets, whole[index].targets
        assert found is not None
        assert wanted is not None
        assert torch.equal(found, wanted)


@pytest.mark.usefixtures("_one_ridge")
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_the_linear_term_is_the_ridge_of_scikit_learn(share: float) -> None:
    """Of both parts in the end, scaled as the first is; with nothing learned beside it.

    A window whose targets lie in both parts is in neither.
    """
    y, k = _waves(130), _waves(130, seed=3)
    model = _made(validation_share=share, target="y", known=["k"], learning_rate=1e-12)
    model.fit(_daily(130, y=y, k=k))
    mean, std = y[: 117 if share else 130].mean(), y[: 117 if share else 130].std()
    k_mean, k_std = k[: 117 if share else 130].mean(), k[: 117 if share else 130].std()
    scaled, beside = (y - mean) / std, (k - k_mean) / k_std
    origins = list(range(WINDOW, 130 - HORIZON + 1))
    if share:
        origins = [at for at in origins if not at < 117 < at + HORIZON]
    x = np.stack([scaled[at - WINDOW : at] - scaled[at - 1] for at in origins])
    size = x.var(0).mean()
    after = _waves(HORIZON, seed=4)
    future = pl.DataFrame({"ds": DAYS[130:133], "k": after})
    forecast = model.predict(future=future)[0, 0]
    for h in range(HORIZON):
        known = np.stack([beside[at + h] for at in origins])
        # one penalty for all: the known column at the size at which it is its own
        scale = np.sqrt(size) / known.std()
        inputs = np.column_stack([x, known * scale])
        wanted = np.array([scaled[at + h] - scaled[at - 1] for at in origins])
        ridge = Ridge(0.1 * len(x) * size, solver="svd").fit(inputs, wanted)
        new = [*(scaled[-WINDOW:] - scaled[-1]), (after[h] - k_mean) / k_std * scale]
        value = (ridge.predict([new])[0] + scaled[-1]) * std + mean
        assert forecast[h] == pytest.approx(value, abs=1e-4)


@pytest.mark.usefixtures("_one_ridge")
def test_training_begins_with_the_linear_term_of_the_training_part_alone() -> None:
    """As the error of the validation part tells, before anything is learned beside it."""
    y = _waves(130)
    model = _made(learning_rate=1e-12).fit(y)
    scaled = (y - y[:117].mean()) / y[:117].std()

    def cut(origins: range) -> tuple[Any, Any]:
        past = np.stack([scaled[at - WINDOW : at] - scaled[at - 1] for at in origins])
        future = np.stack([scaled[at : at + HORIZON] - scaled[at - 1] for at in origins])
        return past, future

    x, to_come = cut(range(WINDOW, 117 - HORIZON + 1))
    ridge = Ridge(0.1 * len(x) * x.var(0).mean(), solver="svd").fit(x, to_come)
    x, to_come = cut(range(117, 130 - HORIZON + 1))
    wanted = np.abs(ridge.predict(x) - to_come).mean()
    assert model.history_[0]["validation_mae"] == pytest.approx(wanted, rel=1e-4)


def test_the_panel_is_cut_at_one_time_for_all() -> None:
    """The later half of the one is not told by the other."""
    a, b = _waves(120), _waves(120, seed=1)
    model = _made().fit(_long(a=a, b=b[:115]))
    cut = 120 - 12  # 235 rows: their last tenth are 23 or 24, of both
    for name, y in (("a", a), ("b", b)):
        np.testing.assert_allclose(model.scales_[name][0], [y[:cut].mean()], atol=0.02)
    stops = [
        next(n for n in range(80, 120) if np.isclose(y[:n].mean(), model.scales_[name][0][0]))
        for name, y in (("a", a), ("b", b))
    ]
    assert stops[0] == stops[1]


# The same every time.


def test_the_same_seed_gives_the_same_model(fitted: SeriesForecaster) -> None:
    assert _same(_made(quantiles=[0.9, 0.1]).fit(_daily()), fitted)
    assert not _same(_made(quantiles=[0.9, 0.1], random_state=1).fit(_daily()), fitted)
    drawn = [_made(random_state=np.random.RandomState(3)).fit(_daily()) for _ in range(2)]
    assert _same(*drawn)


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    frame = _long(a=_waves(), b=1e3 * _waves(seed=1)).with_columns(k=pl.col("y").reverse())
    model = _made(known=["k"], target="y", quantiles=[0.3]).fit(frame)
    model.save(tmp_path / "one")
    loaded = SeriesForecaster.load(tmp_path / "one")
    future = pl.concat(
        pl.DataFrame({"ds": DAYS[T : T + 3], "k": [1.0, 2, 3]}).with_columns(unique_id=pl.lit(n))
        for n in "ab"
    )
    for X in (None, frame[5:]):
        ours, theirs = (each.forecast(X, future=future) for each in (model, loaded))
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.weights, theirs.weights)
        np.testing.assert_array_equal(ours.quantiles[0.3], theirs.quantiles[0.3])
        np.testing.assert_array_equal(ours.times, theirs.times)
        assert ours.ids.tolist() == theirs.ids.tolist()
    assert loaded.history_ == model.history_
    loaded.save(tmp_path / "two")
    for name in ("config.json", "model.safetensors", "preprocess.json"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    with pytest.raises(RunError, match="one: exists"):
        model.save(tmp_path / "one")


@pytest.mark.parametrize("times", [np.arange(T) * 5, DAYS[:T].to_numpy()])
def test_times_are_kept_in_the_run(times: Any, tmp_path: Path) -> None:
    frame = pl.DataFrame({"ds": times, "y": _waves()})
    model = _made().fit(frame)
    model.save(tmp_path / "run")
    found = SeriesForecaster.load(tmp_path / "run").forecast().times
    step = times[1] - times[0]
    assert (found == [times[-1] + step * at for at in (1, 2, 3)]).all()
    assert found.dtype == model.forecast().times.dtype


def test_a_run_of_another_task_is_refused(fitted: SeriesForecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "forecast")
    with pytest.raises(RunError, match="was trained to forecast; SeriesRegressor does regress"):
        SeriesRegressor.load(tmp_path / "forecast")
    options: dict[str, Any] = {
        "encoder": "conv",
        "hidden": 4,
        "layers": 1,
        "epochs": 1,
        "random_state": 0,
    }
    other = SeriesRegressor(**options, updates_per_epoch=1, device="cpu")
    other.fit(np.random.default_rng(0).normal(size=(20, 1, 7)), np.arange(20.0))
    other.save(tmp_path / "regress")
    with pytest.raises(RunError, match="was trained to regress; SeriesForecaster does forecast"):
        SeriesForecaster.load(tmp_path / "regress")


def test_a_damaged_run_is_refused(fitted: SeriesForecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "run")
    file = tmp_path / "run" / "preprocess.json"
    kept = json.loads(file.read_text())
    inner = [("latest", name) for name in kept["latest"]]
    for names in [*((name,) for name in kept), *inner]:
        for spoiled in ("drop", "empty"):
            changed = json.loads(json.dumps(kept))
            part = changed if len(names) == 1 else changed[names[0]]
            part[names[-1]] = None
            if spoiled == "drop":
                del part[names[-1]]
            file.write_text(json.dumps(changed))
            if (names, spoiled) == (("latest", "dates"), "empty"):
                continue  # numbers, as null counts for no
            if names in (("zones",), ("calibration",)) and spoiled == "drop":
                continue  # as in runs from before there were any
            with pytest.raises(RunError, match="run"):
                SeriesForecaster.load(tmp_path / "run")


def test_training_that_was_cut_off_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Checkpoint.on_train_epoch_end

    def cut(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        raise KeyboardInterrupt

    whole = _made(epochs=3).fit(_daily())
    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", cut)
    for _ in range(2):  # an epoch each
        with pytest.raises(KeyboardInterrupt):
            _made(epochs=3).fit(_daily(), checkpoint=tmp_path / "last.ckpt")
    monkeypatch.undo()
    resumed = _made(epochs=3).fit(_daily(), checkpoint=tmp_path / "last.ckpt")
    assert resumed.history_ == whole.history_
    assert _same(resumed, whole)


# Forms and attentions.


@pytest.mark.parametrize("form", ["lstm-attention", "lstm-bahdanau", "lstm-hierarchical"])
def test_forms_have_no_linear_term_unless_asked(form: str) -> None:
    assert _made(form=form, encoder="conv-bilstm").fit(_waves()).model_.linear is None
    model = _made(form=form, encoder="conv-bilstm", linear=True).fit(_waves())
    assert isinstance(model.model_.linear, nn.Module)
    assert model.predict().shape == (1, 1, HORIZON)


@pytest.mark.parametrize(
    ("attention", "pooling"),
    [
        ("none", "horizon"),
        ("dot", "horizon"),
        ("general", "horizon"),
        ("sparsemax", "horizon"),
        ({"align": "hard"}, "horizon"),
        ("local-p", "attention"),
        ("location", "attention"),
        ({"score": "dot", "heads": 2}, "horizon"),
    ],
)
def test_attentions_are_swapped_by_name(attention: Any, pooling: str, tmp_path: Path) -> None:
    model = _made(attention=attention, quantiles=[0.2]).fit(_waves())
    assert model.resolve(0).model.pooling == pooling
    weights = model.attend()
    assert weights.shape == (1, 1, HORIZON, WINDOW)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    if attention == "none":
        np.testing.assert_allclose(weights, 1 / WINDOW, rtol=1e-5)
    if attention == {"align": "hard"}:
        assert set(weights.ravel()) == {0, 1}
        np.testing.assert_array_equal(weights, model.attend())  # not drawn any more
    model.save(tmp_path / "run")
    loaded = SeriesForecaster.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.attend(), weights)


@pytest.mark.parametrize(
    "encoder", ["inception", "conv", "conv-bilstm", "bilstm", "gru", "lstm", "transformer"]
)
def test_every_encoder(encoder: str) -> None:
    model = _made(encoder=encoder, hidden=8).fit(_waves())
    assert np.isfinite(model.predict()).all()
    np.testing.assert_allclose(model.attend().sum(-1), 1, rtol=1e-5)


# Windows and horizons.


@pytest.mark.parametrize(("horizon", "window"), [(1, 11), (1, 1), (5, 2), (3, 5)])
def test_horizons_and_windows(horizon: int, window: int) -> None:
    """Also a window that is shorter than the season, or than the horizon."""
    model = _made(horizon=horizon, window=window).fit(_daily())
    assert model.season_ == 7
    assert model.window_ == window
    assert model.attend().shape == (1, 1, horizon, window)
    assert np.isfinite(model.predict()).all()


@pytest.mark.parametrize(
    ("rows", "horizon", "season", "wanted"),
    [
        (10_000, 5, 24, 7 * 24),  # a week of hours
        (10_000, 48, 7, 14 * 7),  # two horizons, in whole seasons
        (400, 3, 7, 2 * 7),  # two seasons
        (10_000, 5, 1, 24),  # no season
        (10_000, 20, 1, 40),
        (30, 3, 12, 18),  # what there is: less 4 horizons
    ],
)
def test_the_window_that_is_chosen(rows: int, horizon: int, season: int, wanted: int) -> None:
    panel = Panel((np.ones((1, rows)),), (np.arange(rows),), np.arange(1), ("y",))
    assert choose_window(panel, horizon=horizon, season=season) == wanted


@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        ([120] * 11 + [30], 24),
        ([120, 60, 30], 24),  # two series with 24 steps use more than three with 6
        ([120, 30], 6),  # the majority of two is both
        ([48, 46, 46, 46], 22),  # four with 22 use more than one with 24
        ([120, 30, 30], 6),
    ],
)
def test_a_short_series_does_not_shorten_the_window_of_all(lengths: list[int], wanted: int) -> None:
    values = tuple(np.ones((1, rows)) for rows in lengths)
    times = tuple(np.arange(rows) for rows in lengths)
    panel = Panel(values, times, np.arange(len(lengths)), ("y",))
    assert choose_window(panel, horizon=6, season=12) == wanted


def test_series_too_short_to_train_on_are_left_out_and_named() -> None:
    long = {"a": _waves(), "b": _waves(seed=1), "e": _waves(seed=2)}
    frame = _long(**long, c=_waves(16), d=_waves(15))
    model = _made(window=None)
    with pytest.warns(RegardWarning, match="left out") as caught:
        model.fit(frame)
    assert [str(each.message) for each in caught] == model.notes_
    assert model.notes_ == [
        "2 of 5 series left out, whose training part is shorter than the window of 14 and the "
        "horizon of 3: c (16 rows), d (15 rows)"
    ]
    assert model.window_ == 14
    assert model.forecast().ids.tolist() == ["a", "b", "e"]
    assert _same(model, _made(window=None).fit(_long(**long)))
    # longer than the window, it can be forecast all the same
    assert model.forecast(_long(c=_waves(20))).values.shape == (1, 1, HORIZON)


def test_a_window_without_a_season_is_told() -> None:
    with pytest.warns(RegardWarning, match="the window is 6 steps, less than the season of 7"):
        assert _made(window=None, horizon=2).fit(_long(a=_waves(), b=_waves(14))).window_ == 6


@pytest.mark.parametrize("rows", [12, 20, 30, 40, 60, 144])
@pytest.mark.parametrize("season", [1, 7, 12, 24])
@pytest.mark.parametrize("horizon", [1, 2])
def test_the_window_that_is_chosen_leaves_room(rows: int, season: int, horizon: int) -> None:
    model = _made(window=None, horizon=horizon, season=season, epochs=1, updates_per_epoch=1)
    assert 1 <= model.fit(_waves(rows)).window_ <= rows - 4 * horizon


# Parameters.


def test_clone_get_and_set_parameters() -> None:
    model = _made(quantiles=[0.1, 0.9], known=["k"])
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.set_params(horizon=7).horizon == 7
    assert model.horizon == HORIZON
    before = model.set_params(known=()).get_params()
    model.fit(_waves())
    assert model.get_params() == before
    with pytest.raises(ValueError, match="has no parameter 'horizons'"):
        model.set_params(horizons=4)


def test_every_parameter_is_a_field_of_the_configuration_with_the_same_default() -> None:
    config = config_of("forecast")
    sections: list[Any] = [config.model_fields[name].annotation for name in ("model", "training")]
    sections.append(kinds_of(config)["arrays"])
    fields = {name: field for section in sections for name, field in section.model_fields.items()}
    del fields["kind"]
    parameters = signature(SeriesForecaster).parameters
    assert set(parameters) == {*fields, "verbose", "random_state"}
    for name, field in fields.items():
        assert parameters[name].default == field.default, name
    said = SeriesForecaster.__doc__ or ""
    for name in parameters:
        assert f"\n        {name}: " in said, name


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"horizon": 0}, "horizon: wanted greater than or equal to 1, not 0"),
        ({"horizon": 2.0}, "horizon: wanted integer, not 2.0"),
        ({"window": 0}, "window: wanted greater than or equal to 1, not 0"),
        ({"quantiles": [0.1, 1.5]}, "quantiles.1: wanted less than 1, not 1.5"),
        ({"quantiles": [0]}, "quantiles.0: wanted greater than 0, not 0"),
        ({"pooling": "conjunctive"}, 'pooling: "conjunctive" is not one of horizon'),
        (
            {"pooling": "horizon", "attention": "local-p"},
            "pooling: horizon pooling has learned queries",
        ),
        ({"encoder": "ltsm"}, "encoder: \"ltsm\" is not one of .*did you mean 'lstm'"),
        (
            {"form": "lstm-bahdanau", "pooling": "stacked", "encoder": SeriesForecaster().encoder},
            "has pooling attention; leave out",
        ),
        ({"validation_share": 1.0}, "validation_share: wanted less than 1"),
        ({"missing": "drop"}, 'missing: "drop" is not one of refuse, interpolate'),
        ({"frequency": "daily"}, 'frequency: "daily" is not one of infer, rows'),
        ({"target": []}, "target: wanted at least one column"),
        ({"target": "y", "known": ["y"]}, "target: 'y' is already given as known"),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _made(**parameters).fit(_daily())


# What cannot be learned from, or gone on from.


def _broken(change: Callable[[NDArray[np.float64]], None]) -> NDArray[np.float64]:
    y = _waves()
    change(y)
    return y


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((2, 3, 5)), "X has the shape [2, 3, 5]; wanted [steps] or [steps, targets]"),
        ([], "X has no values: its shape is [0]"),
        (["a", "b"], "X holds <U1; wanted real numbers"),
        (np.full(T, 0.1), "y is the same at every step of the training part; leave it out"),
        (np.arange(5.0), "the series has 5 rows"),
        (_daily().with_columns(y=pl.lit("many")), "X, row 0, column 'y': 'many' is not a number"),
        (_daily().rename({"ds": "day"}), "X has no column 'ds' (time); choose one of day, y; "),
        (pl.concat([_daily(), _daily()]), "is already the time of row 0"),
        (_daily()[[*range(30), *range(33, T)]], "a gap in steps of 1 day; missing: "),
        (_daily()[:0], "X has no rows"),
        (_long(a=_waves(8), b=_waves(9)), "series b has 9 rows in this part and 9 in all"),
        (_long(a=_waves(), b=np.full(T, 3.0)), "series b: y is the same at every step of the"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_learned_from(X: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        _made().fit(X)
    assert message in str(caught.value)


def test_a_second_argument_is_refused() -> None:
    with pytest.raises(DataError, match=r"^y: a forecaster learns from X alone; name what to"):
        _made().fit(_daily(), _waves())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_values(value: float) -> None:
    y = _waves()
    y[23] = value
    with pytest.raises(DataError, match=r"^X, series 0, target 0, step 23: .*(missing|infinite)"):
        _made().fit(y)
    if np.isnan(value):
        line = y.copy()
        line[23] = (y[22] + y[24]) / 2
        with pytest.warns(RegardWarning, match=r"linear interpolation \(y: 1 of 89 values\)"):
            filled = _made(missing="interpolate").fit(y)
        np.testing.assert_array_equal(filled.predict(), _made().fit(line).predict())
        gap = _daily(y=line)[[*range(23), *range(24, T)]]
        with pytest.warns(RegardWarning, match="missing (times|values) are"):
            closed = _made(missing="interpolate", season=7).fit(gap)
        assert "missing times are inserted: 2024-01-24" in closed.notes_
        np.testing.assert_array_equal(closed.predict(), filled.predict())


def test_rows_as_steps_whatever_their_times() -> None:
    frame = _daily()[[*range(30), *range(33, T)]]
    model = _made(frequency="rows").fit(frame)
    assert model.predict().shape == (1, 1, HORIZON)
    assert model.forecast().times.astype("M8[D]").tolist() == [DAYS[T : T + 3].to_list()]


def test_what_is_not_fitted_says_so(tmp_path: Path) -> None:
    for name in ("predict", "attend", "forecast"):
        with pytest.raises(NotFittedError, match="This SeriesForecaster instance"):
            getattr(_made(), name)()
    with pytest.raises(NotFittedError):
        _made().save(tmp_path / "run")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (_daily(7), "the series has 7 rows; a forecast starts from 11"),
        (_daily(z=_waves()), "X has no column 'y' (target); choose one of ds, z"),
        (np.zeros((T, 2)), "X has the columns target 0, target 1; the model was fitted on y"),
        (_daily().with_columns(y=pl.lit(None)), "X, row 0, column 'y': the value is missing"),
        (Panel((np.zeros((2, T)),), (np.arange(T),), np.arange(1), ("y",), known=("k",)), "X has "
         "the columns y, k; the model was fitted on y"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_gone_on_from(fitted: SeriesForecaster, X: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        fitted.predict(X)
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def knowing() -> SeriesForecaster:
    frame = _daily(y=_waves(), k=_waves(seed=1), p=_waves(seed=2))
    return _made(known=["k"], past=["p"], target="y").fit(frame)


def _ahead(first: int = T, rows: int = HORIZON) -> pl.DataFrame:
    return pl.DataFrame({"ds": DAYS[first : first + rows], "k": np.arange(float(rows))})


@pytest.mark.parametrize(
    ("future", "message"),
    [
        (None, "future: wanted the known columns k for 3 future steps"),
        (_ahead().rename({"k": "x"}), "future has no column 'k' (known); choose one of ds, x"),
        (_ahead().rename({"ds": "x"}), "future has no column 'ds' (time); choose one of x, k"),
        (_ahead(rows=2), "future: the series has 2024-03-30, 2024-03-31 after 2024-03-29; wanted "
         "all 3 steps of the horizon, 2024-03-30, 2024-03-31, 2024-04-01"),
        (_ahead(T + 1), "future: the series has 2024-03-31, 2024-04-01, 2024-04-02 after "
         "2024-03-29; wanted all 3 steps"),
        (_ahead(3), "future: the series has nothing after 2024-03-29; wanted all 3 steps"),
        (_ahead()[:0], "future has no rows"),
        (_ahead().with_columns(k=pl.lit(None)), "future, row 0, column 'k': the value is missing"),
        (_ahead().with_columns(k=pl.lit("b")), "future, row 0, column 'k': 'b' is not a number"),
        (_ahead().with_columns(ds=np.arange(3)), "future: wanted times of the same kind as before"),
        (_ahead().with_columns(unique_id=pl.lit("a")), "future: no series 0"),
    ],
)  # fmt: skip
def test_a_future_that_does_not_fit(knowing: SeriesForecaster, future: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        knowing.predict(future=future)
    assert message in str(caught.value)


def test_arrays_have_no_known_columns(fitted: SeriesForecaster, knowing: SeriesForecaster) -> None:
    with pytest.raises(ConfigError, match=r"^known: future is an array and has no columns; give"):
        knowing.predict(future=np.zeros(3))
    with pytest.raises(ConfigError, match="^future: no column was fitted as known"):
        fitted.predict(future=_ahead())
    with pytest.raises(ConfigError, match=r"^known: X is an array and has no columns; give a"):
        _made(known=["k"]).fit(_waves())
