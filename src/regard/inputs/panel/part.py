"""Batches of windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.panel.encoded import ScaledWindows
from regard.training import Batch, Part

__all__ = ["JoinedWindows", "WindowPart"]


class WindowPart(Part):
    """Windows, gathered and scaled one batch at a time.

    Parameters:
        encoded: W windows.
        training: whether batches have targets.
    """

    def __init__(self, encoded: ScaledWindows, *, training: bool) -> None:
        self.lengths = torch.full((len(encoded),), encoded.cases.window)
        self._encoded, self._training = encoded, training

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        cases = self._encoded.cases
        series = cases.series[index]
        past, known, future = cases.numbers(index)
        mean, std = self._encoded.mean[series], self._encoded.std[series]
        first = past.shape[1] - known.shape[1]
        inputs = (
            _tensor((past - mean[..., None]) / std[..., None]),
            _tensor((known - mean[:, first:, None]) / std[:, first:, None]),
        )
        if not self._training or future is None:
            return Batch(inputs, None, None)
        M = future.shape[1]
        return Batch(inputs, None, _tensor((future - mean[:, :M, None]) / std[:, :M, None]))


class JoinedWindows(Part):
    """The windows of two parts, of the same window and horizon, the first before the second."""

    def __init__(self, first: Part, second: Part) -> None:
        self.lengths = torch.cat([first.lengths, second.lengths])
        self._parts = first, second

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        first, second = self._parts
        later = index >= len(first)
        chosen = (first, index[~later]), (second, index[later] - len(first))
        found = [part[own] for part, own in chosen if len(own)]
        places = torch.from_numpy(np.argsort(np.argsort(later, kind="stable")))
        inputs = zip(*(batch.inputs for batch in found), strict=True)
        targets = [batch.targets for batch in found if batch.targets is not None]
        return Batch(
            tuple(torch.cat(each)[places] for each in inputs),
            None,
            torch.cat(targets)[places] if targets else None,
        )


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))
