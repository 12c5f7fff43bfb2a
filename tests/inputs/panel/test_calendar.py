from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import ConfigError, DataError
from regard.inputs.panel.calendar import Step, common_step, guess_season, next_times, show_time


def dates(*texts: str) -> Any:
    return np.array(texts, dtype="M8[us]")


def range_of(start: str, count: int, **step: float) -> Any:
    first = datetime.fromisoformat(start)
    return np.array([first + at * timedelta(**step) for at in range(count)], dtype="M8[us]")


@pytest.mark.parametrize(
    ("times", "step", "season", "following"),
    [
        (dates("1949-01", "1949-02", "1949-03"), "1 month", 12, "1949-04-01 1949-05-01"),
        # the last days of months, of February in a leap year too
        (dates("2023-10-31", "2023-11-30", "2023-12-31"), "1 month", 12, "2024-01-31 2024-02-29"),
        (dates("2024-02-29", "2024-04-30", "2024-06-30"), "2 months", 6, "2024-08-31 2024-10-31"),
        (dates("2024-03-15", "2024-04-15", "2024-05-15"), "1 month", 12, "2024-06-15 2024-07-15"),
        (dates("2023-11-30", "2023-12-30", "2024-01-30"), "1 month", 12, "2024-02-29 2024-03-30"),
        (dates("2023-04", "2023-07", "2023-10"), "3 months", 4, "2024-01-01 2024-04-01"),
        (dates("2022", "2023", "2024"), "12 months", 1, "2025-01-01 2026-01-01"),
        (range_of("2024-02-27", 11, days=1), "1 day", 7, "2024-03-09 2024-03-10"),
        (range_of("2024-01-01", 30, days=7), "7 days", 1, "2024-07-29 2024-08-05"),
        (range_of("2024-01-01", 30, days=28), "28 days", 1, "2026-04-20 2026-05-18"),
        (range_of("2024-12-31 22:00", 2, hours=1), "1 hour", 24, "2025-01-01 2025-01-01T01:00"),
        (
            range_of("2025-01-01", 92, minutes=15),
            "15 minutes",
            96,
            "2025-01-01T23:00 2025-01-01T23:15",
        ),
        (
            range_of("2025-01-01", 2, seconds=30),
            "30 seconds",
            1,
            "2025-01-01T00:01 2025-01-01T00:01:30",
        ),
        # Thursday, Friday, Monday to Thursday; Good Friday is not known
        (
            np.delete(range_of("2024-03-21", 8, days=1), [2, 3]),
            "1 business day",
            5,
            "2024-03-29 2024-04-01",
        ),
        (np.array([3, 5, 7, 11]), "2", 1, "13 15"),
    ],
)
def test_steps_are_told_from_times(times: Any, step: str, season: int, following: str) -> None:
    assert str(common_step([times])) == step
    assert guess_season(times) == season
    assert [show_time(time) for time in next_times(times, 2)] == following.split()
    assert next_times(times, 2).dtype == times.dtype


def test_business_days_keep_their_hour() -> None:
    times = dates("2024-03-21T17:30", "2024-03-22T17:30", "2024-03-25T17:30", "2024-03-26T17:30")
    assert show_time(next_times(times, 4)[3]) == "2024-04-01T17:30"


def test_business_days_after_a_weekend_begin_on_monday() -> None:
    following = next_times(dates("2024-03-23"), 2, step=Step(1, "business day"))
    assert [show_time(time) for time in following] == ["2024-03-25", "2024-03-26"]


def test_five_weekdays_in_a_row_are_days() -> None:
    # No weekend has been passed over: nothing says that the sixth day is not a Saturday.
    assert str(common_step([range_of("2024-01-01", 5, days=1)])) == "1 day"


def test_series_share_a_step() -> None:
    weekdays = np.array(
        [day for day in range_of("2024-01-01", 40, days=1) if np.is_busday(day.astype("M8[D]"))]
    )
    # A series that only has a Friday and the Monday after it would look three days apart.
    assert str(common_step([dates("2024-01-05", "2024-01-08"), weekdays])) == "1 business day"
    assert str(common_step([dates("2024-01-05", "2024-01-08")])) == "3 days"


def test_gaps_and_strays_do_not_change_the_step() -> None:
    months = np.arange(np.datetime64("2020-01"), np.datetime64("2021-01")).astype("M8[us]")
    assert str(common_step([np.delete(months, [3, 4, 7])])) == "1 month"
    months[5] += np.timedelta64(1, "D")
    assert str(common_step([months])) == "1 month"


def test_single_times_tell_nothing() -> None:
    assert common_step([np.array([1]), np.array([5])]) is None
    assert guess_season(np.array([1])) == 1
    with pytest.raises(DataError, match=r"^times: wanted at least two to infer a step, given 1$"):
        next_times(dates("2024"), 3)
    assert next_times(dates("2024"), 1, step=Step(2, "month")).tolist() == [datetime(2024, 3, 1)]
    with pytest.raises(ConfigError, match=r"^n: wanted a whole number of at least 0, given -1$"):
        next_times(dates("2024", "2025"), -1)


@settings(max_examples=80)
@given(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.sampled_from([1, 2, 3, 4, 6, 12]),
    st.integers(3, 20),
)
def test_months_follow_as_python_counts_them(first: date, count: int, steps: int) -> None:
    def later(months: int) -> date:
        month = first.year * 12 + first.month - 1 + months
        for day in range(first.day, 0, -1):  # the last day where the month is too short
            try:
                return date(month // 12, month % 12 + 1, day)
            except ValueError:
                continue
        raise AssertionError

    step = Step(count, "month", first.day)
    wanted = np.array([later(count * at) for at in range(steps)], dtype="M8[us]")
    np.testing.assert_array_equal(next_times(wanted[:1], steps - 1, step=step), wanted[1:])
    np.testing.assert_array_equal(step.positions(wanted, wanted[0]), np.arange(steps))


def test_times_are_shown_briefly() -> None:
    texts = ["2024-01-01", "2024-01-01T10:00", "2024-01-01T10:00:05", "2024-01-01T10:00:05.250000"]
    assert [show_time(np.datetime64(text, "us")) for text in texts] == texts
