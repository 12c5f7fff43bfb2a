"""Fast kernels."""

from regard.attention.kernels._additive import additive_score
from regard.attention.kernels._band import Band, band_dot, band_weighted_sum
from regard.attention.kernels._choice import KERNELS, check_kernel, choose
from regard.attention.kernels._factors import exponentials
from regard.attention.kernels._stream import (
    EVERYTHING,
    Reach,
    additive_attention,
    dot_attention,
    is_narrow,
)

__all__ = [
    "EVERYTHING",
    "KERNELS",
    "Band",
    "Reach",
    "additive_attention",
    "additive_score",
    "band_dot",
    "band_weighted_sum",
    "check_kernel",
    "choose",
    "dot_attention",
    "exponentials",
    "is_narrow",
]
