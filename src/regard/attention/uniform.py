"""Uniform attention: every key has the same score."""

from torch import Tensor

from regard.attention.score import Score

__all__ = ["Uniform"]


class Uniform(Score):
    """score(q, k) = 0: softmax gives uniform weights, and the context is a mean.

    A baseline for the other scores: the same model with mean pooling. Windows and masks restrict
    the keys that are averaged; aligned by `Hard`, all allowed keys are equally likely.

    Source: Wiegreffe and Pinter, 2019, "Attention is not not explanation", section 3.2, where
    frozen uniform weights are the first test of whether attention is needed.

    >>> import torch
    >>> Uniform()(torch.randn(1, 2, 3), torch.randn(1, 4, 5))
    tensor([[[0., 0., 0., 0.],
             [0., 0., 0., 0.]]])
    """

    reads_query = False

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] against [B, K, Dk], of any widths -> [B, Q, K] zeros."""
        return query.new_zeros(*query.shape[:-1], prepared.shape[-2])
