"""Products with a band of the keys: row i has W columns, and column w is key first[i] + w.

    dot            s[i, w] = q[i] . k[first[i] + w]
    weighted_sum   c[i]    = sum over w of p[i, w] v[first[i] + w]
    scatter        g[j]    = sum over i, w with first[i] + w = j of p[i, w] r[i]

For windows whose position depends on the query; `first` may be outside of the keys. The gradients
of each product are the other two.
"""

from importlib import import_module
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from regard.attention.kernels._operators import check_band, check_sides, in_float32
from regard.errors import ConfigError

__all__ = ["Band", "band_dot", "band_scatter", "band_weighted_sum", "gathered"]

_BLOCK = 1 << 22  # numbers gathered at a time


class Band(NamedTuple):
    """The consecutive keys that each query sees.

    Attributes:
        first: int64 [..., Q], the first key, possibly before all keys.
        width: W, the number of keys; columns outside of the keys are zero, or have no effect.
    """

    first: Tensor
    width: int

    def places(self) -> Tensor:
        """[..., Q, W], the index of the key of each column."""
        return self.first.unsqueeze(-1) + torch.arange(self.width, device=self.first.device)


@torch.library.custom_op("regard::band_dot", mutates_args=())
def band_dot(query: Tensor, keys: Tensor, first: Tensor, width: int) -> Tensor:
    """The `dot`: query [N, Q, D], keys [N, K, D], first int64 [N, Q], width W -> [N, Q, W]."""
    check_sides(query, keys, first=first)
    if compiled := _compiled(query, keys):
        return cast(Tensor, compiled.dot(query, keys, first, width))
    out = query.new_empty(*first.shape, width)
    for rows in _blocks(first, width * keys.shape[-1]):
        found, _ = gathered(keys, first[:, rows], width)
        out[:, rows] = (found @ query[:, rows].unsqueeze(-1)).squeeze(-1)
    return out


@torch.library.custom_op("regard::band_weighted_sum", mutates_args=())
def band_weighted_sum(weights: Tensor, values: Tensor, first: Tensor) -> Tensor:
    """The `weighted_sum`: weights [N, Q, W], values [N, K, D], first [N, Q] -> [N, Q, D]."""
    check_band(weights, first)
    if len(weights) != len(values):
        raise ConfigError(
            "weights and values must have the same first dimension, "
            f"not {len(weights)} and {len(values)}"
        )
    if not values.is_floating_point() or values.device != weights.device:
        raise ConfigError(
            f"values must be floating point numbers on {weights.device}, "
            f"not {values.dtype} on {values.device}"
        )
    if compiled := _compiled(weights, values):
        return cast(Tensor, compiled.weighted_sum(weights, values, first))
    out = values.new_empty(*first.shape, values.shape[-1])
    width = weights.shape[-1]
    for rows in _blocks(first, width * values.shape[-1]):
        found, _ = gathered(values, first[:, rows], width)
        out[:, rows] = (weights[:, rows].unsqueeze(-2) @ found).squeeze(-2)
    return out


@torch.library.custom_op("regard::band_scatter", mutates_args=())
def band_scatter(weights: Tensor, rows: Tensor, first: Tensor, keys: int) -> Tensor:
    """The `scatter`: weights [N, Q, W], rows [N, Q, D], first [N, Q], keys K -> [N, K, D]."""
    check_band(weights, first)
    check_band(rows, first)
    if compiled := _compiled(weights, rows):
        return cast(Tensor, compiled.scatter(weights, rows, first, keys))
    out = rows.new_zeros(len(rows) * keys, rows.shape[-1])
    for part in _blocks(first, weights.shape[-1] * rows.shape[-1]):
        place, inside = _places(first[:, part], weights.shape[-1], keys)
        products = (weights[:, part] * inside).unsqueeze(-1) * rows[:, part].unsqueeze(-2)
        out.index_add_(0, place.flatten(), products.flatten(0, 2))
    return out.view(len(rows), keys, -1)


def gathered(keys: Tensor, first: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """The keys of each row, [N, Q, W, D], zero outside of the keys; and whether they are inside."""
    place, inside = _places(first, width, keys.shape[1])
    found = keys.flatten(0, 1).index_select(0, place.flatten()).view(*place.shape, keys.shape[2])
    return found * inside.unsqueeze(-1), inside


def _places(first: Tensor, width: int, keys: int) -> tuple[Tensor, Tensor]:
    """Indices into the keys of all cases [N K, D], and whether they are inside; [N, Q, W] each."""
    key = first.unsqueeze(-1) + torch.arange(width, device=first.device)
    case = torch.arange(len(first), device=first.device)[:, None, None] * keys
    return key.clamp(0, keys - 1) + case, (key >= 0) & (key < keys)


def _blocks(first: Tensor, numbers: int) -> list[slice]:
    """Blocks of rows, where each row takes this many numbers."""
    step = max(1, _BLOCK // max(1, len(first) * numbers))
    return [slice(start, start + step) for start in range(0, first.shape[1], step)]


def _compiled(*sides: Tensor) -> Any:
    """The kernels of numba, or None if they cannot take these inputs."""
    if any(side.device.type != "cpu" or side.dtype != torch.float32 for side in sides):
        return None
    return import_module("regard.attention.kernels._numba_band")


band_dot.register_fake(lambda query, _, first, width: query.new_empty(*first.shape, width))
band_weighted_sum.register_fake(
    lambda _, values, first: values.new_empty(*first.shape, values.shape[-1])
)
band_scatter.register_fake(
    lambda _, rows, __, keys: rows.new_empty(len(rows), keys, rows.shape[-1])
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:3])
    ctx.keys = inputs[1].shape[1]


def _of_dot(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    query, keys, first = ctx.saved_tensors
    of_keys = band_scatter(grad, query, first, ctx.keys)
    return band_weighted_sum(grad, keys, first), of_keys, None, None


def _of_weighted_sum(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    weights, values, first = ctx.saved_tensors
    of_weights = band_dot(grad, values, first, weights.shape[-1])
    return of_weights, band_scatter(weights, grad, first, ctx.keys), None


def _of_scatter(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    weights, rows, first = ctx.saved_tensors
    of_weights = band_dot(rows, grad, first, weights.shape[-1])
    return of_weights, band_weighted_sum(weights, grad, first), None, None


band_dot.register_autograd(_of_dot, setup_context=_remember)
band_weighted_sum.register_autograd(_of_weighted_sum, setup_context=_remember)
band_scatter.register_autograd(_of_scatter, setup_context=_remember)
in_float32(band_dot, band_weighted_sum, band_scatter)
