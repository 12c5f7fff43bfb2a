"""The bands of forecasts hold what they promise on later data, of series of several kinds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard import SeriesForecaster
from regard.inputs.panel.cases import divide_panel
from regard.inputs.panel.panel import Panel

HORIZON, WINDOW = 4, 20
# Hardly trained: the quantiles start at the forecast itself, and hold almost nothing.
SETTINGS: dict[str, Any] = {
    "horizon": HORIZON, "window": WINDOW, "season": 1, "encoder": "conv", "hidden": 4, "epochs": 1,
    "updates_per_epoch": 1, "quantiles": [0.1, 0.5, 0.9], "random_state": 0,
}  # fmt: skip


def _series(kind: str, seed: int) -> np.ndarray:
    rng, rows = np.random.default_rng(seed), 900
    noise = rng.standard_t(4, size=rows) if kind == "heavy tails" else rng.normal(size=rows)
    if kind == "skew":
        noise = rng.exponential(size=rows)
    if kind == "random walk":
        return np.asarray(noise.cumsum())
    return 3 * np.sin(np.arange(rows) / 7) + noise


def _panel(kind: str) -> Panel:
    values = tuple(_series(kind, seed)[None] * 10**seed for seed in range(3))
    return Panel(values, (np.arange(900),) * 3, np.array(["a", "b", "c"]), ("y",))


def _fitted(panel: Panel, **changes: Any) -> tuple[SeriesForecaster, Any]:
    shares = (0.6, 0.2, 0.2)
    train, held, test = divide_panel(panel, window=WINDOW, horizon=HORIZON, shares=shares)
    return SeriesForecaster(**SETTINGS | changes).fit(train, validation=held), test


def _within(model: SeriesForecaster, test: Any) -> np.ndarray:
    """[horizon] the share of the truth within the 80 % band."""
    truth = test.numbers(np.arange(len(test))).future
    values = model.forecast_windows(test)
    return np.asarray(((values[..., 1] <= truth) & (truth <= values[..., 3])).mean((0, 1)))


@pytest.mark.parametrize("kind", ["gaussian", "heavy tails", "skew", "random walk"])
def test_eighty_percent_of_later_data_are_within_the_band_at_each_step(kind: str) -> None:
    within = _within(*_fitted(_panel(kind)))
    assert within.mean() == pytest.approx(0.8, abs=0.05)
    np.testing.assert_allclose(within, 0.8, atol=0.08)


def test_calibration_survives_saving_and_older_runs_have_none(tmp_path: Path) -> None:
    model, test = _fitted(_panel("gaussian"))
    model.save(tmp_path / "run")
    loaded = SeriesForecaster.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.forecast_windows(test), model.forecast_windows(test))
    kept = model.output_.kept()
    assert kept["calibration"]["windows"] == 3 * (180 - HORIZON + 1)
    model.output_.restore({})
    assert model.output_.kept() == {}
    assert _within(model, test).mean() < 0.3


def test_quantiles_do_not_cross() -> None:
    model, test = _fitted(_panel("skew"), quantiles=[0.05, 0.4, 0.6, 0.95])
    output: Any = model.output_
    for shifts in (output.shifts_, output.shifts_[..., ::-1]):  # the second would cross them
        output.shifts_ = shifts
        quantiles = model.forecast_windows(test)[..., 1:]
        assert (np.diff(quantiles, axis=-1) >= 0).all()
        assert (np.ptp(quantiles, axis=-1) > 0).all()


def test_the_point_forecast_is_left_alone() -> None:
    model, test = _fitted(_panel("gaussian"))
    before = model.forecast_windows(test)[..., 0]
    model.output_.restore({})
    np.testing.assert_array_equal(model.forecast_windows(test)[..., 0], before)


def test_bands_that_cannot_be_trusted_are_noted() -> None:
    metrics = {"mae": 1.0, "baselines": {"seasonal naive": {"mae": 2.0}}}
    model = SeriesForecaster(**SETTINGS | {"validation_share": 0.0})
    model.fit(_series("gaussian", 0)[:200])
    (note,) = model.output_.notes(metrics)
    assert note.startswith("the quantiles are not calibrated, since there is no validation part")
    few = SeriesForecaster(**SETTINGS).fit(_series("gaussian", 0)[:60])  # 6 rows are 3 windows
    (note,) = few.output_.notes(metrics)
    assert note.startswith("the 80 % band is calibrated on 3 windows of the validation part, too")
    many = SeriesForecaster(**SETTINGS).fit(_series("gaussian", 0)[:200])
    assert many.output_.notes(metrics) == []
