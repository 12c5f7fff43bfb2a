"""A linear model of the n-grams of a text, which adds each n-gram at its own word."""

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

__all__ = ["NgramTerm"]


class NgramTerm(nn.Module):
    """z = sum over the text's n-grams of value * weights[n-gram] + bias.

    It is solved, not trained, so weights and bias are buffers.

    Parameters:
        features: number of n-grams.
        outputs: N.
    """

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        self.weights = nn.Buffer(torch.zeros(features, outputs))
        self.bias = nn.Buffer(torch.zeros(outputs))

    def forward(self, columns: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """The contribution of each token, [B, T, N]: its n-grams and an equal share of the bias.

        Parameters:
            columns: [B, T, G] the numbers of the n-grams at each token, padded with 0.
            values: [B, T, G] their values, padded with 0.
            mask: boolean [B, T], True at the true tokens; None when all are.
        """
        cases, steps, _ = columns.shape
        added = self._added(columns.flatten(0, 1), values.flatten(0, 1).to(self.weights.dtype))
        true = values.new_ones(cases, steps) if mask is None else mask.to(values.dtype)
        even = true / true.sum(1, keepdim=True)
        return added.reshape(cases, steps, -1) + even.unsqueeze(2) * self.bias

    def _added(self, columns: Tensor, values: Tensor) -> Tensor:
        """[L, G] n-grams and their values -> [L, N]."""
        if torch.compiler.is_exporting():  # other programs have no such operator with factors
            return (self.weights[columns] * values.unsqueeze(2)).sum(1)
        return embedding_bag(columns, self.weights, mode="sum", per_sample_weights=values)
