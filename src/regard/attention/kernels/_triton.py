# The arguments of a kernel are pointers and numbers of Triton, which have no Python types.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
"""Additive attention on GPUs, tile by tile: [B, Q, K, A] is never held.

With E_q = exp(2 q) and E_k = exp(2 k), tanh(q + k) = 1 - 2 r where r = 1 / (1 + E_q E_k), which
takes a product and a reciprocal for each of the Q K A elements. A product may overflow, and r is
right; a factor may not, so q and k are clamped to +-43. That is exact if the other number is within
+-33, where tanh is +-1 in float32. Other tiles compute exp(2 (q + k)) of every sum, as do tiles in
which all sums are small, because 1 - 2 r of a small tanh loses too many digits.

Each number of a gradient is the sum of one program, without atomics: the same in every run.

The kernels use basic operations of the language. They are tested under Triton's interpreter and
compiler; their speed has not been measured.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["attend", "attend_backward", "score", "score_backward"]

_CLAMP = tl.constexpr(43.0)  # exp(2 x) is a normal float32 number up to here
_SURE = tl.constexpr(33.0)  # 43 - 33 = 10, and 1 - tanh(10) < 2^-27
_TINY = tl.constexpr(0.5)  # largest sum of a tile of small numbers
_BLOCK = 32
_CHUNK = 4  # of A, in gradients: with 32 x 32 positions and 256 threads, 16 sums a thread
_SCRATCH = 2**24  # numbers of [B, Q, K] that are held at a time
_PROGRAMS = 128  # about the number of multiprocessors of a GPU
_WIDEST = 128  # width of values of which a block and its sums fit in registers


def score(query: Tensor, keys: Tensor, vector: Tensor, mask: Tensor | None) -> Tensor:
    """score = v . tanh(q + k), and 0 where the mask forbids.

    Parameters:
        query: [B, Q, A] in float32, bfloat16 or float16; the arithmetic is in float32.
        keys: [B, K, A].
        vector: v, [A].
        mask: boolean, broadcast to [B, Q, K], or None; True may be attended.

    Returns:
        [B, Q, K] scores, of the query's dtype.
    """
    sides = _sides(query, keys)
    return _score(*sides, vector.float().contiguous(), _spread(mask, query, keys), query.dtype)


def score_backward(
    grad: Tensor, query: Tensor, keys: Tensor, vector: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of `score`: with r = 1 / (1 + exp(2 (q + k))) and s = r (1 - r),

        d_q = 4 v sum_k g s,  d_k = 4 v sum_q g s,  d_v = sum_qk g (1 - 2 r).

    Parameters:
        grad: g, d loss / d score, [B, Q, K]; ignored where the mask forbids.
        query, keys, vector, mask: as in `score`.

    Returns:
        The gradients of query, keys and vector, of their dtypes; summed in float32.
    """
    sides = _sides(query, keys)
    d_query, d_keys, d_vector = _gradients(
        grad, *sides, vector.float().contiguous(), _spread(mask, query, keys)
    )
    return d_query.to(query.dtype), d_keys.to(keys.dtype), d_vector.to(vector.dtype)


def attend(
    query: Tensor, keys: Tensor, values: Tensor, vector: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor]:
    """context = softmax(v . tanh(q + k)) @ values, without holding the weights [B, Q, K].

    With many queries, a program goes over all keys for a block of queries and rescales its sums at
    each higher score. With few queries that would leave most of a GPU idle, and wide values do not
    fit: then the scores of a bounded number of queries are held at a time, and torch multiplies
    them with the values, at its own precision setting.

    Parameters:
        query, keys, vector, mask: as in `score`.
        values: [B, K, Dv].

    Returns:
        The context [B, Q, Dv], of the dtype of the values, and the logarithm of the sum of the
        exponentials of the scores [B, Q], in float32. A query that may attend to nothing gets zeros
        and -inf.

    Source: Milakov and Gimelshein, 2018, "Online normalizer calculation for softmax", algorithm 3.
    """
    B, Q, _ = query.shape
    K, width = keys.shape[1], values.shape[2]
    context = values.new_zeros(B, Q, width)
    normalizer = query.new_full((B, Q), -torch.inf, dtype=torch.float32)
    if context.shape[:2].numel() == 0 or K == 0:
        return context, normalizer
    left, right = _sides(query, keys)
    direction, allowed = vector.float().contiguous(), _spread(mask, query, keys)
    filled = left.block == _BLOCK and B * left.blocks >= _PROGRAMS
    if filled and width <= _WIDEST:
        block_width = max(16, triton.next_power_of_2(width))  # products of tiles take 16 or more
        with torch.cuda.device_of(query):
            _attend_kernel[(B * left.blocks,)](
                *left.pointers,
                *right.pointers,
                direction,
                values.contiguous(),
                *_pointer(allowed, direction),
                context,
                normalizer,
                *(Q, K, query.shape[2], width, left.pitch, right.pitch),
                HAS_MASK=mask is not None,
                BLOCK_Q=left.block,
                BLOCK_K=right.block,
                BLOCK_D=block_width,
                num_warps=4 if block_width <= 64 else 8,
                enable_fp_fusion=True,
            )
        return context, normalizer
    wide = values.float()
    for part in _parts(B, Q, K):
        left = _side(query[:, part], _block(Q))
        here = None if allowed is None else allowed[:, part]
        scores = _score(left, right, direction, here, torch.float32)
        if here is not None:
            scores.masked_fill_(~here, -torch.inf)
        sums = normalizer[:, part] = scores.logsumexp(-1)
        weights = scores.sub_(sums.masked_fill(sums == -torch.inf, 0)[..., None]).exp_()
        context[:, part] = (weights @ wide).to(context.dtype)
    return context, normalizer


def attend_backward(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    vector: Tensor,
    mask: Tensor | None,
    context: Tensor,
    lse: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of `attend`, given that of its context and what it returned.

    With weights p, whose gradient is c = grad . values, that of the scores is
    p (c - grad . context). Both are held for a bounded number of queries at a time.

    Parameters:
        grad: [B, Q, Dv].
        query, keys, values, vector, mask: as in `attend`.
        context, lse: what `attend` returned.

    Returns:
        The gradients of query, keys, values and vector, of their dtypes; summed in float32.
    """
    B, Q, K = *query.shape[:2], keys.shape[1]
    d_query, d_keys, d_values, d_vector = (
        torch.zeros_like(each, dtype=torch.float32) for each in (query, keys, values, vector)
    )
    if B * Q * K:
        right = _side(keys, _across(_block(Q)))
        direction, allowed = vector.float().contiguous(), _spread(mask, query, keys)
        wide = values.float()
        for part in _parts(B, Q, K):
            left = _side(query[:, part], _block(Q))
            here = None if allowed is None else allowed[:, part]
            raised = grad[:, part].float()
            weights = _score(left, right, direction, here, torch.float32)
            weights.sub_(lse[:, part, None]).exp_()
            if here is not None:  # those of a query that may attend to nothing are inf
                weights.masked_fill_(~here, 0)
            d_values += weights.mT @ raised
            level = (raised * context[:, part]).sum(-1, keepdim=True)  # [B, Q, 1]
            slope = (raised @ wide.mT).sub_(level).mul_(weights)  # [B, Q, K]
            d_query[:, part], d_keys_part, d_vector_part = _gradients(
                slope, left, right, direction, here
            )
            d_keys += d_keys_part
            d_vector += d_vector_part
    return (
        d_query.to(query.dtype),
        d_keys.to(keys.dtype),
        d_values.to(values.dtype),
        d_vector.to(vector.dtype),
    )


class _Side(NamedTuple):
    """Queries or keys as the kernels read them."""

    exps: Tensor  # exp(2 x), [B, A, pitch]: neighbouring threads read neighbouring positions
    raw: Tensor  # x, [B, S, A]
    reach: Tensor  # the largest |x| in each block, [B, blocks]
    block: int

    @property
    def pitch(self) -> int:
        """S padded to whole blocks, so that no load of exps needs bounds."""
        return self.exps.shape[2]

    @property
    def blocks(self) -> int:
        return self.reach.shape[1]

    @property
    def pointers(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.exps, self.raw, self.reach


def _side(positions: Tensor, block: int) -> _Side:
    B, S, A = positions.shape
    blocks = triton.cdiv(S, block)
    wide = positions.float().mT  # [B, A, S]
    wide = torch.nn.functional.pad(wide, (0, blocks * block - S)).contiguous()
    # a NaN hides how large the others are
    reach = wide.abs().view(B, A, blocks, block).amax((1, 3)).nan_to_num(torch.inf)
    exps = wide.clamp(-_CLAMP.value, _CLAMP.value).mul_(2).exp_()
    return _Side(exps, positions.contiguous(), reach, block)


def _sides(query: Tensor, keys: Tensor) -> tuple[_Side, _Side]:
    block = _block(query.shape[1])
    return _side(query, block), _side(keys, _across(block))


def _block(count: int) -> int:
    """Queries in a tile: with one learned query, 31 rows of a block of 32 would be idle."""
    return min(_BLOCK, int(triton.next_power_of_2(max(1, count))))


def _across(block: int) -> int:
    """Keys in a tile with this number of queries."""
    return min(256, _BLOCK * _BLOCK // block)


def _spread(mask: Tensor | None, query: Tensor, keys: Tensor) -> Tensor | None:
    return None if mask is None else mask.expand(*query.shape[:2], keys.shape[1])


def _pointer(mask: Tensor | None, none: Tensor) -> tuple[Tensor, int, int, int]:
    """A mask [B, Q, K] and its strides, or a placeholder."""
    if mask is None:
        return none, 0, 0, 0
    batch, query, key = mask.stride()
    return mask.view(torch.uint8), batch, query, key


def _parts(B: int, Q: int, K: int) -> Iterator[slice]:
    """Parts of the queries: none takes more than _SCRATCH numbers, or 32 for each key."""
    step = max(_BLOCK, _SCRATCH // (B * K))
    return (slice(start, start + step) for start in range(0, Q, step))


def _score(
    query: _Side, keys: _Side, vector: Tensor, mask: Tensor | None, dtype: torch.dtype
) -> Tensor:
    B, Q, A = query.raw.shape
    K = keys.raw.shape[1]
    scores = vector.new_empty(B, Q, K, dtype=dtype)
    if scores.numel():
        with torch.cuda.device_of(vector):
            _score_kernel[(B * query.blocks * keys.blocks,)](
                *query.pointers,
                *keys.pointers,
                vector,
                *_pointer(mask, vector),
                scores,
                *(Q, K, A, query.pitch, keys.pitch),
                HAS_MASK=mask is not None,
                BLOCK_Q=query.block,
                BLOCK_K=keys.block,
                enable_fp_fusion=True,
            )
    return scores


def _gradients(
    grad: Tensor, query: _Side, keys: _Side, vector: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """d_query, d_keys and d_vector in float32, of `score`."""
    d_vector = vector.new_empty(query.reach.numel(), vector.shape[0])
    d_query = _gradient(grad, query, keys, vector, mask, d_vector)
    turned = None if mask is None else mask.mT
    return d_query, _gradient(grad.mT, keys, query, vector, turned, None), d_vector.sum(0)


def _gradient(
    grad: Tensor,
    own: _Side,
    other: _Side,
    vector: Tensor,
    mask: Tensor | None,
    d_vector: Tensor | None,
) -> Tensor:
    """The gradient of one side, [B, S, A]; grad and mask have that side first.

    Writes d_vector, a row for each block, if given.
    """
    d_own = torch.empty_like(own.raw, dtype=torch.float32)
    B, S, A = d_own.shape
    if d_own.numel():
        with torch.cuda.device_of(vector):
            _gradient_kernel[(B * own.blocks * triton.cdiv(A, _CHUNK),)](
                *own.pointers,
                *other.pointers,
                vector,
                *_pointer(mask, vector),
                *(grad, *grad.stride()),
                *(d_own, vector if d_vector is None else d_vector),
                *(S, other.raw.shape[1], A, own.pitch, other.pitch),
                HAS_MASK=mask is not None,
                HAS_VECTOR=d_vector is not None,
                BLOCK=own.block,
                BLOCK_OTHER=other.block,
                CHUNK=_CHUNK,
                num_warps=8,
                enable_fp_fusion=True,
            )
    return d_own


@triton.jit
def _score_kernel(
    query_exps,
    query,
    query_reach,
    key_exps,
    keys,
    key_reach,
    vector,
    mask,
    mask_batch,
    mask_query,
    mask_key,
    scores,
    Q,
    K,
    A,
    query_pitch,
    key_pitch,
    HAS_MASK: tl.constexpr,
    BLOCK_Q: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """A tile of scores."""
    query_blocks, key_blocks = tl.cdiv(Q, BLOCK_Q), tl.cdiv(K, BLOCK_K)
    tile = tl.program_id(0)
    key_block = tile % key_blocks
    query_block = tile // key_blocks % query_blocks
    batch = (tile // key_blocks // query_blocks).to(tl.int64)
    rows = query_block * BLOCK_Q + tl.arange(0, BLOCK_Q)
    columns = key_block * BLOCK_K + tl.arange(0, BLOCK_K)
    allowed = _allowed(
        mask + batch * mask_batch, mask_query, mask_key, rows, columns, Q, K, HAS_MASK
    )
    tile_scores = tl.zeros([BLOCK_Q, BLOCK_K], tl.float32)
    if _some(allowed, HAS_MASK):
        tile_scores = _tile(
            query_exps + batch * A * query_pitch,
            query + batch * Q * A,
            tl.load(query_reach + batch * query_blocks + query_block),
            key_exps + batch * A * key_pitch,
            keys + batch * K * A,
            tl.load(key_reach + batch * key_blocks + key_block),
            vector,
            rows,
            columns,
            Q,
            K,
            A,
            query_pitch,
            key_pitch,
            BLOCK_Q,
            BLOCK_K,
        )
    inside = (rows < Q)[:, None] & (columns < K)[None, :]
    place = (batch * Q + rows)[:, None] * K + columns[None, :]
    tl.store(scores + place, tl.where(allowed, tile_scores, 0.0), mask=inside)


@triton.jit
def _attend_kernel(
    query_exps,
    query,
    query_reach,
    key_exps,
    keys,
    key_reach,
    vector,
    values,
    mask,
    mask_batch,
    mask_query,
    mask_key,
    context,
    normalizer,
    Q,
    K,
    A,
    D,
    query_pitch,
    key_pitch,
    HAS_MASK: tl.constexpr,
    BLOCK_Q: tl.constexpr,
    BLOCK_K: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """A block of queries against all keys."""
    query_blocks, key_blocks = tl.cdiv(Q, BLOCK_Q), tl.cdiv(K, BLOCK_K)
    query_block = tl.program_id(0) % query_blocks
    batch = (tl.program_id(0) // query_blocks).to(tl.int64)
    rows = query_block * BLOCK_Q + tl.arange(0, BLOCK_Q)
    wide = tl.arange(0, BLOCK_D)
    reach = tl.load(query_reach + batch * query_blocks + query_block)
    highest = tl.full([BLOCK_Q], float("-inf"), tl.float32)
    total = tl.zeros([BLOCK_Q], tl.float32)
    sums = tl.zeros([BLOCK_Q, BLOCK_D], tl.float32)
    for key_block in range(key_blocks):
        columns = key_block * BLOCK_K + tl.arange(0, BLOCK_K)
        allowed = _allowed(
            mask + batch * mask_batch, mask_query, mask_key, rows, columns, Q, K, HAS_MASK
        )
        if _some(allowed, HAS_MASK):
            tile_scores = _tile(
                query_exps + batch * A * query_pitch,
                query + batch * Q * A,
                reach,
                key_exps + batch * A * key_pitch,
                keys + batch * K * A,
                tl.load(key_reach + batch * key_blocks + key_block),
                vector,
                rows,
                columns,
                Q,
                K,
                A,
                query_pitch,
                key_pitch,
                BLOCK_Q,
                BLOCK_K,
            )
            tile_scores = tl.where(allowed, tile_scores, float("-inf"))
            raised = tl.maximum(highest, tl.max(tile_scores, 1))
            # -inf - -inf is nan, where a query has been allowed nothing so far
            level = tl.where(raised == float("-inf"), 0.0, raised)
            weights = tl.exp(tile_scores - level[:, None])
            decay = tl.exp(highest - level)
            place = (batch * K + columns)[:, None] * D + wide[None, :]
            inside = (columns < K)[:, None] & (wide < D)[None, :]
            block_values = tl.load(values + place, mask=inside, other=0.0).to(tl.float32)
            # "ieee", since the default may round to the 10 bits of TF32
            added = tl.dot(weights, block_values, input_precision="ieee")
            sums = sums * decay[:, None] + added
            total = total * decay + tl.sum(weights, 1)
            highest = raised
    total = tl.where(total == 0.0, 1.0, total)  # nothing was allowed
    result = sums / total[:, None]
    inside = (rows < Q)[:, None] & (wide < D)[None, :]
    tl.store(context + (batch * Q + rows)[:, None] * D + wide[None, :], result, mask=inside)
    tl.store(normalizer + batch * Q + rows, highest + tl.log(total), mask=rows < Q)


@triton.jit
def _gradient_kernel(
    own_exps,
    own,
    own_reach,
    other_exps,
    other,
    other_reach,
    vector,
    mask,
    mask_batch,
    mask_own,
    mask_other,
    grad,
    grad_batch,
    grad_own,
    grad_other,
    d_own,
    d_vector,
    OWN,
    OTHER,
    A,
    own_pitch,
    other_pitch,
    HAS_MASK: tl.constexpr,
    HAS_VECTOR: tl.constexpr,
    BLOCK: tl.constexpr,
    BLOCK_OTHER: tl.constexpr,
    CHUNK: tl.constexpr,
):
    """A block of positions of one side, in a chunk of A, against all positions of the other."""
    own_blocks, other_blocks = tl.cdiv(OWN, BLOCK), tl.cdiv(OTHER, BLOCK_OTHER)
    chunks = tl.cdiv(A, CHUNK)
    # programs that read the same tiles of grad run one after the other
    first = tl.program_id(0) % chunks * CHUNK
    own_block = tl.program_id(0) // chunks % own_blocks
    batch = (tl.program_id(0) // chunks // own_blocks).to(tl.int64)
    # offsets of a tile have 32 bits, since registers are scarce
    h = tl.arange(0, CHUNK)[:, None, None]
    row, column = tl.arange(0, BLOCK)[None, :, None], tl.arange(0, BLOCK_OTHER)[None, None, :]
    rows = own_block * BLOCK + tl.arange(0, BLOCK)
    own_exps += (batch * A + first) * own_pitch + own_block * BLOCK
    other_exps += (batch * A + first) * other_pitch
    own += (batch * OWN + own_block * BLOCK) * A + first
    other += batch * OTHER * A + first
    real = first + h < A
    left = tl.load(own_exps + (h * own_pitch + row), mask=real, other=0.0)
    reach = tl.load(own_reach + batch * own_blocks + own_block)
    # summed over the other positions only at the end: until then no thread waits for another
    slopes = tl.zeros([CHUNK, BLOCK, BLOCK_OTHER], tl.float32)
    tanhs = tl.zeros([CHUNK, BLOCK, BLOCK_OTHER], tl.float32)
    for other_block in range(other_blocks):
        columns = other_block * BLOCK_OTHER + tl.arange(0, BLOCK_OTHER)
        allowed = _allowed(
            mask + batch * mask_batch, mask_own, mask_other, rows, columns, OWN, OTHER, HAS_MASK
        )
        if _some(allowed, HAS_MASK):
            from_row = grad + batch * grad_batch + rows.to(tl.int64)[:, None] * grad_own
            from_both = from_row + columns.to(tl.int64)[None, :] * grad_other
            g = tl.load(from_both, mask=allowed, other=0.0).to(tl.float32)[None, :, :]
            if _factorises(reach, tl.load(other_reach + batch * other_blocks + other_block)):
                right = tl.load(other_exps + (h * other_pitch + column), mask=real, other=0.0)
                r = 1.0 / (1.0 + left * right)
                slopes, tanhs = _add(slopes, tanhs, g, r, 0.5 - r, HAS_VECTOR)
            else:
                inside = real & (own_block * BLOCK + row < OWN)
                x = tl.load(own + (row * A + h), mask=inside, other=0.0).to(tl.float32)
                inside = real & (other_block * BLOCK_OTHER + column < OTHER)
                y = tl.load(other + (column * A + h), mask=inside, other=0.0).to(tl.float32)
                r = 1.0 / (1.0 + tl.exp(2.0 * (x + y)))
                slopes, tanhs = _add(slopes, tanhs, g, r, _half_tanh(x + y), HAS_VECTOR)
        other_exps += BLOCK_OTHER
        other += BLOCK_OTHER * A
    h = first + tl.arange(0, CHUNK)
    v = tl.load(vector + h, mask=h < A, other=0.0)
    result = 4.0 * v[:, None] * tl.sum(slopes, 2)  # [CHUNK, BLOCK]
    inside = (h < A)[:, None] & (rows < OWN)[None, :]
    tl.store(d_own + (batch * OWN + rows)[None, :] * A + h[:, None], result, mask=inside)
    if HAS_VECTOR:
        result = 2.0 * tl.sum(tl.sum(tanhs, 2), 1)
        tl.store(d_vector + (batch * own_blocks + own_block) * A + h, result, mask=h < A)


@triton.jit
def _tile(
    query_exps,
    query,
    query_reach,
    key_exps,
    keys,
    key_reach,
    vector,
    rows,
    columns,
    Q,
    K,
    A,
    query_pitch,
    key_pitch,
    BLOCK_Q: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """The scores [BLOCK_Q, BLOCK_K] of rows and columns, from pointers to the case they are of."""
    total = tl.zeros([BLOCK_Q, BLOCK_K], tl.float32)
    if _factorises(query_reach, key_reach):
        left, right = query_exps + rows, key_exps + columns
        for h in range(A):
            grown = tl.load(left)[:, None] * tl.load(right)[None, :]
            # not v - 2 v r, whose sum would lose numbers that are small beside v
            total += tl.load(vector + h) * (0.5 - 1.0 / (1.0 + grown))
            left += query_pitch
            right += key_pitch
    else:
        # other names: a variable cannot change to a pointer of another type
        x_place, y_place = query + rows.to(tl.int64) * A, keys + columns.to(tl.int64) * A
        for h in range(A):
            x = tl.load(x_place, mask=rows < Q, other=0.0).to(tl.float32)[:, None]
            y = tl.load(y_place, mask=columns < K, other=0.0).to(tl.float32)[None, :]
            total += tl.load(vector + h) * _half_tanh(x + y)
            x_place += 1
            y_place += 1
    return 2.0 * total


@triton.jit
def _add(slopes, tanhs, g, r, half_tanh, HAS_VECTOR: tl.constexpr):
    """Add g s and, for the vector, g tanh / 2."""
    if HAS_VECTOR:
        tanhs += g * half_tanh
    return slopes + g * (r * (1.0 - r)), tanhs


@triton.jit
def _half_tanh(x):
    """tanh(x) / 2, accurate also for small x."""
    y = x * x
    series = -17.0 / 315 + y * (62.0 / 2835 - y * (1382.0 / 155925))
    series = x * (0.5 + 0.5 * y * (-1.0 / 3 + y * (2.0 / 15 + y * series)))
    return tl.where(tl.abs(x) < 0.3, series, 0.5 - 1.0 / (1.0 + tl.exp(2.0 * x)))


@triton.jit
def _factorises(reach, other_reach):
    """Whether exp(2 x) exp(2 y) is accurate, with x and y clamped, in blocks of this reach."""
    held = (tl.minimum(reach, other_reach) <= _SURE) | (tl.maximum(reach, other_reach) <= _CLAMP)
    return held & (reach + other_reach > _TINY)


@triton.jit
def _allowed(mask, mask_row, mask_column, rows, columns, ROWS, COLUMNS, HAS_MASK: tl.constexpr):
    """The positions of a tile that exist and may be attended, from a pointer to the case."""
    allowed = (rows < ROWS)[:, None] & (columns < COLUMNS)[None, :]
    if HAS_MASK:
        place = rows.to(tl.int64)[:, None] * mask_row + columns.to(tl.int64)[None, :] * mask_column
        allowed &= tl.load(mask + place, mask=allowed, other=0) != 0
    return allowed


@triton.jit
def _some(allowed, HAS_MASK: tl.constexpr):
    """Whether any position of a tile may be attended; always without a mask."""
    if HAS_MASK:
        return tl.max(allowed.to(tl.int32)) > 0
    return True
