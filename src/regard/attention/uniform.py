"""No attention: every key scores alike."""

from torch import Tensor

from regard.attention.score import Score

__all__ = ["Uniform"]


class Uniform(Score):
    """score(q, k) = 0 for every pair, so that softmax gives even weights and the context is a mean.

    It is what the others are measured against: the same model, pooling by the mean. Windows and
    masks still say which keys are averaged; aligned by `Hard` it draws any of them alike.

    Source: Wiegreffe and Pinter, 2019, "Attention is not not explanation", section 3.2, where
    weights held even are the first test of whether attention is needed.

    >>> import torch
    >>> Uniform()(torch.randn(1, 2, 3), torch.randn(1, 4, 5))
    tensor([[[0., 0., 0., 0.],
             [0., 0., 0., 0.]]])
    """

    reads_query = False

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] against [B, K, Dk], whatever they are -> [B, Q, K] zeros."""
        return query.new_zeros(*query.shape[:-1], prepared.shape[-2])
