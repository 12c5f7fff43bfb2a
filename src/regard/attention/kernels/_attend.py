"""Softmax attention as one operator of torch, whichever kernel computes it."""

from typing import Any

import torch
from torch import Tensor

from regard.attention.kernels._additive import additive_score
from regard.attention.kernels._choice import choose, is_exported, is_transformed
from regard.attention.kernels._operators import (
    as_new,
    check_sides,
    differentiate_again,
    flat,
    flat_mask,
    in_float32,
)
from regard.attention.kernels._reach import EVERYTHING, Reach
from regard.attention.kernels._stream import Inputs, streams
from regard.attention.softmax import masked_softmax

__all__ = ["additive_attention", "additive_attention_and_weights", "dot_attention"]


def additive_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor,
    mask: Tensor | None = None,
    *,
    keys_exp: Tensor | None = None,
    reach: Reach = EVERYTHING,
    position: int = 0,
    kernel: str | None = None,
) -> Tensor:
    """context = softmax(v . tanh(q + k)) @ values, without holding all the weights.

    Parameters:
        query, keys, vector, keys_exp, kernel: as for `additive_score`.
        values: [..., K, Dv].
        mask: boolean, [..., 1, K] or [..., Q, K]; True means may be attended.
        reach: which keys a query sees, by its position.
        position: of the first query.

    Returns:
        [..., Q, Dv]; zeros, in value and gradient, where nothing may be attended.

    Raises:
        ConfigError: the shapes do not match, or the kernel is unknown or cannot take these inputs.

    >>> query, keys, values = torch.randn(2, 3, 5), torch.randn(2, 7, 5), torch.randn(2, 7, 4)
    >>> additive_attention(query, keys, values, torch.randn(5)).shape
    torch.Size([2, 3, 4])
    """
    check_sides(query, keys, vector=vector, values=values, mask=mask, keys_exp=keys_exp)
    given = Inputs(query, keys, values, vector, mask, keys_exp, *reach, position, kernel)
    if is_exported():
        return _plain(given)[0]
    if not torch.compiler.is_compiling():  # a graph has one operator for every size
        given = given._replace(kernel=choose(query, keys, kernel))
        if given.kernel == "plain" or is_transformed():
            return _plain(given)[0]
    context: Tensor = _attention(*given, False)[0]
    return context


def additive_attention_and_weights(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor,
    mask: Tensor | None = None,
    *,
    keys_exp: Tensor | None = None,
    reach: Reach = EVERYTHING,
    position: int = 0,
    kernel: str | None = None,
) -> tuple[Tensor, Tensor]:
    """weights = softmax(v . tanh(q + k)) and context = weights @ values, in one pass.

    Parameters and errors: as for `additive_attention`.

    Returns:
        The context [..., Q, Dv] and the weights [..., Q, K]; zeros, in value and gradient, where
        nothing may be attended.

    >>> query, keys, values = torch.randn(2, 3, 5), torch.randn(2, 7, 5), torch.randn(2, 7, 4)
    >>> context, weights = additive_attention_and_weights(query, keys, values, torch.randn(5))
    >>> context.shape, weights.shape
    (torch.Size([2, 3, 4]), torch.Size([2, 3, 7]))
    """
    check_sides(query, keys, vector=vector, values=values, mask=mask, keys_exp=keys_exp)
    given = Inputs(query, keys, values, vector, mask, keys_exp, *reach, position, kernel)
    if is_exported():
        return _plain(given)
    if not torch.compiler.is_compiling():
        kernel = "plain" if is_transformed() else choose(query, keys, kernel)
    if kernel in ("plain", "triton") or query.device.type != "cpu":
        return _plain(given, kernel)
    both: tuple[Tensor, Tensor] = _attention(*given._replace(kernel=kernel), True)
    return both


def dot_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
    *,
    reach: Reach,
    position: int = 0,
) -> Tensor:
    """context = softmax(q . k) @ values within a reach, in time and memory linear in the length.

    Parameters:
        query: [..., Q, D], scaled already.
        others: as for `additive_attention`.

    Returns:
        [..., Q, Dv]; zeros, in value and gradient, where nothing may be attended.

    >>> query, keys = torch.randn(2, 300, 5), torch.randn(2, 300, 5)
    >>> dot_attention(query, keys, keys, reach=Reach(before=9, after=0)).shape
    torch.Size([2, 300, 5])
    """
    check_sides(query, keys, values=values, mask=mask)
    given = Inputs(query, keys, values, None, mask, None, *reach, position, None)
    transformed = not torch.compiler.is_compiling() and is_transformed()
    if is_exported() or transformed:
        return _plain(given)[0]
    context: Tensor = _attention(*given, False)[0]
    return context


def _plain(given: Inputs, kernel: str | None = "plain") -> tuple[Tensor, Tensor]:
    """Context and weights by the formula, holding all the weights."""
    query, keys, mask = given.query, given.keys, given.mask
    places = torch.arange(query.shape[-2], device=query.device).unsqueeze(1) + given.position
    distance = torch.arange(keys.shape[-2], device=query.device) - places
    seen = given.reach.mask(distance)
    if seen is not None:
        mask = seen if mask is None else mask & seen
    if given.vector is None:
        scores = query @ keys.mT
    else:
        how: Any = {"keys_exp": given.keys_exp, "kernel": kernel}
        scores = additive_score(query, keys, given.vector, mask, **how)
    weights = masked_softmax(scores, mask)
    return weights @ given.values, weights


# A schema is flat; these are the fields of `Inputs`.
_INPUTS = (
    "Tensor query, Tensor keys, Tensor values, Tensor? vector, Tensor? mask, Tensor? keys_exp, "
    "SymInt? before, SymInt? after, SymInt position, str? kernel"
)


@torch.library.custom_op(
    "regard::attention",
    mutates_args=(),
    schema=f"({_INPUTS}, bool need_weights) -> (Tensor, Tensor)",
)
def _attention(*inputs: Any) -> tuple[Tensor, Tensor]:
    given, need_weights = Inputs(*inputs[:-1]), inputs[-1]
    values, everything = given.values, given.reach == EVERYTHING
    shape = (*given.query.shape[:-1], values.shape[-1])
    new = values.new_empty if everything else values.new_zeros  # zero beyond the reach
    weights = new(*given.query.shape[:-1], given.keys.shape[-2] if need_weights else 0)
    if given.is_empty:
        return values.new_zeros(shape), weights
    kernel = _kernel(given, everything and not need_weights)
    if kernel == "triton":
        from regard.attention.kernels import _triton

        return as_new(_triton.attend(*_for_triton(given))[0], shape), weights
    parts, start = [], 0
    # Weights that are returned need not fit in a cache beside the rest.
    for stream in streams(given, kernel, in_one_block=everything and need_weights):
        stop = start + len(stream.query)
        parts.append(stream.context(flat(weights)[start:stop] if need_weights else None))
        start = stop
    return as_new(_joined(parts).to(values.dtype), shape), weights


@_attention.register_fake
def _(*inputs: Any) -> tuple[Tensor, Tensor]:
    given, need_weights = Inputs(*inputs[:-1]), inputs[-1]
    rows, values = given.query.shape[:-1], given.values
    return (
        values.new_empty(*rows, values.shape[-1]),
        values.new_empty(*rows, given.keys.shape[-2] if need_weights else 0),
    )


@torch.library.custom_op(
    "regard::attention_gradients",
    mutates_args=(),
    schema=f"(Tensor? grad, Tensor? of_weights, Tensor? weights, {_INPUTS}) -> Tensor[]",
)
def _gradients(
    grad: Tensor | None, of_weights: Tensor | None, weights: Tensor | None, *inputs: Any
) -> list[Tensor]:
    given = Inputs(*inputs)
    sides, values = given.sides, given.values
    if given.is_empty:
        return [torch.zeros_like(side) for side in sides]
    kernel = _kernel(given, given.reach == EVERYTHING and weights is None)
    if grad is None:
        grad = values.new_zeros(*given.query.shape[:-1], values.shape[-1])
    grad = flat(grad)
    if kernel == "triton":
        from regard.attention.kernels import _triton

        flattened: Any = _for_triton(given)
        flattened += _triton.attend(*flattened)
        found = list(_triton.attend_backward(grad, *flattened))
    else:
        each, start = [], 0
        for stream in streams(given, kernel):
            cases = slice(start, start + len(stream.query))
            kept = [None if side is None else flat(side)[cases] for side in (of_weights, weights)]
            each.append(stream.gradients(grad[cases].to(stream.values.dtype), *kept))
            start = cases.stop
        *of_sides, of_vector = zip(*each, strict=True)
        found = [_joined(parts) for parts in of_sides]
        found += [] if given.vector is None else [torch.stack(of_vector).sum(0)]
    return [part.to(side.dtype).view(side.shape) for part, side in zip(found, sides, strict=True)]


@_gradients.register_fake
def _(_: Tensor | None, __: Tensor | None, ___: Tensor | None, *inputs: Any) -> list[Tensor]:
    return [side.new_empty(side.shape) for side in Inputs(*inputs).sides]


def _joined(parts: Any) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def _kernel(given: Inputs, triton: bool) -> str:
    """The kernel of the operator, which has no plain one; with Triton only where it applies."""
    if given.vector is None:
        return "blocked"
    kernel = choose(given.query, given.keys, given.kernel)
    return kernel if kernel == "numba" or (kernel == "triton" and triton) else "blocked"


def _for_triton(given: Inputs) -> tuple[Any, ...]:
    mask = flat_mask(given.mask, given.query, given.keys.shape[-2])
    return flat(given.query), flat(given.keys), flat(given.values), given.vector, mask


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *ctx.how, ctx.need_weights = inputs[6:]
    ctx.save_for_backward(*inputs[:6], output[1] if ctx.need_weights else None)
    ctx.set_materialize_grads(False)


def _backward(
    ctx: Any, grad: Tensor | None, of_weights: Tensor | None
) -> tuple[Tensor | None, ...]:
    *tensors, weights = ctx.saved_tensors
    given = Inputs(*tensors, *ctx.how)
    of_weights = of_weights if ctx.need_weights else None
    if torch.is_grad_enabled():  # to be differentiated again: by the formula

        def formula(*sides: Any) -> tuple[Tensor, Tensor]:
            return _plain(Inputs(*sides, *given[len(sides) :]))

        found = differentiate_again(formula, given.sides, (grad, of_weights))
    else:
        found = _gradients(grad, of_weights, weights, *given)
    return (*found, *[None] * (11 - len(found)))


_attention.register_autograd(_backward, setup_context=_remember)
in_float32(_attention, _gradients)
