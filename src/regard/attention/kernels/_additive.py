"""Additive scores as one operator of torch, whichever kernel computes them."""

from importlib import import_module
from math import prod
from typing import Any

import torch
from torch import Tensor

from regard.attention.kernels._band import Band, gathered
from regard.attention.kernels._checks import check_sides
from regard.attention.kernels._choice import choose, is_transformed
from regard.attention.kernels._factors import factors, filled
from regard.attention.kernels._operators import in_float32

__all__ = ["Scores", "additive_score", "as_new", "flat", "flat_mask", "plain_score"]

_PARTIAL = 1 << 21  # numbers in all the threads' own sums of the query side


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
    """score = v . tanh(q + k), of queries and keys already projected to the same width A.

    The same numbers to rounding, whichever kernel; the gradients may be differentiated again, at
    the memory of the plain formula.

    Parameters:
        query: [..., Q, A].
        keys: [..., K, A].
        vector: v, [A].
        mask: boolean, broadcast to the scores; what it does not allow is not computed, and zero.
        keys_exp: `exponentials(keys)`, [..., K, A], for keys that are looked at again and again.
        band: where each query sees a few neighbouring keys alone, which; None for all keys.
        kernel: "plain", "blocked", "numba" or "triton"; None chooses, see `choose`.

    Returns:
        [..., Q, K] scores; of a `band` [..., Q, W], zero where it lies outside of the keys.

    Raises:
        ConfigError: a kernel that there is not, or that these inputs cannot have.

    >>> query, keys = torch.zeros(1, 1, 2), torch.full((1, 3, 2), 100.0)
    >>> additive_score(query, keys, torch.tensor([1.0, 2.0]))
    tensor([[[3., 3., 3.]]])
    """
    first, width = (None, None) if band is None else band
    check_sides(query, keys, vector=vector, mask=mask, keys_exp=keys_exp, first=first, width=width)
    if torch.onnx.is_in_onnx_export():
        return plain_score(query, keys, vector, None, band)
    if not torch.compiler.is_compiling():  # a graph has one operator for every size
        if is_transformed():
            return plain_score(query, keys, vector, mask, band)
        kernel = choose(query, keys if band is None else keys[..., : band.width, :], kernel)
        if kernel == "plain":
            return plain_score(query, keys, vector, mask, band)
    scores: Tensor = _score(query, keys, vector, mask, keys_exp, first, width or 0, kernel)
    return scores


def plain_score(
    query: Tensor,
    keys: Tensor,
    vector: Tensor,
    mask: Tensor | None = None,
    band: Band | None = None,
) -> Tensor:
    """The formula as it stands, by way of [..., Q, K, A]. Parameters as for `additive_score`."""
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


class Scores:
    """Queries and keys as the kernels in blocks work on them, and their gradients as they add up.

    Parameters:
        query: [..., Q, A].
        keys: [..., K, A].
        vector: [A].
        keys_exp: `exponentials(keys)`, or None.
        kernel: "numba", or another, for which "blocked" stands in.
    """

    def __init__(
        self, query: Tensor, keys: Tensor, vector: Tensor, keys_exp: Tensor | None, kernel: str
    ) -> None:
        # Below autograd's level the plain formula has no gradients of its own.
        wide = torch.float64 in (query.dtype, keys.dtype)
        self.dtype = torch.float64 if wide else torch.float32
        engine = "_numba" if kernel == "numba" and not wide else "_blocked"
        self.engine = import_module(f"regard.attention.kernels.{engine}")
        self.query, self.keys, self.vector = query, keys, vector
        if keys_exp is not None and keys_exp.dtype != self.dtype:
            keys_exp = None  # held within the range of other numbers
        exp = None if keys_exp is None else flat(keys_exp)
        lanes = self.engine.WIDTH
        self.factors = factors(
            flat(query.to(self.dtype)),
            flat(keys.to(self.dtype)),
            exp,
            lanes,
            self.engine.exponentials_of,
        )
        self.filled = filled(vector.to(self.dtype), lanes)

    def score(
        self,
        mask: Tensor | None,
        rows: int,
        columns: int,
        out: Tensor | None = None,
        **where: Any,
    ) -> Tensor:
        """[N, rows, columns] of a block, as the kernel's `score` says, in `out` if given."""
        if out is None:
            out = self.filled.new_empty(self.factors.query.shape[0], rows, columns)
        if out.numel():
            self.engine.score(self.factors, self.filled, mask, out, **where)
        return out

    def start_gradients(self) -> None:
        """Set the sums that `add_gradients` adds to to zero."""
        self._of_query = self._sums_of_query()
        self._of_keys = torch.zeros_like(self.factors.keys)
        self._of_vector = torch.zeros_like(self.filled)

    def add_gradients(self, grad: Tensor, mask: Tensor | None, **where: Any) -> None:
        """Add those of a block, of which `grad` is [N, rows, columns]."""
        self._of_vector += self.engine.add_gradients(
            grad, self.factors, mask, self._of_query, self._of_keys, **where
        )

    def gradients(self) -> tuple[Tensor, Tensor, Tensor]:
        """Those of query, keys and vector, of all blocks added so far."""
        return self._finished(self._of_query, self._of_keys.mul_(4 * self.filled), self._of_vector)

    def gradients_of(
        self, grad: Tensor, mask: Tensor | None, first: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Those of query, keys and vector, of one block [N, Q, K or W] that is all there is."""
        if not grad.numel():
            self.start_gradients()
            return self.gradients()
        of_query, of_keys = self._sums_of_query(), torch.empty_like(self.factors.keys)
        of_vector = self.engine.add_gradients(
            grad.to(self.dtype).contiguous(),
            self.factors,
            mask,
            of_query,
            of_keys,
            first=first,
            alone=4 * self.filled,
        )
        return self._finished(of_query, of_keys, of_vector)

    def _sums_of_query(self) -> Tensor:
        N, Q, width = self.factors.query.shape
        # Threads share the keys of a case, each with sums of its own of the query side.
        parts = 1 if N == 0 or self.engine.WIDTH == 1 else -(-2 * torch.get_num_threads() // N)
        parts = max(1, min(parts, _PARTIAL // max(1, N * Q * width)))
        return self.filled.new_zeros(parts, N, Q, width)

    def _finished(
        self, of_query: Tensor, of_keys: Tensor, of_vector: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """In the shapes and dtypes of the inputs."""
        A = self.vector.shape[0]
        of_query = (of_query[0] if len(of_query) == 1 else of_query.sum(0)).mul_(4 * self.filled)
        of_query, of_keys = (
            sums[..., :A].to(side.dtype).contiguous().view(side.shape)
            for sums, side in ((of_query, self.query), (of_keys, self.keys))
        )
        return of_query, of_keys, of_vector[:A].to(self.vector.dtype)


def flat(side: Tensor) -> Tensor:
    """[..., L, D] -> [N, L, D]."""
    return side.reshape(prod(side.shape[:-2]), *side.shape[-2:])


def as_new(whole: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A tensor of another shape that counts as no view, so that it may be changed in place."""
    result: Tensor = torch.ops.aten._unsafe_view(whole, shape)
    return result


def flat_mask(mask: Tensor | None, query: Tensor, keys: int) -> Tensor | None:
    """A mask broadcast to [..., Q, K] -> [N, Q, K]."""
    return None if mask is None else flat(mask.expand(*query.shape[:-1], keys))


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
        block = Scores(query, keys, vector, keys_exp, kernel)
        scores = block.score(mask, query.shape[-2], K, first=_flat_first(first))
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
    scores = Scores(query, keys, vector, keys_exp, kernel)
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
    if torch.is_grad_enabled():  # to be differentiated again, which the formula itself can be
        band = None if first is None else Band(first, ctx.width)
        # By other names: what leads from one side to another is not this operator's business.
        sides = tuple(side.view_as(side) for side in sides)
        scores = plain_score(*sides, mask, band)
        wanted = [side for side in sides if side.requires_grad]
        each = iter(torch.autograd.grad(scores, wanted, grad, create_graph=True))
        found = [next(each) if side.requires_grad else None for side in sides]
    else:
        found = _gradients(grad, *sides, mask, keys_exp, first, ctx.width, ctx.kernel)
    return (*found, *[None] * 5)


_score.register_autograd(_backward, setup_context=_remember)
in_float32(_score, _gradients)
