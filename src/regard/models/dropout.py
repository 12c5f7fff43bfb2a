"""Dropout at the speed of its multiplication."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Dropout", "dropout"]

_LEVELS = 1 << 16


def dropout(values: Tensor, rate: float, training: bool) -> Tensor:
    """Zero each number with a probability, and divide the others by that of staying.

    On CPU torch draws a random number for each element, one after the other, which takes ten times
    as long as the multiplication. Here one draw of 64 bits serves four elements: the rate is a
    multiple of 2^-16, and the scale is that of the rate in fact.

    Parameters:
        values: of any shape.
        rate: probability of a zero, at least 0 and below 1.
        training: whether to drop; otherwise the values are returned as they are.

    >>> dropout(torch.ones(3), 0.5, False)
    tensor([1., 1., 1.])
    """
    dropped = min(round(rate * _LEVELS), _LEVELS - 1)
    if not training or not dropped:
        return values
    if values.device.type != "cpu":
        return functional.dropout(values, rate)
    count = values.numel()
    words = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(1 << 63), None)
    levels = words.view(torch.int16)[:count].view(values.shape)
    kept = levels >= dropped - _LEVELS // 2
    return values * kept.to(values.dtype).mul_(_LEVELS / (_LEVELS - dropped))


class Dropout(nn.Module):
    """`dropout` as a module.

    Parameters:
        rate: probability of a zero in training.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        return dropout(values, self.rate, self.training)

    def extra_repr(self) -> str:
        return f"{self.rate}"
