"""Why dot products are scaled: without it, softmax saturates in wide spaces and learns nothing."""

from itertools import pairwise

import pytest
import torch
from torch.func import jacrev, vmap

from regard.attention import Dot, ScaledDot, Score, masked_softmax

WIDTHS = [1, 4, 16, 64, 256, 1024, 4096]


def _slopes(score: Score) -> list[float]:
    """Mean entry of the softmax's Jacobian, of 199 random queries at 11 keys, for every width."""
    slopes = []
    for width in WIDTHS:
        generator = torch.Generator().manual_seed(width)
        query = torch.randn(199, 1, width, generator=generator)
        keys = torch.randn(199, 11, width, generator=generator)
        scores = score(query, keys).squeeze(1)
        jacobians = vmap(jacrev(masked_softmax))(scores)  # [199, 11, 11]
        slopes.append(jacobians.abs().mean().item())
    return slopes


def test_the_slope_of_plain_dot_products_vanishes() -> None:
    slopes = _slopes(Dot())
    assert all(later < earlier for earlier, later in pairwise(slopes))
    assert slopes[-1] < 0.1 * slopes[0]


def test_the_slope_of_scaled_dot_products_stays() -> None:
    slopes = _slopes(ScaledDot())
    assert max(slopes) < 2 * min(slopes)


def test_both_are_the_same_in_one_dimension() -> None:
    assert _slopes(Dot())[0] == pytest.approx(_slopes(ScaledDot())[0])
