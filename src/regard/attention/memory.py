"""Keys and values prepared for attention, and the checks of their shapes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.errors import ConfigError

__all__ = ["Memory", "as_memory", "check_keys", "check_width"]


class Memory(NamedTuple):
    """Prepared keys and values, which queries can attend to many times.

    Attributes:
        prepared: the keys as `Score.prepare` returns them, [B, K, width]; of a `MultiHead`
            [B, H, K, width], or a tuple with one entry per head if the heads do not share a score.
        values: [B, K, Dv] or [B, H, K, Dv].
        mask: boolean [B, 1, K] or [B, Q, K] (or with heads), True means may be attended; None
            allows all.
    """

    prepared: Any
    values: Tensor
    mask: Tensor | None

    def extend(self, more: "Memory") -> "Memory":
        """Append the keys and values of another memory: a step of a decoder's key-value cache."""
        pairs: Any = (self.prepared, more.prepared)
        if isinstance(self.prepared, tuple):
            prepared: Any = tuple(torch.cat(pair, -2) for pair in zip(*pairs, strict=True))
        else:
            prepared = torch.cat(pairs, -2)
        mask = None
        if self.mask is not None or more.mask is not None:
            masks = [_mask_of(self), _mask_of(more)]
            queries = max(each.shape[-2] for each in masks)  # [B, 1, K] goes with [B, Q, K]
            mask = torch.cat(
                [each.expand(*each.shape[:-2], queries, each.shape[-1]) for each in masks], -1
            )
        return Memory(prepared, torch.cat([self.values, more.values], -2), mask)


def as_memory(
    keys: Tensor | Memory,
    values: Tensor | None,
    mask: Tensor | None,
    prepare: Callable[[Tensor, Tensor | None, Tensor | None], Memory],
) -> Memory:
    """The memory itself, or that prepared of keys, values and mask."""
    if not isinstance(keys, Memory):
        return prepare(keys, values, mask)
    if values is not None or mask is not None:
        raise ConfigError("values and mask are part of the memory; give them to prepare()")
    return keys


def check_keys(
    keys: Tensor, values: Tensor | None, mask: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """The values [B, K, Dv] and the mask, [B, 1, K] or [B, Q, K], that go with keys [B, K, Dk].

    Raises:
        ConfigError: the shapes do not match, or the mask is not boolean.
    """
    values = keys if values is None else values
    if keys.dim() != 3 or values.dim() != 3 or keys.shape[:2] != values.shape[:2]:
        raise ConfigError(
            "keys and values must be [B, K, Dk] and [B, K, Dv], "
            f"not {list(keys.shape)} and {list(values.shape)}"
        )
    if mask is None:
        return values, None
    if mask.dtype != torch.bool:
        raise ConfigError(
            f"mask must be boolean, True where a key may be attended, not {mask.dtype}"
        )
    mask = mask.unsqueeze(1) if mask.dim() == 2 else mask
    if mask.dim() != 3 or mask.shape[::2] != keys.shape[:2]:
        raise ConfigError(
            f"mask must be [B, K] or [B, Q, K] with [B, K] = {list(keys.shape[:2])}, "
            f"not {list(mask.shape)}"
        )
    return values, mask


def check_width(name: str, vectors: Tensor, width: int | None) -> None:
    """Raise a `ConfigError` unless vectors [..., D] have this width; None allows any."""
    if width is not None and vectors.shape[-1] != width:
        raise ConfigError(f"{name} must be {width} wide, not {vectors.shape[-1]}")


def _mask_of(memory: Memory) -> Tensor:
    """The mask of a memory, all True if it has none."""
    if memory.mask is not None:
        return memory.mask
    batch, *between = memory.values.shape[:-2]
    shape = (batch, *[1] * len(between), 1, memory.values.shape[-2])
    return torch.ones(shape, dtype=torch.bool, device=memory.values.device)
