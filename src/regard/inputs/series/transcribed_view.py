"""Pictures and pages of series with the attention of each word that was written from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.page import inline_svg, own_style, render
from regard.plots.series_transcript import plot_series_transcript, series_transcript_axes
from regard.plots.view import FigureView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TranscribedView"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TranscribedView(FigureView):
    """A series with a text written from it, and where each word of it looked.

    Attributes:
        series: [C, T] without padding.
        channels: C names.
        words: W words that were written.
        weights: [W, T], not negative, of each of them.
        rate: steps in a second; None where that is not known.
    """

    series: NDArray[np.floating]
    channels: tuple[str, ...]
    words: Sequence[str]
    weights: NDArray[np.floating]
    rate: float | None = None

    @property
    def label(self) -> str:
        """What the figure shows, for screen readers."""
        C, T = self.series.shape
        at = self.weights.argmax(1)
        places = at if self.rate is None else [f"{place / self.rate:.2f} s" for place in at]
        written = ", ".join(f"{word} {each}" for word, each in zip(self.words, places, strict=True))
        return (
            f"Case {self.id}: {T} steps of {C} channel{'s' if C > 1 else ''} with the attention of "
            f"each word that was written, highest at: {written or 'no word was written'}."
        )

    def picture(self, name: str) -> Markup:
        return self._svg(name, width=4.4)

    def html(self) -> str:
        template = Path(__file__).with_name("view.html")
        svg = self._svg("case", width=8.0)
        return render(template, view=self, svg=svg, sizes=self.series.shape)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        return Markup(
            '<p class="soft">How to read this: time runs to the right. Each word that was written '
            "has a row below the series: the stronger its tint, the higher the weight of that step "
            "when the word was written. It stands above the step of its highest weight, too.</p>"
        )

    def _svg(self, name: str, *, width: float) -> Markup:
        with own_style(name):
            return inline_svg(self.figure(width).figure, label=self.label)

    def figure(self, width: float) -> Axes:
        # The default name of a single channel says nothing.
        channels = None if self.channels == ("channel 0",) else self.channels
        return plot_series_transcript(
            self.series,
            self.weights,
            words=self.words,
            channels=channels,
            rate=self.rate,
            ax=series_transcript_axes(len(self.series), len(self.words), width),
        )
