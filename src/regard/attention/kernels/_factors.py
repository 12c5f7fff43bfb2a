"""The two factors of additive attention: tanh(a + b) = 1 - 2 / (1 + e^2a e^2b)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["Block", "Factors", "exponentials", "factors", "filled", "largest_of"]

# Up to the first limit e^2x is a normal number, on either side of zero. Clamping there is exact if
# the other side is within the second limit: tanh of the sum is one to rounding.
_LIMITS = {torch.float32: (43.0, 33.0), torch.float64: (350.0, 330.0)}
# If no sum is larger, 1 - 2 r loses too many digits of the small tanh.
_TINY = 0.5
_NEAR = 10.3  # e^2x is 1e9 there
_USES = 3  # queries from which it is faster to compute an exponential of each key


class Factors(NamedTuple):
    """The contiguous inputs of the kernels.

    Attributes:
        query: [N, Q, A'], E_q = e^2q; q itself if `direct`. A' is A, padded to whole registers.
        keys: [N, K, A'], E_k = e^2k; k itself if `direct`.
        direct: whether each element takes the exponential of its own sum, because the factors
            would overflow, lose too many digits, or be used too few times.
        near: whether no product of factors exceeds 1e9, so that none needs clamping.
    """

    query: Tensor
    keys: Tensor
    direct: bool
    near: bool = False


class Block(NamedTuple):
    """A block of scores [N, q, W] of some queries and keys.

    Attributes:
        factors: of all queries and keys.
        mask: boolean [N, q, W], any strides; masked scores are skipped, and zero. None allows all.
        first: [N, q], the key of the first column of each row, possibly outside of the keys, whose
            scores are zero; None if every row begins at `start_key`.
        start_query: first query of the block.
        start_key: first key of the block.
    """

    factors: Factors
    mask: Tensor | None = None
    first: Tensor | None = None
    start_query: int = 0
    start_key: int = 0


def exponentials(side: Tensor) -> Tensor:
    """e^2x of projected queries or keys, clamped to the range of their dtype; no gradient.

    >>> exponentials(torch.tensor([0.0, 100.0]))
    tensor([1.0000e+00, 2.2352e+37])
    """
    limit = 2 * _LIMITS[side.dtype][0]
    return (side.detach() * 2).clamp_(-limit, limit).exp_()


def factors(
    query: Tensor,
    keys: Tensor,
    keys_exp: Tensor | None,
    lanes: int,
    exponentials_of: Callable[[Tensor], tuple[Tensor, float]],
) -> Factors:
    """The factors of query [N, Q, A] and keys [N, K, A], both float32 or both float64.

    Parameters:
        keys_exp: `exponentials(keys)` if computed already, or None.
        lanes: A is padded to a multiple of it.
        exponentials_of: computes e^2x, clamped, and the largest magnitude of x.
    """
    query, keys = filled(query, lanes), filled(keys, lanes)
    if keys_exp is None and query.shape[1] < _USES:
        return Factors(query, keys, True)
    limit, other = _LIMITS[query.dtype]
    of_query, largest = exponentials_of(query)
    if keys_exp is None:
        of_keys, most = exponentials_of(keys)
    else:
        # The keys, possibly many for one query, are only read if the query is extreme.
        of_keys = filled(keys_exp, lanes)
        most = other if _TINY < largest <= other else largest_of(keys)
    safe = largest <= other or most <= other or (largest <= limit and most <= limit)
    if safe and not largest + most <= _TINY:
        return Factors(of_query, of_keys, False, largest + most <= _NEAR)
    return Factors(query, keys, True)


def filled(side: Tensor, lanes: int) -> Tensor:
    """[..., A] -> [..., A'], contiguous, padded with zeros to a multiple of `lanes`."""
    missing = -side.shape[-1] % lanes
    return pad(side, (0, missing)) if missing else side.contiguous()


def largest_of(side: Tensor) -> float:
    """The largest magnitude."""
    return float(torch.linalg.vector_norm(side, float("inf"))) if side.numel() else 0.0
