"""Windows of a panel in units of each series' own mean and standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.inputs.panel.cases import PanelWindows
from regard.inputs.panel.latest import LatestWindows

__all__ = ["ScaledWindows", "moments"]


@dataclass(frozen=True, eq=False)
class ScaledWindows:
    """Windows with the scales of their series.

    Attributes:
        cases: W windows.
        mean, std: [B, C] of each series of the panel.
        season: steps in a season.
    """

    cases: PanelWindows | LatestWindows
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    season: int

    def __len__(self) -> int:
        return len(self.cases)

    def with_past(self, index: NDArray[np.int64], past: NDArray[np.float64]) -> ScaledWindows:
        """Windows at these positions [W], also several times, with other inputs [W, C, window]."""
        series = self.cases.series[index]
        ahead = self.cases.numbers(index).known
        panel, mean, std = self.cases.panel.take(series), self.mean[series], self.std[series]
        times = np.empty((len(index), 0))  # of their future, which nobody asks for
        return ScaledWindows(LatestWindows(panel, past, ahead, times), mean, std, self.season)

    def in_units(self, values: NDArray[np.float64], at: Any = slice(None)) -> NDArray[np.float64]:
        """[W, M, horizon, ...] scaled targets of windows `at`, in the units of the data."""
        mean, std = self._scales(values, at)
        return np.asarray(values * std + mean)

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """[W, M, horizon, ...] targets in the units of the data, scaled."""
        mean, std = self._scales(values, slice(None))
        return np.asarray((values - mean) / std)

    def _scales(self, values: NDArray[np.float64], at: Any) -> list[NDArray[np.float64]]:
        """[W, M, 1, ...] mean and standard deviation of the targets of windows `at`."""
        shape = (*values.shape[:2], *[1] * (values.ndim - 2))
        series, M = self.cases.series[at], values.shape[1]
        return [each[series, :M].reshape(shape) for each in (self.mean, self.std)]


def moments(values: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each row; the latter is 1 for rows constant up to rounding."""
    std = values.std(1)
    rounding = 1e-12 * np.abs(values).max(1)
    return values.mean(1).tolist(), np.where(std > rounding, std, 1.0).tolist()
