"""Augmentation of pictures: random changes that should not change their class."""

import torch
from torch import Tensor

__all__ = ["shift", "shift_flip"]

_MOVE = 1 / 14  # largest shift up, down, left and right, as a share of the size


def shift(pictures: Tensor, mask: Tensor | None = None, *, flip: bool = False) -> Tensor:
    """Move each picture up or down and left or right, by up to a fourteenth of its size.

    What moves in from outside are copies of the pixels at the edge.

    Parameters:
        pictures: [B, C, rows, columns].
        mask: boolean [B, rows, columns], True inside a picture, which lies at the top left; None
            where each fills its canvas.
        flip: whether to turn half of them over, left to right, too.

    Returns:
        [B, C, rows, columns], zero where the mask is False.
    """
    cases, _, rows, columns = pictures.shape
    device = pictures.device
    ends = [pictures.new_full((cases, 1), side) for side in (rows, columns)]
    if mask is not None:
        ends = [mask.any(axis).sum(1, keepdim=True) for axis in (2, 1)]
    places = []
    for side, end in zip((rows, columns), ends, strict=True):
        reach = (_MOVE * end).floor()
        moved = ((2 * reach + 1) * torch.rand(cases, 1, device=device)).floor() - reach
        at = torch.arange(side, device=device) + moved
        places.append(torch.minimum(at.clamp(min=0), end - 1))
    down, along = places
    if flip:
        turned = torch.rand(cases, 1, device=device) < 0.5
        along = torch.where(turned, ends[1] - 1 - along, along)
    case = torch.arange(cases, device=device)[:, None, None]
    shifted = pictures.permute(0, 2, 3, 1)[case, down.long()[:, :, None], along.long()[:, None]]
    result = shifted.permute(0, 3, 1, 2)  # channels last, as convolutions like it
    return result if mask is None else result * mask.unsqueeze(1)


def shift_flip(pictures: Tensor, mask: Tensor | None = None) -> Tensor:
    """`shift`, and half of the pictures turned over, left to right."""
    return shift(pictures, mask, flip=True)
