"""Weights of layers of Keras, whichever backend they are on."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["weights_of"]


def weights_of(layer: Any) -> list[Tensor]:
    """The weights of a layer of Keras, in its order; none if it is not built."""
    values = [weight.value for weight in layer.weights]
    return [
        each.detach().cpu() if isinstance(each, Tensor) else torch.as_tensor(np.array(each))
        for each in values
    ]
