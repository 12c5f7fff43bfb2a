"""A forecast as shown in pictures, pages and reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.forecast import level_pairs
from regard.plots.format import alike
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

    @property
    def miss(self) -> float | None:
        """The mean absolute error."""
        return None if self.truth is None else float(np.abs(self.predicted - self.truth).mean())

    def lead(self) -> Markup:
        ahead, last = len(self.future), time_text(self.future[-1])
        text = '<p class="lead">{:,} step{} ahead, up to {}, from the {:,} before.</p>'
        return Markup(text).format(ahead, "s" if ahead != 1 else "", last, len(self.times))

    def caption(self) -> Markup:
        """The target that is drawn, if there are others, and the last time before the forecast."""
        drawn = Markup(" <b>{}</b>").format(self.columns[0]) if len(self.columns) > 1 else ""
        return Markup(":{} {}").format(drawn, self.title)

    def details(self) -> Markup:
        """A table of the forecast, its widest band and the truth."""
        template = Path(__file__).with_name("details.html")
        bands = level_pairs(self.quantiles)[:1]
        columns = [cell for m in range(len(self.columns)) for cell in self._cells(m, bands)]
        rows = list(zip(map(time_text, self.future), zip(*columns, strict=True), strict=True))
        return Markup(render(template, outcome=self, rows=rows, bands=bands))

    def _cells(self, m: int, bands: list[tuple[float, float]]) -> list[list[str]]:
        """The columns of a target: forecast, band and truth, with the same decimals."""
        quantiles = self.quantiles or {}
        ends = [quantiles[level] for pair in bands for level in pair]
        known = [] if self.truth is None else [self.truth]
        drawn = [np.asarray(each[m], np.float64) for each in (self.predicted, *ends, *known)]
        horizon = len(self.future)
        shown = alike(np.concatenate(drawn).tolist())
        parts = [shown[at : at + horizon] for at in range(0, len(shown), horizon)]
        band = [f"{low} to {high}" for low, high in zip(*parts[1:3], strict=True)] if ends else []
        return [parts[0], *[band] * bool(ends), *parts[1 + len(ends) :]]
