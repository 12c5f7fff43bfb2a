"""Pictures in an exported model: standardised, and maps laid over their pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.inputs.graph import GraphInput, InputGraph, true_steps
from regard.inputs.image.pictures import Pictures
from regard.models import Predicted, SeriesModel

__all__ = ["PictureGraph"]


class PictureGraph(InputGraph):
    """Pixels of pictures that lie at the top left of a canvas.

    Parameters:
        model: of pictures.
        size: rows and columns of the canvas.
        mean, deviation: [C] of the pixels of the training part.
    """

    def __init__(
        self, model: SeriesModel, *, size: int, mean: list[float], deviation: list[float]
    ) -> None:
        super().__init__()
        self.model, self.size = model, size
        encoder: Any = model.encoder
        self.cell: int = encoder.cell
        self.mean, self.deviation = (nn.Buffer(torch.tensor(each)) for each in (mean, deviation))
        self.over = (size, size)
        self.takes = (
            GraphInput(
                "pictures",
                "uint8",
                ("batch", size, size, len(mean)),
                "pixels, each picture at the top left",
            ),
            GraphInput("extents", "int64", ("batch", 2), "rows and columns of each picture"),
        )

    def forward(self, *arrays: Tensor) -> Predicted:
        pixels, extents = arrays
        down, along = (true_steps(extents[:, side], self.size) for side in (0, 1))
        mask = down.unsqueeze(2) & along.unsqueeze(1)  # [B, rows, columns]
        pictures = ((pixels.float() - self.mean) / self.deviation).permute(0, 3, 1, 2)
        predicted: Predicted = self.model(pictures * mask.unsqueeze(1), mask)
        maps = {name: self._over_pixels(each, extents) for name, each in predicted.maps.items()}
        return Predicted(predicted.values, maps)

    def _over_pixels(self, maps: Tensor, extents: Tensor) -> Tensor:
        """`explain.lay_over_pixels` of [B, ..., S] -> [B, ..., size, size], in a graph."""
        side = -(-self.size // self.cell)
        grid = maps.reshape(maps.shape[0], -1, side, side)
        down, along = (self._shares(extents[:, axis]).unsqueeze(1) for axis in (0, 1))
        laid = down @ grid @ along.transpose(2, 3)
        return laid.reshape(*maps.shape[:-1], self.size, self.size)

    def _shares(self, pixels: Tensor) -> Tensor:
        """[B] pixels along a side -> [B, size, positions] each position's share at each pixel."""
        middles = (torch.arange(-(-self.size // self.cell)) + 0.5) * self.cell
        positions = (pixels + self.cell - 1) // self.cell
        last = (positions - 0.5) * self.cell
        at = torch.arange(self.size) + 0.5
        at = torch.minimum(at.clamp(min=self.cell / 2), last.unsqueeze(1))  # [B, size]
        shares = (1 - (at.unsqueeze(2) - middles).abs() / self.cell).clamp(min=0)
        shares = shares * true_steps(positions, len(middles)).unsqueeze(1)
        shares = shares * true_steps(pixels, self.size).unsqueeze(2)
        return shares / shares.sum(1, keepdim=True).clamp(min=1e-12)

    def feeds(self, cases: Any, encoded: Any, index: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        return encoded.values[index], encoded.extents[index]

    def laid(self, row: NDArray[Any], encoded: Any, n: int) -> NDArray[Any]:
        rows, columns = encoded.extents[n]
        return row[..., :rows, :columns]

    def drawn(self, count: int, generator: np.random.Generator) -> Any:
        """Pixels drawn evenly, of pictures of half of the canvas to all of it."""
        extents = generator.integers(-(-self.size // 2), self.size + 1, (count, 2))
        extents[0] = self.size
        shape = (count, self.size, self.size, len(self.mean))
        values = generator.integers(0, 256, shape, dtype=np.uint8)
        for pixels, (rows, columns) in zip(values, extents.tolist(), strict=True):
            pixels[rows:], pixels[:, columns:] = 0, 0
        return Pictures(values, extents)

    def about(self) -> dict[str, Any]:
        return {"size": self.size, "channels": len(self.mean)}
