"""Keys and values prepared for attention, and the checks of their shapes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.attention.checks import check_boolean, check_vectors
from regard.attention.masking import finite_keys
from regard.errors import ConfigError

__all__ = ["Memory", "as_memory", "check_keys", "check_query"]


class Memory(NamedTuple):
    """Prepared keys and values, which queries can attend to many times.

    Attributes:
        prepared: the keys as `Score.prepare` returns them, [B, K, width]; of a `MultiHead`
            [B, H, K, width], or a tuple with one entry per head if the heads do not share a score.
        values: [B, K, Dv] or [B, H, K, Dv].
        mask: boolean [B, 1, K] or [B, Q, K] (or with heads), True means may be attended; None
            allows all.
        broken: boolean [B, 1, K] (or with heads), keys that were not finite, or whose values were
            not, and became zeros: who may attend to one gets NaN. None if there are none.
    """

    prepared: Any
    values: Tensor
    mask: Tensor | None
    broken: Tensor | None = None

    def extend(self, more: "Memory") -> "Memory":
        """Append the keys and values of another memory: a step of a decoder's key-value cache."""
        pairs: Any = (self.prepared, more.prepared)
        if isinstance(self.prepared, tuple):
            prepared: Any = tuple(torch.cat(pair, -2) for pair in zip(*pairs, strict=True))
        else:
            prepared = torch.cat(pairs, -2)
        mask, broken = None, None
        if self.mask is not None or more.mask is not None:
            masks = [_flags_of(each, each.mask, True) for each in (self, more)]
            queries = max(each.shape[-2] for each in masks)  # [B, 1, K] goes with [B, Q, K]
            mask = torch.cat(
                [each.expand(*each.shape[:-2], queries, each.shape[-1]) for each in masks], -1
            )
        if self.broken is not None or more.broken is not None:
            broken = torch.cat([_flags_of(each, each.broken, False) for each in (self, more)], -1)
        return Memory(prepared, torch.cat([self.values, more.values], -2), mask, broken)


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
    keys: Tensor, values: Tensor | None, mask: Tensor | None, *, windowed: bool
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Keys [B, K, Dk], values [B, K, Dv], their mask, [B, 1, K] or [B, Q, K], and broken keys.

    Parameters:
        windowed: whether a window restricts which keys a query sees.

    Raises:
        ConfigError: the shapes do not match, or the mask is not boolean.
    """
    values = keys if values is None else values
    for name, given in (("keys", keys), ("values", values)):
        check_vectors(name, given)
    if keys.dim() != 3 or values.dim() != 3 or keys.shape[:2] != values.shape[:2]:
        raise ConfigError(
            "keys and values must be [B, K, Dk] and [B, K, Dv], "
            f"not {list(keys.shape)} and {list(values.shape)}"
        )
    if mask is not None:
        check_boolean(mask)
        B, K = keys.shape[:2]
        if mask.dim() not in (2, 3) or (mask.shape[0], mask.shape[-1]) != (B, K):
            swapped = (mask.shape[0], mask.shape[-1]) == (K, B) and mask.dim() in (2, 3)
            shared = mask.dim() == 2 and mask.shape[1] == K
            hint = "; if it is [Q, K] for all cases: mask.expand(B, -1, -1)" if shared else ""
            raise ConfigError(
                f"mask must be [B, K] or [B, Q, K] with [B, K] = {[B, K]}, "
                f"not {list(mask.shape)}{_if_first(swapped) or hint}"
            )
        mask = mask.unsqueeze(1) if mask.dim() == 2 else mask
    keys, values, broken = finite_keys(keys, values, mask, windowed=windowed)
    return keys, values, mask, broken


def check_query(query: Tensor, batch: int, keys: int) -> None:
    """Raise a `ConfigError` unless the query is [B, Q, Dq], as the keys [B, K, Dk]."""
    check_vectors("query", query)
    if query.dim() == 3 and query.shape[0] == batch:
        return
    # sequence first, the query is [Q, B, Dq], and keys [K, B, Dk] look like a batch of K
    if query.dim() == 2:
        hint = "; a single query is query.unsqueeze(1)"
    elif query.dim() == 3 and query.shape[1] in (batch, keys):
        hint = _if_first(True)
    elif query.dim() == 3 and query.shape[0] == keys:
        hint = "; if the keys are [K, B, Dk]: batch first, keys.transpose(0, 1)"
    else:
        hint = ""
    raise ConfigError(
        f"query must be [B, Q, Dq] with B = {batch}, as the keys, not {list(query.shape)}{hint}"
    )


def _if_first(swapped: bool) -> str:
    """The closing phrase of an error, if the shapes would match with the sequence first."""
    return "; if the sequence comes first: batch first, transpose(0, 1)" if swapped else ""


def _flags_of(memory: Memory, flags: Tensor | None, default: bool) -> Tensor:
    """The mask or broken keys of a memory, all `default` if it has none."""
    if flags is not None:
        return flags
    batch, *between = memory.values.shape[:-2]
    shape = (batch, *[1] * len(between), 1, memory.values.shape[-2])
    return torch.full(shape, default, device=memory.values.device)
