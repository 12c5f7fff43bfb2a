"""Fast kernels for additive attention and for windows over long sequences.

    tanh(a + b) = 1 - 2 / (1 + e^2a e^2b)

With E_q = e^2q and E_k = e^2k, computed once for each row, the scores v . tanh(q + k) cost a
multiply-add and a reciprocal for each element. Neither the scores nor their gradients ever hold
[B, Q, K, A]. `choose` selects the kernel: plain PyTorch, PyTorch in blocks, numba on CPUs, or
Triton on NVIDIA GPUs. All give the same numbers to rounding.
"""

from regard.attention.kernels import _threads  # noqa: F401, forks are safe from the first import on
from regard.attention.kernels._additive import additive_score
from regard.attention.kernels._attend import (
    additive_attention,
    additive_attention_and_weights,
    dot_attention,
)
from regard.attention.kernels._band import Band, band_dot, band_weighted_sum
from regard.attention.kernels._choice import (
    KERNELS,
    check_kernel,
    choose,
    is_exported,
    is_transformed,
)
from regard.attention.kernels._factors import exponentials
from regard.attention.kernels._reach import EVERYTHING, Reach, is_narrow

__all__ = [
    "EVERYTHING",
    "KERNELS",
    "Band",
    "Reach",
    "additive_attention",
    "additive_attention_and_weights",
    "additive_score",
    "band_dot",
    "band_weighted_sum",
    "check_kernel",
    "choose",
    "dot_attention",
    "exponentials",
    "is_exported",
    "is_narrow",
    "is_transformed",
]
