import numpy as np
import pytest

from regard.errors import DataError
from regard.inputs.panel.panel import Panel, constant_target, far_values


def toy() -> Panel:
    """Two series of three columns, of 5 and 7 days; values tell series, column and step."""
    times = tuple(
        np.datetime64("2024-01-01", "us") + np.arange(steps) * np.timedelta64(1, "D")
        for steps in (5, 7)
    )
    values = tuple(
        100.0 * series + 10 * np.arange(3)[:, None] + np.arange(steps)
        for series, steps in enumerate((5, 7))
    )
    return Panel(values, times, np.array(["a", "b"]), ("y",), ("p",), ("k",))


def test_columns_and_lengths() -> None:
    panel = toy()
    assert len(panel) == 2
    assert panel.columns == ("y", "p", "k")
    assert panel.lengths.tolist() == [5, 7]
    assert str(panel.step) == "1 day"
    assert panel.name(1) == "series b"
    assert panel.take(np.array([1])).name(0) == "the series"


def test_take_reorders_all_parts() -> None:
    panel = toy().take(np.array([1, 0]))
    assert panel.ids.tolist() == ["b", "a"]
    assert panel.values[0][0, 0] == 100
    assert panel.lengths.tolist() == [7, 5]


def test_cuts_are_half_open_and_per_series() -> None:
    panel = toy().cut(1, np.array([3, 6]))
    assert panel.lengths.tolist() == [2, 5]
    assert panel.values[0].tolist() == [[1, 2], [11, 12], [21, 22]]
    assert str(panel.times[1][0])[:10] == "2024-01-02"
    assert toy().cut(np.array([4, 0])).lengths.tolist() == [1, 7]


def test_a_clock_that_is_set_back_shows_no_hour_twice() -> None:
    hours = np.array(["2024-10-26T23", "2024-10-27T00", "2024-10-27T01"], "M8[us]")  # in UTC
    panel = Panel((np.ones((1, 3)),), (hours,), np.arange(1), ("y",), zone="Europe/Berlin")
    shown = np.array(["2024-10-27T01", "2024-10-27T02", "2024-10-27T03"], "M8[us]")
    assert panel.clock(hours).tolist() == shown.tolist()
    assert panel.clock(hours[2:]).tolist() == shown[1:2].tolist()


def test_events_among_equal_values_are_not_far_from_all_others() -> None:
    values = np.zeros((1, 100))
    values[0, 60] = 1.0
    assert far_values(Panel((values,), (np.arange(100),), np.arange(1), ("y",))) == []


def test_parts_must_go_together() -> None:
    with pytest.raises(
        DataError,
        match=r"series a: wanted values \[columns, steps\] of the shape \[2, 3\], given \[1, 3\]",
    ):
        Panel((np.ones((1, 3)),), (np.arange(3),), np.array(["a"]), ("y", "z"))
    with pytest.raises(DataError, match=r"at least one; given 0, 0 and 0$"):
        Panel((), (), np.empty(0), ("y",))
    with pytest.raises(DataError, match=r"^times: wanted whole numbers for all series, or dates"):
        Panel(
            (np.ones((1, 2)),) * 2,
            (np.arange(2), np.arange(2).astype("M8[us]")),
            np.arange(2),
            ("y",),
        )


def test_a_constant_target_is_found() -> None:
    panel = toy()
    assert constant_target(panel) is None
    panel.values[1][1] = 3  # not a target
    assert constant_target(panel) is None
    panel.values[1][0, :6] = 7.25
    assert constant_target(panel) is None
    assert constant_target(panel, np.array([5, 6])) == "series b: y is the same at every step"
    assert constant_target(panel, np.array([5, 0])) is None
    assert constant_target(panel, np.array([1, 0])) == "series a: y is the same at every step"
    alone = panel.take(np.array([1])).cut(0, 6)
    assert constant_target(alone) == "y is the same at every step"
