from typing import Any

import numpy as np
import pytest

from regard.errors import ConfigError
from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.panel import Panel
from regard.inputs.panel.windows import WindowIndex
from regard.outputs.future.evaluation import evaluate, seasonal_naive


def test_a_season_of_one_repeats_the_last_value() -> None:
    past = np.array([[[1.0, 2.0], [5.0, 3.0]], [[4.0, 7.0], [0.0, -1.0]]])
    assert seasonal_naive(past, 3, 1).tolist() == [[[2] * 3, [3] * 3], [[7] * 3, [-1] * 3]]


def test_the_last_season_is_repeated() -> None:
    past = np.array([[[9.0, 9.0, 1.0, 2.0, 3.0]]])
    assert seasonal_naive(past, 7, 3).tolist() == [[[1, 2, 3, 1, 2, 3, 1]]]
    assert seasonal_naive(past, 2, 5).tolist() == [[[9, 9]]]
    assert seasonal_naive(past, 2, 3).tolist() == [[[1, 2]]]


@pytest.mark.parametrize("season", [0, 6])
def test_a_season_must_fit_into_the_window(season: int) -> None:
    with pytest.raises(ConfigError) as caught:
        seasonal_naive(np.zeros((2, 3, 5)), 1, season)
    assert str(caught.value) == f"season: wanted 1 to 5, the steps of the window, given {season}"


def _level(times: Any, origins: list[int], season: int, window: int = 2) -> dict[str, Any]:
    """Metrics of forecasts of 0 for a series whose value at step t is t²."""
    squares = np.arange(len(times), dtype=np.float64) ** 2
    panel = Panel((squares[None],), (times,), np.arange(1), ("y",))
    index = WindowIndex(np.zeros(len(origins), int), np.array(origins), window, 2)
    zeros = np.zeros((len(origins), 1, 2, 1))
    return evaluate(PanelWindows(panel, index), zeros, levels=[], season=season)


def test_the_season_before_is_of_the_series_and_not_of_the_window() -> None:
    baselines = _level(np.arange(20), [15, 18], season=7)["baselines"]
    # 225, 256 and 324, 361, of which 64, 81 and 121, 144 are seven steps before
    assert baselines["seasonal naive"]["mae"] == np.mean([161, 175, 203, 217])


def test_without_a_season_before_every_window_there_is_no_seasonal_baseline() -> None:
    assert "seasonal naive" in _level(np.arange(20), [15, 18], season=15)["baselines"]
    assert list(_level(np.arange(20), [15, 18], season=16)["baselines"]) == ["naive", "linear"]
    assert list(_level(np.arange(20), [15, 18], season=1)["baselines"]) == ["naive", "linear"]


def test_filled_values_are_not_in_the_scale_of_the_errors() -> None:
    """Of two targets, the second has no values in its first ten steps, filled with 100."""
    squares = np.arange(20.0) ** 2
    values = np.stack([squares, np.where(np.arange(20) < 10, 100.0, squares)])
    gaps = np.stack([np.zeros(20, bool), np.arange(20) < 10])
    panel = Panel((values,), (np.arange(20),), np.arange(1), ("a", "b"), filled=(gaps,))
    index = WindowIndex(np.zeros(2, int), np.array([15, 18]), 2, 2)
    found = evaluate(PanelWindows(panel, index), np.zeros((2, 2, 2, 1)), levels=[], season=3)
    # t² - (t - 3)² = 6 t - 9 of steps 3 to 14, and of those whose season before is known, 13 and 14
    error = np.mean([225, 256, 324, 361])
    scales = [np.mean([6 * t - 9 for t in range(3, 15)]), np.mean([69, 75])]
    assert [row["mase"] for row in found["per_target"]] == pytest.approx(
        [error / scale for scale in scales]
    )
