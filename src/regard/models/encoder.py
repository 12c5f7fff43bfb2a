"""The base class of encoders, and masked operations that several of them use."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

__all__ = ["Encoder", "MaskedBatchNorm", "apply_mask", "columns", "summary_of"]


class Encoder(nn.Module):
    """Series [B, C, T] -> states [B, S, D].

    Attributes:
        width: D.
        stride: position s covers the input steps from s * stride up to, not including,
            (s + 1) * stride, so that S = ceil(T / stride) and a map over positions can be laid
            back over the steps.
        kernels: odd widths in steps, over which the evidence at a step is divided; none where it
            stays at the position's own steps.
        summary: which states stand for the whole input, where a decoder starts from: "ends", the
            first and the last, where two directions have read all of it, or the "mean".

    A case gives the same states alone and padded in a batch of longer ones: nothing an encoder
    computes at a true step may depend on values where the mask is False.
    """

    width: int
    stride: int = 1
    kernels: tuple[int, ...] = ()
    summary: Literal["ends", "mean"] = "mean"

    def positions(self, shape: torch.Size) -> int:
        """S of an input [B, ..., T] of this shape."""
        return -(-shape[-1] // self.stride)

    def position_mask(self, mask: Tensor) -> Tensor:
        """[B, T] mask of true steps -> [B, S] mask of positions that cover at least one."""
        return mask[:, :: self.stride]

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        """Encode.

        Parameters:
            series: [B, C, T].
            mask: boolean [B, T], True at the true steps, which come first; None when all are.

        Returns:
            [B, S, D] states; those at padded positions are undefined.
        """
        raise NotImplementedError


def summary_of(which: Literal["ends", "mean"], states: Tensor, mask: Tensor | None) -> Tensor:
    """[B, S, D] states -> [B, 2 D], the first and the last true one, or [B, D], their mean.

    Parameters:
        which: as `Encoder.summary` says it.
        states: of an encoder.
        mask: boolean [B, S], True at the true positions, which come first; None when all are.
    """
    if which == "ends":
        last = states[:, -1]
        if mask is not None:
            at = (mask.sum(1) - 1).clamp(min=0)
            last = states[torch.arange(states.shape[0], device=states.device), at]
        return torch.cat([states[:, 0], last], 1)
    if mask is None:
        return states.mean(1)
    true = mask.unsqueeze(2).to(states.dtype)
    total: Tensor = (states * true).sum(1) / true.sum(1).clamp(min=1)
    return total


def columns(series: Tensor) -> Tensor:
    """[B, C, T] -> [B, C, 1, T] in the memory format channels-last.

    On CPU a (1, k) convolution in this format takes a third to half of the time of a
    one-dimensional one.
    """
    return series.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def apply_mask(features: Tensor, mask: Tensor | None) -> Tensor:
    """Features [B, D, ..., S] with zeros where mask [B, S] is False."""
    if mask is None:
        return features
    return features * mask.reshape(mask.shape[0], *[1] * (features.dim() - 2), -1)


class MaskedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation of [B, D, 1, S], or of grids, with statistics that exclude the padding.

    Source: Ioffe and Szegedy, 2015, "Batch normalization", algorithm 1, with mean and
    variance over the true positions only.
    """

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, D, 1, S] and mask [B, S] -> [B, D, 1, S], of a grid with mask [B, rows, columns]."""
        if mask is None:
            return super().forward(features)
        mask = mask.reshape(mask.shape[0], *features.shape[2:])
        if not self.training:
            return super().forward(features) * mask.unsqueeze(1)
        rows = features.permute(0, 2, 3, 1)  # [B, 1, S, D]
        normal = batch_norm(
            rows[mask],  # [true positions, D]
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=True,
            momentum=self.momentum or 0.1,
            eps=self.eps,
        )
        result = torch.zeros_like(rows)
        result[mask] = normal
        return result.permute(0, 3, 1, 2)
