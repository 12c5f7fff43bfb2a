"""The reliability diagram."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from regard.errors import DataError
from regard.plots import plot_reliability


def test_a_point_for_each_bin_sized_by_its_cases() -> None:
    rows = [
        {"probability": 0.6, "right": 0.5, "cases": 30},
        {"probability": 0.95, "right": 0.8, "cases": 90},
    ]
    ax = plot_reliability(rows)
    (points,) = [each for each in ax.collections if isinstance(each, PathCollection)]
    np.testing.assert_allclose(np.asarray(points.get_offsets()), [[0.6, 0.5], [0.95, 0.8]])
    small, large = points.get_sizes()
    assert large == pytest.approx(3 * small)
    diagonal = ax.lines[0]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert plot_reliability(rows, ax=ax) is ax


def test_without_bins() -> None:
    with pytest.raises(DataError, match="wanted a row for each bin"):
        plot_reliability([])
