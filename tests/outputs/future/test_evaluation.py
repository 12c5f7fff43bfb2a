import numpy as np
import pytest

from regard.errors import ConfigError
from regard.outputs.future.evaluation import seasonal_naive


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
