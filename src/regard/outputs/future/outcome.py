"""A forecast as shown in pictures, pages and reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.forecast import level_pairs
from regard.plots.outcome import Outcome
from regard.plots.page import render
from regard.plots.times import time_text

__all__ = ["FutureOutcome"]


@dataclass(frozen=True, eq=False, kw_only=True)
class FutureOutcome(Outcome):
    """The forecast of one series.

    Attributes:
        columns: M names of the targets.
        times: [T] of the window, ascending.
        future: [horizon] times of the forecast.
        predicted: [M, horizon].
        quantiles: level between 0 and 1 to [M, horizon], or None.
        truth: [M, horizon], None if unknown.

    >>> import numpy as np
    >>> FutureOutcome(
    ...     columns=("load",), times=np.arange(7), future=np.arange(7, 9),
    ...     predicted=np.array([[0.5, 0.25]]),
    ... ).answer
    '2 steps from 7'
    """

    columns: tuple[str, ...]
    times: NDArray[np.generic]
    future: NDArray[np.generic]
    predicted: NDArray[np.floating]
    quantiles: Mapping[float, NDArray[np.floating]] | None = None
    truth: NDArray[np.floating] | None = None

    @property
    def answer(self) -> str:
        return f"{len(self.future)} steps from {time_text(self.future[0])}"

    @property
    def title(self) -> str:
        """The last time before the forecast."""
        return f"after {time_text(self.times[-1])}"

    def lead(self) -> Markup:
        ahead, last = len(self.future), time_text(self.future[-1])
        text = '<p class="lead">{:,} step{} ahead, up to {}, from the {:,} before.</p>'
        return Markup(text).format(ahead, "s" if ahead != 1 else "", last, len(self.times))

    def caption(self) -> Markup:
        """The first target, which is drawn, and the last time before the forecast."""
        return Markup(": <b>{}</b> {}").format(self.columns[0], self.title)

    def details(self) -> Markup:
        """A table of the forecast, its widest band and the truth."""
        template = Path(__file__).with_name("details.html")
        times = [time_text(time) for time in self.future]
        bands = level_pairs(self.quantiles)[:1]
        return Markup(render(template, outcome=self, times=times, bands=bands))
