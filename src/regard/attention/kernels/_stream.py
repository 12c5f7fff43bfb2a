"""Attention without its weights, a block of queries at a time: [B, Q, K] is never held.

    context = softmax(score, where window and mask allow) @ values

A window that goes by places shows a block of queries one range of the keys, so that time and
memory are linear in the length. The backward pass computes the scores again.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.attention.kernels._additive import Scores, additive_score, as_new, flat, flat_mask
from regard.attention.kernels._checks import check_sides
from regard.attention.kernels._choice import choose, is_transformed
from regard.attention.kernels._operators import in_float32
from regard.attention.softmax import masked_softmax

__all__ = [
    "EVERYTHING",
    "Reach",
    "additive_attention",
    "additive_attention_and_weights",
    "dot_attention",
    "is_narrow",
]

_BLOCK = 1 << 18  # scores of a block of queries at a time, for a cache
_ROWS = 32  # queries of a block, at least, before several cases are taken at once


_SHORT = 1024  # keys up to which a mask does


class Reach(NamedTuple):
    """How far a query at place p sees: the keys from p - before to p + after.

    Attributes:
        before: keys before the place; None for all of them.
        after: keys after it, likewise.
    """

    before: int | None = None
    after: int | None = None

    @property
    def width(self) -> int | None:
        """How many keys are in sight, at most; None for no bound."""
        if self.before is None or self.after is None:
            return None
        return self.before + self.after + 1


EVERYTHING = Reach()


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
    """context = softmax(v . tanh(q + k)) @ values, whose weights are never held as a whole.

    Parameters:
        query: [..., Q, A], projected already, as the keys.
        keys: [..., K, A].
        values: [..., K, Dv].
        vector: v, [A].
        mask: boolean, [..., 1, K] or [..., Q, K]; True means may be attended.
        keys_exp: `exponentials(keys)`, [..., K, A], for keys that are looked at again and again.
        reach: which keys a query may see by its place.
        position: place of the first query.
        kernel: "plain", "blocked", "numba" or "triton"; None chooses, see `choose`.

    Returns:
        [..., Q, Dv]; zeros, in value and gradient, where nothing may be attended.

    Raises:
        ConfigError: a kernel that there is not, or that these inputs cannot have.

    >>> query, keys, values = torch.randn(2, 3, 5), torch.randn(2, 7, 5), torch.randn(2, 7, 4)
    >>> additive_attention(query, keys, values, torch.randn(5)).shape
    torch.Size([2, 3, 4])
    """
    check_sides(query, keys, vector=vector, values=values, mask=mask, keys_exp=keys_exp)
    given = (query, keys, values, vector, mask, keys_exp, *reach, position)
    if torch.onnx.is_in_onnx_export():
        return _plain(*given)[0]
    if not torch.compiler.is_compiling():  # a graph has one operator for every size
        kernel = choose(query, keys, kernel)
        if kernel == "plain" or is_transformed():
            return _plain(*given)[0]
    context: Tensor = _attention(*given, kernel, False)[0]
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
    """weights = softmax(v . tanh(q + k)), context = weights @ values, while they are in the cache.

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
    given = (query, keys, values, vector, mask, keys_exp, *reach, position)
    if torch.onnx.is_in_onnx_export():
        return _plain(*given)
    if not torch.compiler.is_compiling():
        kernel = "plain" if is_transformed() else choose(query, keys, kernel)
    if kernel in ("plain", "triton") or query.device.type != "cpu":
        return _plain(*given, kernel)
    both: tuple[Tensor, Tensor] = _attention(*given, kernel, True)
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
    """context = softmax(q . k) @ values through a window, in time and memory linear in the length.

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
    given = (query, keys, values, None, mask, None, *reach, position)
    if torch.onnx.is_in_onnx_export():
        return _plain(*given)[0]
    if not torch.compiler.is_compiling() and is_transformed():
        return _plain(*given)[0]
    context: Tensor = _attention(*given, None, False)[0]
    return context


def is_narrow(width: int, keys: int) -> bool:
    """Whether windows show so few of the keys that what is linear in the length is worth it.

    >>> is_narrow(10, 5000), is_narrow(10, 50)
    (True, False)
    """
    if torch.compiler.is_compiling():  # a graph has one way for every length
        return not torch.onnx.is_in_onnx_export()
    return keys > max(_SHORT, 2 * width)


class _Attention:
    """Some cases [N, Q, D], their weights block by block, and the gradients as they add up.

    Parameters: as for the operator, of flat inputs.
    """

    def __init__(
        self,
        query: Tensor,
        keys: Tensor,
        values: Tensor,
        vector: Tensor | None,
        mask: Tensor | None,
        keys_exp: Tensor | None,
        before: int | None,
        after: int | None,
        position: int,
        kernel: str,
    ) -> None:
        self.query, self.keys, self.values, self.mask = query, keys, values, mask
        self.sees_everything = before is None and after is None
        self.before = query.shape[1] + position if before is None else before
        self.after = keys.shape[1] if after is None else after
        self.position = position
        self.scores = None if vector is None else Scores(query, keys, vector, keys_exp, kernel)

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Queries, and the keys that they see between them."""
        (N, Q, _), K = self.query.shape, self.keys.shape[1]
        rows = max(_ROWS, _BLOCK // (N * K))
        span = self.before + self.after + 1
        if span < K:  # as many queries as each sees keys, so that half of a block is seen
            rows = max(_ROWS, min(span, _BLOCK // (2 * N * span)))
        for row in range(0, Q, rows):
            stop = min(Q, row + rows)
            first = max(0, row + self.position - self.before)
            last = min(K, stop + self.position + self.after)
            if first < last:
                yield slice(row, stop), slice(first, last)

    def allowed(self, rows: slice, columns: slice) -> Tensor | None:
        """Boolean, broadcast to [N, q, w]; None allows all."""
        start, stop = rows.start + self.position, rows.stop + self.position
        seen = None
        # Unless the first query sees the last key, and the last query the first.
        if columns.stop > start + self.after + 1 or columns.start < stop - 1 - self.before:
            places = torch.arange(start, stop, device=self.query.device).unsqueeze(1)
            keys = torch.arange(columns.start, columns.stop, device=self.query.device)
            seen = (keys >= places - self.before) & (keys <= places + self.after)
        if self.mask is None:
            return seen
        given = self.mask[:, slice(None) if self.mask.shape[1] == 1 else rows, columns]
        return given if seen is None else given & seen

    def weights(
        self, rows: slice, columns: slice, allowed: Tensor | None, out: Tensor | None = None
    ) -> Tensor:
        """[N, q, w]; zeros where nothing may be attended. In `out`, if given and contiguous."""
        shape = (len(self.query), rows.stop - rows.start, columns.stop - columns.start)
        if self.scores is not None:
            return self.scores.score(
                None if allowed is None else allowed.expand(shape),
                *shape[1:],
                out,
                start_query=rows.start,
                start_key=columns.start,
                softmax=True,
            )
        query, keys = self.query[:, rows], self.keys[:, columns].mT
        if allowed is None:
            scores = torch.bmm(query, keys)
            return torch.softmax(scores, -1, out=scores)
        # Half the lowest, so that the sum with a score stays finite.
        lowest = torch.finfo(query.dtype).min / 2
        bias = query.new_zeros(allowed.shape).masked_fill_(~allowed, lowest)
        scores = torch.baddbmm(bias.expand(shape), query, keys)
        weights = torch.softmax(scores, -1, out=scores)
        some = allowed.any(-1, keepdim=True)
        return weights if some.all() else weights.mul_(some)

    def context(self, kept: Tensor | None) -> Tensor:
        """[N, Q, Dv]; the weights are put into `kept`, [N, Q, K] of zeros, if there is one."""
        context = self.values.new_zeros(*self.query.shape[:2], self.values.shape[-1])
        everything = (slice(0, self.query.shape[1]), slice(0, self.keys.shape[1]))
        at_once = kept is not None and self.sees_everything
        for rows, columns in [everything] if at_once else self.blocks():
            place = None if kept is None else kept[:, rows, columns]
            fits = place is not None and place.is_contiguous() and place.dtype == context.dtype
            out = place if fits else None
            weights = self.weights(rows, columns, self.allowed(rows, columns), out)
            if place is not None and out is None:
                place.copy_(weights)
            torch.bmm(weights, self.values[:, columns], out=context[:, rows])
        return context

    def gradients(
        self, grad: Tensor, of_kept: Tensor | None, kept: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Those of query, keys, values and vector.

        Parameters:
            grad: of the context, [N, Q, Dv].
            of_kept: of the weights, [N, Q, K]; None is zero.
            kept: the weights, [N, Q, K], where there is no need to compute them again.
        """
        blocks = list(self.blocks())
        everything = (slice(0, self.query.shape[1]), slice(0, self.keys.shape[1]))
        if blocks == [everything] and self.scores is not None:
            of_values, of_scores, allowed = self._of_block(*everything, grad, of_kept, kept)
            mask = None if allowed is None else allowed.expand(of_scores.shape)
            of_query, of_keys, of_vector = self.scores.gradients_of(of_scores, mask)
            return of_query, of_keys, of_values, of_vector
        of_values = torch.zeros_like(self.values)
        if self.scores is not None:
            self.scores.start_gradients()
        else:
            of_query, of_keys = torch.zeros_like(self.query), torch.zeros_like(self.keys)
        for rows, columns in blocks:
            more, of_scores, allowed = self._of_block(rows, columns, grad, of_kept, kept)
            of_values[:, columns] += more
            if self.scores is not None:
                mask = None if allowed is None else allowed.expand(of_scores.shape)
                self.scores.add_gradients(
                    of_scores, mask, start_query=rows.start, start_key=columns.start
                )
            else:
                of_query[:, rows] = torch.bmm(of_scores, self.keys[:, columns])
                of_keys[:, columns].baddbmm_(of_scores.mT, self.query[:, rows])
        if self.scores is None:
            return of_query, of_keys, of_values, None
        of_query, of_keys, of_vector = self.scores.gradients()
        return of_query, of_keys, of_values, of_vector

    def _of_block(
        self,
        rows: slice,
        columns: slice,
        grad: Tensor,
        of_kept: Tensor | None,
        kept: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Gradients of the values, [N, w, Dv], and scores, [N, q, w], and what is allowed."""
        allowed = self.allowed(rows, columns)
        if kept is None:
            weights = self.weights(rows, columns, allowed)
        else:
            weights = kept[:, rows, columns].to(grad.dtype)
        of_values = torch.bmm(weights.mT, grad[:, rows])
        of_weights = torch.bmm(grad[:, rows], self.values[:, columns].mT)
        if of_kept is not None:
            of_weights += of_kept[:, rows, columns]
        of_scores: Tensor = torch.ops.aten._softmax_backward_data(
            of_weights, weights, -1, weights.dtype
        )
        return of_values, of_scores, allowed


def _cases(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor | None,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    *how: Any,
    at_once: bool = False,
) -> Iterator[_Attention]:
    """As many cases at a time as their blocks fit a cache, or all at once."""
    wide = torch.float64 in (query.dtype, keys.dtype, values.dtype)
    dtype = torch.float64 if wide else torch.float32
    if mask is not None:  # [..., 1 or Q, 1 or K]: a padding mask is not copied for each query
        rows = 1 if mask.dim() < 2 else mask.shape[-2]
        mask = flat(mask.expand(*query.shape[:-2], rows, keys.shape[-2]))
    sides: list[Any] = [
        flat(query).to(dtype),
        flat(keys).to(dtype),
        flat(values).to(dtype),
        vector,
        mask,
        None if keys_exp is None else flat(keys_exp),
    ]
    # All queries of a few cases, or a block of those of one: both stand together in memory.
    (N, Q, _), K = sides[0].shape, keys.shape[-2]
    width = Reach(*how[:2]).width
    if width is not None and 2 * width < K:
        Q, K = min(Q, width), 2 * width
    several = N if at_once else max(1, _BLOCK // (Q * K))
    for start in range(0, N, several):
        cases = slice(start, start + several)
        part: list[Any] = [
            side if side is None or side is vector else side[cases] for side in sides
        ]
        yield _Attention(*part, *how)


@torch.library.custom_op("regard::attention", mutates_args=())
def _attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor | None,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    before: int | None,
    after: int | None,
    position: int,
    kernel: str | None,
    need_weights: bool,
) -> tuple[Tensor, Tensor]:
    shape = (*query.shape[:-1], values.shape[-1])
    everything = before is None and after is None  # is written to
    new = values.new_empty if everything else values.new_zeros
    weights = new(*query.shape[:-1], keys.shape[-2] if need_weights else 0)
    if 0 in (*query.shape, *keys.shape, *values.shape):
        return values.new_zeros(shape), weights
    kernel = _kernel(query, keys, vector, kernel, everything and not need_weights)
    if kernel == "triton":
        from regard.attention.kernels import _triton

        given: Any = (
            flat(query),
            flat(keys),
            flat(values),
            vector,
            flat_mask(mask, query, keys.shape[-2]),
        )
        context, _ = _triton.attend(*given)
        return as_new(context, shape), weights
    how = (before, after, position, kernel)
    parts, start = [], 0
    # Weights that are kept are written where they stay: no block of them has to fit a cache.
    at_once = everything and need_weights
    for attention in _cases(query, keys, values, vector, mask, keys_exp, *how, at_once=at_once):
        stop = start + len(attention.query)
        parts.append(attention.context(flat(weights)[start:stop] if need_weights else None))
        start = stop
    return as_new(_joined(parts).to(values.dtype), shape), weights


@_attention.register_fake
def _(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor | None,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    before: int | None,
    after: int | None,
    position: int,
    kernel: str | None,
    need_weights: bool,
) -> tuple[Tensor, Tensor]:
    return (
        values.new_empty(*query.shape[:-1], values.shape[-1]),
        values.new_empty(*query.shape[:-1], keys.shape[-2] if need_weights else 0),
    )


@torch.library.custom_op("regard::attention_gradients", mutates_args=())
def _gradients(
    grad: Tensor | None,
    of_weights: Tensor | None,
    weights: Tensor | None,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor | None,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    before: int | None,
    after: int | None,
    position: int,
    kernel: str | None,
) -> list[Tensor]:
    sides = [side for side in (query, keys, values, vector) if side is not None]
    if 0 in (*query.shape, *keys.shape, *values.shape):
        return [torch.zeros_like(side) for side in sides]
    in_one = before is None and after is None and weights is None
    kernel = _kernel(query, keys, vector, kernel, in_one)
    if grad is None:
        grad = values.new_zeros(*query.shape[:-1], values.shape[-1])
    grad = flat(grad)
    if kernel == "triton":
        from regard.attention.kernels import _triton

        given: Any = (
            flat(query),
            flat(keys),
            flat(values),
            vector,
            flat_mask(mask, query, keys.shape[-2]),
        )
        context, sums = _triton.attend(*given)
        given = (*given, context, sums)
        found = list(_triton.attend_backward(grad, *given))
    else:
        each, start = [], 0
        how = (before, after, position, kernel)
        for attention in _cases(query, keys, values, vector, mask, keys_exp, *how):
            stop = start + len(attention.query)
            of_context = grad[start:stop].to(attention.values.dtype)
            kept = [
                None if side is None else flat(side)[start:stop] for side in (of_weights, weights)
            ]
            each.append(attention.gradients(of_context, *kept))
            start = stop
        *of_sides, of_vector = zip(*each, strict=True)
        found = [_joined(parts) for parts in of_sides]
        found += [] if vector is None else [torch.stack(of_vector).sum(0)]
    return [part.to(side.dtype).view(side.shape) for part, side in zip(found, sides, strict=True)]


@_gradients.register_fake
def _(
    _: Tensor | None,
    __: Tensor | None,
    ___: Tensor | None,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor | None,
    *____: object,
) -> list[Tensor]:
    sides = (query, keys, values) if vector is None else (query, keys, values, vector)
    return [side.new_empty(side.shape) for side in sides]


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def _kernel(
    query: Tensor, keys: Tensor, vector: Tensor | None, kernel: str | None, everything: bool
) -> str:
    """The kernel to take, of those that work block by block or, without a window, in one go."""
    kernel = "blocked" if vector is None else choose(query, keys, kernel)
    return kernel if kernel == "numba" or (kernel == "triton" and everything) else "blocked"


def _plain(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor | None,
    mask: Tensor | None,
    keys_exp: Tensor | None,
    before: int | None,
    after: int | None,
    position: int,
    kernel: str | None = "plain",
) -> tuple[Tensor, Tensor]:
    """The same as it stands, by way of all the weights."""
    places = torch.arange(query.shape[-2], device=query.device).unsqueeze(1) + position
    distance = torch.arange(keys.shape[-2], device=query.device) - places
    if before is not None:
        mask = distance >= -before if mask is None else mask & (distance >= -before)
    if after is not None:
        mask = distance <= after if mask is None else mask & (distance <= after)
    if vector is None:
        scores = query @ keys.mT
    else:
        scores = additive_score(query, keys, vector, mask, keys_exp=keys_exp, kernel=kernel)
    weights = masked_softmax(scores, mask)
    return weights @ values, weights


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *ctx.how, ctx.need_weights = inputs[6:]
    ctx.save_for_backward(*inputs[:6], output[1] if ctx.need_weights else None)
    ctx.set_materialize_grads(False)


def _backward(
    ctx: Any, grad: Tensor | None, of_weights: Tensor | None
) -> tuple[Tensor | None, ...]:
    *given, weights = ctx.saved_tensors
    sides = [side for side in given[:4] if side is not None]
    of_weights = of_weights if ctx.need_weights else None
    if torch.is_grad_enabled():  # to be differentiated again, which the formula itself can be
        # By other names: what leads from one side to another is not this operator's business.
        sides = [side.view_as(side) for side in sides]
        inputs = [*sides, *given[len(sides) :]]
        each = zip(_plain(*inputs, *ctx.how[:3]), (grad, of_weights), strict=True)
        outputs, grads = zip(*(pair for pair in each if pair[1] is not None), strict=True)
        wanted = [side for side in sides if side.requires_grad]
        of = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=True, allow_unused=True))
        found = [next(of) if side.requires_grad else None for side in sides]
    else:
        found = _gradients(grad, of_weights, weights, *given, *ctx.how)
    return (*found, *[None] * (11 - len(found)))


_attention.register_autograd(_backward, setup_context=_remember)
in_float32(_attention, _gradients)
