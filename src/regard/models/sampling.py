"""Sequences of a decoder one token after another: the most probable one, or drawn."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from regard.checks import check_count, check_number
from regard.models.search import Hypotheses
from regard.models.step import Guide, Step, length_divisors, longest, next_scores, reorder

__all__ = ["Sampled", "greedy_search", "sample"]


@torch.no_grad()
def greedy_search(
    step: Step,
    cache: Any,
    *,
    limits: Tensor,
    length_penalty: float = 1.0,
    guide: Guide | None = None,
    begin: int = 2,
    end: int = 3,
    forbidden: Sequence[int] = (0, 1, 2),
) -> Hypotheses:
    """Take the most probable token at each step: `beam_search` with a beam of one, but faster.

    Parameters, result (N = 1) and errors are those of `beam_search`.

    >>> table = torch.tensor([[0.0, 0.0, 0.0, 0.1, 0.9], [0.0, 0.0, 0.0, 0.8, 0.2]]).log()
    >>> def step(tokens, cache):
    ...     return table[(tokens == 4).long()], cache, None
    >>> greedy_search(step, None, limits=torch.tensor([3, 1])).tokens.tolist()
    [[[4, 3]], [[3, 0]]]
    """
    check_number("length_penalty", length_penalty, within="[0, inf)")
    caches = cache, None if guide is None else guide.start()
    scored = next_scores(step, guide, forbidden)
    tokens, log_probs, lengths = _walk(scored, caches, limits, _largest, begin, end)
    divisors = length_divisors(longest(limits), length_penalty, limits.device)
    scores = log_probs / divisors[lengths].to(log_probs.dtype)
    return Hypotheses(tokens.unsqueeze(1), scores.unsqueeze(1), log_probs.unsqueeze(1))


class Sampled(NamedTuple):
    """Sequences drawn from a decoder.

    Attributes:
        tokens: int64 [B, N, L], each with the end token and without the begin token, then zeros.
        log_probs: [B, N] sums of the tokens' log-probabilities, differentiable as the logits are.
    """

    tokens: Tensor
    log_probs: Tensor


def sample(
    step: Step,
    cache: Any,
    *,
    limits: Tensor,
    generator: torch.Generator,
    samples: int = 1,
    temperature: float = 1.0,
    begin: int = 2,
    end: int = 3,
    forbidden: Sequence[int] = (0, 1, 2),
) -> Sampled:
    """Draw each token from softmax(logits / temperature) without the forbidden tokens.

    At its limit a sequence ends without a draw. `log_probs` are those of the model: neither
    temperature nor the forbidden tokens change them.

    Parameters:
        generator: on the device of the logits.
        samples: N, sequences drawn for each case.
        temperature: the lower, the more often probable tokens are drawn.

    The other parameters are those of `beam_search`.

    Raises:
        ConfigError: a number out of its range.

    >>> def step(tokens, cache):
    ...     return torch.zeros(len(tokens), 5), cache, None
    >>> tokens, log_probs = sample(
    ...     step, None, limits=torch.tensor([1, 1]), generator=torch.Generator(), samples=3
    ... )
    >>> tokens.shape, log_probs.exp()[0]
    (torch.Size([2, 3, 1]), tensor([0.2000, 0.2000, 0.2000]))
    """
    check_count("samples", samples, least=1)
    check_number("temperature", temperature, within="(0, inf)")

    def draw(log_probs: Tensor) -> Tensor:
        # that log p plus Gumbel noise is the largest has the probability p
        noise = torch.empty_like(log_probs).exponential_(generator=generator).log_()
        double = log_probs.detach().double()
        below = double - double.amax(-1, keepdim=True)  # 0 at the likeliest, however low it is
        return _largest(below / temperature - noise)

    shape = len(limits), samples
    cases = torch.arange(len(limits), device=limits.device).repeat_interleave(samples)
    caches, limits = (reorder(cache, cases), None), limits[cases]
    scored = next_scores(step, None, forbidden)
    tokens, log_probs, _ = _walk(scored, caches, limits, draw, begin, end)
    return Sampled(tokens.view(*shape, tokens.shape[1]), log_probs.view(shape))


def _walk(
    scored: Callable[[Tensor, Any], tuple[Tensor, Any, Any]],
    caches: Any,
    limits: Tensor,
    choose: Callable[[Tensor], Tensor],
    begin: int,
    end: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens [N, L], log-probabilities [N] and lengths [N] of one sequence for each limit [N]."""
    found = torch.zeros(len(limits), longest(limits), dtype=torch.int64, device=limits.device)
    total = torch.zeros(len(limits), dtype=torch.float32, device=limits.device)
    lengths = torch.zeros_like(limits)
    rows = torch.arange(len(limits), device=limits.device)  # those that have not ended
    tokens = torch.full_like(rows, begin)
    for length in range(1, found.shape[1] + 1):
        if not len(rows):
            break
        log_probs, caches, _ = scored(tokens, caches)
        tokens = choose(log_probs).masked_fill(limits[rows] <= length, end)
        chosen = log_probs.gather(1, tokens.unsqueeze(1)).squeeze(1)
        total = total.to(chosen.dtype).index_add(0, rows, chosen)
        found[rows, length - 1] = tokens
        lengths[rows] = length
        ends = tokens == end
        if ends.any():
            going = (~ends).nonzero()[:, 0]
            rows, tokens, caches = rows[going], tokens[going], reorder(caches, going)
    impossible = total == -torch.inf
    found.masked_fill_(impossible.unsqueeze(1), 0)
    longest_found = max(lengths.masked_fill(impossible, 0).tolist(), default=0)
    return found[:, :longest_found], total, lengths


def _largest(log_probs: Tensor) -> Tensor:
    """[N] where each row is largest, the first of equal ones."""
    return log_probs.argmax(1)
