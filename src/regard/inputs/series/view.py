"""Pictures and pages of series with their attention weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.attention import plot_attention
from regard.plots.page import inline_svg, own_style, render
from regard.plots.style import axes_of_size
from regard.plots.view import FigureView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SeriesView"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesView(FigureView):
    """A series with its prediction and attention weights.

    Attributes:
        id: name of the case in the data.
        outcome: the prediction.
        series: [C, T] without padding.
        channels: C names.
        weights: [T], not negative.
        channel_weights: [C, T], not negative; None where all channels of a step have one weight.
        spans: half-open (start, stop) steps that are known to matter, none empty.
        steps: [T] where each step is on the x axis, ascending; None for its number.
        unit: label of the x axis.
    """

    series: NDArray[np.floating]
    channels: tuple[str, ...]
    weights: NDArray[np.floating]
    channel_weights: NDArray[np.floating] | None = None
    spans: Sequence[tuple[int, int]] = ()
    steps: NDArray[np.floating] | None = None
    unit: str = "step"

    def picture(self, name: str) -> Markup:
        return self._svg(name, width=4.4)

    def html(self) -> str:
        svg = self._svg("case", width=8.0)
        template = Path(__file__).with_name("view.html")
        return render(template, view=self, svg=svg, sizes=self.series.shape)

    def data(self) -> dict[str, Any]:
        return {
            "kind": "series",
            "series": self.series.tolist(),
            "channels": list(self.channels),
            "steps": None if self.steps is None else self.steps.tolist(),
            "unit": self.unit,
            "spans": [list(map(int, each)) for each in self.spans],
        }

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        shaded = Markup(
            ' The <span class="shade">shaded</span> steps are the ones known to matter.'
        )
        has_span = any(view.spans for view in views)
        of_channels = any(view.channel_weights is not None for view in views)
        weight, below = (
            ("each channel at each step", "the highest weight of each step")
            if of_channels
            else ("each step", "the same weights")
        )
        return Markup(
            '<p class="soft">How to read this: the line is coloured by the weight of {}, '
            '<span class="key"></span> from the lowest to the highest. The area below shows {}; '
            "its dashed line marks equal weights.{}</p>"
        ).format(weight, below, shaded if has_span else "")

    def _svg(self, name: str, *, width: float) -> Markup:
        C, T = self.series.shape
        spans = ", ".join(f"{start} to {stop - 1}" for start, stop in self.spans)
        true = f"; true span{'s' if len(self.spans) > 1 else ''} {spans}" if spans else ""
        label = (
            f"Case {self.id}: {T} steps of {C} channel{'s' if C > 1 else ''} with the attention "
            f"paid to each, highest at step {int(np.argmax(self.weights))}{true}."
        )
        with own_style(name):
            ax = self.figure(width)
            # Thousands of coloured pieces are smaller as pixels; axes and text stay vectors.
            for artist in (*ax.collections, *ax.child_axes[0].patches):
                artist.set_rasterized(True)
            return inline_svg(ax.figure, label=label)

    def figure(self, width: float) -> Axes:
        C = len(self.series)
        height = 1.9 if C == 1 else 1.5 + 0.19 * min(C, 40)
        ax = axes_of_size(width, height * (1 if width < 6 else 1.3))
        # The default name of a single channel says nothing.
        channels = None if self.channels == ("channel 0",) else self.channels
        return plot_attention(
            self.series,
            self.weights if self.channel_weights is None else self.channel_weights,
            span=self.spans,
            channels=channels,
            steps=self.steps,
            unit=self.unit,
            ax=ax,
        )
