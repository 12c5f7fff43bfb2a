"""The two factors of additive attention: tanh(a + b) = 1 - 2 / (1 + e^2a e^2b)."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Factors", "exponentials", "factors"]

# Up to here e^2x is a normal number, on either side of zero. What is held there stays exact where
# the other side is at most the second: tanh of their sum is one to rounding.
_LIMITS = {torch.float32: (43.0, 33.0), torch.float64: (350.0, 330.0)}


class Factors(NamedTuple):
    """What the kernels work on, contiguous.

    Attributes:
        query: [N, Q, A'], E_q = e^2q; q itself where `direct`. A' is A, filled up with zeros, which
            add nothing, to whole registers.
        keys: [N, K, A'], likewise.
        direct: whether the factors would leave the range of the numbers, so that every element
            has to take the exponential of its own sum.
    """

    query: Tensor
    keys: Tensor
    direct: bool


def exponentials(side: Tensor, *, held: bool = True) -> Tensor:
    """e^2x of queries or keys; held within what float32 can tell, unless known to be."""
    doubled = side * 2
    if held:
        limit = 2 * _LIMITS[side.dtype][0]
        doubled.clamp_(-limit, limit)
    return doubled.exp_()


def factors(
    query: Tensor, keys: Tensor, keys_exp: Tensor | None = None, *, lanes: int = 1
) -> Factors:
    """The factors of query [N, Q, A] and keys [N, K, A], both of float32 or both of float64.

    Parameters:
        keys_exp: `exponentials(keys)`, where they are there already.
        lanes: what A is filled up to a multiple of.
    """
    # The keys, which may be many for one query, are looked at only where the query is extreme.
    limit, other = _LIMITS[query.dtype]
    of_query = _largest(query)
    within = of_query <= limit
    if of_query <= other:
        direct = False
    else:
        of_keys = _largest(keys)
        direct = not (of_keys <= other or (within and of_keys <= limit))
    if direct:
        return Factors(_filled(query, lanes), _filled(keys, lanes), True)
    if keys_exp is None:
        keys_exp = exponentials(keys)
    return Factors(
        _filled(exponentials(query, held=not within), lanes), _filled(keys_exp, lanes), False
    )


def _largest(side: Tensor) -> float:
    return float(torch.linalg.vector_norm(side, float("inf"))) if side.numel() else 0.0


def _filled(side: Tensor, lanes: int) -> Tensor:
    missing = -side.shape[-1] % lanes
    return torch.nn.functional.pad(side, (0, missing)) if missing else side.contiguous()
