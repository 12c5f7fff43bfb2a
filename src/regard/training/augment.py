"""Augmentation: random changes to series that should not change their class."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

__all__ = ["specaugment", "warp"]

_KNOTS = 6
_SPEED = 0.2  # standard deviation of the logarithm of the speed at a knot
_SHIFT = 0.03  # largest shift in either direction, as a share of the length
_SCALE = 0.1  # standard deviation of the factor on a case

# Of SpecAugment, the policy SM (Switchboard mild) for 80 bands and, of time, ends of 10 ms.
_WARP = 40 / 1000  # largest displacement, as a share of the length; there 40 steps of about 1,000
_BANDS = 15 / 80  # of a hidden stretch of bands, as a share
_STEPS, _SHARE = 70, 0.2  # of a hidden stretch of time, in steps and as a share of the length
_MASKS = 2  # of either kind


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
    cases, _, steps = series.shape
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
    factor = 1 + _SCALE * torch.randn_like(last).unsqueeze(1)
    warped = _read_at(series, position, last) * factor
    return warped if mask is None else warped * mask.unsqueeze(1)


def specaugment(series: Tensor, mask: Tensor | None = None, *, bands: int) -> Tensor:
    """SpecAugment: warp the time of each case, hide two stretches of bands and two of time.

    A point in time is drawn, and moved by at most a share of the length, and what is on its sides
    with it, by linear interpolation. Then f bands from f0 up, f uniform in [0, F) and f0 in
    [0, bands - f], and t steps from t0 on, t uniform in [0, T) and t0 in [0, length - t], are set
    to zero, the mean of scaled features, each twice.

    Parameters:
        series: [B, C, T] features of sound; C is a multiple of the bands, such as that of their
            changes, of which the same bands are hidden.
        mask: boolean [B, T], True at the true steps, which come first; None when all are.
        bands: number of bands, of neighbouring frequencies.

    Returns:
        [B, C, T], zero where the mask is False.

    Source: Park et al., 2019, "SpecAugment: a simple data augmentation method for automatic speech
    recognition", policy SM; with its sizes as shares of bands and length, linear interpolation in
    place of a spline, and the point to move anywhere but within its reach of an end.
    """
    cases, _, steps = series.shape
    last = series.new_full((cases, 1), steps - 1)
    if mask is not None:
        last = (mask.sum(1, keepdim=True) - 1).to(series.dtype)
    length = last + 1
    reach = _WARP * length
    point = reach + torch.rand_like(last) * (last - 2 * reach).clamp(min=0)
    moved = point + reach * (2 * torch.rand_like(last) - 1)
    step = torch.arange(steps, device=series.device, dtype=series.dtype)
    before = step * point / moved.clamp(min=1e-6)
    after = point + (step - moved) * (last - point) / (last - moved).clamp(min=1e-6)
    position = torch.where(step < moved, before, after).clamp(min=0)
    warped = _read_at(series, torch.minimum(position, last), last)
    shown = torch.ones(cases, steps, dtype=torch.bool, device=series.device)
    heard = torch.ones(cases, bands, dtype=torch.bool, device=series.device)
    for _ in range(_MASKS):
        heard &= ~_stretch(torch.full_like(last, bands), _BANDS * bands, bands)
        shown &= ~_stretch(length, (_SHARE * length).clamp(max=_STEPS), steps)
    if mask is not None:
        shown &= mask
    stacked = warped.reshape(cases, -1, bands, steps)
    kept = heard[:, None, :, None] & shown[:, None, None, :]
    return (stacked * kept).reshape(series.shape)


def _stretch(length: Tensor, most: Tensor | float, size: int) -> Tensor:
    """[B, size] True in a random stretch of each case: below `most` places, within its length."""
    width = (torch.rand_like(length) * most).floor()
    start = (torch.rand_like(length) * (length - width + 1)).floor()
    place = torch.arange(size, device=length.device)
    return (place >= start) & (place < start + width)


def _read_at(series: Tensor, position: Tensor, last: Tensor) -> Tensor:
    """[B, C, T] values at positions [B, T] between 0 and the last true step [B, 1], linearly."""
    before = torch.minimum(position.floor(), (last - 1).clamp(min=0))
    after = torch.minimum(before + 1, last)
    share = (position - before).unsqueeze(1)
    start, end = (
        series.gather(2, index.long().unsqueeze(1).expand(-1, series.shape[1], -1))
        for index in (before, after)
    )
    return start * (1 - share) + end * share
