"""Batches of pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.image.pictures import Pictures
from regard.training import Batch, Part, Targets, targets_at

__all__ = ["PicturePart"]


class PicturePart(Part):
    """Pictures as tensors [B, C, rows, columns], batch by batch, each channel standardised.

    Parameters:
        pictures: B pictures.
        mean, deviation: [C] of the pixels of the training part, from 0 to 255.
        targets: of all cases.
    """

    def __init__(
        self,
        pictures: Pictures,
        mean: NDArray[np.float64],
        deviation: NDArray[np.float64],
        targets: Targets,
    ) -> None:
        self.lengths = torch.full((len(pictures),), pictures.size**2)  # in pixels, all alike
        self._values, self._targets = pictures.values, targets
        mask = pictures.mask
        self._mask = None if mask is None else torch.from_numpy(mask)
        self._mean = torch.from_numpy(mean).float()
        self._deviation = torch.from_numpy(deviation).float()

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The pictures at these positions; the mask is [b, rows, columns]."""
        where = torch.from_numpy(index)
        pixels = torch.from_numpy(self._values[index]).float()
        # Channels last in memory, as convolutions like it.
        pictures = ((pixels - self._mean) / self._deviation).permute(0, 3, 1, 2)
        mask = None if self._mask is None else self._mask[where]
        if mask is not None:
            pictures = pictures * mask.unsqueeze(1)
        return Batch((pictures,), mask, targets_at(self._targets, index))
