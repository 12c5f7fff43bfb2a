"""Series in an exported model: scaled, encoded, and maps laid over their steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad

from regard.inputs.graph import FEWEST, GraphInput, InputGraph, laid_over_steps, true_steps
from regard.inputs.series.scaling import Scaler
from regard.models import ConvolutionGraph, ConvolvedModel, Predicted

__all__ = ["SeriesGraph"]

_EPSILON = float(np.finfo(np.float64).eps)


class SeriesGraph(InputGraph):
    """Series in the units of the data.

    Parameters:
        model: of series.
        scaler: fitted.
        channels: C names.
        steps: fewest and most of the training part.
        ranges: C pairs of the lowest and highest value of the training part, or none.
        attended: whether its attention says anything.
    """

    over = ("steps",)

    def __init__(
        self,
        model: Any,
        scaler: Scaler,
        *,
        channels: tuple[str, ...],
        steps: tuple[int, int],
        ranges: list[tuple[float, float]],
        attended: bool,
    ) -> None:
        super().__init__()
        self.model, self.scale = model, _Scale(scaler)
        self.encoder = model.encoder
        self.convolutions = None
        if isinstance(model, ConvolvedModel):
            self.convolutions = ConvolutionGraph(model.convolutions)
        self.channels, self.steps, self.ranges = channels, steps, ranges
        self.attended = attended
        self.least = {"steps": FEWEST * self.encoder.stride}
        self.takes = (
            GraphInput(
                "series",
                "float64",
                ("batch", len(channels), "steps"),
                "values in the units of the data; steps after the end of a series may be anything",
            ),
            GraphInput("lengths", "int64", ("batch",), "steps of each series, at least 1"),
        )

    def forward(self, *arrays: Tensor) -> Predicted:
        series, lengths = arrays
        return self.explained(self.scale(series, true_steps(lengths, series.shape[2])), lengths)

    def explained(self, scaled: Tensor, lengths: Tensor) -> Predicted:
        """Scaled series [B, C, T] -> values, and maps over the steps."""
        steps, stride = scaled.shape[2], self.encoder.stride
        whole = (steps + stride - 1) // stride * stride
        padded = pad(scaled, (0, whole - steps))
        mask = true_steps(lengths, whole)
        if self.convolutions is None:
            predicted: Predicted = self.model(padded, mask)
        else:
            predicted = self.model.traced(self.convolutions, padded, mask)
        maps = {
            name: laid_over_steps(
                each,
                lengths,
                stride=1 if name == "convolutions" else stride,
                steps=steps,
            )
            for name, each in predicted.maps.items()
        }
        added = maps.pop("convolutions", None)
        if self.encoder.kernels and "evidence" in maps:
            maps["evidence"] = _spread(maps["evidence"], lengths, self.encoder.kernels)
        if added is not None and "evidence" in maps:
            maps["evidence"] = maps["evidence"] + added
        if not self.attended:
            maps.pop("attention", None)
        return replace(predicted, maps=maps)

    def feeds(self, cases: Any, encoded: Any, index: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        series = encoded[0]
        lengths = series.lengths[index]
        steps = max(int(lengths.max()), self.least["steps"])
        values = np.zeros((len(index), len(self.channels), steps))
        own = min(steps, series.values.shape[2])
        values[..., :own] = series.values[index, :, :own]
        return values, lengths

    def laid(self, row: NDArray[Any], encoded: Any, n: int) -> NDArray[Any]:
        return row[..., : encoded[0].lengths[n]]

    def drawn(self, count: int, generator: np.random.Generator) -> Any:
        """Random walks between the lowest and the highest value of the training part."""
        found = []
        for _ in range(count):
            length = int(generator.integers(self.steps[0], self.steps[1] + 1))
            walk = generator.standard_normal((len(self.channels), length)).cumsum(1)
            walk -= walk.min(1, keepdims=True)
            walk /= np.maximum(walk.max(1, keepdims=True), 1e-9)
            low, high = np.array(self.ranges or [(0.0, 1.0)] * len(self.channels)).T[..., None]
            found.append(low + walk * (high - low))
        return found

    def about(self) -> dict[str, Any]:
        return {"channels": list(self.channels), "steps": list(self.steps)}


class _Scale(nn.Module):
    """`Scaler.transform` in a graph."""

    def __init__(self, scaler: Scaler) -> None:
        super().__init__()
        self.kind = scaler.kind
        if scaler.mean is not None and scaler.std is not None:
            self.mean = nn.Buffer(torch.from_numpy(scaler.mean)[:, None])
            self.std = nn.Buffer(torch.from_numpy(scaler.std)[:, None])

    def forward(self, series: Tensor, mask: Tensor) -> Tensor:
        """[B, C, T] float64 and mask [B, T] -> float32, zero where the mask is False."""
        true = mask.unsqueeze(1)
        values = torch.where(true, series, 0.0)
        if self.kind == "log":
            values = torch.sign(values) * torch.log1p(values.abs())
        if self.kind == "series":
            values = _standardised(values, true)
        elif self.kind != "none":
            values = (values - self.mean) / self.std
        return values.float() * true


def _standardised(values: Tensor, true: Tensor) -> Tensor:
    """Each channel of each case by its own mean and deviation, as `scaling.moments` has them."""
    count = true.sum(2, keepdim=True)
    residual = (values - values[..., :1]) * true
    residual = (residual - residual.sum(2, keepdim=True) / count) * true
    largest = residual.abs().amax(2, keepdim=True)
    shares = residual / torch.where(largest > 0, largest, 1.0)
    std = largest * (shares.square().sum(2, keepdim=True) / count).sqrt()
    rounding = 4 * _EPSILON * values.abs().amax(2, keepdim=True)
    return residual / torch.where(std <= rounding, 1.0, std)


def _spread(maps: Tensor, lengths: Tensor, widths: tuple[int, ...]) -> Tensor:
    """`explain.spread_over_kernels` of [B, N, T], each case mirrored at its own ends."""
    share = torch.zeros(max(widths), dtype=maps.dtype)
    middle = share.shape[0] // 2
    for width in widths:
        share[middle - width // 2 : middle + width // 2 + 1] += 1 / (width * len(widths))
    steps = maps.shape[2]
    place = torch.arange(-middle, steps + middle, device=maps.device)
    twice = 2 * lengths.unsqueeze(1)
    place = torch.remainder(place, twice)  # [B, T + 2 middle]
    place = torch.minimum(place, twice - 1 - place)
    around = maps.gather(2, place.unsqueeze(1).expand(-1, maps.shape[1], -1))
    spread = conv1d(around.flatten(0, 1).unsqueeze(1), share.view(1, 1, -1))
    spread = spread.reshape(maps.shape)
    return spread * true_steps(lengths, steps).unsqueeze(1)
