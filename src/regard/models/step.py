"""Steps of a decoder, as a search sees them.

A step takes the last token of each hypothesis and what it remembers of the tokens before:

    logits, cache, weights = step(tokens, cache)      [N, V], the next cache, [N, S] or None

The cache is made of tensors whose first axis are the hypotheses, in tuples of any kind. Searches
reorder it, and drop the hypotheses that have ended. A `Guide` may have a say, too.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from regard.errors import ConfigError

__all__ = [
    "Guide",
    "Step",
    "length_divisors",
    "longest",
    "next_log_probs",
    "next_scores",
    "reorder",
]

Step = Callable[[Tensor, Any], tuple[Tensor, Any, Tensor | None]]
"""From tokens [N] and a cache to logits [N, V], the next cache, and weights [N, S] or None."""


class Guide(ABC):
    """Scores the next token beside the decoder, such as by what an encoder alone has recognised."""

    @abstractmethod
    def start(self) -> Any:
        """Its cache of the B cases before the first token; `reorder` says what it may be."""

    @abstractmethod
    def score(self, tokens: Tensor, cache: Any, log_probs: Tensor) -> tuple[Tensor, Any]:
        """Scores [N, V] of the next token, and what to remember.

        Parameters:
            tokens: [N], the last one of each hypothesis.
            cache: from `start`, or from the call for the token before.
            log_probs: [N, V] of the decoder; a search ranks by the scores in their place, which
                must be negative for its bounds to hold, and -inf where these are.
        """


def next_scores(
    step: Step, guide: Guide | None, forbidden: Sequence[int]
) -> Callable[[Tensor, tuple[Any, Any]], tuple[Tensor, tuple[Any, Any], Tensor | None]]:
    """A step from tokens [N] and a pair of caches to scores [N, V], both caches and weights.

    Parameters:
        step: of the decoder.
        guide: has the second cache, which is None without it.
        forbidden: tokens whose scores are -inf.
    """

    def scored(
        tokens: Tensor, caches: tuple[Any, Any]
    ) -> tuple[Tensor, tuple[Any, Any], Tensor | None]:
        logits, cache, weights = step(tokens, caches[0])
        scores, after = next_log_probs(logits, forbidden), None
        if guide is not None:
            scores, after = guide.score(tokens, caches[1], scores)
        return scores, (cache, after), weights

    return scored


def reorder(cache: Any, index: Tensor, *, within: bool = False) -> Any:
    """The cache of the hypotheses at an index [N], in which one may occur several times.

    Parameters:
        cache: tensors, whose first axis are the hypotheses, in tuples or named tuples, which keep
            their type; None and numbers stay.
        index: of the hypothesis to put at each place.
        within: whether each comes from another place of the same case, as it does from step to
            step until a case has fewer. Fields that a named tuple lists in `shared`, a property,
            are equal for all hypotheses of a case, and stay as they are: an encoder's states would
            be most of what is copied.

    Raises:
        ConfigError: the cache holds something else.

    >>> reorder((torch.tensor([1.5, 2.5]), None, 3), torch.tensor([1, 1, 0]))
    (tensor([2.5000, 2.5000, 1.5000]), None, 3)
    """
    if isinstance(cache, Tensor):
        return cache.index_select(0, index)
    if cache is None or isinstance(cache, int | float):
        return cache
    if isinstance(cache, tuple):
        names = getattr(cache, "_fields", None)
        shared = getattr(cache, "shared", ()) if within else ()
        parts = [
            part if name in shared else reorder(part, index, within=within)
            for name, part in zip(names or range(len(cache)), cache, strict=True)
        ]
        return type(cache)(*parts) if names else tuple(parts)
    raise ConfigError(
        f"cache: wanted tensors, numbers and None in tuples, given a {type(cache).__name__}"
    )


def next_log_probs(logits: Tensor, forbidden: Sequence[int]) -> Tensor:
    """[N, V] log-probabilities of the next token, -inf for the forbidden ones.

    They are in float32 or better. The other tokens' probabilities stay as they are.
    """
    log_probs = log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), -1)
    index = torch.tensor(forbidden, dtype=torch.int64, device=logits.device)
    if log_probs.requires_grad:
        return log_probs.index_fill(1, index, -torch.inf)
    return log_probs.index_fill_(1, index, -torch.inf)


def length_divisors(longest: int, penalty: float, device: torch.device) -> Tensor:
    """((5 + length) / 6)^penalty, which divides a log-probability, for the lengths from 0."""
    lengths = torch.arange(longest + 1, dtype=torch.float64, device=device)
    return ((5 + lengths) / 6) ** penalty


def longest(limits: Tensor) -> int:
    """The largest limit, 0 without cases; refuses limits below 1."""
    lengths = limits.tolist()
    if lengths and min(lengths) < 1:
        raise ConfigError(f"limits: wanted at least 1 token for each case, given {min(lengths)}")
    return max(lengths, default=0)
