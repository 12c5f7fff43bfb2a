import gzip
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from regard.errors import ConfigError, DataError
from regard.inputs.panel.calendar import guess_season, next_times, show_time
from regard.inputs.panel.frames import as_panel
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.tables import read_panel
from regard.inputs.panel.zones import written

FOLDER = os.environ.get("REGARD_DATA")
real = pytest.mark.skipif(
    FOLDER is None, reason="REGARD_DATA is unset: it names the folder of the published data sets"
)

LONG = """unique_id,ds,y,price,holiday
b,2024-01-01,1,10,0
a,2024-01-02,2,20,1
b,2024-01-02,3,30,1
a,2024-01-03,4,40,0
b,2024-01-03,5,50,0
"""
ROWS = "pass frequency='rows'"
FILL = f"pass missing='interpolate', or {ROWS}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "toy.csv"


def reading(file: Path, content: str, **options: Any) -> Panel:
    file.write_text(content)
    return read_panel(file, **options)


def refusal(file: Path, content: str, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        reading(file, content, **options)
    return str(caught.value).replace(str(file), "toy.csv")


def daily(*days: str, head: str = "ds,y\n") -> str:
    return head + "".join(f"{day},{at}\n" for at, day in enumerate(days))


def test_long_tables(file: Path) -> None:
    panel = reading(file, LONG, past=["price"], known=["holiday"])
    assert panel.ids.tolist() == ["b", "a"]
    assert (panel.targets, panel.past, panel.known) == (("y",), ("price",), ("holiday",))
    assert panel.values[0].tolist() == [[1, 3, 5], [10, 30, 50], [0, 1, 0]]
    assert panel.values[1].tolist() == [[2, 4], [20, 40], [1, 0]]
    assert [show_time(time) for time in panel.times[1]] == ["2024-01-02", "2024-01-03"]
    assert panel.values[0].dtype == np.float64
    assert panel.times[0].dtype == np.dtype("M8[us]")


def test_wide_tables(file: Path) -> None:
    content = "when,north,note,south,warm\n1,5,x,7,1\n2,6,y,8,0\n"
    panel = reading(file, content, time="when", known=["warm"])
    assert panel.columns == ("north", "south", "warm")
    assert panel.values[0].tolist() == [[5, 6], [7, 8], [1, 0]]
    assert panel.times[0].tolist() == [1, 2]
    assert panel.ids.tolist() == [0]


def test_columns_are_found_or_named(file: Path) -> None:
    assert reading(file, LONG).columns == ("y",)
    renamed = LONG.replace("unique_id,ds,y", "shop,day,sales")
    panel = reading(file, renamed, id="shop", time="day", target=["price", "sales"])
    assert panel.columns == ("price", "sales")
    assert reading(file, renamed, id="shop", time="day", target="sales").columns == ("sales",)
    # an index that pandas wrote is nothing to forecast
    assert reading(file, ",ds,x\n0,1,5\n1,2,6\n").columns == ("x",)


def test_tables_of_known_columns_alone(file: Path) -> None:
    panel = reading(file, LONG, target=[], known=["holiday"])
    assert panel.targets == ()
    assert panel.values[1].tolist() == [[1, 0]]


def test_rows_without_times(file: Path) -> None:
    panel = reading(file, "unique_id,y\nb,5\na,6\nb,7\n", time=None)
    assert panel.values[0].tolist() == [[5, 7]]
    assert panel.times[0].tolist() == [0, 1]


def test_ids_are_whole_numbers_where_all_are(file: Path) -> None:
    panel = reading(file, "unique_id,ds,y\n7,1,0\n11,1,0\n7,2,0\n11,2,0\n")
    assert panel.ids.tolist() == [7, 11]


def test_packed_and_other_forms_hold_the_same(file: Path, tmp_path: Path) -> None:
    wanted = reading(file, LONG)
    frame = pl.read_csv(file, try_parse_dates=True)
    frame.write_parquet(tmp_path / "toy.parquet")
    (tmp_path / "toy.csv.gz").write_bytes(gzip.compress(LONG.encode()))
    (tmp_path / "toy.tsv").write_text(LONG.replace(",", "\t"))
    for name in ("toy.parquet", "toy.csv.gz", "toy.tsv"):
        panel = read_panel(tmp_path / name)
        assert panel.ids.tolist() == wanted.ids.tolist()
        for own, theirs in zip(
            panel.values + panel.times, wanted.values + wanted.times, strict=True
        ):
            np.testing.assert_array_equal(own, theirs)


def test_damaged_packing(file: Path) -> None:
    file.write_bytes(gzip.compress(LONG.encode())[:-9])
    with pytest.raises(DataError, match=r"toy\.csv cannot be unpacked with gzip: "):
        read_panel(file)


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["1949-01", "1949-02", "1949-03"], ["1949-01-01", "1949-02-01", "1949-03-01"]),
        (["2024/1/30", "2024/1/31", "2024/2/1"], ["2024-01-30", "2024-01-31", "2024-02-01"]),
        (["2023-Q4", "2024-Q1", "2024-Q2"], ["2023-10-01", "2024-01-01", "2024-04-01"]),
        (["20240228", "20240229", "20240301"], ["2024-02-28", "2024-02-29", "2024-03-01"]),
        (["2024-01-01 22:00", "2024-01-01 23:00"], ["2024-01-01T22:00", "2024-01-01T23:00"]),
        (["2024-01-01T22:30Z", "2024-01-01T23:30Z"], ["2024-01-01T22:30", "2024-01-01T23:30"]),
        (["2024-01-01T01:00:00.25+05:30", "2024-01-01T01:00:00.50+05:30"],
         ["2023-12-31T19:30:00.250000", "2023-12-31T19:30:00.500000"]),
        (["2024-01-01 22:00 -0300", "2024-01-01 23:00 -0300"],
         ["2024-01-02T01:00", "2024-01-02T02:00"]),
        (["1949", "1950", "1951"], ["1949", "1950", "1951"]),
        (["202311", "202312", "202401"], ["2023-11-01", "2023-12-01", "2024-01-01"]),
        (["202312", "202313", "202314"], ["202312", "202313", "202314"]),
        (["29.2.2024", "1.3.2024"], ["2024-02-29", "2024-03-01"]),
        (["12/31/2023 22:00", "12/31/2023 23:00"], ["2023-12-31T22:00", "2023-12-31T23:00"]),
        (["1.0", "2.0", "3.0"], ["1", "2", "3"]),
    ],
)  # fmt: skip
def test_forms_of_times(file: Path, texts: list[str], wanted: list[str]) -> None:
    panel = reading(file, daily(*texts))
    assert [show_time(time) for time in panel.times[0]] == wanted


@pytest.mark.parametrize(
    ("time_format", "texts", "wanted"),
    [
        ("%d.%m.%Y", ["01.02.2024", "01.03.2024"], ["2024-02-01", "2024-03-01"]),
        ("%m/%d/%y", ["01/02/24", "01/03/24"], ["2024-01-02", "2024-01-03"]),
        ("%b %Y", ["Dec 2023", "Jan 2024"], ["2023-12-01", "2024-01-01"]),
        ("%Y%m%d%H", ["2024010122", "2024010123"], ["2024-01-01T22:00", "2024-01-01T23:00"]),
        ("%d.%m.%Y %H%z", ["01.01.2024 00+0100", "02.01.2024 00+0100"],
         ["2023-12-31T23:00", "2024-01-01T23:00"]),
    ],
)  # fmt: skip
def test_times_of_a_form_that_is_given(
    file: Path, time_format: str, texts: list[str], wanted: list[str]
) -> None:
    panel = reading(file, daily(*texts), time_format=time_format)
    assert [show_time(time) for time in panel.times[0]] == wanted


def test_times_of_another_form(file: Path) -> None:
    options = {"time_format": "%d.%m.%Y"}
    assert refusal(file, daily("01.02.2024", "2024-03-01"), **options) == (
        "toy.csv, row 3, column 'ds': '2024-03-01' is not a time of the form '%d.%m.%Y'; "
        "pass time_format"
    )
    with pytest.raises(ConfigError, match=r"^time_format: '%d\.%Q' cannot be read: 'Q' is a bad"):
        reading(file, daily("01.02.2024"), time_format="%d.%Q")


# Zones


@pytest.mark.parametrize(
    ("zone", "first", "every", "step", "last"),
    [
        ("Europe/Berlin", "2024-03-29", "D", "1 day", "2024-04-04T00:00:00+02:00"),
        ("Europe/Berlin", "2024-10-25", "D", "1 day", "2024-10-31T00:00:00+01:00"),
        ("Europe/Berlin", "2023-12-01", "MS", "1 month", "2024-06-01T00:00:00+02:00"),
        ("Europe/Berlin", "2023-11-30", "ME", "1 month", "2024-05-31T00:00:00+02:00"),
        ("Europe/Berlin", "2024-03-10", "W", "7 days", "2024-04-21T00:00:00+02:00"),
        ("Europe/Berlin", "2024-10-27 01:00", "h", "1 hour", "2024-10-27T06:00:00+01:00"),
        ("Asia/Tokyo", "2024-05-02", "B", "1 business day", "2024-05-10T00:00:00+09:00"),
        ("America/New_York", "2024-03-07", "B", "1 business day", "2024-03-15T00:00:00-04:00"),
        # midnight is left out on 4 November 2018
        ("America/Sao_Paulo", "2018-11-01", "D", "1 day", "2018-11-07T00:00:00-02:00"),
        ("Asia/Kolkata", "2024-01-01", "D", "1 day", "2024-01-07T00:00:00+05:30"),
        ("UTC", "2024-01-01", "D", "1 day", "2024-01-07T00:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_steps_follow_the_calendar_of_the_zone(
    zone: str, first: str, every: str, step: str, last: str, text: bool
) -> None:
    """The steps of pandas, from frames and from text with offsets."""
    pandas: Any = pytest.importorskip("pandas")
    if every == "D":
        naive = pandas.date_range(first, periods=7, freq=every)
        whole = naive.tz_localize(zone, nonexistent="shift_forward")
    else:
        whole = pandas.date_range(first, periods=7, freq=every, tz=zone)
    times = whole[:5]
    if text:
        frame = pl.DataFrame({"ds": [time.isoformat() for time in times], "y": range(5)})
    else:
        frame = pandas.DataFrame({"y": range(5)}, index=times)
    panel = as_panel(frame, time_zone=zone if text else None)
    assert panel.zone == zone
    assert panel.step is not None
    assert str(panel.step) == step
    assert list(panel.times[0]) == [time.to_datetime64() for time in times.tz_convert(None)]
    following = next_times(panel.times[0], 2, step=panel.step)
    assert list(following) == [time.to_datetime64() for time in whole[5:].tz_convert(None)]
    assert written(following, zone)[-1] == last
    assert panel.clock(following).dtype == panel.times[0].dtype


def test_offsets_west_of_greenwich_may_have_half_hours() -> None:
    noon = np.array(["2024-01-15T12:00"], "M8[us]")
    assert written(noon, "America/St_Johns").tolist() == ["2024-01-15T08:30:00-03:30"]


def test_offsets_are_a_zone_of_their_own(file: Path) -> None:
    days = [f"2024-05-{day}T00:00:00+02:00" for day in (28, 29, 30)]
    panel = reading(file, daily(*days))
    assert panel.zone == "+02:00"
    following = next_times(panel.times[0], 1, step=panel.step)
    assert written(following, "+02:00").tolist() == ["2024-05-31T00:00:00+02:00"]
    assert [show_time(time) for time in panel.clock(following)] == ["2024-05-31"]
    assert reading(file, daily(*days), time_zone="Europe/Berlin").zone == "Europe/Berlin"


def test_missing_days_of_a_zone(file: Path) -> None:
    days = [f"2024-03-{day}T00:00:00+01:00" for day in (28, 29, 30)]
    content = daily(*days, "2024-04-02T00:00:00+02:00", "2024-04-03T00:00:00+02:00")
    assert refusal(file, content, time_zone="Europe/Berlin") == (
        "toy.csv, row 5, column 'ds': 2024-04-02 follows 2024-03-30 of row 4, a gap in steps of "
        f"1 day; missing: 2024-03-31, 2024-04-01; {FILL}"
    )
    panel = reading(file, content, time_zone="Europe/Berlin", missing="interpolate")
    assert [show_time(time) for time in panel.clock(panel.times[0])] == [
        "2024-03-28", "2024-03-29", "2024-03-30", "2024-03-31", "2024-04-01", "2024-04-02",
        "2024-04-03",
    ]  # fmt: skip


def test_clocks_that_are_set_back_ascend_in_pictures() -> None:
    hours = np.arange(np.datetime64("2024-10-26T23"), np.datetime64("2024-10-27T03")).astype(
        "M8[us]"
    )
    panel = Panel((np.ones((1, 4)),), (hours,), np.arange(1), ("y",), zone="Europe/Berlin")
    assert [show_time(time)[11:] for time in panel.clock(hours)] == [
        "01:00", "02:00", "03:00", "04:00",
    ]  # fmt: skip


def test_zones_that_do_not_fit(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"^time_zone: no zone 'Berlin'; wanted a name such as"):
        reading(file, daily("2024-01-01"), time_zone="Berlin")
    assert refusal(file, daily("2024-01-01", "2024-01-02"), time_zone="Europe/Berlin") == (
        "toy.csv: the times in column 'ds' have no zone, and time_zone is 'Europe/Berlin'; write "
        "them with their offset from UTC, such as 2024-12-31T00:00+01:00; pass time_zone=None"
    )


def test_times_of_parquet_files(tmp_path: Path) -> None:
    file = tmp_path / "toy.parquet"
    first = datetime(2024, 3, 30, 12)
    days = [first + at * timedelta(days=1) for at in range(3)]
    local = pl.Series(days).dt.replace_time_zone("Europe/Berlin")  # 12:00 is 11:00 or 10:00 UTC
    pl.DataFrame({"ds": local, "y": [1, 2, 3]}).write_parquet(file)
    times = read_panel(file).times[0]
    assert [show_time(time) for time in times] == [
        "2024-03-30T11:00", "2024-03-31T10:00", "2024-04-01T10:00",
    ]  # fmt: skip
    pl.DataFrame({"ds": [0.5, 1.5], "y": [1, 2]}).write_parquet(file)
    with pytest.raises(DataError, match=r"row 1, column 'ds': 0\.5 is not a whole number; wanted"):
        read_panel(file)
    pl.DataFrame({"ds": [True], "y": [1]}).write_parquet(file)
    with pytest.raises(DataError, match=r"column 'ds' holds Boolean; wanted whole numbers, or"):
        read_panel(file)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["2024-01-01", "2024-02-30"], "row 3, column 'ds': '2024-02-30' is not a time; wanted "
         "whole numbers, or dates and times such as 2024-12, 2024-12-31T23:59:59 or 2024-Q4"),
        (["1", "2", "two"], "row 4, column 'ds': 'two' is not a time; wanted whole numbers, or "
         "dates and times such as 2024-12, 2024-12-31T23:59:59 or 2024-Q4"),
        (["31/12/24", "01/01/25"], "row 2, column 'ds': '31/12/24' is not a time; wanted "
         "whole numbers, or dates and times such as 2024-12, 2024-12-31T23:59:59 or 2024-Q4; "
         "pass time_format"),
        (["31/12/2024", "01/13/2025"], "row 3, column 'ds': '01/13/2025' is not a time; wanted "
         "whole numbers, or dates and times such as 2024-12, 2024-12-31T23:59:59 or 2024-Q4; "
         "pass time_format"),
        (["01/01/2024", "01/02/2024"], "row 3, column 'ds': '01/02/2024' may be 2024-02-01, the "
         "day first, or 2024-01-02, the month first, and no other row tells; "
         "pass time_format='%d/%m/%Y', or pass time_format='%m/%d/%Y'"),
        (["2024-01-01", ""], "row 3, column 'ds' is empty"),
        (["2024-01-01T00:00Z", "2024-01-01T01:00"], "row 3, column 'ds': '2024-01-01T01:00' has no "
         "zone, '2024-01-01T00:00Z' has the zone UTC (row 2); "
         "write all times in one zone, such as UTC"),
        (["2024-01-01T00:00+01:00", "2024-01-01T01:00+02:00"],
         "row 3, column 'ds': '2024-01-01T01:00+02:00' has the zone +02:00, "
         "'2024-01-01T00:00+01:00' has the zone +01:00 (row 2); "
         "name the zone whose calendar they follow, such as Europe/Berlin; pass time_zone"),
        (["2024-01-01", "2024-01-02", "2024-01-01"],
         "row 4, column 'ds': 2024-01-01 is already the time of row 2; remove one of them, or "
         "name the column that tells series apart (id)"),
        (["1", "2", "3", "5", "6"],
         f"row 5, column 'ds': 5 follows 3 of row 4, a gap in steps of 1; missing: 4; {FILL}"),
        (["1949-01", "1949-02", "1949-03", "1949-05"],
         "row 5, column 'ds': 1949-05-01 follows 1949-03-01 of row 4, a gap in steps of 1 month; "
         f"missing: 1949-04-01; {FILL}"),
        (["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 02:30"],
         "row 5, column 'ds': 2024-01-01T02:30 does not fit the most frequent step, 1 hour, "
         f"after 2024-01-01T02:00 of row 4; {ROWS}"),
        (["1949-01-01", "1949-02-01", "1949-03-02", "1949-04-01"],
         "row 4, column 'ds': 1949-03-02 does not fit the most frequent step, 1 month, "
         f"after 1949-02-01 of row 3; {ROWS}"),
    ],
)  # fmt: skip
def test_times_that_are_refused(file: Path, texts: list[str], message: str) -> None:
    assert refusal(file, daily(*texts)) == f"toy.csv, {message}"


def test_times_are_checked_series_by_series(file: Path) -> None:
    assert refusal(file, LONG + "a,2024-01-02,0,0,0\n") == (
        "toy.csv, row 7, column 'ds': 2024-01-02 is already the time of row 3 of series a; "
        "remove one of them"
    )
    assert refusal(file, LONG + "b,2024-01-05,0,0,0\n") == (
        "toy.csv, row 7, column 'ds': 2024-01-05 follows 2024-01-03 of row 6 of series b, a gap "
        f"in steps of 1 day; missing: 2024-01-04; {FILL}"
    )


def test_missing_steps_are_inserted_on_request(file: Path) -> None:
    content = daily("1949-01", "1949-02", "1949-05", "1949-06", "1949-07").replace("05,2", "05,7")
    panel = reading(file, content, missing="interpolate")
    assert [show_time(time)[:7] for time in panel.times[0]] == [
        f"1949-0{month}" for month in range(1, 8)
    ]
    assert panel.values[0].tolist() == [[0, 1, 3, 5, 7, 3, 4]]
    rows = reading(file, content, frequency="rows")
    assert rows.values[0].tolist() == [[0, 1, 7, 3, 4]]
    assert rows.lengths.tolist() == [5]


def test_a_slip_in_the_year_is_not_interpolated(file: Path) -> None:
    content = daily("2024-01-01", "2024-01-02", "2024-01-03", "2042-01-04")
    assert refusal(file, content, missing="interpolate") == (
        "toy.csv, row 5, column 'ds': 2042-01-04 follows 2024-01-03 of row 4; "
        f"6575 steps of 1 day are missing and 4 are present, too few to interpolate; {ROWS}"
    )


def weekdays(first: str, count: int) -> list[str]:
    return [str(day) for day in np.busday_offset(np.datetime64(first), np.arange(count))]


def test_holidays_among_business_days_are_closed_up_or_inserted(file: Path) -> None:
    """Inserted, they move no later week: five steps earlier is the same weekday."""
    days = pd.bdate_range("2024-04-01", periods=60)
    closed = pd.to_datetime(["2024-05-01", "2024-05-09", "2024-05-20", "2024-05-30"])
    open_days = days.drop(closed)
    content = daily(*open_days.strftime("%Y-%m-%d"))
    panel = reading(file, content)
    assert panel.times[0].tolist() == open_days.to_numpy().astype("M8[us]").tolist()
    assert panel.notes == (
        "4 business days without a row are closed up, so that later weeks move: 2024-05-01, "
        "2024-05-09, 2024-05-20 and 1 more; `missing` interpolate inserts them",
    )
    panel = reading(file, content, missing="interpolate")
    expected = pd.Series(np.arange(56.0), open_days).reindex(days).interpolate()
    assert panel.values[0][0].tolist() == expected.tolist()
    assert panel.times[0].tolist() == days.to_numpy().astype("M8[us]").tolist()
    assert panel.notes == (
        "missing times are inserted: 2024-05-01, 2024-05-09, 2024-05-20 and 1 more",
        "missing values are filled by linear interpolation (y: 4 of 60 values)",
    )
    assert reading(file, content, frequency="rows").lengths.tolist() == [56]
    week = daily(*weekdays("2024-01-01", 20), *weekdays("2024-02-07", 33))  # 7 days between them
    assert reading(file, week).lengths.tolist() == [53]
    more = daily(*weekdays("2024-01-01", 20), *weekdays("2024-02-08", 32))
    assert refusal(file, more) == (
        "toy.csv, row 22, column 'ds': 2024-02-08 follows 2024-01-26 of row 21, a gap in steps of "
        f"1 business day; missing: 2024-01-29, 2024-01-30, 2024-01-31 and 5 more; {FILL}"
    )


def test_a_series_of_another_frequency_is_named(file: Path) -> None:
    months = [f"a,{day:%Y-%m-%d},1\n" for day in pd.date_range("2024-01", periods=9, freq="MS")]
    weeks = [f"b,{day:%Y-%m-%d},1\n" for day in pd.date_range("2024-01-01", periods=4, freq="7D")]
    assert refusal(file, "unique_id,ds,y\n" + "".join(months + weeks)) == (
        "toy.csv, row 12, column 'ds': 2024-01-08 follows 2024-01-01 of row 11 of series b: series "
        "b has steps of 7 days, the most frequent step of all series is 1 month; leave series b "
        f"out, or train it on its own; {ROWS}"
    )


def test_rows_are_sorted_by_time(file: Path) -> None:
    panel = reading(file, daily("2024-01-01", "2024-01-03", "2024-01-02"))
    assert panel.values[0].tolist() == [[0, 2, 1]]
    assert panel.notes == ("the rows are not in order of time, and are sorted",)
    panel = reading(file, LONG + "b,2023-12-31,0,0,0\n")
    assert [own[0].tolist() for own in panel.values[:1]] == [[0, 1, 3, 5]]
    assert "the rows of 1 of 2 series are not in order of time, and are sorted" in panel.notes
    assert "row 4, column 'y': 'x' is not a number" in refusal(file, "ds,y\n3,1\n1,2\n2,x\n")


def test_days_and_months_with_the_year_last(file: Path) -> None:
    assert reading(file, daily("01.02.2024", "02.02.2024")).times[0].tolist() == [
        datetime(2024, 2, 1), datetime(2024, 2, 2),
    ]  # fmt: skip
    alike = reading(file, daily("01/01/2024"))
    assert (alike.times[0].tolist(), alike.day_first) == ([datetime(2024, 1, 1)], None)
    told = reading(file, daily("30/01/2024", "31/01/2024", "01/02/2024"))
    assert (told.times[0].tolist()[2], told.day_first) == (datetime(2024, 2, 1), True)
    days = daily("01/05/2024", "02/05/2024")
    assert reading(file, days, day_first=True).times[0].tolist()[1] == datetime(2024, 5, 2)
    months = reading(file, days, day_first=False)
    assert months.times[0].tolist() == [datetime(2024, 1, 5), datetime(2024, 2, 5)]


def test_columns_of_zeros_and_ones_stay_so(file: Path) -> None:
    content = "ds,y,promo,price\n1,1,1,1\n2,2,,\n4,4,0,7\n5,5,,7\n6,6,1,7\n"
    panel = reading(file, content, known=["promo", "price"], missing="interpolate")
    assert panel.values[0].tolist() == [
        [1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 1], [1, 3, 5, 7, 7, 7],
    ]  # fmt: skip
    assert panel.filled[0][1].tolist() == [False, True, True, False, True, False]
    assert panel.notes == (
        "missing times are inserted: 3",
        "missing values are filled by linear interpolation (y: 1 of 6 values, price: 2 of 6 "
        "values)",
        "missing values are filled with the value before (promo: 3 of 6 values)",
    )


def test_columns_that_start_later_are_counted(file: Path) -> None:
    content = "ds,a,b\n1,1,\n2,3,\n3,4,7\n4,9,8\n5,8,\n"
    panel = reading(file, content, missing="interpolate")
    assert panel.values[0].tolist() == [[1, 3, 4, 9, 8], [7, 7, 7, 8, 8]]
    assert panel.notes == (
        "all columns of numbers without another role are forecast: a, b; name those to forecast "
        "as `target`",
        "missing values are filled by linear interpolation (b: 3 of 5 values)",
        "values before the first or after the last known one are constant (b: 3); in a long table "
        "each series has its own rows and needs none",
    )
    part = panel.cut(1, 4)
    assert part.filled[0].tolist() == [[False] * 3, [True, False, False]]


def test_a_stray_saturday_is_no_business_day(file: Path) -> None:
    days = weekdays("2024-01-01", 60)
    assert (
        "row 12, column 'ds': 2024-01-13 does not fit the most frequent step, 1 business day"
        in refusal(file, daily(*days[:10], "2024-01-13", *days[10:]))
    )


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "the value is missing (NaN); pass missing='interpolate'"),
        ("NA", "the value is missing (NaN); pass missing='interpolate'"),
        ("-inf", "the value is infinite (inf); wanted a finite number"),
        ("oops", "'oops' is not a number"),
    ],
)
def test_values_that_are_refused(file: Path, cell: str, message: str) -> None:
    content = LONG.replace("a,2024-01-03,4,40,0", f"a,2024-01-03,4,{cell},0")
    assert refusal(file, content, past=["price"]) == f"toy.csv, row 5, column 'price': {message}"
    # found as a target, too: one slip does not make a column of numbers one of words
    content = content.replace(",y,", ",z,")
    assert refusal(file, content) == f"toy.csv, row 5, column 'price': {message}"


def test_missing_values_are_filled_on_request(file: Path) -> None:
    content = LONG.replace("b,2024-01-02,3", "b,2024-01-02,")
    assert reading(file, content, missing="interpolate").values[0].tolist() == [[1, 3, 5]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "date"}, "toy.csv has no column 'date' (time); choose one of unique_id, ds, y, "
         "price, holiday; pass time=None"),
        ({"id": "uniqe_id"}, "toy.csv has no column 'uniqe_id' (id); there are unique_id, ds, y, "
         "price, holiday; did you mean 'unique_id'?"),
        ({"target": "sales"}, "toy.csv has no column 'sales' (target); choose one of unique_id, "
         "ds, y, price, holiday"),
        ({"known": ["holidays"]}, "toy.csv has no column 'holidays' (known); there are unique_id, "
         "ds, y, price, holiday; did you mean 'holiday'?"),
        ({"past": ["cost"]}, "toy.csv has no column 'cost' (past); choose one of unique_id, ds, y, "
         "price, holiday"),
    ],
)  # fmt: skip
def test_columns_that_are_not_there(file: Path, options: dict[str, Any], message: str) -> None:
    assert refusal(file, LONG, **options) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"past": ["y"], "target": "y"}, "target: 'y' is already given as past"),
        ({"known": ["ds"]}, "known: 'ds' is already given as time"),
        ({"known": "holiday"}, "known: wanted a list of column names, given 'holiday'"),
        ({"target": []}, "target: wanted at least one column, as target, past or known"),
        ({"missing": "drop"}, "missing: no 'drop'; choose one of refuse, interpolate"),
        ({"frequency": "row"}, "frequency: no 'row'; did you mean 'rows'?"),
    ],
)
def test_options_that_are_refused(file: Path, options: dict[str, Any], message: str) -> None:
    file.write_text(LONG)
    with pytest.raises(ConfigError) as caught:
        read_panel(file, **options)
    assert str(caught.value) == message


def test_tables_without_what_is_needed(file: Path) -> None:
    assert refusal(file, "0.5,1.5\n0.6,1.6\n") == (
        "toy.csv: the first row holds numbers; wanted a header with the names of the columns, "
        "and a column of times (or time=None)"
    )
    assert refusal(file, "ds,name\n1,x\n") == (
        "toy.csv has no column of numbers to forecast; there are ds, name"
    )
    assert refusal(file, "ds,y\n") == "toy.csv has a header and no rows"


def published(name: str, **options: Any) -> Panel:
    return read_panel(Path(FOLDER or "") / "forecast" / name, **options)


@real
@pytest.mark.parametrize(
    ("name", "time", "steps", "targets", "season", "following"),
    [
        ("Airline.csv", "Date", 144, 1, 12, "1961-01-01"),
        ("ETTh1.csv", "date", 17420, 7, 24, "2018-06-26T20:00"),
        ("finance-charts-apple.csv", "Date", 523, 9, 5, "2017-02-17"),
        ("jb_monthly-sunspots.csv", "Month", 2820, 1, 12, "1984-01-01"),
    ],
)
def test_published_series(
    name: str, time: str, steps: int, targets: int, season: int, following: str
) -> None:
    panel = published(name, time=time, missing="interpolate")
    assert panel.values[0].shape == (targets, steps)
    assert guess_season(panel.times[0]) == season
    assert show_time(next_times(panel.times[0], 1)[0]) == following


@real
def test_published_prices_of_several_shares() -> None:
    columns: Any = {"id": "stock", "target": "value", "past": ["change"]}
    panel = published("stockdata2.csv", time="Date", **columns)
    assert "business days without a row are closed up" in panel.notes[0]
    assert panel.ids.tolist() == ["MSFT", "IBM", "SBUX", "AAPL", "GSPC"]
    assert panel.lengths.tolist() == [2305] * 5
    assert panel.values[1][:, 0].tolist() == [80.517962, 1.06918876063952]
    assert str(panel.step) == "1 business day"
    with pytest.raises(DataError, match=r"row 3, column 'Date': 2007-01-03 is already .* \(id\)$"):
        published("stockdata2.csv", time="Date")


@real
def test_published_temperatures_lack_two_days() -> None:
    name = "jb_daily-min-temperatures.csv"
    with pytest.raises(DataError, match=r"row 1462, column 'Date': 1985-01-01 follows 1984-12-30"):
        published(name, time="Date")
    assert published(name, time="Date", missing="interpolate").lengths.tolist() == [3652]
    assert published(name, time="Date", frequency="rows").lengths.tolist() == [3650]


@real
def test_published_rates_have_no_header() -> None:
    with pytest.raises(DataError, match=r"exchange_rate\.txt\.gz: the first row holds numbers"):
        published("exchange_rate.txt.gz")


def test_the_index_of_a_data_frame_is_no_target(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(",ds,a,b\n0,2024-01-01,5,1\n1,2024-01-02,6,2\n2,2024-01-03,8,4\n")
    assert read_panel(path).targets == ("a", "b")
    path.write_text(path.read_text().replace(",ds", "Unnamed: 0,ds", 1))
    panel = read_panel(path)
    assert panel.targets == ("a", "b")
    assert panel.notes[0] == "the first column 'Unnamed: 0' counts the rows and is left out"
    assert read_panel(path, target=["Unnamed: 0"]).targets == ("Unnamed: 0",)
