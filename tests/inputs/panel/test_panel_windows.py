"""Parts, windows, and what is gathered from them, on numbers that say where they stand."""

import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import ConfigError, DataError
from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.latest import LatestWindows
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.splits import split_times, trainable
from regard.inputs.panel.tables import read_panel
from regard.inputs.panel.windows import WindowIndex, gather, rolling_origins, windows

FOLDER = os.environ.get("REGARD_DATA")


def panel_of(*spans: tuple[int, int], targets: int = 1, past: int = 0, known: int = 0) -> Panel:
    """Series over [start, stop) days, with the values 10000 series + 1000 column + day."""
    names = [f"c{at}" for at in range(targets + past + known)]
    days = [np.arange(*span) for span in spans]
    values = tuple(
        10000.0 * series + 1000 * np.arange(len(names))[:, None] + own
        for series, own in enumerate(days)
    )
    return Panel(
        values,
        tuple(days),
        np.array([f"s{at}" for at in range(len(spans))]),
        tuple(names[:targets]),
        tuple(names[targets : targets + past]),
        tuple(names[targets + past :]),
    )


def splitting(*spans: tuple[int, int], **options: Any) -> Any:
    return split_times(panel_of(*spans), **options).tolist()


def refusal(function: Any, *given: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        function(*given, **options)
    return str(caught.value)


# Parts


def test_a_series_is_cut_by_shares() -> None:
    assert splitting((0, 100), window=5, horizon=3) == [[70, 80, 100]]
    assert splitting((7, 107), window=5, horizon=3, shares=(0.6, 0.2, 0.2)) == [[60, 80, 100]]
    assert splitting((0, 100), window=5, horizon=3, shares=(0.8, 0.2, 0)) == [[80, 100, 100]]
    assert splitting((0, 100), window=5, horizon=3, shares=(0.9, 0, 0.1)) == [[90, 90, 100]]
    assert splitting((0, 100), window=5, horizon=3, shares=(1, 0, 0)) == [[100, 100, 100]]


def test_a_part_holds_at_least_one_horizon() -> None:
    assert splitting((0, 144), window=36, horizon=24) == [[91, 115, 144]]
    assert splitting((0, 60), window=7, horizon=17) == [[26, 43, 60]]


def test_series_are_cut_at_the_same_times() -> None:
    # of 100 + 60 rows the last 32 are the days from 84 on, and 16 before them those from 76 on
    assert splitting((0, 100), (40, 100), window=5, horizon=3) == [[76, 84, 100], [36, 44, 60]]
    # what ends before a cut has nothing to hold out
    limits = splitting((0, 100), (0, 50), window=5, horizon=3)
    assert limits[1][1:] == [50, 50]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(60, 90)), min_size=1, max_size=5))
def test_no_target_of_one_part_comes_before_the_end_of_another(
    spans: list[tuple[int, int]],
) -> None:
    panel = panel_of(*spans)
    limits = split_times(panel, window=5, horizon=3)
    assert (np.diff(limits, axis=1) >= 0).all()
    for part in (0, 1):
        pairs = list(zip(panel.times, limits[:, part], strict=True))
        last = max(own[stop - 1] for own, stop in pairs)
        assert last < min(own[stop] for own, stop in pairs if stop < len(own))
    for part in (1, 2):  # there is a window to measure on
        assert len(
            windows(panel, window=5, horizon=3, start=limits[:, part - 1], stop=limits[:, part])
        )


def test_series_of_other_times_are_cut_by_themselves() -> None:
    assert splitting((0, 100), (200, 250), window=5, horizon=3) == [[70, 80, 100], [35, 40, 50]]


@pytest.mark.parametrize(
    ("spans", "window", "horizon", "message"),
    [
        ([(0, 60)], 30, 12, "the series has 60 rows; window 30 + horizon 12 need 42 for "
         "training, and 12 more each for validation and test: 66; "
         "reduce window to 24 or less, or horizon"),
        ([(0, 30)], 10, 12, "the series has 30 rows; window 10 + horizon 12 need 22 for "
         "training, and 12 more each for validation and test: 46; "
         "reduce horizon to 6 or less, or window"),
        ([(0, 30)], 10, 40, "the series has 30 rows; window 10 + horizon 40 need 50 for training; "
         "reduce horizon to 20 or less, or window"),
        ([(0, 5)], 10, 40, "the series has 5 rows; window 10 + horizon 40 need 50 for "
         "training; reduce horizon and window"),
        ([(0, 90), (80, 90)], 10, 2, "series s1 has 10 rows; window 10 + horizon 2 need 12 for "
         "training; reduce window to 8 or less, or horizon"),
        # 77 of the 110 rows come before day 73 or, the row of one series, on it
        ([(0, 90), (70, 90)], 10, 2, "series s1 has 3 of 20 rows for training, and window 10 + "
         "horizon 2 need 12; reduce window or horizon, give training a larger share, "
         "or leave the series out"),
        # the series that ends last begins only after four fifths of the rows
        ([(0, 100), (95, 115)], 5, 3, "series s1 has 0 of 20 rows for training, and window 5 + "
         "horizon 3 need 8; reduce window or horizon, give training a larger share, "
         "or leave the series out"),
    ],
)  # fmt: skip
def test_series_that_are_too_short(
    spans: list[tuple[int, int]], window: int, horizon: int, message: str
) -> None:
    assert refusal(split_times, panel_of(*spans), window=window, horizon=horizon) == message


def test_series_too_short_for_training_are_told_apart() -> None:
    def kept(*spans: tuple[int, int], shares: tuple[float, ...] = (0.7, 0.1, 0.2)) -> list[int]:
        return [*trainable(panel_of(*spans), window=10, horizon=2, shares=shares)]

    assert kept((0, 100), (0, 12), (0, 11)) == [0, 1]
    assert kept((0, 90), (80, 90)) == [0]
    assert kept((0, 90), (70, 90)) == [0]
    # cut by themselves, since they do not overlap: 14 and then 11 of 20 rows are for training
    assert kept((0, 20), (20, 40)) == [0, 1]
    assert kept((0, 20), (20, 40), shares=(0.55, 0.2, 0.25)) == []
    # without the second, which ends before the third begins, the others are cut together
    assert kept((0, 100), (0, 11), (50, 100)) == [0, 2]
    # without the third, whose 11 of 16 rows are too few, the first two are cut together: at the
    # 88th of their 125 rows, before the second begins
    assert kept((0, 100), (90, 115)) == [0]
    assert kept((0, 100), (90, 115), (120, 136)) == [0]
    assert kept((0, 11)) == []


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ((0.8, 0.2), "shares: wanted 3 numbers from 0 to 1 that sum to 1, the first above 0, "
         "given (0.8, 0.2)"),
        ((0.8, 0.2, 0.2), "shares: wanted 3 numbers from 0 to 1 that sum to 1, the first above "
         "0, given (0.8, 0.2, 0.2) with the sum 1.2"),
        ((0, 0.5, 0.5), "shares[0]: wanted a number in (0, 1], given 0"),
    ],
)  # fmt: skip
def test_shares_that_are_refused(shares: tuple[float, ...], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        splitting((0, 100), window=5, horizon=3, shares=shares)
    assert str(caught.value) == message


# Windows


def test_windows_of_a_part_have_their_targets_in_it() -> None:
    panel = panel_of((0, 20))
    # 5 inputs come first, and 3 targets last
    assert windows(panel, window=5, horizon=3, stop=13).origin.tolist() == [5, 6, 7, 8, 9, 10]
    assert windows(panel, window=5, horizon=3, start=13, stop=16).origin.tolist() == [13]
    assert windows(panel, window=5, horizon=3, start=16).origin.tolist() == [16, 17]
    assert windows(panel, window=5, horizon=3, stride=7).origin.tolist() == [5, 12]


def test_windows_come_in_the_order_of_time() -> None:
    found = windows(panel_of((0, 9), (2, 10)), window=5, horizon=2)
    # days: s0 from 5 to 7, s1 from 7 to 8
    assert found.series.tolist() == [0, 0, 0, 1, 1]
    assert found.origin.tolist() == [5, 6, 7, 5, 6]
    found = windows(panel_of((1, 9), (0, 8)), window=5, horizon=2)
    assert found.series.tolist() == [1, 0, 1, 0]
    assert found.take(np.array([2])).origin.tolist() == [6]


def test_series_without_a_window_in_a_part_are_left_out() -> None:
    panel = panel_of((0, 20), (0, 6))
    assert set(windows(panel, window=5, horizon=3).series.tolist()) == {0}
    assert refusal(windows, panel.take(np.array([1])), window=5, horizon=3) == (
        "the series has 6 rows in this part and 6 in all up to its end; wanted 3 for the horizon, "
        "and 8 with the window; reduce window or horizon, or add rows"
    )
    assert refusal(windows, panel, window=5, horizon=3, start=18).startswith(
        "series s0 has 2 rows in this part and 20 in all"
    )


def test_rolling_origins_do_not_overlap_and_end_with_the_part() -> None:
    panel = panel_of((0, 50), (0, 41))
    found = rolling_origins(panel, window=5, horizon=7, start=np.array([20, 20]))
    origins = [found.origin[found.series == at].tolist() for at in range(2)]
    assert origins == [[22, 29, 36, 43], [20, 27, 34]]
    places = zip(found.series, found.origin, strict=True)
    starts = [int(panel.times[series][origin]) for series, origin in places]
    assert starts == sorted(starts)
    assert rolling_origins(panel_of((0, 13)), window=5, horizon=7).origin.tolist() == [6]


def test_gathered_numbers_stand_where_they_should() -> None:
    panel = panel_of((0, 30), (3, 40), targets=2, past=1, known=3)
    found = windows(panel, window=5, horizon=7)
    index = found.take(np.random.default_rng(0).permutation(len(found)))
    past, ahead, targets = gather(panel, index)
    assert targets is not None
    count = len(index)
    assert (past.shape, ahead.shape, targets.shape) == ((count, 6, 5), (count, 3, 7), (count, 2, 7))
    start = index.origin + 3 * index.series  # the day on which a forecast begins
    base = 10000.0 * index.series[:, None, None] + start[:, None, None]
    column = 1000 * np.arange(6)[:, None]
    np.testing.assert_array_equal(past, base + column + np.arange(-5, 0))
    np.testing.assert_array_equal(ahead, base + column[3:] + np.arange(7))
    np.testing.assert_array_equal(targets, base + column[:2] + np.arange(7))
    assert past.dtype == targets.dtype == np.float64


def test_panels_without_known_columns_gather_none() -> None:
    found = gather(panel_of((0, 11), targets=3), WindowIndex(np.array([0]), np.array([7]), 5, 2))
    assert found.known.shape == (1, 0, 2)
    assert found.future is not None
    assert found.future.shape == (1, 3, 2)


@pytest.mark.skipif(FOLDER is None, reason="REGARD_DATA is unset")
def test_published_windows_are_gathered_batch_by_batch() -> None:
    panel = read_panel(Path(FOLDER or "") / "forecast" / "ETTh1.csv", time="date")
    limits = split_times(panel, window=336, horizon=96)
    assert limits.tolist() == [[12194, 13936, 17420]]
    found = windows(panel, window=336, horizon=96, stop=limits[:, 0])
    assert len(found) == 12194 - 336 - 96 + 1
    tracemalloc.start()
    for at in range(0, len(found), 1024):
        gather(panel, found.take(np.arange(at, min(at + 1024, len(found)))))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100e6  # all windows together are 284 MB


def test_windows_of_a_part_know_their_past_and_future() -> None:
    panel = panel_of((0, 50), (0, 41), targets=2, known=1)
    cases = PanelWindows(panel, windows(panel, window=5, horizon=7, start=20))
    assert cases.starts.tolist() == [20, 20]
    places = [(int(cases.series[w]), int(cases.index.origin[w])) for w in cases.apart]
    assert places == [(1, 20), (0, 22), (1, 27), (0, 29), (1, 34), (0, 36), (0, 43)]
    times, values = cases.future_of(int(cases.apart[2]))
    assert times.tolist() == list(range(27, 34))
    assert values.tolist() == [[10000 + t for t in times], [11000 + t for t in times]]
    assert cases.past_of(int(cases.apart[2]))[0].tolist() == list(range(22, 27))
    assert cases.examples(3).tolist() == cases.apart[[0, 3, 6]].tolist()
    assert cases.examples(30).tolist() == cases.apart.tolist()


# Future steps


def test_the_latest_steps() -> None:
    panel = panel_of((0, 11), (5, 18), targets=2)
    found = LatestWindows.of(panel, None, window=3, horizon=2)
    assert found.past.tolist() == [
        [[8, 9, 10], [1008, 1009, 1010]],
        [[10015, 10016, 10017], [11015, 11016, 11017]],
    ]
    assert found.times.tolist() == [[11, 12], [18, 19]]
    assert found.known.shape == (2, 0, 2)
    times, truth = found.future_of(1)
    assert (times.tolist(), truth) == ([18, 19], None)
    times, values = found.past_of(1)
    assert (times.tolist(), values.tolist()) == ([15, 16, 17], found.past[1].tolist())
    assert refusal(LatestWindows.of, panel, None, window=12, horizon=2) == (
        "series s0 has 11 rows; a forecast starts from 12"
    )


def future_known(panel: Panel, future: Panel | None, **options: Any) -> Any:
    return LatestWindows.of(panel, future, window=1, **options).known


def test_known_columns_of_the_future() -> None:
    panel = panel_of((0, 11), (5, 18), known=2)
    # The future begins on any day before the end, and its series come in any order.
    future = panel_of((4, 30), (9, 40), targets=0, known=3)
    ahead = future_known(panel, future.take(np.array([1, 0])), horizon=3)
    assert ahead.shape == (2, 2, 3)
    assert ahead[0].tolist() == [[1011, 1012, 1013], [2011, 2012, 2013]]
    assert ahead[1].tolist() == [[11018, 11019, 11020], [12018, 12019, 12020]]
    assert future_known(panel_of((0, 11)), None, horizon=3).shape == (1, 0, 3)


def test_known_columns_that_are_not_there() -> None:
    panel = panel_of((0, 11), (5, 18), known=1)
    assert refusal(future_known, panel, None, horizon=3) == (
        "future: wanted the known columns c1 for 3 future steps; pass future"
    )
    assert refusal(future_known, panel, panel_of((0, 30)), horizon=3) == (
        "future: no column 'c1'; there are c0"
    )
    assert refusal(future_known, panel, panel_of((0, 30), known=1), horizon=3) == (
        "future: no series 's1'; there are s0"
    )
    assert refusal(future_known, panel, panel_of((0, 13), (5, 30), known=1), horizon=3) == (
        "future: series s0 has 11, 12 after 10; wanted all 3 steps of the horizon, 11, 12, 13"
    )
    late = panel_of((12, 30), (5, 30), known=1)
    assert refusal(future_known, panel, late, horizon=3) == (
        "future: series s0 has 12, 13, 14 after 10; wanted all 3 steps of the horizon, 11, 12, 13"
    )
    assert future_known(panel, late, horizon=3, frequency="rows")[0].tolist() == [
        [1012, 1013, 1014]
    ]
