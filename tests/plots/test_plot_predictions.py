"""The plot of predictions shows each case at its true and predicted number."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.plots import plot_predictions


def _points(ax: Axes) -> np.ndarray:
    return np.asarray(ax.collections[0].get_offsets())


@pytest.mark.parametrize("B", [1, 7, 3001])
def test_every_case_is_a_point(B: int) -> None:
    rng = np.random.default_rng(0)
    truth, predicted = 1e5 * rng.standard_normal(B), 1e5 * rng.standard_normal(B)
    ax = plot_predictions(truth, predicted, name="$price_")
    np.testing.assert_array_equal(_points(ax), np.stack([truth, predicted], 1))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("true $price_", "predicted $price_")
    assert ax.get_xlim() == ax.get_ylim()
    low, high = ax.get_xlim()
    assert low < min(truth.min(), predicted.min())
    assert max(truth.max(), predicted.max()) < high
    (diagonal,) = ax.lines
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()


def test_equal_numbers_have_a_range() -> None:
    for value in (0.0, -3.0):
        low, high = plot_predictions([value, value], [value, value]).get_xlim()
        assert low < value < high


def test_on_given_axes_it_returns_them_and_draws_nothing_elsewhere() -> None:
    left, right = Figure().subplots(1, 2)
    assert plot_predictions([1.0, 2.0], [2.0, 1.0], ax=left) is left
    assert left.get_xlabel() == "true"
    assert not right.has_data()


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([], [], r"truth: wanted \[cases\], given the shape \[0\]"),
        ([[1.0]], [[1.0]], r"truth: wanted \[cases\], given the shape \[1, 1\]"),
        ([1.0, 2.0], [1.0], r"predicted: wanted one for each of 2 cases, .* \[1\]"),
        ([1.0], [np.nan], "truth and predicted: wanted finite numbers"),
    ],
)
def test_shapes_that_do_not_match(truth: object, predicted: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        plot_predictions(truth, predicted)  # type: ignore[arg-type]
