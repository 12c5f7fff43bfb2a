"""What an exported model does with the arrays that it is given: an input's part of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.models import Predicted

__all__ = ["FEWEST", "GraphInput", "InputGraph", "laid_over_steps", "true_steps"]


FEWEST = 3
"""Positions of an encoder in an exported model: axes of one, and differences of two, would have a
graph of their own. Shorter inputs are padded."""


class GraphInput(NamedTuple):
    """An array that an exported model takes.

    Attributes:
        name: of the array.
        dtype: as NumPy names it.
        axes: length of each axis, or its name where any length will do; the first is "batch".
        says: what it holds.
    """

    name: str
    dtype: str
    axes: tuple[int | str, ...]
    says: str


class InputGraph(nn.Module):
    """From arrays that are easily made to what the model predicts, with maps over the input.

    Everything in it exports as one graph, for every batch and every length of the named axes.

    Attributes:
        takes: the arrays of `forward`, in its order.
        over: the axes that maps are over, as those of `takes` are named.
        least: lowest length of an axis by its name, where that is not 1.
    """

    takes: tuple[GraphInput, ...]
    over: tuple[int | str, ...]
    least: Mapping[str, int] = {}

    def forward(self, *arrays: Tensor) -> Predicted:
        """Values as the model has them, and the maps "attention" and "evidence", if it has them."""
        raise NotImplementedError

    def feeds(self, cases: Any, encoded: Any, index: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        """The arrays of some cases.

        Parameters:
            cases: that the input took.
            encoded: the same.
            index: positions of those wanted.
        """
        raise NotImplementedError

    def laid(self, row: NDArray[Any], encoded: Any, n: int) -> NDArray[Any]:
        """A map [..., *over] of case n as `infer` has it, without padding."""
        raise NotImplementedError

    def drawn(self, count: int, generator: np.random.Generator) -> Any:
        """Cases that are made up, as like those trained on as what is kept of these allows."""
        raise NotImplementedError

    def about(self) -> dict[str, Any]:
        """What who uses the model has to know beside the arrays, for JSON."""
        return {}


def true_steps(lengths: Tensor, steps: int) -> Tensor:
    """[B] lengths -> the mask [B, steps] of true steps."""
    return torch.arange(steps, device=lengths.device) < lengths.unsqueeze(1)


def laid_over_steps(maps: Tensor, lengths: Tensor, *, stride: int, steps: int) -> Tensor:
    """`explain.lay_over_steps` of [B, ..., S] -> [B, ..., steps], in a graph."""
    step = torch.arange(steps, device=maps.device)
    position = step // stride
    covered = (lengths.unsqueeze(1) - position * stride).clamp(1, stride)
    share = true_steps(lengths, steps) / covered  # [B, T]
    found = maps[..., position.clamp(max=maps.shape[-1] - 1)]
    return found * share.reshape(share.shape[0], *[1] * (maps.dim() - 2), steps)
