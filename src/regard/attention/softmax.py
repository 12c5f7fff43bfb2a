"""Softmax over the keys that may be attended."""

import torch
from torch import Tensor

__all__ = ["masked_log_softmax", "masked_softmax"]


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """weights_k = exp(score_k) / sum of exp(score_j) over the keys j that may be attended.

    A query that may attend to nothing gets zero weights, and zero gradient, never NaN.

    Parameters:
        scores: [..., K].
        mask: boolean, broadcast to the scores; True means may be attended. None allows all.

    Returns:
        [..., K] weights, each row summing to one, or to zero where nothing is allowed.

    >>> masked_softmax(torch.zeros(2, 2), torch.tensor([[True, False], [False, False]]))
    tensor([[1., 0.],
            [0., 0.]])
    """
    if mask is None:
        return torch.softmax(scores, -1)
    return torch.softmax(_lowest_where_masked(scores, mask), -1).masked_fill(~mask, 0.0)


def masked_log_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `masked_softmax`; zero instead of minus infinity at masked keys.

    Parameters and returns: as for `masked_softmax`.

    >>> masked_log_softmax(torch.zeros(1, 2), torch.tensor([[True, False]]))
    tensor([[0., 0.]])
    """
    if mask is None:
        return torch.log_softmax(scores, -1)
    return torch.log_softmax(_lowest_where_masked(scores, mask), -1).masked_fill(~mask, 0.0)


def _lowest_where_masked(scores: Tensor, mask: Tensor) -> Tensor:
    # The lowest finite number, not -inf: a row of -inf alone would be NaN, forward and backward.
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
