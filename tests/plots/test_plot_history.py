"""The plot of the history shows the metrics of every epoch."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.plots import plot_history

HISTORY = [
    {
        "epoch": epoch,
        "loss": 0.7 / epoch,
        "validation_loss": abs(epoch - 3.5) + 0.1,
        "validation_accuracy": 1 - 0.4 / epoch,
        "learning_rate": 0.003,
    }
    for epoch in range(1, 8)
]


def _render(ax: Axes) -> None:
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()


def _drawn(ax: Axes) -> dict[str, tuple[list[float], list[float]]]:
    """Label to data, over the axes and its twin."""
    assert isinstance(ax.figure, Figure)
    lines = [line for axes in ax.figure.axes for line in axes.lines]
    return {
        str(line.get_label()): (
            np.asarray(line.get_xdata()).tolist(),
            np.asarray(line.get_ydata()).tolist(),
        )
        for line in lines
    }


def test_every_metric_is_drawn_at_its_epoch() -> None:
    drawn = _drawn(plot_history(HISTORY))
    epochs = list(range(1, 8))
    assert drawn.pop("lowest, epoch 3") == ([3], [0.6])  # the first of two that are equal
    assert drawn == {
        "training loss": (epochs, [row["loss"] for row in HISTORY]),
        "validation loss": (epochs, [row["validation_loss"] for row in HISTORY]),
        "validation accuracy": (epochs, [row["validation_accuracy"] for row in HISTORY]),
    }


@pytest.mark.parametrize(
    ("column", "label"), [("validation_rmse", "RMSE"), ("validation_mae", "MAE, scaled")]
)
def test_an_error_has_its_own_axis_and_units(column: str, label: str) -> None:
    history = [
        {"epoch": n, "loss": 1 / n, "validation_loss": 2 / n, column: 700 / n} for n in (1, 2)
    ]
    ax = plot_history(history)
    assert _drawn(ax)[f"validation {label}"] == ([1, 2], [700, 350])
    _, twin = ax.figure.get_axes()
    assert twin.get_ylabel() == label
    low, high = twin.get_ylim()
    assert low == 0
    assert high > 700


def test_without_validation_only_the_loss_is_drawn() -> None:
    ax = plot_history([{"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": float("nan")}])
    assert list(_drawn(ax)) == ["training loss"]
    assert ax.figure.get_axes() == [ax]


def test_one_epoch_is_visible() -> None:
    ax = plot_history([{"epoch": 1, "loss": 0.5}])
    assert ax.lines[0].get_marker() == "o"
    _render(ax)
    assert [tick for tick in ax.get_xticks() if tick % 1] == []


def test_on_given_axes_it_returns_them_and_draws_nothing_elsewhere() -> None:
    left, right = Figure().subplots(1, 2)
    assert plot_history(HISTORY, ax=left) is left
    assert not right.has_data()


def test_no_epoch() -> None:
    with pytest.raises(DataError, match="history: wanted a row for each epoch, given none"):
        plot_history([])
