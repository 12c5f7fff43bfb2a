"""A picture and a page of a forecast with its attention weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.forecast import ForecastView, plot_forecast
from regard.plots.format import one_line
from regard.plots.page import inline_svg, own_style, render
from regard.plots.style import axes_of_size
from regard.plots.times import time_text
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PanelView", "last_season"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PanelView(CaseView):
    """One series of a panel with its forecast and attention weights.

    Attributes:
        id: name of the series.
        outcome: the prediction.
        forecast: its arrays, for `plot_forecast`.
    """

    grid: ClassVar[str] = "forecasts"
    css: ClassVar[str] = (
        ".forecasts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 28rem), 1fr)); }\n"
    )

    forecast: ForecastView

    @property
    def name(self) -> str:
        return f"Series {self.id}" if self.id.isdigit() else self.id

    @property
    def heading(self) -> str:
        return f"{self.name} {self.outcome.title}"

    @property
    def _subject(self) -> str:
        return f"{one_line(self.name, 24)}, {self.outcome.title}"

    @property
    def named(self) -> str:
        return f"series {self.id}: {self.outcome.answer}"

    def picture(self, name: str) -> Markup:
        """The first target as an element of a report."""
        return self._svg(name, width=4.4)

    def html(self) -> str:
        """A self-contained page with a picture of every target."""
        pictures = [
            self._svg(f"f{m}", target=m, width=8.0, lane=m == 0)
            for m in range(len(self.forecast.columns))
        ]
        return render(Path(__file__).with_name("view.html"), view=self, pictures=pictures)

    def draw(self) -> Axes:
        """A panel for each target; the first has the heat map."""
        from matplotlib.axes import Axes
        from matplotlib.figure import Figure

        heights = [3.6, *[2.0] * (len(self.forecast.columns) - 1)]
        figure = Figure(figsize=(8.0, sum(heights) + 0.2), layout="constrained")
        panels = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
        for m, panel in enumerate(panels):
            plot_forecast(self.forecast, target=m, lane=m == 0, ax=panel)
            legend = panel.get_legend()
            if m and legend is not None:
                legend.remove()
        figure.suptitle(self.title, x=0.01, ha="left", fontsize="large", parse_math=False)
        first = panels[0]
        assert isinstance(first, Axes)
        return first

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        text = (
            "How to read this: the line of the past is coloured by the weight of each step, "
            '<span class="key"></span> from the lowest to the highest, averaged over the steps '
            "ahead. The area below has a row for each step ahead, the first on top: the stronger "
            "the tint, the more weight that step of the past has."
        )
        if any(view.forecast.before is not None for view in views):
            text += " The dashed line repeats the last season."
        if any(view.forecast.events for view in views):
            text += " Bars above mark known events."
        if any(view.forecast.bands for view in views):
            text += " The band is where the truth is expected to lie."
        if any(view.forecast.linear for view in views):
            text += (
                " The weights are the attention of the network, which corrects a linear model of "
                "the window; the contributions of the linear model are not shown."
            )
        return Markup(f'<p class="soft">{text}</p>')

    def _svg(self, name: str, *, width: float, target: int = 0, lane: bool = True) -> Markup:
        with own_style(name):
            height = 2.6 if lane else 1.8
            ax = axes_of_size(width, height * (1 if width < 6 else 1.35))
            plot_forecast(self.forecast, target=target, lane=lane, ax=ax)
            ax.collections[0].set_rasterized(True)  # many coloured pieces: smaller as pixels
            horizon, T = self.forecast.weights.shape
            times = self.forecast.times
            most = time_text(times[int(self.forecast.weights.mean(0).argmax())])
            label = (
                f"Forecast of {self.forecast.columns[target]}, {horizon} "
                f"step{'s' if horizon > 1 else ''} after {time_text(times[-1])}; of the {T} "
                f"steps before, that of {most} has the highest weight."
            )
            return inline_svg(ax.figure, label=label)


def last_season(
    history: NDArray[np.float64], *, horizon: int, season: int
) -> NDArray[np.float64] | None:
    """[M, steps] -> [M, horizon] the last season, repeated; None where it is unknown.

    >>> last_season(np.array([[9.0, 1.0, 2.0, 5.0]]), horizon=4, season=3)
    array([[1., 2., 5., 1.]])
    """
    steps = history.shape[1]
    if not 1 < season <= steps:
        return None
    return np.asarray(history[:, steps - season + np.arange(horizon) % season])
