"""Keeps masked numbers that are not finite out of results and gradients.

A weight of zero does not: zero times NaN is NaN, forward and backward.
"""

import torch
from torch import Tensor

from regard.attention.kernels import is_transformed

__all__ = ["finite_keys", "finite_where_masked"]


def finite_where_masked(vectors: Tensor, mask: Tensor | None) -> Tensor:
    """[..., L, D] with zeros for NaN and infinity where mask [..., L] is False."""
    if mask is None or (_can_look(vectors) and _finite(vectors)):
        return vectors
    return vectors.masked_fill(~mask.unsqueeze(-1) & ~vectors.isfinite(), 0.0)


def finite_keys(
    keys: Tensor, values: Tensor, mask: Tensor | None, *, windowed: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Keys and values without the NaN and infinity of those that are masked.

    Those that no query may attend to become zeros. One that only some queries may attend to
    becomes zeros as well, and is named: a query that may attend to it gets NaN. Finding it needs a
    look at the numbers, for which a GPU would have to be waited for and a graph has no place; there
    only the mask counts.

    Parameters:
        keys: [B, K, Dk].
        values: [B, K, Dv].
        mask: boolean [B, 1, K] or [B, Q, K].
        windowed: whether a window restricts which keys a query sees.

    Returns:
        Keys, values, and which keys were not finite, [B, 1, K], or None.
    """
    if _can_look(keys) and _finite(keys) and (values is keys or _finite(values)):
        return keys, values, None
    if mask is not None:
        attended = mask.any(1)
        keys, values = finite_where_masked(keys, attended), finite_where_masked(values, attended)
    if not _can_look(keys) or not (windowed or (mask is not None and mask.shape[1] > 1)):
        return keys, values, None
    broken = ~(keys.isfinite().all(-1, keepdim=True) & values.isfinite().all(-1, keepdim=True))
    if not broken.any():
        return keys, values, None
    return keys.masked_fill(broken, 0.0), values.masked_fill(broken, 0.0), broken.mT


def _can_look(vectors: Tensor) -> bool:
    """Whether what is computed may depend on the numbers."""
    if torch.compiler.is_compiling() or vectors.device.type != "cpu":
        return False
    return not is_transformed()


def _finite(vectors: Tensor) -> bool:
    """Whether all numbers are finite; False may also say that their sum is not."""
    return bool(vectors.detach().sum().isfinite())
