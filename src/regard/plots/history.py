"""Plot the training history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.style import BLUE, GREY, VERMILION, axes_of_size, legend_above, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_history"]

# The first of these in the history is drawn beside the loss.
_METRICS = {
    "validation_bleu": "BLEU",
    "validation_accuracy": "accuracy",
    "validation_rmse": "RMSE",
    "validation_mae": "MAE, scaled",
}


def plot_history(history: Sequence[Mapping[str, float]], *, ax: Axes | None = None) -> Axes:
    """Draw the losses and, on a second axis, the validation metric over the epochs.

    The epoch with the lowest validation loss is marked. Its weights are kept, unless training goes
    by another metric or averages the weights of several epochs.

    Parameters:
        history: rows with epoch and loss, and optionally refit_loss, validation_loss and one of
            validation_bleu, validation_accuracy, validation_rmse and validation_mae; other columns,
            such as learning_rate, are not drawn.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes of the losses; those of the validation metric are their twin.

    Raises:
        DataError: there is no epoch.

    >>> plot_history([{"epoch": 1, "loss": 0.7}, {"epoch": 2, "loss": 0.4}]).get_xlabel()
    'epoch'
    """
    from matplotlib.ticker import MaxNLocator

    if not history:
        raise DataError("history: wanted a row for each epoch, given none")
    ax = ax or axes_of_size(6.4, 3.2)
    epoch, loss = _column(history, "epoch"), _column(history, "loss")
    validation_loss = _column(history, "validation_loss")

    marker = "o" if len(history) == 1 else ""  # a single epoch has no line
    lines = ax.plot(epoch, loss, marker=marker, color=GREY, label="training loss")
    refit = _column(history, "refit_loss")
    if np.isfinite(refit).any():
        label = "loss of the training on all cases"
        lines += ax.plot(epoch, refit, marker=marker, color=GREY, ls=(0, (1, 1)), label=label)
    if np.isfinite(validation_loss).any():
        label = "validation loss"
        lines += ax.plot(epoch, validation_loss, marker=marker, color=VERMILION, label=label)
        best = int(np.nanargmin(validation_loss))
        circle: dict[str, Any] = {"color": VERMILION, "markerfacecolor": "none", "markersize": 8}
        label = f"lowest, epoch {epoch[best]:.0f}"
        lines += ax.plot(epoch[best], validation_loss[best], "o", label=label, **circle)
    for column, name in _METRICS.items():
        values = _column(history, column)
        if not np.isfinite(values).any():
            continue
        twin = ax.twinx()
        look: dict[str, Any] = {"marker": marker, "ls": (0, (4, 1.5)), "color": BLUE}
        lines += twin.plot(epoch, values, label=f"validation {name}", **look)
        twin.set_ylim(0, 1.02 if name == "accuracy" else None)
        twin.set_ylabel(name)
        unframe(twin)
        twin.spines["right"].set(visible=True, color=GREY)
        break
    ax.set_ylim(bottom=0)
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    unframe(ax)
    legend_above(ax, columns=2, handles=lines)
    return ax


def _column(history: Sequence[Mapping[str, float]], name: str) -> NDArray[np.float64]:
    """One column of the history, NaN in rows that lack it."""
    return np.array([row.get(name, np.nan) for row in history], dtype=np.float64)
