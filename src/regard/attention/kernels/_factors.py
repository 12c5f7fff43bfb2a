"""The two factors of additive attention: tanh(a + b) = 1 - 2 / (1 + e^2a e^2b)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["Factors", "exponentials", "factors", "filled", "largest_of"]

# Up to here e^2x is a normal number, on either side of zero. What is held there stays exact where
# the other side is at most the second: tanh of their sum is one to rounding.
_LIMITS = {torch.float32: (43.0, 33.0), torch.float64: (350.0, 330.0)}
# Where no sum is larger, tanh is as small, and what is left of 1 - 2 r has lost its digits.
_TINY = 0.5
_NEAR = 10.3  # e^2x is 1e9 there
_USES = 3  # queries from which an exponential of each key pays for itself


class Factors(NamedTuple):
    """What the kernels work on, contiguous.

    Attributes:
        query: [N, Q, A'], E_q = e^2q; q itself where `direct`. A' is A, filled up to whole
            registers.
        keys: [N, K, A'], likewise.
        direct: whether every element takes the exponential of its own sum, because the factors
            would leave the range of the numbers, tell too little from one, or be used too little.
        near: whether no product of them exceeds 1e9, so that nothing has to be held below it.
    """

    query: Tensor
    keys: Tensor
    direct: bool
    near: bool = False


def exponentials(side: Tensor) -> Tensor:
    """e^2x of projected queries or keys, held within the range of their numbers; no gradient.

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
    """The factors of query [N, Q, A] and keys [N, K, A], both of float32 or both of float64.

    Parameters:
        keys_exp: `exponentials(keys)`, where they are there already.
        lanes: what A is filled up to a multiple of.
        exponentials_of: e^2x, held, and the largest magnitude of x.
    """
    query, keys = filled(query, lanes), filled(keys, lanes)
    if keys_exp is None and query.shape[1] < _USES:
        return Factors(query, keys, True)
    limit, other = _LIMITS[query.dtype]
    of_query, largest = exponentials_of(query)
    if keys_exp is None:
        of_keys, most = exponentials_of(keys)
    else:
        # The keys, which may be many for one query, are looked at only where it is extreme.
        of_keys = filled(keys_exp, lanes)
        most = other if _TINY < largest <= other else largest_of(keys)
    safe = largest <= other or most <= other or (largest <= limit and most <= limit)
    if safe and not largest + most <= _TINY:
        return Factors(of_query, of_keys, False, largest + most <= _NEAR)
    return Factors(query, keys, True)


def filled(side: Tensor, lanes: int) -> Tensor:
    """[..., A] -> [..., A'], contiguous, with zeros up to a multiple of `lanes`."""
    missing = -side.shape[-1] % lanes
    return pad(side, (0, missing)) if missing else side.contiguous()


def largest_of(side: Tensor) -> float:
    """The largest magnitude."""
    return float(torch.linalg.vector_norm(side, float("inf"))) if side.numel() else 0.0
