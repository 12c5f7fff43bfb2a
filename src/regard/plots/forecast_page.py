"""One forecast on a page or in a picture file."""

from pathlib import Path

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regard.plots._outcome import number
from regard.plots._page import inline_svg, own_style, render
from regard.plots._save import picture_writers, write_file
from regard.plots._style import axes_of_size, one_line
from regard.plots._times import time_text
from regard.plots.forecast import ForecastView, plot_forecast

__all__ = ["forecast_html", "forecast_svg", "save_forecast"]


def forecast_html(view: ForecastView) -> str:
    """A self-contained page of one forecast: a picture of every target, and its numbers.

    Raises:
        DataError: the view's arrays do not go together.
    """
    pictures = [
        forecast_svg(view, name=f"f{m}", target=m, width=8.0, lane=m == 0)
        for m in range(len(view.columns))
    ]
    return render(
        "forecast.html",
        view=view,
        pictures=pictures,
        after=time_text(view.times[-1]),
        rows=_rows(view),
    )


def save_forecast(view: ForecastView, path: str | Path, *, overwrite: bool = False) -> None:
    """Write one forecast, with all its targets, as a picture or a page.

    Parameters:
        view: the forecast.
        path: ends in .png, .svg or .html, which says what is written.
        overwrite: whether a file that exists may be replaced.

    Raises:
        ConfigError: the path ends in something else.
        DataError: the view's arrays do not go together.
        RunError: the file exists, or cannot be written.
    """
    writers = picture_writers(lambda: _draw(view))
    writers[".html"] = lambda: forecast_html(view).encode()
    write_file(path, writers, overwrite=overwrite)


def forecast_svg(
    view: ForecastView, *, name: str, target: int = 0, width: float = 4.4, lane: bool = True
) -> Markup:
    """The picture of one target as an element of a page.

    Parameters:
        view: the forecast.
        name: unlike that of any other picture of the page.
        target: which column.
        width: inches.
        lane: whether with the heat map.
    """
    with own_style(name):
        height = 2.6 if lane else 1.8
        ax = axes_of_size(width, height * (1 if width < 6 else 1.35))
        plot_forecast(view, target=target, lane=lane, ax=ax)
        # The coloured pieces of the past weigh less as pixels.
        ax.collections[0].set_rasterized(True)
        return inline_svg(ax.figure, label=_label(view, target))


def _draw(view: ForecastView) -> Axes:
    """Every target below the one before; the first has the heat map."""
    M = len(view.columns)
    heights = [3.6, *[2.0] * (M - 1)]
    figure = Figure(figsize=(8.0, sum(heights) + 0.2), layout="constrained")
    panels = figure.subplots(M, 1, squeeze=False, height_ratios=heights)[:, 0]
    for m, panel in enumerate(panels):
        plot_forecast(view, target=m, lane=m == 0, ax=panel)
        legend = panel.get_legend()
        if m and legend is not None:
            legend.remove()
    title = f"{one_line(view.id, 24)}, after {time_text(view.times[-1])}"
    figure.suptitle(title, x=0.01, ha="left", fontsize="large", parse_math=False)
    first = panels[0]
    assert isinstance(first, Axes)
    return first


def _label(view: ForecastView, target: int) -> str:
    horizon, T = view.weights.shape
    most = time_text(view.times[int(view.weights.mean(0).argmax())])
    return (
        f"Forecast of {view.columns[target]}, {horizon} step{'s' if horizon > 1 else ''} after "
        f"{time_text(view.times[-1])}; of the {T} steps before, that of {most} was looked at most."
    )


def _rows(view: ForecastView) -> list[tuple[str, list[str]]]:
    """Time, and then for each target the forecast, its widest band and the truth."""
    rows, quantiles = [], view.quantiles or {}
    for h in range(len(view.future)):
        cells = []
        for m in range(len(view.columns)):
            cells.append(number(float(view.predicted[m, h])))
            for low, high in view.bands[:1]:
                ends = (float(quantiles[level][m, h]) for level in (low, high))
                cells.append(" to ".join(number(end) for end in ends))
            if view.truth is not None:
                cells.append(number(float(view.truth[m, h])))
        rows.append((time_text(view.future[h]), cells))
    return rows
