"""Weights of a model that are not finite."""

import torch
from torch import nn

__all__ = ["not_finite"]


def not_finite(model: nn.Module) -> str:
    """The name of the first weight that is not finite, or an empty string.

    A buffer may hold infinities, such as those of a mask, and no NaN.
    """
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            return name
    for name, buffer in model.named_buffers():
        if torch.isnan(buffer).any():
            return name
    return ""
