"""Windows of a panel in an exported model: scaled, and attention laid over their steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regard.inputs.graph import GraphInput, InputGraph, laid_over_steps
from regard.inputs.panel.latest import LatestWindows
from regard.inputs.panel.panel import Panel
from regard.models import Forecaster, Predicted

__all__ = ["PanelGraph"]


class PanelGraph(InputGraph):
    """Windows in the units of the data, with the scales of their series.

    Parameters:
        model: a forecaster.
        latest: the end of the panel trained on.
        window: steps of a window.
        horizon: steps to forecast.
        scales: mean and standard deviation of the columns of each series, by its id.
    """

    def __init__(
        self,
        model: Forecaster,
        latest: Panel,
        *,
        window: int,
        horizon: int,
        scales: Mapping[str, tuple[list[float], list[float]]],
    ) -> None:
        super().__init__()
        self.model, self.latest, self.scales = model, latest, scales
        self.window, self.horizon = window, horizon
        self.over = (window,)
        count, known = len(latest.columns), len(latest.known)
        takes = [
            GraphInput(
                "past",
                "float64",
                ("batch", count, window),
                "the last steps of each column, in the units of the data",
            ),
            GraphInput("series_mean", "float64", ("batch", count), "of the series, see `scales`"),
            GraphInput("series_std", "float64", ("batch", count), "of the series, see `scales`"),
        ]
        if known:
            says = "the known columns of the steps to forecast, in the units of the data"
            takes.append(GraphInput("known", "float64", ("batch", known, horizon), says))
        self.takes = tuple(takes)

    def forward(self, *arrays: Tensor) -> Predicted:
        past, mean, std, *known = arrays
        scaled = (past - mean.unsqueeze(2)) / std.unsqueeze(2)
        ahead = past.new_zeros(past.shape[0], 0, self.horizon)
        if known:
            first = past.shape[1] - known[0].shape[1]
            ahead = (known[0] - mean[:, first:, None]) / std[:, first:, None]
        predicted: Predicted = self.model(scaled.float(), ahead.float())
        weights = predicted.maps["attention"]  # [B, M, horizon, S]
        flat = weights.flatten(0, 2)
        lengths = mean.new_full((flat.shape[0],), self.window).long()
        stride = self.model.encoder.stride
        laid = laid_over_steps(flat, lengths, stride=stride, steps=self.window)
        return Predicted(
            predicted.values, {"attention": laid.reshape(*weights.shape[:3], self.window)}
        )

    def feeds(self, cases: Any, encoded: Any, index: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        past, known, _ = encoded.cases.numbers(index)
        series = encoded.cases.series[index]
        arrays = past, encoded.mean[series], encoded.std[series], known
        return tuple(map(np.ascontiguousarray, arrays[: len(self.takes)]))

    def laid(self, row: NDArray[Any], encoded: Any, n: int) -> NDArray[Any]:
        return row

    def drawn(self, count: int, generator: np.random.Generator) -> Any:
        """The last window of each series, and known columns that stay as they were."""
        long = np.flatnonzero(self.latest.lengths >= self.window)[:count]
        panel = self.latest.take(long)
        past = np.stack([values[:, -self.window :] for values in panel.values])
        last = past[:, past.shape[1] - len(panel.known) :, -1:]
        known = np.repeat(last, self.horizon, 2)
        return LatestWindows(panel, past, known, np.empty((len(past), self.horizon)))

    def about(self) -> dict[str, Any]:
        return {
            "columns": list(self.latest.columns),
            "known": list(self.latest.known),
            "scales": {
                name: {"mean": mean, "std": std} for name, (mean, std) in self.scales.items()
            },
        }
