from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.errors import ConfigError, DataError
from regard.inputs.panel.calendar import show_time
from regard.inputs.panel.frames import as_panel
from regard.inputs.panel.panel import constant_target, far_values


def refusal(X: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        as_panel(X, **options)
    return str(caught.value)


def long_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unique_id": ["b", "a", "b", "a", "b"],
            "ds": [date(2024, 1, day) for day in (1, 2, 2, 3, 3)],
            "y": [1, 2, 3, 4, 5],
            "holiday": [False, True, True, False, False],
        }
    )


def test_polars_frames() -> None:
    panel = as_panel(long_frame(), known=["holiday"])
    assert panel.ids.tolist() == ["b", "a"]
    assert panel.values[0].tolist() == [[1, 3, 5], [0, 1, 0]]
    assert show_time(panel.times[1][0]) == "2024-01-02"
    assert as_panel(panel) is panel
    assert as_panel(pl.Series("sales", [1.0, 2.0]), time=None).targets == ("sales",)


def test_frames_are_named_in_messages() -> None:
    frame = long_frame().with_columns(y=pl.Series([1, 2, None, 4, 5]))
    assert refusal(frame) == (
        "X, row 2, column 'y': the value is missing (NaN); pass missing='interpolate'"
    )
    assert as_panel(frame, missing="interpolate").values[0].tolist() == [[1, 3, 5]]
    assert refusal(long_frame(), time="moment").startswith(
        "X has no column 'moment' (time); choose one"
    )
    assert refusal(long_frame()[:0]) == "X has no rows"


def test_pandas_frames() -> None:
    pandas: Any = pytest.importorskip("pandas")
    frame = pandas.DataFrame(long_frame().to_dict(as_series=False))
    frame["ds"] = pandas.to_datetime(frame["ds"])
    panel = as_panel(frame, known=["holiday"])
    assert panel.ids.tolist() == ["b", "a"]
    assert panel.values[0].tolist() == [[1, 3, 5], [0, 1, 0]]
    assert panel.times[0].dtype == np.dtype("M8[us]")
    frame.loc[2, "y"] = None
    assert refusal(frame).startswith("X, row 2, column 'y': the value is missing (NaN)")
    frame["ds"] = ["2024-01-01", "2024-01-02", "2024-01-02", None, "2024-01-03"]
    assert refusal(frame) == "X, row 3, column 'ds' is empty"


@pytest.mark.parametrize("kind", ["dates", "periods", "zone", "named"])
def test_times_in_the_index_of_pandas(kind: str) -> None:
    pandas: Any = pytest.importorskip("pandas")
    index = pandas.date_range("2024-01-31", periods=3, freq="ME")
    if kind == "periods":
        index = pandas.period_range("2024-01", periods=3, freq="M")
    elif kind == "zone":
        index = pandas.date_range("2024-01-01", periods=3, freq="D", tz="Asia/Tokyo")
    elif kind == "named":
        index = pandas.Index([7, 8, 9], name="ds")
    wanted = {
        "dates": ["2024-01-31", "2024-02-29", "2024-03-31"],
        "periods": ["2024-01-01", "2024-02-01", "2024-03-01"],
        "zone": ["2023-12-31T15:00", "2024-01-01T15:00", "2024-01-02T15:00"],
        "named": ["7", "8", "9"],
    }[kind]
    frame = pandas.DataFrame({"north": [1.0, 2, 3], "south": [4, 5, 6]}, index=index)
    panel = as_panel(frame)
    assert panel.targets == ("north", "south")
    assert [show_time(time) for time in panel.times[0]] == wanted
    assert as_panel(frame["north"]).values[0].tolist() == [[1, 2, 3]]
    with pytest.raises(DataError, match=r"^X has no column 'ds' \(time\); choose one of north"):
        as_panel(frame.reset_index(drop=True))


def test_arrays_are_steps_by_targets() -> None:
    values = np.random.default_rng(0).normal(size=(7, 3))
    panel = as_panel(values)
    np.testing.assert_array_equal(panel.values[0], values.T)
    assert panel.targets == ("target 0", "target 1", "target 2")
    assert panel.times[0].tolist() == list(range(7))
    one = as_panel([1, 2, 3, 5, 7])
    assert one.values[0].tolist() == [[1, 2, 3, 5, 7]]
    assert one.targets == ("y",)


def test_lists_are_of_series() -> None:
    panel = as_panel([np.ones((5, 2)), np.zeros((3, 2))])
    assert panel.lengths.tolist() == [5, 3]
    assert panel.ids.tolist() == [0, 1]
    assert len(as_panel([np.arange(3.0), np.arange(3.0)])) == 2


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((2, 3, 5)), "X has the shape [2, 3, 5]; wanted [steps] or [steps, targets], "
         "or a list of such arrays"),
        (np.empty(0), "X has no values: its shape is [0]"),
        ([], "X has no values: its shape is [0]"),
        ([None, "b"], "X holds values that are not numbers"),
        (["1", "2"], "X holds <U1; wanted real numbers"),
        (np.array(["2024"], dtype="M8[D]"), "X holds datetime64[D]; wanted real numbers"),
        (np.array([1j]), "X holds complex128; wanted real numbers"),
        ([np.ones(3), np.ones((3, 2))], "X: series 1 has 2 targets, series 0 has 1; "
         "wanted the same for all"),
        ([[1.0, 2.0], [np.nan, 1.0]], "X, series 1, target 0, step 0: the value is missing (NaN); "
         "pass missing='interpolate'"),
        ([[1.0, np.inf]], "X, series 0, target 0, step 1: the value is infinite (inf); "
         "wanted a finite number"),
        ([[1.0, [2.0]], [3.0]], "X: series 0 holds values that are not numbers"),
        (datetime(2024, 1, 1), "X holds values that are not numbers"),
    ],
)  # fmt: skip
def test_arrays_that_are_refused(X: Any, message: str) -> None:
    assert refusal(X) == message


def test_arrays_have_no_columns() -> None:
    with pytest.raises(ConfigError, match=r"^known: X is an array and has no columns; give a data"):
        as_panel(np.ones(5), known=["holiday"])


def pandas_frame(**columns: Any) -> Any:
    pandas: Any = pytest.importorskip("pandas")
    return pandas.DataFrame({"ds": pandas.date_range("2024-01-01", periods=4), **columns})


def test_two_columns_of_one_name() -> None:
    frame = pandas_frame(north=[3.0, 1, 2, 5], south=[1.0, 2, 3, 5])
    frame.columns = ["ds", "north", "north"]
    assert refusal(frame) == "X has two columns 'north'; rename one"


def test_ids_and_times_in_the_index() -> None:
    frame = pandas_frame(unique_id=["b", "b", "a", "a"], y=[3.0, 1, 2, 5])
    panel = as_panel(frame.set_index(["unique_id", "ds"]))
    assert panel.ids.tolist() == ["b", "a"]
    assert panel.values[1].tolist() == [[2, 5]]


def test_blanks_around_ids() -> None:
    frame = pandas_frame(unique_id=["b", "b ", " a", "a"], y=[3.0, 1, 2, 5])
    assert as_panel(frame).ids.tolist() == ["b", "a"]
    frame["unique_id"] = ["b", "b", " ", "a"]
    assert refusal(frame) == "X, row 2, column 'unique_id' is empty"


def test_durations_are_no_times() -> None:
    pandas: Any = pytest.importorskip("pandas")
    hours = pandas.to_timedelta([0, 1, 2], unit="h")
    for X in (
        pandas.DataFrame({"ds": hours, "y": [1.0, 2, 3]}),
        pandas.DataFrame({"y": [1.0, 2, 3]}, index=hours),
        pl.DataFrame({"ds": hours.to_pytimedelta().tolist(), "y": [1.0, 2, 3]}),
    ):
        assert refusal(X) == (
            "X: column 'ds' holds durations; wanted whole numbers, or dates and times such as "
            "2024-12, 2024-12-31T23:59:59 or 2024-Q4; add them to a date; pass time=None"
        )
    frame = pandas_frame(y=[1.0, 2, 3, 5])
    assert refusal(frame.assign(y=frame["ds"])).startswith("X: column 'y' holds Datetime")


def test_numbers_whose_squares_are_infinite() -> None:
    assert refusal([[1.0, 2.0], [5.0, 1e308]]) == (
        "series 1, column 'y', step 1: 1e+308 is too large to compute with; wanted less than 1e+100"
    )


def test_values_far_from_all_others_are_noted() -> None:
    few = np.sin(np.arange(50.0))
    few[[7, 9, 20, 30]] = -999999
    panel = as_panel([few, np.cos(np.arange(50.0))])
    assert far_values(panel) == [
        "4 values are far from all others: series 0: y is -999999 at 7, series 0: y is -999999 at "
        "9, series 0: y is -999999 at 20, 1 more; remove them if they mark missing ones"
    ]
    sparse = np.zeros(50)
    sparse[3] = 1e6
    assert far_values(as_panel(sparse)) == []


def test_all_constant_targets_are_named() -> None:
    rows = [np.ones(5), np.arange(5), *[np.zeros(5)] * 4]
    assert constant_target(as_panel(rows)) == (
        "series 0: y, series 2: y, series 3: y, 2 more are the same at every step"
    )
