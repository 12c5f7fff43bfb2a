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
