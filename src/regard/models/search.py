"""Beam search, greedy search and sampling over a step function.

A step takes the last token of each hypothesis and what it remembers of the tokens before:

    logits, cache, weights = step(tokens, cache)      [N, V], the next cache, [N, S] or None

The cache is made of tensors whose first axis are the hypotheses, in tuples of any kind. The search
reorders it, and drops the hypotheses that have ended.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, pad

from regard.checks import check_count, check_number
from regard.errors import ConfigError

__all__ = ["Hypotheses", "Sampled", "Step", "beam_search", "greedy_search", "reorder", "sample"]

Step = Callable[[Tensor, Any], tuple[Tensor, Any, Tensor | None]]
"""From tokens [N] and a cache to logits [N, V], the next cache, and weights [N, S] or None."""

_LEAST_COVERAGE = 1e-6  # of a key that got no weight at all, so that its logarithm is finite


class Hypotheses(NamedTuple):
    """Sequences found by a search, the best first.

    Attributes:
        tokens: [B, N, L] with the end token, then zeros; without the begin token. All zeros where
            fewer than N sequences are possible.
        scores: [B, N] what they are ranked by; -inf where fewer than N sequences are possible.
        log_probs: [B, N] sums of the tokens' log-probabilities.
    """

    tokens: Tensor
    scores: Tensor
    log_probs: Tensor


class Sampled(NamedTuple):
    """Sequences drawn from a model.

    Attributes:
        tokens: [B, N, L] with the end token, then zeros; without the begin token.
        log_probs: [B, N] sums of the tokens' log-probabilities, differentiable if the logits are.
    """

    tokens: Tensor
    log_probs: Tensor


@torch.no_grad()
def beam_search(
    step: Step,
    cache: Any,
    *,
    limits: Tensor,
    mask: Tensor | None = None,
    beam: int = 5,
    nbest: int = 1,
    length_penalty: float = 1.0,
    coverage_penalty: float = 0.0,
    begin: int = 2,
    end: int = 3,
    forbidden: Sequence[int] = (0, 1, 2),
) -> Hypotheses:
    """Find sequences y with a high score.

        score(y) = log P(y) / ((5 + |y|) / 6)^a  +  b sum over s of log min(c[s], 1)

    |y| is the number of tokens with the end token, c[s] the weight that key s got from all of them,
    a the length penalty and b the coverage penalty. At each step the `beam` most probable
    continuations stay, less the hypotheses that have ended, which keep their places. A beam of
    one is greedy search. Equal probabilities are ordered by token, then by the order in the beam,
    so a case gets the same answer in any batch.

    Parameters:
        step: from tokens [N] and a cache to logits [N, V], the next cache, weights [N, S] or None.
        cache: that of the B cases before the first token.
        limits: int64 [B], the largest number of tokens of each case, with the end token, which is
            the only one allowed there.
        mask: boolean [B, S], the keys whose coverage counts; None means all.
        beam: hypotheses kept for each case.
        nbest: hypotheses returned for each case, at most `beam`.
        length_penalty: a. 0 ranks by the probability; the larger, the longer the sequences.
        coverage_penalty: b.
        begin, end: tokens that start and end a sequence.
        forbidden: tokens that are never chosen. The others' probabilities stay as they are.

    Returns:
        `Hypotheses`, N = `nbest`. Logits that are NaN give scores that are NaN.

    Raises:
        ConfigError: a number out of its range, or a coverage penalty for a step without weights.

    Source: Wu et al., 2016, "Google's neural machine translation system", equation 14. Weight
    below 1e-6 counts as 1e-6 there.

    >>> table = torch.tensor([[0.0, 0.0, 0.0, 0.1, 0.9], [0.0, 0.0, 0.0, 0.8, 0.2]]).log()
    >>> def step(tokens, cache):
    ...     return table[(tokens == 4).long()], cache, None
    >>> found = beam_search(step, None, limits=torch.tensor([3]), beam=2)
    >>> found.tokens, found.log_probs.exp()
    (tensor([[[4, 3]]]), tensor([[0.7200]]))
    """
    check_count("beam", beam, least=1)
    check_count("nbest", nbest, least=1)
    if nbest > beam:
        raise ConfigError(f"nbest: wanted at most {beam}, the beam, given {nbest}")
    check_number("length_penalty", length_penalty, within="[0, inf)")
    check_number("coverage_penalty", coverage_penalty, within="[0, inf)")
    longest = _longest(limits)
    finished = _Finished(len(limits), beam, longest, limits.device)
    of_limit = _length_divisor(limits, length_penalty)
    cases = torch.arange(len(limits), device=limits.device)  # of each open hypothesis
    path = torch.full((len(limits), 1), begin, device=limits.device)
    log_probs = torch.zeros(len(limits), device=limits.device)
    coverage: Any = 0.0
    for length in range(1, longest + 1):
        if not len(cases):
            break
        logits, cache, weights = step(path[:, -1], cache)
        following = _allowed_log_probs(logits, forbidden)
        values, tokens = _most_probable(following, beam)
        values, tokens = _end_where(limits[cases] <= length, values, tokens, following[:, end], end)
        chosen = _choose(log_probs.unsqueeze(1) + values, tokens, cases, len(limits), beam)
        ends, goes_on = chosen.divide(beam - finished.counts, end)
        if coverage_penalty:
            coverage = coverage + _given(weights)
        if ends.any():
            case, row = ends.nonzero()[:, 0], chosen.rows[ends]
            scores = chosen.log_probs[ends] / _length_divisor(
                case.new_tensor(length), length_penalty
            )
            if coverage_penalty:
                kept = None if mask is None else mask[case]
                scores = scores + coverage_penalty * _log_coverage(coverage[row], kept)
            finished.add(
                ends, pad(path[row, 1:], (0, 1), value=end), scores, chosen.log_probs[ends]
            )
        # A log-probability only falls, its divisor only grows, up to that of the limit, and the
        # logarithm of the coverage is at most 0: no continuation of an open hypothesis scores more
        # than log-probability / divisor of the limit. Of equal scores, the first to end wins.
        most = chosen.log_probs.masked_fill(~goes_on, -torch.inf).amax(1) / of_limit
        goes_on &= ~(finished.score(nbest) >= most).unsqueeze(1)
        rows, cases = chosen.rows[goes_on], goes_on.nonzero()[:, 0]
        log_probs = chosen.log_probs[goes_on]
        path = torch.cat([path[rows], chosen.tokens[goes_on].unsqueeze(1)], 1)
        if not _in_place(rows, len(logits)):
            cache = reorder(cache, rows)
            coverage = coverage[rows] if coverage_penalty else coverage
    return finished.best(nbest)


@torch.no_grad()
def greedy_search(
    step: Step,
    cache: Any,
    *,
    limits: Tensor,
    begin: int = 2,
    end: int = 3,
    forbidden: Sequence[int] = (0, 1, 2),
    length_penalty: float = 1.0,
) -> Hypotheses:
    """Take the most probable token at each step: `beam_search` with a beam of one, and faster.

    Parameters and the result are those of `beam_search`, N = 1.

    >>> table = torch.tensor([[0.0, 0.0, 0.0, 0.1, 0.9], [0.0, 0.0, 0.0, 0.8, 0.2]]).log()
    >>> def step(tokens, cache):
    ...     return table[(tokens == 4).long()], cache, None
    >>> greedy_search(step, None, limits=torch.tensor([3, 1])).tokens
    tensor([[[4, 3]],
    <BLANKLINE>
            [[3, 0]]])
    """
    check_number("length_penalty", length_penalty, within="[0, inf)")
    tokens, log_probs, lengths = _walk(
        step, cache, limits, _most_probable_token, begin, end, forbidden
    )
    scores = log_probs / _length_divisor(lengths, length_penalty)
    return Hypotheses(tokens.unsqueeze(1), scores.unsqueeze(1), log_probs.unsqueeze(1))


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
    """Draw each token from softmax(logits / temperature), less the forbidden tokens.

    Parameters:
        samples: N, sequences drawn for each case.
        generator: of torch, on the device of the logits.
        temperature: below 1 draws probable tokens more often. It does not change `log_probs`,
            which are those of the model.

    The other parameters are those of `beam_search`. At its limit a sequence ends without a draw.
    """
    check_count("samples", samples, least=1)
    check_number("temperature", temperature, within="(0, inf)")

    def draw(log_probs: Tensor) -> Tensor:
        # the largest of log p + Gumbel noise is distributed as p
        noise = torch.empty_like(log_probs).exponential_(generator=generator).log_()
        return _most_probable_token(log_probs.detach() / temperature - noise)

    cases = torch.arange(len(limits), device=limits.device).repeat_interleave(samples)
    tokens, log_probs, _ = _walk(
        step, reorder(cache, cases), limits[cases], draw, begin, end, forbidden
    )
    return Sampled(
        tokens.view(len(limits), samples, tokens.shape[1]), log_probs.view(len(limits), samples)
    )


def reorder(cache: Any, index: Tensor) -> Any:
    """The cache of the hypotheses at an index [N], in which one may occur several times.

    Parameters:
        cache: tensors, whose first axis are the hypotheses, in tuples or named tuples; what is
            None or a number stays.

    >>> reorder((torch.tensor([1.5, 2.5]), None, 3), torch.tensor([1, 1, 0]))
    (tensor([2.5000, 2.5000, 1.5000]), None, 3)
    """
    if isinstance(cache, Tensor):
        return cache.index_select(0, index)
    if cache is None or isinstance(cache, int | float):
        return cache
    if isinstance(cache, tuple):
        parts = [reorder(part, index) for part in cache]
        return type(cache)(*parts) if hasattr(cache, "_fields") else tuple(parts)
    raise ConfigError(f"cache: wanted tensors in tuples, given a {type(cache).__name__}")


class _Chosen(NamedTuple):
    """The best continuations of each case, the most probable first, [B, beam]."""

    log_probs: Tensor  # -inf where there are fewer
    tokens: Tensor
    rows: Tensor  # of the hypotheses that they continue

    def divide(self, room: Tensor, end: int) -> tuple[Tensor, Tensor]:
        """Boolean [B, beam]: which of the first `room` [B] end there, and which go on."""
        within = torch.arange(self.tokens.shape[1], device=room.device) < room.unsqueeze(1)
        alive = within & (self.log_probs != -torch.inf)
        return alive & (self.tokens == end), alive & (self.tokens != end)


class _Finished:
    """The hypotheses that have ended, [B, beam] of them, in the order in which they did."""

    def __init__(self, cases: int, beam: int, longest: int, device: torch.device) -> None:
        self.tokens = torch.zeros(cases, beam, longest, dtype=torch.int64, device=device)
        self.scores = torch.full((cases, beam), -torch.inf, device=device)
        self.log_probs = self.scores.clone()
        self.counts = torch.zeros(cases, dtype=torch.int64, device=device)
        self.length = 0  # of the longest

    def add(self, ends: Tensor, path: Tensor, scores: Tensor, log_probs: Tensor) -> None:
        """Add those that `ends` [B, beam] marks: their tokens [E, length], scores [E]."""
        case = ends.nonzero()[:, 0]
        place = self.counts[case] + ends.cumsum(1)[ends] - 1
        self.length = path.shape[1]
        self.tokens[case, place, : self.length] = path
        self.scores = self.scores.to(scores.dtype)
        self.log_probs = self.log_probs.to(scores.dtype)
        self.scores[case, place] = scores
        self.log_probs[case, place] = log_probs
        self.counts += ends.sum(1)

    def score(self, rank: int) -> Tensor:
        """[B] the score of this rank, from 1; -inf where there are fewer."""
        return self.scores.topk(rank).values[:, -1]

    def best(self, count: int) -> Hypotheses:
        """The hypotheses with the highest scores."""
        scores, order = self.scores.sort(dim=1, descending=True, stable=True)
        order = order[:, :count]
        places = order.unsqueeze(2).expand(-1, -1, self.length)
        tokens = self.tokens[..., : self.length].gather(1, places)
        return Hypotheses(tokens, scores[:, :count], self.log_probs.gather(1, order))


def _walk(
    step: Step,
    cache: Any,
    limits: Tensor,
    choose: Callable[[Tensor], Tensor],
    begin: int,
    end: int,
    forbidden: Sequence[int],
) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens [N, L], log-probabilities [N] and lengths [N] of one sequence for each limit."""
    longest = _longest(limits)
    found = torch.zeros(len(limits), longest, dtype=torch.int64, device=limits.device)
    lengths = torch.zeros_like(limits)
    total = torch.zeros(len(limits), device=limits.device)
    rows = torch.arange(len(limits), device=limits.device)  # those that have not ended
    tokens = torch.full_like(rows, begin)
    for length in range(1, longest + 1):
        if not len(rows):
            break
        logits, cache, _ = step(tokens, cache)
        log_probs = _allowed_log_probs(logits, forbidden)
        tokens = choose(log_probs).masked_fill(limits[rows] <= length, end)
        picked = log_probs.gather(1, tokens.unsqueeze(1)).squeeze(1)
        total = total.to(picked.dtype).index_add(0, rows, picked)
        found[rows, length - 1] = tokens
        lengths[rows] = length
        going = (tokens != end).nonzero()[:, 0]
        if len(going) < len(rows):
            rows, tokens, cache = rows[going], tokens[going], reorder(cache, going)
    impossible = (total == -torch.inf).unsqueeze(1)
    longest = max(lengths.tolist(), default=0)
    return found[:, :longest].masked_fill(impossible, 0), total, lengths


def _allowed_log_probs(logits: Tensor, forbidden: Sequence[int]) -> Tensor:
    """[N, V] log-probabilities in float32 or better, -inf at the forbidden tokens."""
    log_probs = log_softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), -1)
    index = torch.tensor(forbidden, dtype=torch.int64, device=logits.device)
    if log_probs.requires_grad:
        return log_probs.index_fill(1, index, -torch.inf)
    return log_probs.index_fill_(1, index, -torch.inf)


def _most_probable_token(log_probs: Tensor) -> Tensor:
    """[N], the first of equal ones."""
    return log_probs.argmax(1)


def _most_probable(log_probs: Tensor, beam: int) -> tuple[Tensor, Tensor]:
    """Log-probabilities and tokens, [N, k], among which are the best `beam` of each row."""
    values, tokens = log_probs.topk(min(beam + 1, log_probs.shape[1]), dim=1)
    if values.shape[1] > beam:
        # of equal values `topk` may return any: where that matters, sort by token too
        tied = (values[:, beam - 1] == values[:, beam]) & (values[:, beam] != -torch.inf)
        if tied.any():
            ordered = log_probs[tied].sort(dim=1, descending=True, stable=True)
            values[tied], tokens[tied] = (each[:, : beam + 1] for each in ordered)
    return values, tokens


def _end_where(
    over: Tensor, values: Tensor, tokens: Tensor, ending: Tensor, end: int
) -> tuple[Tensor, Tensor]:
    """The candidates [N, k], where `over` [N] the end token alone, with the values `ending` [N]."""
    first = torch.arange(values.shape[1], device=values.device) == 0
    alone = torch.where(first, ending.unsqueeze(1), -torch.inf)
    over = over.unsqueeze(1)
    return torch.where(over, alone, values), tokens.masked_fill(over, end)


def _choose(values: Tensor, tokens: Tensor, cases: Tensor, count: int, beam: int) -> _Chosen:
    """The `beam` best of the candidates [N, k] of each of `count` cases."""
    width = values.shape[1]
    place = torch.arange(len(cases), device=cases.device)
    slot = place - torch.searchsorted(cases, cases)  # rank of a hypothesis within its case
    spread = values.new_full((count, beam, width), -torch.inf)
    spread[cases, slot] = values
    named = tokens.new_zeros(count, beam, width)
    named[cases, slot] = tokens
    row = place.new_zeros(count, beam)
    row[cases, slot] = place
    # by value, then token, then place in the beam
    tokens, order = named.flatten(1).sort(dim=1, stable=True)
    values, by_value = spread.flatten(1).gather(1, order).sort(dim=1, descending=True, stable=True)
    order = order.gather(1, by_value)[:, :beam]
    return _Chosen(
        values[:, :beam], tokens.gather(1, by_value)[:, :beam], row.gather(1, order // width)
    )


def _in_place(rows: Tensor, count: int) -> bool:
    """Whether the rows are all of `count`, in their order."""
    return len(rows) == count and torch.equal(rows, torch.arange(count, device=rows.device))


def _length_divisor(length: Tensor, penalty: float) -> Tensor:
    return ((5 + length) / 6) ** penalty


def _log_coverage(coverage: Tensor, mask: Tensor | None) -> Tensor:
    """[E] sums over keys of log min(coverage, 1)."""
    logs = coverage.clamp(_LEAST_COVERAGE, 1).log()
    return (logs if mask is None else logs.masked_fill(~mask, 0)).sum(1)


def _given(weights: Tensor | None) -> Tensor:
    if weights is None:
        raise ConfigError("coverage_penalty: wanted 0 for a decoder without attention weights")
    return weights


def _longest(limits: Tensor) -> int:
    lengths = limits.tolist()
    if lengths and min(lengths) < 1:
        raise ConfigError(f"limits: wanted at least 1 token for each case, given {min(lengths)}")
    return max(lengths, default=0)
