"""Attention on tensors: scores, alignment, and the poolings made of them.

    weights = align(score(query, keys), where the mask allows)      [B, Q, K]
    context = weights @ values                                      [B, Q, Dv]

A mask is boolean and True means *may be attended*, as in torch's `scaled_dot_product_attention`
and opposite to the padding mask of `nn.MultiheadAttention`.
"""

from regard.attention.additive import Additive, additive_score
from regard.attention.attention import Attended, Attention, Memory
from regard.attention.conjunctive import ConjunctivePooling, Gated, conjunctive_pool
from regard.attention.dot import Dot, ScaledDot, dot_score
from regard.attention.pooling import AttentionPooling, Pooled, learned_queries
from regard.attention.score import Score
from regard.attention.softmax import masked_softmax

__all__ = [
    "Additive",
    "Attended",
    "Attention",
    "AttentionPooling",
    "ConjunctivePooling",
    "Dot",
    "Gated",
    "Memory",
    "Pooled",
    "ScaledDot",
    "Score",
    "additive_score",
    "conjunctive_pool",
    "dot_score",
    "learned_queries",
    "masked_softmax",
]
