"""Checks of arguments that several mechanisms have in common."""

from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from regard.errors import ConfigError

__all__ = ["check_boolean", "check_positions", "check_sizes", "check_tensor", "check_width"]


def check_tensor(name: str, given: Any) -> None:
    """Raise a `ConfigError` unless this is a tensor, such as a list or a NumPy array is not."""
    if not isinstance(given, Tensor):
        raise ConfigError(
            f"{name} must be a tensor, not {type(given).__name__}: torch.as_tensor({name})"
        )


def check_boolean(mask: Any) -> None:
    """Raise a `ConfigError` unless a mask is a boolean tensor."""
    check_tensor("mask", mask)
    if mask.dtype != torch.bool:
        raise ConfigError(
            f"mask must be boolean, True where a key may be attended, not {mask.dtype}; "
            "mask.bool() takes 1 for True"
        )


def check_positions(mask: Tensor | None, states: Tensor) -> None:
    """Raise a `ConfigError` unless the mask is [..., S], as the states [..., S, D]."""
    if mask is None:
        return
    check_boolean(mask)
    if mask.shape != states.shape[:-1]:
        raise ConfigError(
            f"mask must be [{'B, S' if states.dim() == 3 else 'B, L, W'}] = "
            f"{list(states.shape[:-1])}, as the states, not {list(mask.shape)}"
        )


def check_sizes(**sizes: int | None) -> None:
    """Raise a `ConfigError` unless these are whole numbers from 1 on; None is left out."""
    for name, size in sizes.items():
        if not isinstance(size, Integral | None):
            raise ConfigError(f"{name} must be a whole number, not {size!r}")
        if size is not None and not size >= 1:
            raise ConfigError(f"{name} must be at least 1, not {size}")


def check_width(name: str, vectors: Tensor, width: int | None, of: str = "") -> None:
    """Raise a `ConfigError` unless vectors [..., D] have this width; None allows any.

    Parameters:
        of: which parameter says so, where there are several.
    """
    if width is not None and vectors.shape[-1] != width:
        of = f", the {of}" if of else ""
        raise ConfigError(f"{name} must be {width} wide{of}, not {vectors.shape[-1]}")
