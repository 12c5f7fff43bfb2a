"""Rules of a search: the least length of a sequence, and no n-gram twice."""

from typing import Any

import torch
from torch import Tensor

from regard.checks import check_count
from regard.models.step import Guide

__all__ = ["Rules"]


class Rules(Guide):
    """Forbids the end before a least length, and tokens that would repeat an n-gram.

    The probabilities of the other tokens stay as they are.

    Parameters:
        cases: B.
        least: tokens that a sequence has at least, without the end.
        no_repeat: n; no n tokens in a row occur twice in a sequence. 0 allows it.
        then: what scores the tokens that are left, if anything does.
        end: the token that ends a sequence, which is never forbidden as a repetition.
        device: of the search.

    Source: Paulus, Xiong and Socher, 2018, "A deep reinforced model for abstractive summarization",
    section 2.5, with trigrams.

    >>> rules = Rules(1, least=1, no_repeat=2)
    >>> free, cache = torch.zeros(1, 6), rules.start()
    >>> for token in (2, 4, 5, 4):
    ...     scores, cache = rules.score(torch.tensor([token]), cache, free)
    >>> scores
    tensor([[0., 0., 0., 0., 0., -inf]])
    """

    def __init__(
        self,
        cases: int,
        *,
        least: int = 0,
        no_repeat: int = 0,
        then: Guide | None = None,
        end: int = 3,
        device: torch.device | None = None,
    ) -> None:
        check_count("least", least, least=0)
        check_count("no_repeat", no_repeat, least=0)
        self.cases, self.least, self.no_repeat = cases, least, no_repeat
        self.then, self.end, self.device = then, end, device

    def start(self) -> Any:
        written = torch.zeros(self.cases, 0, dtype=torch.int64, device=self.device)
        return written, None if self.then is None else self.then.start()

    def score(self, tokens: Tensor, cache: Any, log_probs: Tensor) -> tuple[Tensor, Any]:
        before, after = cache
        written = torch.cat([before, tokens.unsqueeze(1)], 1)  # from the begin token
        scores = log_probs
        if self.no_repeat:
            scores = self._without_repeats(written, scores)
        if written.shape[1] <= self.least:
            end = torch.tensor([self.end], device=scores.device)
            scores = scores.index_fill(1, end, -torch.inf)
        if self.then is not None:
            scores, after = self.then.score(tokens, after, scores)
        return scores, (written, after)

    def _without_repeats(self, written: Tensor, scores: Tensor) -> Tensor:
        """Scores [N, V], -inf for tokens that the last n - 1 tokens were followed by before."""
        known = self.no_repeat - 1
        follows = written[:, known:]
        if not follows.shape[1]:
            return scores
        same = torch.ones_like(follows, dtype=torch.bool)
        if known:
            last = written[:, -known:].unsqueeze(1)
            same = (written[:, :-1].unfold(1, known, 1) == last).all(2)
        counts = torch.zeros_like(scores, dtype=torch.int64).scatter_add(1, follows, same.long())
        counts[:, self.end] = 0
        return scores.masked_fill(counts > 0, -torch.inf)
