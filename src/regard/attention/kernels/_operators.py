"""What all operators of torch that are defined here have in common."""

from typing import Any

import torch

__all__ = ["in_float32"]


def in_float32(*operators: Any) -> None:
    """Under `torch.autocast` operators take float32, whatever precision is around them."""
    for operator in operators:
        for device in ("cpu", "cuda"):
            operator.register_autocast(device, torch.float32)
