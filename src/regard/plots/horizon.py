"""Plot the error of each step ahead, of a model and its baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.style import BLUE, GREY, OCHRE, VERMILION, axes_of_size, legend_above, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["plot_horizon"]

# Colour and dashes of each baseline.
_BASELINES = [
    (GREY, (0, (1, 1.2))),
    (BLUE, (0, (4, 1.5))),
    (OCHRE, (0, (6, 1.5, 1, 1.5))),
    (GREY, (0, (6, 2))),
]


def plot_horizon(
    metrics: Mapping[str, Any], *, measure: Literal["mae", "rmse"] = "mae", ax: Axes | None = None
) -> Axes:
    """Draw the error of each step ahead: the model's as a solid line, each baseline's dashed.

    Parameters:
        metrics: of `forecast_metrics`: by_step, a list of step, mae and rmse, and baselines, name
            to metrics with their by_step.
        measure: the error to draw.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes; the errors start at 0 and are in the units of the data.

    Raises:
        DataError: there is no step.

    >>> steps = [{"step": 1, "mae": 0.5, "rmse": 0.7}, {"step": 2, "mae": 0.8, "rmse": 1.0}]
    >>> plot_horizon({"by_step": steps, "baselines": {}}).get_ylabel()
    'mean absolute error'
    """
    from matplotlib.ticker import MaxNLocator

    if not metrics["by_step"]:
        raise DataError("metrics: wanted an error for each step ahead, given none")
    ax = ax or axes_of_size(6.4, 3.0)
    marker = "o" if len(metrics["by_step"]) == 1 else ""  # a single step has no line

    def plot(rows: list[dict[str, float]], label: str, **look: Any) -> list[Line2D]:
        steps, errors = [row["step"] for row in rows], [row[measure] for row in rows]
        return ax.plot(steps, errors, marker=marker, label=label, **look)

    lines = []
    for number, (name, baseline) in enumerate(metrics["baselines"].items()):
        colour, dashes = _BASELINES[number % len(_BASELINES)]
        lines += plot(baseline["by_step"], one_line(name, 24), color=colour, ls=dashes, lw=1.3)
    own = plot(metrics["by_step"], "model", color=VERMILION, lw=1.9)
    ax.set_ylim(bottom=0)
    ax.set_xlim(0.5, len(metrics["by_step"]) + 0.5)
    ax.set_xlabel("step ahead")
    ax.set_ylabel("mean absolute error" if measure == "mae" else "root mean squared error")
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    unframe(ax)
    legend_above(ax, columns=4, handles=[*own, *lines])
    return ax
