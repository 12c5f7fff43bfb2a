"""Softmax, and sparsemax and 1.5-entmax, whose weights can be exactly zero."""

import torch
from torch import Tensor

from regard.attention.checks import check_boolean

__all__ = ["entmax15", "masked_log_softmax", "masked_softmax", "sparsemax"]


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """weights_k = exp(score_k) / sum of exp(score_j) over the keys j that may be attended.

    A query that may attend to nothing gets zero weights, and zero gradient, never NaN. A score that
    may be attended and is NaN or plus infinity gives NaN, as in torch's softmax.

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
    check_boolean(mask)
    return torch.softmax(_lowest_where_masked(scores, mask), -1).masked_fill(~mask, 0.0)


def masked_log_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `masked_softmax`; zero instead of minus infinity at masked keys.

    Parameters and returns: as for `masked_softmax`.

    >>> masked_log_softmax(torch.zeros(1, 2), torch.tensor([[True, False]]))
    tensor([[0., 0.]])
    """
    if mask is None:
        return torch.log_softmax(scores, -1)
    check_boolean(mask)
    return torch.log_softmax(_lowest_where_masked(scores, mask), -1).masked_fill(~mask, 0.0)


def sparsemax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """weights = max(scores - tau, 0), tau such that they sum to one: a projection on the simplex.

    Parameters and returns: as for `masked_softmax`.

    Source: Martins and Astudillo, 2016, "From softmax to sparsemax: a sparse model of attention
    and multi-label classification", equation 1 and algorithm 1.

    >>> sparsemax(torch.tensor([[0.5, 0.0, -2.0]]))
    tensor([[0.7500, 0.2500, 0.0000]])
    """
    if mask is not None:
        check_boolean(mask)
    if scores.shape[-1] == 0:
        return scores
    shifted = _below_highest(scores.float() if scores.itemsize < 4 else scores, mask)
    ordered = shifted.sort(-1, descending=True).values
    cumulated = ordered.cumsum(-1)
    rank = torch.arange(1, scores.shape[-1] + 1, device=scores.device, dtype=ordered.dtype)
    support = (rank * ordered > cumulated - 1).sum(-1, keepdim=True).clamp(min=1)  # 0 of NaN
    tau = (cumulated.gather(-1, support - 1) - 1) / support
    return _zero_masked(torch.relu(shifted - tau).to(scores.dtype), mask)


def entmax15(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """weights = max(scores / 2 - tau, 0)^2, tau such that they sum to one.

    Between softmax and sparsemax in sparsity. Parameters and returns: as for `masked_softmax`.

    Source: Peters, Niculae and Martins, 2019, "Sparse sequence-to-sequence models", section 3 and
    algorithm 2.

    >>> entmax15(torch.tensor([[1.0, 1.0, -2.0]]))
    tensor([[0.5000, 0.5000, 0.0000]])
    """
    if mask is not None:
        check_boolean(mask)
    if scores.shape[-1] == 0:
        return scores
    # Halving first: shifted by the highest, tau is at least -1, as for sparsemax.
    halved = (scores.float() if scores.itemsize < 4 else scores) / 2
    shifted = _below_highest(halved, mask)
    ordered = shifted.sort(-1, descending=True).values
    rank = torch.arange(1, scores.shape[-1] + 1, device=scores.device, dtype=ordered.dtype)
    mean = ordered.cumsum(-1) / rank
    deviation = ordered.square().cumsum(-1) - rank * mean.square()  # rank times the variance
    spread = ((1 - deviation) / rank).clamp(min=0)
    # The root's slope is infinite at zero; a candidate that has no root is not the threshold.
    candidates = mean - torch.where(spread > 0, spread, 1.0).sqrt() * (spread > 0)
    support = (candidates <= ordered).sum(-1, keepdim=True).clamp(min=1)  # 0 of NaN
    tau = candidates.gather(-1, support - 1)
    return _zero_masked((shifted - tau).clamp(min=0).square().to(scores.dtype), mask)


def _lowest_where_masked(scores: Tensor, mask: Tensor) -> Tensor:
    # The lowest finite number, not -inf: a row of -inf alone would be NaN, forward and backward.
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min)


def _below_highest(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Scores minus the highest allowed one; those outside of any support, below -1, become -2.

    Masked or very low scores then cannot overflow or cancel in the sums.
    """
    scores = scores if mask is None else _lowest_where_masked(scores, mask)
    shifted = (scores - scores.detach().amax(-1, keepdim=True)).clamp(min=-2)
    return shifted if mask is None else shifted.masked_fill(~mask, -2.0)


def _zero_masked(weights: Tensor, mask: Tensor | None) -> Tensor:
    return weights if mask is None else weights.masked_fill(~mask, 0.0)
