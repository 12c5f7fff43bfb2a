"""Dot-product attention, plain and scaled."""

from torch import Tensor

from regard.attention.score import Score

__all__ = ["Dot", "ScaledDot", "dot_score"]


def dot_score(query: Tensor, keys: Tensor, scale: float = 1.0) -> Tensor:
    """score = scale * q . k.

    Parameters:
        query: [B, Q, D].
        keys: [B, K, D].
        scale: factor on every score.

    Returns:
        [B, Q, K] scores.
    """
    return (query * scale) @ keys.transpose(1, 2)


class Dot(Score):
    """score(q, k) = q . k, for query and key of the same width.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", equation 8 (dot).
    """

    def scale(self, width: int) -> float:
        """The factor on the dot product of vectors this wide."""
        return 1.0

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, D] against [B, K, D] -> [B, Q, K]."""
        return dot_score(query, prepared, self.scale(query.shape[-1]))


class ScaledDot(Dot):
    """score(q, k) = q . k / sqrt(D): unit variance for unit-variance inputs of any width.

    Source: Vaswani et al., 2017, "Attention is all you need", equation 1.
    """

    def scale(self, width: int) -> float:
        """1 / sqrt(D)."""
        return float(width**-0.5)
