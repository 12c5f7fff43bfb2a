"""The plot of the horizon shows the errors of model and baselines at their steps."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.plots import plot_horizon


def _rows(errors: list[float]) -> list[dict[str, float]]:
    return [{"step": h + 1, "mae": error, "rmse": 2 * error} for h, error in enumerate(errors)]


METRICS = {
    "by_step": _rows([0.5, 0.8, 0.7]),
    "baselines": {
        "naive": {"by_step": _rows([0.6, 1.0, 1.5])},
        "_$seasonal": {"by_step": _rows([0.9, 0.9, 0.9])},
    },
}


def _drawn(ax: Axes) -> list[list[float]]:
    return [np.asarray(line.get_ydata()).tolist() for line in ax.lines]


def test_every_error_is_drawn_at_its_step() -> None:
    ax = plot_horizon(METRICS)
    assert _drawn(ax) == [[0.6, 1.0, 1.5], [0.9, 0.9, 0.9], [0.5, 0.8, 0.7]]
    assert all(np.asarray(line.get_xdata()).tolist() == [1, 2, 3] for line in ax.lines)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["model", "naive", "_$seasonal"]
    assert ax.get_ylim()[0] == 0
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()


def test_the_other_measure() -> None:
    ax = plot_horizon(METRICS, measure="rmse")
    assert _drawn(ax)[-1] == [1.0, 1.6, 1.4]
    assert ax.get_ylabel() == "root mean squared error"


def test_one_step_is_visible() -> None:
    left, right = Figure().subplots(1, 2)
    assert plot_horizon({"by_step": _rows([0.5]), "baselines": {}}, ax=left) is left
    assert left.lines[0].get_marker() == "o"
    assert not right.has_data()


def test_no_step() -> None:
    with pytest.raises(DataError, match="metrics: wanted an error for each step ahead"):
        plot_horizon({"by_step": [], "baselines": {}})
