"""Beam search: the sequences of a decoder with the highest scores."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from regard.checks import check_count, check_number
from regard.errors import ConfigError
from regard.models.step import Guide, Step, length_divisors, longest, next_scores, reorder

__all__ = ["Hypotheses", "beam_search"]

_LEAST_COVERAGE = 1e-6  # of a key that got no weight, whose logarithm is then finite


class Hypotheses(NamedTuple):
    """Sequences found by a search, the best first; fewer than N may exist.

    Attributes:
        tokens: int64 [B, N, L], each with the end token and without the begin token, then zeros;
            all zeros where there is no sequence.
        scores: [B, N] what they are ranked by; -inf where there is no sequence.
        log_probs: [B, N] sums of the tokens' log-probabilities, or of their scores by a guide; -inf
            where there is no sequence.
    """

    tokens: Tensor
    scores: Tensor
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
    guide: Guide | None = None,
    begin: int = 2,
    end: int = 3,
    forbidden: Sequence[int] = (0, 1, 2),
) -> Hypotheses:
    """Find sequences y with a high score.

        score(y) = log P(y) / ((5 + |y|) / 6)^a  +  b sum over s of log min(c[s], 1)

    |y| is the number of tokens with the end token, c[s] the weight that key s got from all of
    them, a the length penalty and b the coverage penalty. At each step the `beam` most probable
    continuations of a case are kept. Those that end there are hypotheses, and keep their places in
    the beam: so a beam of one is greedy search. A case is left once no continuation can reach
    the hypotheses to return. Equal probabilities are ordered by token, then by place in the beam.

    Parameters:
        step: from tokens [N] and a cache to logits [N, V], the next cache, weights [N, S] or None.
        cache: that of the B cases before the first token; `reorder` says what it may be.
        limits: int64 [B], the largest number of tokens of each case with the end token, which is
            the only one that is possible there.
        mask: boolean [B, S], True for keys whose coverage counts; None for all.
        beam: sequences kept for each case.
        nbest: N, sequences returned for each case, at most `beam`.
        length_penalty: a. 0 ranks by probability; the larger, the longer the sequences.
        coverage_penalty: b.
        guide: what scores the tokens in place of their log-probabilities, of which log P(y) is then
            the sum.
        begin, end: tokens that start and end a sequence.
        forbidden: tokens that are never chosen.

    Returns:
        `Hypotheses`. Logits that are NaN give scores that are NaN.

    Raises:
        ConfigError: a number out of its range, or a coverage penalty for a step without weights.

    Source: Wu et al., 2016, "Google's neural machine translation system", equation 14. A coverage
    below 1e-6 counts as 1e-6 here.

    >>> table = torch.tensor([[0.0, 0.0, 0.0, 0.1, 0.9], [0.0, 0.0, 0.0, 0.8, 0.2]]).log()
    >>> def step(tokens, cache):
    ...     return table[(tokens == 4).long()], cache, None
    >>> found = beam_search(step, None, limits=torch.tensor([3]), nbest=2)
    >>> found.tokens, found.log_probs.exp()
    (tensor([[[4, 3, 0],
             [4, 4, 3]]]), tensor([[0.7200, 0.1440]]))
    """
    check_count("beam", beam, least=1)
    check_count("nbest", nbest, least=1)
    if nbest > beam:
        raise ConfigError(f"nbest: wanted at most {beam}, the beam, given {nbest}")
    check_number("length_penalty", length_penalty, within="[0, inf)")
    check_number("coverage_penalty", coverage_penalty, within="[0, inf)")
    steps = longest(limits)
    divisors = length_divisors(steps, length_penalty, limits.device)
    score = _Score(divisors, coverage_penalty, mask)
    going = _Open.start(len(limits), begin, limits.device)
    ended = _Ended(len(limits), beam, steps, limits.device)
    scored = next_scores(step, guide, forbidden)
    caches = cache, None if guide is None else guide.start()
    for length in range(1, steps + 1):
        if not len(going.cases):
            break
        scores, caches, weights = scored(going.tokens[:, -1], caches)
        if coverage_penalty:
            going = going.cover(weights)
        last = limits[going.cases] <= length
        values, tokens = _candidates(scores, last, beam, end)
        best = going.best(values, tokens, len(limits), beam)
        ends, goes_on = best.divide(beam - ended.counts, end)
        if ends.any():
            ended.add(ends, *going.end(best, ends, end, score))
        done = ended.score(nbest) >= score.bound(best, goes_on, limits)  # False for NaN
        goes_on &= ~done.unsqueeze(1)
        rows, before = best.rows[goes_on], going.cases
        going = going.follow(best, goes_on)
        if not torch.equal(rows, torch.arange(len(scores), device=rows.device)):
            caches = reorder(caches, rows, within=torch.equal(going.cases, before))
    return ended.best(nbest)


class _Best(NamedTuple):
    """The most probable continuations of each case, in order, [B, beam]."""

    log_probs: Tensor  # of the whole sequence; -inf where there is no continuation
    tokens: Tensor
    rows: Tensor  # of the open sequences that they continue

    def divide(self, room: Tensor, end: int) -> tuple[Tensor, Tensor]:
        """Boolean [B, beam]: of the first `room` [B], those that end, and those that go on."""
        within = torch.arange(self.tokens.shape[1], device=room.device) < room.unsqueeze(1)
        alive = within & (self.log_probs != -torch.inf)
        return alive & (self.tokens == end), alive & (self.tokens != end)


class _Score(NamedTuple):
    """What ended sequences are ranked by."""

    divisors: Tensor  # of log-probabilities, [longest + 1]
    coverage_penalty: float
    mask: Tensor | None

    def of(self, log_probs: Tensor, length: int, coverage: Tensor, cases: Tensor) -> Tensor:
        """[E] scores of E sequences of one length, coverage [E, S]."""
        scores = log_probs / self.divisors[length].to(log_probs.dtype)
        if not self.coverage_penalty:
            return scores
        logs = coverage.clamp(_LEAST_COVERAGE, 1).log()
        if self.mask is not None:
            logs = logs.masked_fill(~self.mask[cases], 0)
        return scores + self.coverage_penalty * logs.sum(1)

    def bound(self, best: _Best, goes_on: Tensor, limits: Tensor) -> Tensor:
        """[B] what no sequence that goes on can exceed, however it ends.

        Its log-probability can only fall, the divisor can only grow up to that of the limit, and
        the coverage's logarithms are at most 0. Of equal scores the first to end ranks above, so a
        case is done once its hypotheses reach the bound.
        """
        most = best.log_probs.masked_fill(~goes_on, -torch.inf).amax(1)
        return most / self.divisors[limits].to(most.dtype)


class _Open(NamedTuple):
    """The N sequences that have not ended, case by case, the most probable first."""

    cases: Tensor  # [N]
    places: Tensor  # [N], within the beam of the case
    tokens: Tensor  # [N, 1 + length], from the begin token
    log_probs: Tensor  # [N]
    coverage: Tensor  # [N, S], or zeros [N, 1] as long as there is none

    @classmethod
    def start(cls, cases: int, begin: int, device: torch.device) -> "_Open":
        order = torch.arange(cases, device=device)
        tokens = torch.full((cases, 1), begin, device=device)
        zeros = torch.zeros(cases, 1, dtype=torch.float32, device=device)
        return cls(order, torch.zeros_like(order), tokens, zeros[:, 0], zeros)

    def cover(self, weights: Tensor | None) -> "_Open":
        """With a step's weights [N, S] added to the coverage."""
        if weights is None:
            raise ConfigError("coverage_penalty: wanted 0 for a decoder without attention")
        return self._replace(coverage=self.coverage + weights)

    def best(self, values: Tensor, tokens: Tensor, cases: int, beam: int) -> _Best:
        """The best of the candidates [N, k] of each case, by value, then token, then place."""
        at, width = (self.cases, self.places), values.shape[1]
        spread = values.new_full((cases, beam, width), -torch.inf)
        spread[at] = values + self.log_probs.unsqueeze(1)
        named = tokens.new_zeros(spread.shape)
        named[at] = tokens
        rows = tokens.new_zeros(cases, beam)
        rows[at] = torch.arange(len(values), device=rows.device)
        named, by_token = named.flatten(1).sort(dim=1, stable=True)
        spread = spread.flatten(1).gather(1, by_token)
        spread, by_value = spread.sort(dim=1, descending=True, stable=True)
        by_value = by_value[:, :beam]
        places = by_token.gather(1, by_value) // width
        return _Best(spread[:, :beam], named.gather(1, by_value), rows.gather(1, places))

    def end(
        self, best: _Best, ends: Tensor, end: int, score: _Score
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens [E, length], scores and log-probabilities [E] of the sequences that end."""
        rows, log_probs = best.rows[ends], best.log_probs[ends]
        length = self.tokens.shape[1]
        scores = score.of(log_probs, length, self.coverage[rows], self.cases[rows])
        return pad(self.tokens[rows, 1:], (0, 1), value=end), scores, log_probs

    def follow(self, best: _Best, goes_on: Tensor) -> "_Open":
        """The continuations that go on."""
        rows = best.rows[goes_on]
        cases, places = goes_on.nonzero(as_tuple=True)
        return _Open(
            cases,
            places,
            torch.cat([self.tokens[rows], best.tokens[goes_on].unsqueeze(1)], 1),
            best.log_probs[goes_on],
            self.coverage[rows],
        )


class _Ended:
    """The sequences that have ended, at most `beam` of each case, in the order of their ends."""

    def __init__(self, cases: int, beam: int, longest: int, device: torch.device) -> None:
        self.tokens = torch.zeros(cases, beam, longest, dtype=torch.int64, device=device)
        self.scores = torch.full((cases, beam), -torch.inf, dtype=torch.float32, device=device)
        self.log_probs = self.scores
        self.lengths = torch.zeros(cases, beam, dtype=torch.int64, device=device)
        self.counts = self.lengths.sum(1)

    def add(self, ends: Tensor, tokens: Tensor, scores: Tensor, log_probs: Tensor) -> None:
        """Add those that `ends` [B, beam] marks: tokens [E, length], scores and log_probs [E]."""
        case = ends.nonzero()[:, 0]
        at = case, self.counts[case] + ends.cumsum(1)[ends] - 1
        self.tokens[*at, : tokens.shape[1]] = tokens
        self.lengths[at] = tokens.shape[1]
        self.scores = self.scores.to(scores.dtype).index_put(at, scores)
        self.log_probs = self.log_probs.to(scores.dtype).index_put(at, log_probs)
        self.counts += ends.sum(1)

    def score(self, rank: int) -> Tensor:
        """[B] the score of this rank, from 1; -inf where there are fewer."""
        return self.scores.topk(rank).values[:, -1]

    def best(self, count: int) -> Hypotheses:
        """Those with the highest scores; of equal ones, the first to end."""
        scores, order = self.scores.sort(dim=1, descending=True, stable=True)
        order = order[:, :count]
        longest = max(self.lengths.gather(1, order).flatten().tolist(), default=0)
        places = order.unsqueeze(2).expand(-1, -1, longest)
        tokens = self.tokens[..., :longest].gather(1, places)
        return Hypotheses(tokens, scores[:, :count], self.log_probs.gather(1, order))


def _candidates(log_probs: Tensor, last: Tensor, beam: int, end: int) -> tuple[Tensor, Tensor]:
    """Values and tokens [N, k], among which are the best `beam` of each row [N, V].

    Of rows that are the last, the end token is the only candidate.
    """
    values, tokens = log_probs.topk(min(beam + 1, log_probs.shape[1]), dim=1)
    if values.shape[1] > beam:
        # of equal values `topk` takes any; where that matters, take those of the first tokens
        tied = (values[:, beam - 1] == values[:, beam]) & (values[:, beam] != -torch.inf)
        if tied.any():
            ordered = log_probs[tied].sort(dim=1, descending=True, stable=True)
            values[tied], tokens[tied] = (each[:, : beam + 1] for each in ordered)
    if last.any():
        values[last, 1:] = -torch.inf
        values[last, 0] = log_probs[last, end]
        tokens[last] = end
    return values, tokens
