"""Connectionist temporal classification: a loss of an encoder's states, and a guide of searches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import ctc_loss

from regard.models.step import Guide

__all__ = ["CtcGuide", "CtcState", "ctc_losses", "ctc_needs"]

_BLANK = 0  # padding, which no text has
_NONE = -1e30  # logarithm of a probability of zero, of which differences are finite
_PADDED = -1e4  # of any token at a padded position; sums of it stay exact
_LEAST = -1e4  # log-probability of a continuation that is impossible
_CANDIDATES = 40  # tokens that are scored, the decoder's most probable ones, if a beam needs fewer


def ctc_losses(log_probs: Tensor, mask: Tensor | None, targets: Tensor) -> Tensor:
    """- log P(y | x), the sum over all ways to spread the tokens y over the positions.

    A way is a token or the blank at each position; it spells what remains once neighbours that are
    equal are merged and blanks are left out.

    Parameters:
        log_probs: [B, S, V] of the tokens at each position; token 0 is the blank.
        mask: boolean [B, S], True at the true positions, which come first; None when all are.
        targets: int64 [B, L], each with its end token, then zeros; the end counts for nothing here.

    Returns:
        [B]; zero, without a gradient, where there are too few positions, see `ctc_needs`.

    Source: Graves et al., 2006, "Connectionist temporal classification: labelling unsegmented
    sequence data with recurrent neural networks", equations 3 to 8.
    """
    positions = torch.full((len(log_probs),), log_probs.shape[1])
    if mask is not None:
        positions = mask.sum(1).cpu()
    return ctc_loss(
        log_probs.transpose(0, 1),
        targets,
        positions,
        (targets != 0).sum(1).cpu() - 1,
        blank=_BLANK,
        reduction="none",
        zero_infinity=True,
    )


def ctc_needs(ids: Sequence[int] | NDArray[Any]) -> int:
    """The fewest positions at which a text can be spelled: its tokens, without the end.

    One for each token, and one for the blank between two that are equal.

    >>> ctc_needs([7, 7, 5, 3]), ctc_needs([4, 3])
    (4, 1)
    """
    tokens = list(ids)[:-1]
    return len(tokens) + sum(bool(a == b) for a, b in pairwise(tokens))


class CtcState(NamedTuple):
    """What a `CtcGuide` knows of N texts y before their last token.

    Attributes:
        cases: [N] of each.
        last: [N] the token before, -1 where there is none.
        spelled: [N, S + 1, 2] log-probability that the positions up to each, from none to all,
            spell y, and end with its last token, or with the blank.
        prefix: [N] log-probability that all positions spell y or what begins with it.
        length: number of tokens that were read, with the begin token.
    """

    cases: Tensor
    last: Tensor
    spelled: Tensor
    prefix: Tensor
    length: int


class CtcGuide(Guide):
    """Adds the probability under CTC that a text begins as the search has it.

        score(y c) = (1 - w) log p(c | y)  +  w log (P(y c ...) / P(y ...))

    P(y ...) is the sum over all texts that begin with y, P(y [END]) that of y alone. The positions
    are taken all at once: both recursions are linear, and their logarithms cumulative sums.

    Parameters:
        log_probs: [B, S, V] of the tokens at each position; token 0 is the blank.
        mask: boolean [B, S], True at the true positions, which come first; None when all are.
        weight: w, below 1.
        beam: of the search; the most probable tokens of the decoder are scored, twice as many as it
            keeps and at least 40, and no others are taken.
        end: the token that ends a text.

    Source: Watanabe et al., 2017, "Hybrid CTC/attention architecture for end-to-end speech
    recognition", section IV-B and algorithm 2.
    """

    def __init__(
        self,
        log_probs: Tensor,
        mask: Tensor | None,
        *,
        weight: float,
        beam: int = 1,
        end: int = 3,
    ) -> None:
        each = log_probs.double()
        if mask is not None:
            padding = each.new_full((each.shape[2],), _PADDED)
            padding[_BLANK] = 0.0  # so that what the true positions spell stays
            each = torch.where(mask.unsqueeze(2), each, padding)
        self.each, self.likely = each, each.exp()
        self.weight, self.end = weight, end
        self.candidates = min(each.shape[2], max(_CANDIDATES, 2 * beam))

    def start(self) -> CtcState:
        blanks = self.each[..., _BLANK].cumsum(1)
        spelled = blanks.new_full((len(blanks), blanks.shape[1] + 1, 2), _NONE)
        spelled[:, 0, 1] = 0.0
        spelled[:, 1:, 1] = blanks
        cases = torch.arange(len(blanks), device=blanks.device)
        return CtcState(cases, torch.full_like(cases, -1), spelled, blanks.new_zeros(len(cases)), 0)

    def score(self, tokens: Tensor, cache: CtcState, log_probs: Tensor) -> tuple[Tensor, CtcState]:
        state = self._read(tokens, cache) if cache.length else cache
        state = state._replace(length=cache.length + 1)
        chosen = log_probs.topk(self.candidates, dim=1).indices  # [N, K]
        chosen[:, -1:].masked_fill_((chosen != self.end).all(1, keepdim=True), self.end)
        before = state.spelled[:, :-1].logsumexp(2)  # [N, S]
        most = before.amax(1, keepdim=True)
        begins = (before - most).exp().unsqueeze(1) @ self._likely(state.cases, chosen)  # [N, 1, K]
        prefixes = most + begins.squeeze(1).log()
        again = self._begins(state, state.last)  # where the last token comes once more
        prefixes = torch.where(chosen == state.last.unsqueeze(1), again.unsqueeze(1), prefixes)
        ends = state.spelled[:, -1].logsumexp(1, keepdim=True)
        prefixes = torch.where(chosen == self.end, ends, prefixes)
        gained = (prefixes - state.prefix.unsqueeze(1)).clamp(min=_LEAST).to(log_probs.dtype)
        own = log_probs.gather(1, chosen)
        joint = (1 - self.weight) * own + self.weight * gained
        scores = torch.full_like(log_probs, -torch.inf).scatter(1, chosen, joint)
        return scores, state

    def _likely(self, cases: Tensor, tokens: Tensor) -> Tensor:
        """[N, S, K] probability of tokens [N, K] at each position of cases [N]."""
        place = torch.arange(self.likely.shape[1], device=cases.device)
        return self.likely[cases[:, None, None], place[:, None], tokens[:, None]]

    def _before(self, state: CtcState, tokens: Tensor) -> Tensor:
        """[N, S] log-probability that what precedes each position spells y, so that a token starts.

        Where that is the last one again, a blank must be between.
        """
        whole, blank = state.spelled[:, :-1].logsumexp(2), state.spelled[:, :-1, 1]
        return torch.where((tokens == state.last).unsqueeze(1), blank, whole)

    def _at(self, state: CtcState, tokens: Tensor) -> Tensor:
        """[N, S] log-probability of one token [N] of each text at each position."""
        return self.each[state.cases, :, tokens]

    def _begins(self, state: CtcState, tokens: Tensor) -> Tensor:
        """[N] log P(y c ...) of a token c [N] of each text."""
        return (self._before(state, tokens) + self._at(state, tokens)).logsumexp(1)

    def _read(self, tokens: Tensor, state: CtcState) -> CtcState:
        """The state of the texts y c, with their tokens c [N]."""
        before = self._before(state, tokens)
        own = _recursion(before, self._at(state, tokens))
        blank = _recursion(own[:, :-1], self.each[state.cases, :, _BLANK])
        spelled = torch.stack([own, blank], 2)
        return CtcState(state.cases, tokens, spelled, self._begins(state, tokens), state.length)


def _recursion(new: Tensor, each: Tensor) -> Tensor:
    """[N, S + 1] log r: r[0] = 0, r[s] = (r[s - 1] + new[s]) each[s], from logarithms [N, S]."""
    total = each.cumsum(1)
    before = total - each  # the sum over the positions before
    found = total + (new - before).logcumsumexp(1)
    return torch.cat([torch.full_like(found[:, :1], _NONE), found], 1)
