"""Weights and outputs of a model that are not finite."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["not_finite", "overflowing"]

_HUGE = 1e15  # the scores of such states may leave single precision, which ends at 3e38


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


def overflowing(model: nn.Module, run: Callable[[], Any]) -> str:
    """The name of the first module whose output is huge or not finite, or an empty string.

    Parameters:
        model: whose modules are watched.
        run: runs it; may fail.
    """
    found: list[str] = []

    def watch(name: str) -> Callable[..., None]:
        def look(module: nn.Module, inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, Tensor) and not (first.abs() < _HUGE).all():
                found.append(name)

        return look

    handles = [module.register_forward_hook(watch(name)) for name, module in model.named_modules()]
    try:
        run()
    except RuntimeError:  # what it fails at is told by whoever ran it first
        pass
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else ""
