"""Monotonic attention: queries scan the keys from left to right and never go back."""

import torch
from torch import Tensor, nn

from regard.attention.alignment import SequentialAlignment
from regard.attention.score import Score

__all__ = ["Monotonic", "monotonic_decode", "monotonic_step"]


def monotonic_step(stop: Tensor, go_on: Tensor, previous: Tensor) -> Tensor:
    """The expected alignment of one query, given that of the previous query.

    weights_j = stop_j * q_j, where q_j = go_on_(j-1) q_(j-1) + previous_j is the probability that
    the scan reaches key j. The recurrence is solved by doubling, in log2(K) steps of products of
    numbers between 0 and 1; the usual quotient of cumulative products underflows.

    Parameters:
        stop: [..., K], probability of stopping at a key once it is reached.
        go_on: [..., K], 1 - stop.
        previous: [..., K], weights of the previous query.

    Returns:
        [..., K] weights; one minus their sum is the probability of stopping nowhere.

    Source: Raffel et al., 2017, "Online and linear-time attention by enforcing monotonic
    alignments", equations 8 to 11.

    >>> half = torch.tensor([0.5, 0.5, 0.5])
    >>> monotonic_step(half, half, torch.tensor([1.0, 0.0, 0.0]))
    tensor([0.5000, 0.2500, 0.1250])
    """
    keys = stop.shape[-1]
    reached = previous
    factor = torch.cat([torch.zeros_like(go_on[..., :1]), go_on[..., :-1]], -1)
    shift = 1
    while shift < keys:
        before = torch.nn.functional.pad(reached[..., :-shift], (shift, 0))
        reached = reached + factor * before
        factor = factor * torch.nn.functional.pad(factor[..., :-shift], (shift, 0))
        shift *= 2
    return stop * reached


def monotonic_decode(
    score: Score,
    query: Tensor,
    prepared: Tensor,
    previous: Tensor,
    mask: Tensor | None = None,
    *,
    threshold: Tensor | float = 0.0,
) -> Tensor:
    """Hard monotonic attention: each query stops at the next key whose score is high enough.

    The scan starts where the previous query stopped. If no score from there on is above the
    threshold, this query and all later ones get zero weights. At most Q + K scores are computed
    for each case, not Q times K.

    Parameters:
        score: computes single scores.
        query: [N, Q, Dq].
        prepared: [N, K, width], by `score.prepare`.
        previous: [N, K], weights of the previous query; all zero if it stopped nowhere.
        mask: boolean [N, 1 or Q, K], True means may be attended. None allows all.
        threshold: 0 is a probability of one half.

    Returns:
        [N, Q, K] weights, at most a single one in each row.

    Source: Raffel et al., 2017, algorithm 1.

    >>> from regard.attention import Dot
    >>> query, keys = torch.ones(1, 2, 1), torch.tensor([[[-1.0], [1.0], [1.0]]])
    >>> monotonic_decode(Dot(), query, keys, torch.tensor([[1.0, 0.0, 0.0]]))
    tensor([[[0., 1., 0.],
             [0., 1., 0.]]])
    """
    cases, queries, keys = query.shape[0], query.shape[1], prepared.shape[1]
    weights = query.new_zeros(cases, queries, keys)
    if keys == 0 or queries == 0:
        return weights
    row = torch.arange(cases, device=query.device)
    i = torch.zeros_like(row)
    j = torch.where(previous.sum(-1) > 0, previous.argmax(-1), keys)
    for _ in range(queries + keys):
        going = (i < queries) & (j < keys)
        if not torch.compiler.is_compiling() and not going.any():
            break
        at_query, at_key = i.clamp(max=queries - 1), j.clamp(max=keys - 1)
        scores = score.compare_one(query[row, at_query].unsqueeze(1), prepared, at_key)
        fits = going & (scores > threshold)
        if mask is not None:
            fits = fits & mask[row, at_query.clamp(max=mask.shape[1] - 1), at_key]
        ones = fits.to(weights.dtype)
        ones = ones.masked_fill(going & scores.isnan(), torch.nan)  # not a score that is too low
        weights = weights.index_put((row, at_query, at_key), ones, accumulate=True)
        i = i + fits
        j = j + (going & ~fits)
    return weights


class Monotonic(SequentialAlignment):
    """Scans the keys from left to right and stops at each with probability sigmoid(score).

    In training the weights are the expected alignment, with noise on the scores that pushes the
    probabilities towards 0 and 1. In evaluation each query stops at the first key whose score is
    above zero, in time linear in Q + K. A row sums to less than one if the scan stops nowhere, or
    may do so.

    Parameters:
        noise: standard deviation of the noise on the scores in training; 1 in the paper.

    Attributes:
        offset: learned, added to every score; the paper's r.

    Source: Raffel et al., 2017, "Online and linear-time attention by enforcing monotonic
    alignments", sections 2.3 to 2.5.

    >>> from regard.attention import Attention, Dot
    >>> attention = Attention(Dot(), align=Monotonic()).eval()
    >>> attention(torch.ones(1, 2, 1), torch.tensor([[[-1.0], [1.0], [1.0]]])).weights
    tensor([[[0., 1., 0.],
             [0., 1., 0.]]])
    """

    def __init__(self, *, noise: float = 1.0) -> None:
        super().__init__()
        self.noise = noise
        self.offset = nn.Parameter(torch.zeros(()))

    def extra_repr(self) -> str:
        return f"noise={self.noise}"

    def start(self, prepared: Tensor) -> Tensor:
        first = torch.arange(prepared.shape[-2], device=prepared.device) == 0
        return first.to(prepared.dtype).expand(prepared.shape[:-1])

    def align(
        self, score: Score, query: Tensor, prepared: Tensor, mask: Tensor | None, state: Tensor
    ) -> Tensor:
        if self.training:
            return self.expected(score.compare(query, prepared), mask, state)
        return self.decode(score, query, prepared, mask, state)

    def expected(self, scores: Tensor, mask: Tensor | None, state: Tensor) -> Tensor:
        """[B, Q, K] scores and the weights [B, K] of the previous query -> [B, Q, K] weights."""
        energy = scores + self.offset
        if self.training and self.noise:
            energy = energy + self.noise * torch.randn_like(energy)
        stop, go_on = torch.sigmoid(energy), torch.sigmoid(-energy)
        if mask is not None:
            stop, go_on = stop.masked_fill(~mask, 0.0), go_on.masked_fill(~mask, 1.0)
        weights = []
        for i in range(scores.shape[-2]):
            state = monotonic_step(stop[..., i, :], go_on[..., i, :], state)
            weights.append(state)
        return torch.stack(weights, -2) if weights else torch.zeros_like(scores)

    def decode(
        self, score: Score, query: Tensor, prepared: Tensor, mask: Tensor | None, state: Tensor
    ) -> Tensor:
        """Queries [B, Q, Dq], prepared keys and previous weights [B, K] -> [B, Q, K] weights."""
        if mask is not None:
            mask = mask.expand(*query.shape[:-2], *mask.shape[-2:]).flatten(0, -3)
        sides = (query.flatten(0, -3), prepared.flatten(0, -3), state.flatten(0, -2))
        weights = monotonic_decode(score, *sides, mask, threshold=-self.offset)
        return weights.reshape(*query.shape[:-1], prepared.shape[-2])
