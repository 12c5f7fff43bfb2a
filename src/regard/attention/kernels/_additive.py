"""Additive scores as one operator of torch, whichever kernel computes them."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.attention.kernels._band import Band, gathered
from regard.attention.kernels._choice import choose, is_exported, is_transformed
from regard.attention.kernels._operators import (
    as_new,
    check_sides,
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
    given = _Inputs(query, keys, vector, mask, keys_exp, first, width or 0, kernel)
    if is_exported():
        return _plain(given._replace(mask=None))
    if not torch.compiler.is_compiling():  # a graph has one operator for every size
        if is_transformed():
            return _plain(given)
        given = given._replace(kernel=given.choose())
        if given.kernel == "plain":
            return _plain(given)
    scores: Tensor = _score(*given)
    return scores


class _Inputs(NamedTuple):
    """The inputs of `additive_score`, in the order in which the operators take them."""

    query: Tensor
    keys: Tensor
    vector: Tensor
    mask: Tensor | None
    keys_exp: Tensor | None
    first: Tensor | None
    width: int
    kernel: str | None

    @property
    def columns(self) -> int:
        """The number of scores of a query."""
        return self.keys.shape[-2] if self.first is None else self.width

    @property
    def dtype(self) -> torch.dtype:
        """Of the scores."""
        return torch.promote_types(self.query.dtype, self.keys.dtype)

    @property
    def flat_first(self) -> Tensor | None:
        """[N, Q]."""
        first = self.first
        return None if first is None else first.reshape(-1, first.shape[-1]).contiguous()

    def choose(self) -> str:
        """The kernel that computes the scores."""
        return choose(self.query, self.keys[..., : self.columns, :], self.kernel)


def _plain(given: _Inputs) -> Tensor:
    """The formula, holding [..., Q, K, A]."""
    query, keys, vector, mask, _, first, width, _ = given
    if first is None:
        sums = query.unsqueeze(-2) + keys.unsqueeze(-3)
    else:
        found, inside = gathered(flat(keys), first.reshape(-1, first.shape[-1]), width)
        sums = query.unsqueeze(-2) + found.view(*first.shape, *found.shape[-2:])
        inside = inside.view(sums.shape[:-1])
        mask = inside if mask is None else mask & inside
    scores = torch.tanh(sums) @ vector
    return scores if mask is None else scores.masked_fill(~mask, 0)


# A schema is flat; these are the fields of `_Inputs`.
_INPUTS = (
    "Tensor query, Tensor keys, Tensor vector, Tensor? mask, Tensor? keys_exp, Tensor? first, "
    "SymInt width, str? kernel"
)


@torch.library.custom_op("regard::additive_score", mutates_args=(), schema=f"({_INPUTS}) -> Tensor")
def _score(*inputs: Any) -> Tensor:
    given = _Inputs(*inputs)
    query, keys, vector = given[:3]
    kernel, mask = given.choose(), flat_mask(given.mask, query, given.columns)
    if kernel == "triton" and given.first is None:
        from regard.attention.kernels import _triton

        scores = _triton.score(flat(query), flat(keys), vector, mask)
    else:
        blocked = AdditiveScores(query, keys, vector, given.keys_exp, kernel)
        sizes = slice(0, query.shape[-2]), slice(0, given.columns)
        scores = blocked.score(*sizes, mask, first=given.flat_first)
    return as_new(scores.to(given.dtype), (*query.shape[:-1], given.columns))


@_score.register_fake
def _(*inputs: Any) -> Tensor:
    given = _Inputs(*inputs)
    return given.query.new_empty(*given.query.shape[:-1], given.columns, dtype=given.dtype)


@torch.library.custom_op(
    "regard::additive_score_gradients",
    mutates_args=(),
    schema=f"(Tensor grad, {_INPUTS}) -> (Tensor, Tensor, Tensor)",
)
def _gradients(grad: Tensor, *inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
    given = _Inputs(*inputs)
    query, keys, vector = given[:3]
    kernel, mask = given.choose(), flat_mask(given.mask, query, given.columns)
    if kernel == "triton" and given.first is None:
        from regard.attention.kernels import _triton

        of_query, of_keys, of_vector = _triton.score_backward(
            flat(grad), flat(query), flat(keys), vector, mask
        )
        return of_query.view(query.shape), of_keys.view(keys.shape), of_vector
    scores = AdditiveScores(query, keys, vector, given.keys_exp, kernel)
    return scores.gradients_of(flat(grad), mask, given.flat_first)


@_gradients.register_fake
def _(_: Tensor, *inputs: Any) -> tuple[Tensor, ...]:
    return tuple(side.new_empty(side.shape) for side in inputs[:3])


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.how = inputs[6:]
    ctx.save_for_backward(*inputs[:6])


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    given = _Inputs(*ctx.saved_tensors, *ctx.how)
    if torch.is_grad_enabled():  # to be differentiated again: by the formula

        def formula(query: Tensor, keys: Tensor, vector: Tensor) -> tuple[Tensor]:
            return (_plain(given._replace(query=query, keys=keys, vector=vector)),)

        found = differentiate_again(formula, given[:3], (grad,))
    else:
        found = _gradients(grad, *given)
    return (*found, *[None] * 5)


_score.register_autograd(_backward, setup_context=_remember)
in_float32(_score, _gradients)
