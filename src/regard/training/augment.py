"""Augmentation: random changes to series that should not change their class."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

__all__ = ["warp"]

_KNOTS = 6
_SPEED = 0.2  # standard deviation of the logarithm of the speed at a knot
_SHIFT = 0.03  # largest shift in either direction, as a share of the length
_SCALE = 0.1  # standard deviation of the factor on a case


def warp(series: Tensor, mask: Tensor | None = None) -> Tensor:
    """Warp the time of each case by a smoothly varying speed, shift it slightly and scale it.

    Step t of the result is the input at position p(t), by linear interpolation, where p rises from
    the first to the last true step with speed exp(s(t)); log-speed s is piecewise linear between
    normal random numbers. p is then shifted and clipped to the steps, and the case is multiplied
    by a random factor.

    Parameters:
        series: [B, C, T].
        mask: boolean [B, T], True at the true steps, which come first; None when all are.

    Returns:
        [B, C, T], zero where the mask is False.

    Source: Um et al., 2017, "Data augmentation of wearable sensor data for Parkinson's disease
    monitoring using convolutional neural networks" (time-warping and scaling).
    """
    cases, channels, steps = series.shape
    if steps == 1:
        return series
    last = series.new_full((cases, 1), steps - 1)
    if mask is not None:
        last = (mask.sum(1, keepdim=True) - 1).to(series.dtype)
    knots = _SPEED * torch.randn(cases, 1, _KNOTS, device=series.device, dtype=series.dtype)
    speed = interpolate(knots, size=steps, mode="linear", align_corners=True)[:, 0].exp()
    way = speed.cumsum(1) - speed[:, :1]  # [B, T], from 0
    whole = way.gather(1, last.long()).clamp(min=1e-6)  # 0 for a single step
    shift = _SHIFT * (2 * torch.rand_like(last) - 1) * (last + 1)
    position = torch.minimum((way / whole * last + shift).clamp(min=0), last)
    before = torch.minimum(position.floor(), (last - 1).clamp(min=0))
    after = torch.minimum(before + 1, last)
    share = (position - before).unsqueeze(1)
    start, end = (
        series.gather(2, index.long().unsqueeze(1).expand(-1, channels, -1))
        for index in (before, after)
    )
    factor = 1 + _SCALE * torch.randn_like(last).unsqueeze(1)
    warped = (start * (1 - share) + end * share) * factor
    return warped if mask is None else warped * mask.unsqueeze(1)
