"""Forecasts go on in the calendar and the zone of the data, and in no other."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from regard.errors import DataError
from regard.estimators import SeriesForecaster

SMALL: dict[str, Any] = {
    "encoder": "conv",
    "hidden": 4,
    "layers": 1,
    "attention_dim": 4,
    "horizon": 3,
    "window": 7,
    "epochs": 1,
    "updates_per_epoch": 1,
    "device": "cpu",
    "random_state": 0,
}
ROWS = 40


def _frame(times: Any) -> Any:
    y = np.sin(np.arange(len(times)) * 2 * np.pi / 7)
    return pd.DataFrame({"ds": times, "y": y})


def _days(last: str, zone: str | None = None, *, every: str = "D") -> Any:
    return pd.date_range(end=last, periods=ROWS, freq=every, tz=zone)


@pytest.fixture(scope="module")
def berlin() -> SeriesForecaster:
    """Trained on days across the change to summer time."""
    return SeriesForecaster(**SMALL).fit(_frame(_days("2024-04-20", "Europe/Berlin")))


@pytest.fixture(scope="module")
def naive() -> SeriesForecaster:
    return SeriesForecaster(**SMALL).fit(_frame(_days("2024-04-20")))


@pytest.mark.parametrize("loaded", [False, True])
def test_the_days_that_follow_are_those_of_the_zone(
    berlin: SeriesForecaster, loaded: bool, tmp_path: Path
) -> None:
    model = berlin
    if loaded:
        berlin.save(tmp_path / "run")
        model = SeriesForecaster.load(tmp_path / "run")
    assert model.season_ == 7
    forecast = model.forecast()
    assert forecast.zone == "Europe/Berlin"
    assert forecast.columns()["ds"].tolist() == [
        "2024-04-21T00:00:00+02:00", "2024-04-22T00:00:00+02:00", "2024-04-23T00:00:00+02:00",
    ]  # fmt: skip
    after = model.forecast(_frame(_days("2024-10-26", "Europe/Berlin")))
    assert after.columns()["ds"].tolist() == [
        "2024-10-27T00:00:00+02:00", "2024-10-28T00:00:00+01:00", "2024-10-29T00:00:00+01:00",
    ]  # fmt: skip


def test_hours_go_on_across_the_change_of_a_zone(tmp_path: Path) -> None:
    model = SeriesForecaster(**SMALL)
    model.fit(_frame(_days("2024-03-31 01:00", "Europe/Berlin", every="h"))).save(tmp_path / "run")
    for each in (model, SeriesForecaster.load(tmp_path / "run")):
        assert each.forecast().columns()["ds"].tolist() == [
            "2024-03-31T03:00:00+02:00", "2024-03-31T04:00:00+02:00", "2024-03-31T05:00:00+02:00",
        ]  # fmt: skip


def test_a_weekend_of_tokyo_is_no_gap() -> None:
    model = SeriesForecaster(**SMALL).fit(_frame(_days("2024-04-19", "Asia/Tokyo", every="B")))
    assert str(model.step_) == "1 business day"
    assert model.season_ == 5
    assert model.forecast().columns()["ds"].tolist() == [
        "2024-04-22T00:00:00+09:00", "2024-04-23T00:00:00+09:00", "2024-04-24T00:00:00+09:00",
    ]  # fmt: skip


def test_the_zone_of_new_times_is_that_of_the_answer(berlin: SeriesForecaster) -> None:
    """The same instants in another zone are other days, which follow that zone's calendar."""
    new = _frame(_days("2024-04-20", "Asia/Tokyo"))
    assert berlin.forecast(new).columns()["ds"][0] == "2024-04-21T00:00:00+09:00"
    np.testing.assert_array_equal(berlin.predict(new), berlin.predict())


def test_times_with_and_without_a_zone_are_not_mixed(
    berlin: SeriesForecaster, naive: SeriesForecaster
) -> None:
    with pytest.raises(DataError) as caught:
        berlin.forecast(_frame(_days("2024-04-20")))
    assert str(caught.value) == (
        "the times have no zone; those that the model was trained on have the zone Europe/Berlin; "
        "write them with their offset from UTC, such as 2024-03-12T00:00:00+01:00"
    )
    with pytest.raises(DataError) as caught:
        naive.forecast(_frame(_days("2024-04-20", "UTC")))
    assert str(caught.value) == (
        "the times have the zone UTC; those that the model was trained on have no zone; write them "
        "without a zone"
    )


def test_pictures_show_the_clock_of_the_zone(berlin: SeriesForecaster) -> None:
    incoming: Any = berlin.input_
    cases = incoming.ahead()
    times, _ = cases.past_of(0)
    assert (times.astype("M8[D]") == times).all()
    assert str(cases.future_of(0)[0][0]) == "2024-04-21T00:00:00.000000"


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (_days("2024-04-20", every="h"), "the times are 1 hour apart; the model was trained on "
         "steps of 1 day"),
        (_days("2024-04-30", every="ME"), "the times are 1 month apart; the model was trained on "
         "steps of 1 day"),
        (_days("2024-04-20", every="B"), "the times are 1 business day apart; the model was "
         "trained on steps of 1 day"),
        (np.arange(ROWS), "the times are whole numbers; the model was trained on dates"),
    ],
)  # fmt: skip
def test_new_times_of_another_frequency(times: Any, message: str, naive: SeriesForecaster) -> None:
    with pytest.raises(DataError) as caught:
        naive.forecast(_frame(times))
    assert str(caught.value) == message


def test_months_may_fall_on_another_day() -> None:
    model = SeriesForecaster(**SMALL).fit(_frame(_days("2024-04-30", every="ME")))
    forecast = model.forecast(_frame(_days("2024-04-01", every="MS")))
    assert [str(time)[:10] for time in forecast.times[0]] == [
        "2024-05-01", "2024-06-01", "2024-07-01",
    ]  # fmt: skip


def test_whole_numbers_that_are_months_are_followed_by_months() -> None:
    months = [year * 100 + month for year in range(2020, 2024) for month in range(1, 13)]
    frame = pl.DataFrame({"ds": months, "y": np.sin(np.arange(48))})
    model = SeriesForecaster(**SMALL).fit(frame)
    assert model.season_ == 12
    assert str(model.forecast().times[0][0])[:7] == "2024-01"


def test_times_are_what_the_clock_of_the_zone_shows(berlin: SeriesForecaster) -> None:
    past = _days("2024-05-30", "Europe/Berlin")  # ends at midnight in Berlin, 22:00 in UTC
    shown = [str(time) for time in berlin.forecast(_frame(past)).times[0]]
    wanted = pd.date_range("2024-05-31", periods=3, freq="D")
    assert shown == [f"{day:%Y-%m-%dT%H:%M:%S.%f}" for day in wanted]


def test_new_dates_have_the_order_of_the_training_data(tmp_path: Path) -> None:
    """A day above 12 tells the order once; later files need none."""
    written = "%d/%m/%Y"
    model = SeriesForecaster(**SMALL).fit(_frame(_days("2024-04-20").strftime(written)))
    model.save(tmp_path / "run")
    new = _frame(pd.date_range("2024-05-01", periods=7).strftime(written))
    for each in (model, SeriesForecaster.load(tmp_path / "run")):
        assert [str(time)[:10] for time in each.forecast(new).columns()["ds"].tolist()] == [
            "2024-05-08", "2024-05-09", "2024-05-10",
        ]  # fmt: skip
    path = tmp_path / "run" / "preprocess.json"
    kept = json.loads(path.read_text())
    del kept["day_first"]  # as in runs from before it was kept
    path.write_text(json.dumps(kept))
    with pytest.raises(DataError, match=r"'01/05/2024' may be 2024-05-01, the day first, or"):
        SeriesForecaster.load(tmp_path / "run").forecast(new)
