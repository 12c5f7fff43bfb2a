"""Attention on tensors: scores, windows, alignments, heads and poolings.

    weights = align(score(query, keys)) where window and mask allow       [B, Q, K]
    context = weights @ values                                            [B, Q, Dv]

A mask is boolean. True means *may be attended*, as in torch's `scaled_dot_product_attention` and
unlike the padding mask of `nn.MultiheadAttention`.
"""

from regard.attention.additive import Additive, Concat
from regard.attention.alibi import ALiBi, alibi_slopes
from regard.attention.alignment import Alignment, Sampled, SequentialAlignment
from regard.attention.attention import Attended, Attention
from regard.attention.causal import Causal, Sliding
from regard.attention.conjunctive import ConjunctivePooling, Gated, conjunctive_pool
from regard.attention.dot import Cosine, Dot, General, ScaledDot, dot_score
from regard.attention.hard import Hard, Reinforce, expected, gumbel_softmax, sample_one
from regard.attention.hierarchy import Hierarchical, HierarchicalPooling, Stacked, StackedPooling
from regard.attention.kernels import additive_score
from regard.attention.local import LocalMonotonic, LocalPredictive
from regard.attention.location import Location, Uniform
from regard.attention.memory import Memory
from regard.attention.monotonic import Monotonic, monotonic_decode, monotonic_step
from regard.attention.multi_head import MultiHead
from regard.attention.pooling import (
    AttentionPooling,
    LastStatePooling,
    Pooled,
    SelfAttentionPooling,
    learned_queries,
)
from regard.attention.recurrent_scores import Coverage, LocationSensitive, coverage_loss
from regard.attention.relative import Relative
from regard.attention.rotary import Rotary, rotate
from regard.attention.score import RecurrentScore, Score
from regard.attention.shuffle import shuffled_weights
from regard.attention.softmax import entmax15, masked_log_softmax, masked_softmax, sparsemax
from regard.attention.window import Global, View, Window, Windows

__all__ = [
    "ALiBi",
    "Additive",
    "Alignment",
    "Attended",
    "Attention",
    "AttentionPooling",
    "Causal",
    "Concat",
    "ConjunctivePooling",
    "Cosine",
    "Coverage",
    "Dot",
    "Gated",
    "General",
    "Global",
    "Hard",
    "Hierarchical",
    "HierarchicalPooling",
    "LastStatePooling",
    "LocalMonotonic",
    "LocalPredictive",
    "Location",
    "LocationSensitive",
    "Memory",
    "Monotonic",
    "MultiHead",
    "Pooled",
    "RecurrentScore",
    "Reinforce",
    "Relative",
    "Rotary",
    "Sampled",
    "ScaledDot",
    "Score",
    "SelfAttentionPooling",
    "SequentialAlignment",
    "Sliding",
    "Stacked",
    "StackedPooling",
    "Uniform",
    "View",
    "Window",
    "Windows",
    "additive_score",
    "alibi_slopes",
    "conjunctive_pool",
    "coverage_loss",
    "dot_score",
    "entmax15",
    "expected",
    "gumbel_softmax",
    "learned_queries",
    "masked_log_softmax",
    "masked_softmax",
    "monotonic_decode",
    "monotonic_step",
    "rotate",
    "sample_one",
    "shuffled_weights",
    "sparsemax",
]
