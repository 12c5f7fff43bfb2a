"""Checks of arguments that several mechanisms have in common."""

from collections.abc import Iterable
from inspect import isclass
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from regard.errors import ConfigError

__all__ = [
    "check_boolean",
    "check_heads",
    "check_object",
    "check_positions",
    "check_sizes",
    "check_tensor",
    "check_vectors",
    "check_width",
]


def check_tensor(name: str, given: Any) -> None:
    """Raise a `ConfigError` unless this is a tensor, such as a list or a NumPy array is not."""
    if not isinstance(given, Tensor):
        raise ConfigError(
            f"{name} must be a tensor, not {type(given).__name__}: torch.as_tensor({name})"
        )


def check_vectors(name: str, given: Any) -> None:
    """Raise a `ConfigError` unless this is a tensor of floating-point numbers."""
    check_tensor(name, given)
    if not given.is_floating_point():
        fix = "a mask is mask=" if given.dtype == torch.bool else f"{name}.float()"
        raise ConfigError(f"{name} must be floating-point, not {given.dtype}: {fix}")


def check_heads(heads: Any, kind: type) -> None:
    """Raise a `ConfigError` unless these are heads, at least one."""
    wanted = f"a list of {kind.__name__} objects"
    if not isinstance(heads, Iterable) or isinstance(heads, str):
        raise ConfigError(f"heads must be {wanted}, not {heads!r}")
    if not list(heads):
        raise ConfigError("heads must be at least 1, not 0")
    for head in heads:
        if not isinstance(head, kind):
            raise ConfigError(f"heads must be {wanted}, not of {type(head).__name__}")


def check_object(name: str, given: Any) -> None:
    """Raise a `ConfigError` for the class or the name of a part in place of an object."""
    if isclass(given):
        raise ConfigError(
            f"{name} must be an object, not the class {given.__name__}: "
            f"{name}={given.__name__}(...)"
        )
    if isinstance(given, str):
        raise ConfigError(
            f"{name} must be an object, not the name {given!r}: "
            f"`regard mechanisms {given}` says how to make it"
        )


def check_boolean(mask: Any) -> None:
    """Raise a `ConfigError` unless a mask is a boolean tensor."""
    if isinstance(mask, Tensor) and mask.dtype == torch.bool:
        return
    if not isinstance(mask, Tensor):
        given, fix = type(mask).__name__, "torch.as_tensor(mask)"
    elif mask.is_floating_point():
        given, fix = str(mask.dtype), "mask == 0 of torch's 0 and -inf, mask.bool() of 1 and 0"
    elif mask.dim() == 1:
        given = f"{mask.dtype} {list(mask.shape)}"
        fix = "of lengths, torch.arange(K) < lengths[:, None]"
    else:
        given, fix = str(mask.dtype), "mask.bool() takes 1 for True"
    raise ConfigError(
        f"mask must be a boolean tensor, True where a key may be attended, not {given}: {fix}"
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
