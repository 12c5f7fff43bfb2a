"""Additive scores as one operator of torch, whichever kernel computes them."""

from typing import Any

import torch
from torch import Tensor

from regard.attention.kernels._band import Band, gathered
from regard.attention.kernels._checks import check_sides
from regard.attention.kernels._choice import choose, is_transformed
from regard.attention.kernels._factors import Block
from regard.attention.kernels._operators import (
    as_new,
    differentiate_again,
    flat,
    flat_mask,
    in_float32,
)
from regard.attention.kernels._scores import AdditiveScores

__all__ = ["additive_score"]


def additive_score(
    query: Tensor,
    keys: Tensor,
    vector: Tensor,
    mask: Tensor | None = None,
    *,
    keys_exp: Tensor | None = None,
    band: Band | None = None,
    kernel: str | None = None,
) -> Tensor:
    """score = v . tanh(q + k), for queries and keys projected to the same width A.

    All kernels give the same numbers to rounding. Gradients can be differentiated again; that
    takes the memory of the plain formula.

    Parameters:
        query: [..., Q, A].
        keys: [..., K, A].
        vector: v, [A].
        mask: boolean, broadcast to the scores; masked scores are not computed, and zero.
        keys_exp: `exponentials(keys)`, [..., K, A], for keys that are used many times.
        band: the consecutive keys that each query sees; None for all keys.
        kernel: "plain", "blocked", "numba" or "triton"; None selects it automatically, see
            `choose`.

    Returns:
        [..., Q, K] scores; with a band [..., Q, W], zero outside of the keys.

    Raises:
        ConfigError: the shapes do not match, or the kernel is unknown or cannot take these inputs.

    >>> query, keys = torch.zeros(1, 1, 2), torch.full((1, 3, 2), 100.0)
    >>> additive_score(query, keys, torch.tensor([1.0, 2.0]))
    tensor([[[3., 3., 3.]]])
    """
    first, width = (None, None) if band is None else band
    check_sides(query, keys, vector=vector, mask=mask, keys_exp=keys_exp, first=first, width=width)
    if torch.onnx.is_in_onnx_export():
        return _plain(query, keys, vector, None, band)
    if not torch.compiler.is_compiling():  # a graph has one operator for every size
        if is_transformed():
            return _plain(query, keys, vector, mask, band)
        kernel = choose(query, keys if band is None else keys[..., : band.width, :], kernel)
        if kernel == "plain":
            return _plain(query, keys, vector, mask, band)
    scores: Tensor = _score(query, keys, vector, mask, keys_exp, first, width or 0, kernel)
    return scores


def _plain(
    query: Tensor,
    keys: Tensor,
    vector: Tensor,
    mask: Tensor | None = None,
    band: Band | None = None,
) -> Tensor:
    """The formula, holding [..., Q, K, A]; parameters as for `additive_score`."""
    if band is None:
        sums = query.unsqueeze(-2) + keys.unsqueeze(-3)
    else:
        first = band.first.reshape(-1, band.first.shape[-1])
        found, inside = gathered(flat(keys), first, band.width)
        sums = query.unsqueeze(-2) + found.view(*band.first.shape, *found.shape[-2:])
        inside = inside.view(sums.shape[:-1])
        mask = inside if mask is None else mask & inside
    scores = torch.tanh(sums) @ vector
    return scores if mask is None else scores.masked_fill(~mask, 0)


@torch.library.custom_op("regard::additive_score", mutates_args=())
def _score(
    query: Tensor,
    keys: Tensor,
    vector: Tensor,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    first: Tensor | None,
    width: int,
    kernel: str | None,
) -> Tensor:
    K = keys.shape[-2] if first is None else width
    kernel = choose(query, keys[..., :K, :], kernel)
    dtype = torch.promote_types(query.dtype, keys.dtype)
    mask = flat_mask(mask, query, K)
    if kernel == "triton" and first is None:
        from regard.attention.kernels import _triton

        scores = _triton.score(flat(query), flat(keys), vector, mask)
    else:
        block = Block(_flat_first(first))
        blocked = AdditiveScores(query, keys, vector, keys_exp, kernel)
        scores = blocked.score(mask, query.shape[-2], K, block)
    return as_new(scores.to(dtype), (*query.shape[:-1], K))


@_score.register_fake
def _(
    query: Tensor,
    keys: Tensor,
    vector: Tensor,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    first: Tensor | None,
    width: int,
    _: str | None,
) -> Tensor:
    dtype = torch.promote_types(query.dtype, keys.dtype)
    columns = keys.shape[-2] if first is None else width
    return query.new_empty(*query.shape[:-1], columns, dtype=dtype)


@torch.library.custom_op("regard::additive_score_gradients", mutates_args=())
def _gradients(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    vector: Tensor,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    first: Tensor | None,
    width: int,
    kernel: str | None,
) -> tuple[Tensor, Tensor, Tensor]:
    K = keys.shape[-2] if first is None else width
    kernel = choose(query, keys[..., :K, :], kernel)
    mask = flat_mask(mask, query, K)
    if kernel == "triton" and first is None:
        from regard.attention.kernels import _triton

        of_query, of_keys, of_vector = _triton.score_backward(
            flat(grad), flat(query), flat(keys), vector, mask
        )
        return of_query.view(query.shape), of_keys.view(keys.shape), of_vector
    scores = AdditiveScores(query, keys, vector, keys_exp, kernel)
    return scores.gradients_of(flat(grad), mask, _flat_first(first))


@_gradients.register_fake
def _(
    _: Tensor, query: Tensor, keys: Tensor, vector: Tensor, *__: object
) -> tuple[Tensor, Tensor, Tensor]:
    return query.new_empty(query.shape), keys.new_empty(keys.shape), vector.new_empty(vector.shape)


def _flat_first(first: Tensor | None) -> Tensor | None:
    return None if first is None else first.reshape(-1, first.shape[-1]).contiguous()


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.width, ctx.kernel = inputs
    ctx.save_for_backward(*tensors)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    query, keys, vector, mask, keys_exp, first = ctx.saved_tensors
    sides = (query, keys, vector)
    if torch.is_grad_enabled():  # to be differentiated again: by the formula
        band = None if first is None else Band(first, ctx.width)

        def formula(query: Tensor, keys: Tensor, vector: Tensor) -> tuple[Tensor]:
            return (_plain(query, keys, vector, mask, band),)

        found = differentiate_again(formula, sides, (grad,))
    else:
        found = _gradients(grad, *sides, mask, keys_exp, first, ctx.width, ctx.kernel)
    return (*found, *[None] * 5)


_score.register_autograd(_backward, setup_context=_remember)
in_float32(_score, _gradients)
