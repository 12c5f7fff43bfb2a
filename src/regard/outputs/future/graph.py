"""Forecasts as an exported model says them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.inference import Inference
from regard.models import Predicted
from regard.outputs.graph import Expected, GraphOutput, OutputGraph

__all__ = ["FutureGraph"]


class FutureGraph(OutputGraph):
    """Forecasts in the units of the data, and their calibrated quantiles.

    Parameters:
        output: a `FutureOutput`, fitted.
        targets: M names.
    """

    def __init__(self, output: Any, targets: tuple[str, ...]) -> None:
        super().__init__()
        self.output, self.targets = output, targets
        self.shifts = nn.Buffer(torch.from_numpy(output.shifts_))

    def forward(self, predicted: Predicted, arrays: tuple[Tensor, ...]) -> dict[str, Tensor]:
        _, mean, std, *_ = arrays
        count = len(self.targets)
        mean, std = (each[:, :count, None, None] for each in (mean, std))
        found = predicted.values.double()  # [B, M, horizon, 1 + quantiles]
        said = {"forecast": (found[..., :1] * std + mean).squeeze(3)}
        if self.output.levels:
            quantiles = (found[..., 1:] + self.shifts).sort(3).values  # none crosses another
            said["quantiles"] = quantiles * std + mean
        return {**said, **predicted.maps}

    def gives(self, over: tuple[int | str, ...]) -> dict[str, GraphOutput]:
        axes: tuple[int | str, ...] = ("batch", len(self.targets), self.output.horizon)
        return {
            "forecast": GraphOutput(axes, "each target and step, in the units of the data"),
            "quantiles": GraphOutput((*axes, len(self.output.levels)), "of each `level`"),
            "attention": GraphOutput(
                (*axes, *over), "how each step of the forecast looked; sums to one"
            ),
        }

    def expected(self, seen: Inference) -> dict[str, Expected]:
        values: NDArray[np.float64] = self.output.forecasts(seen)
        std = seen.encoded.std[seen.encoded.cases.series, : len(self.targets), None]
        found = {"forecast": Expected(values[..., 0], std)}
        if self.output.levels:
            found["quantiles"] = Expected(values[..., 1:], std[..., None])
        return found

    def about(self) -> dict[str, Any]:
        return {
            "targets": list(self.targets),
            "horizon": self.output.horizon,
            "levels": self.output.levels,
        }
