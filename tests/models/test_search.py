"""Beam search, against all sequences of a toy vocabulary and against a search in plain Python."""

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from toy_decoder import BEGIN, END, KEYS, Toy, V

from regard.attention import Attention, Causal, Memory, MultiHead, ScaledDot
from regard.errors import ConfigError
from regard.models import (
    DecoderCache,
    Hypotheses,
    TransformerDecoderLayer,
    beam_search,
    greedy_search,
    reorder,
)

LIMITS = torch.tensor([3, 1, 4, 2, 4])
MASK = torch.tensor([[True] * (KEYS - case % 2) + [False] * (case % 2) for case in range(5)])
PENALTIES = [(0.0, 0.0), (1.0, 0.0), (0.6, 0.0), (0.0, 0.4), (1.3, 0.2)]
Ranked = list[tuple[float, float, tuple[int, ...]]]
"""Score, log-probability and tokens of sequences, the best first."""


def _score(
    log_prob: float, coverage: np.ndarray, mask: Sequence[bool], length: int, a: float, b: float
) -> float:
    covered = sum(math.log(min(c, 1)) for c, counts in zip(coverage, mask, strict=True) if counts)
    divisor: float = ((5 + length) / 6) ** a
    return log_prob / divisor + b * covered


def _all(toy: Toy, case: int, limit: int, a: float, b: float, mask: Sequence[bool]) -> Ranked:
    """Every sequence that the limit allows."""
    found = []
    others = [token for token in range(V) if token != END]
    for length in range(limit):
        for start in product(others, repeat=length):
            tokens = (*start, END)
            log_prob, coverage = 0.0, np.zeros(KEYS)
            for at, token in enumerate(tokens):
                logits, weights = toy.at(case, tokens[:at])
                exponentials = np.exp(logits)
                log_prob += math.log(exponentials[token] / exponentials.sum())
                coverage += weights
            found.append((_score(log_prob, coverage, mask, length + 1, a, b), log_prob, tokens))
    return sorted(found, reverse=True)


def _slow(
    toy: Toy,
    case: int,
    limit: int,
    beam: int,
    a: float,
    b: float,
    mask: Sequence[bool],
    forbidden: Sequence[int],
) -> Ranked:
    """Beam search over one case in plain Python, which never stops early."""
    going: list[tuple[float, tuple[int, ...], Any]] = [(0.0, (), np.zeros(KEYS))]
    ended: Ranked = []
    for length in range(1, limit + 1):
        candidates = []
        for place, (log_prob, start, coverage) in enumerate(going):
            logits, weights = toy.at(case, start)
            following = torch.from_numpy(logits).log_softmax(0).tolist()
            for token in {END} if length == limit else set(range(V)) - {*forbidden}:
                total = log_prob + following[token]
                candidates.append((-total, token, place, (*start, token), coverage + weights))
        candidates.sort(key=lambda candidate: candidate[:3])
        going = []
        for negative, token, _, tokens, coverage in candidates[: beam - len(ended)]:
            if token == END:
                score = _score(-negative, coverage, mask, length, a, b)
                ended.append((score, -negative, tokens))
            else:
                going.append((-negative, tokens, coverage))
    return sorted(ended, key=lambda each: -each[0])


def _assert_same(found: Hypotheses, case: int, wanted: Ranked) -> None:
    nbest, longest = found.tokens.shape[1:]
    wanted = wanted[:nbest]
    missing = nbest - len(wanted)
    for values, at in ((found.scores, 0), (found.log_probs, 1)):
        expected = [each[at] for each in wanted] + [-math.inf] * missing
        np.testing.assert_allclose(values[case].numpy(), expected, rtol=1e-9)
    tokens = [[*each[2], *[0] * (longest - len(each[2]))] for each in wanted]
    assert found.tokens[case].tolist() == tokens + [[0] * longest] * missing


@pytest.mark.parametrize(("a", "b"), PENALTIES)
@pytest.mark.parametrize("seed", range(3))
def test_a_beam_that_holds_all_sequences_ranks_them_all(seed: int, a: float, b: float) -> None:
    toy = Toy(seed)
    found = beam_search(
        toy.step,
        toy.start(5),
        limits=LIMITS,
        mask=MASK,
        beam=90,
        nbest=87,
        length_penalty=a,
        coverage_penalty=b,
        forbidden=(),
    )
    for case, limit in enumerate(LIMITS.tolist()):
        wanted = _all(toy, case, limit, a, b, MASK[case].tolist())
        assert len(wanted) == sum(4**length for length in range(limit))  # 85 for a limit of 4
        _assert_same(found, case, wanted)


@pytest.mark.parametrize(("a", "b"), PENALTIES)
@pytest.mark.parametrize(("beam", "nbest"), [(1, 1), (2, 1), (3, 3), (5, 2), (7, 1), (7, 7)])
@pytest.mark.parametrize("levels", [0, 2], ids=["", "ties"])
def test_a_narrow_beam_is_that_in_plain_python(
    beam: int, nbest: int, levels: int, a: float, b: float
) -> None:
    limits = torch.tensor([3, 1, 6, 2, 5])
    for seed in range(4):
        toy = Toy(seed, levels=levels)
        forbidden = (0, 2) if seed % 2 else ()
        found = beam_search(
            toy.step,
            toy.start(5),
            limits=limits,
            mask=MASK,
            beam=beam,
            nbest=nbest,
            length_penalty=a,
            coverage_penalty=b,
            forbidden=forbidden,
        )
        for case, limit in enumerate(limits.tolist()):
            mask = MASK[case].tolist()
            _assert_same(found, case, _slow(toy, case, limit, beam, a, b, mask, forbidden))


def test_scores_are_those_worked_by_hand() -> None:
    # P(END) = 1/4, then of token 4: 1/2 * 1/2; keys get (.5, .5) at each step
    table = torch.tensor([[1.0, 0, 0, 1, 2], [1.0, 0, 0, 2, 1]], dtype=torch.float64).log()

    def step(tokens: Tensor, cache: None) -> tuple[Tensor, None, Tensor]:
        return table[(tokens == 4).long()], None, torch.full((len(tokens), 2), 0.5)

    found = beam_search(
        step, None, limits=torch.tensor([2]), nbest=2, length_penalty=2.0, coverage_penalty=0.5
    )
    assert found.tokens.tolist() == [[[4, END], [END, 0]]]
    np.testing.assert_allclose(found.log_probs, [[math.log(1 / 4), math.log(1 / 4)]])
    once = math.log(1 / 4) + 0.5 * 2 * math.log(0.5)  # divisor 1, coverage .5
    twice = math.log(1 / 4) / (7 / 6) ** 2  # coverage 1
    np.testing.assert_allclose(found.scores, [[twice, once]])


@pytest.mark.parametrize("levels", [0, 2], ids=["", "ties"])
@pytest.mark.parametrize("search", ["beam", "greedy"])
def test_a_case_gets_the_same_in_any_batch(search: str, levels: int) -> None:
    toy = Toy(7, levels=levels)
    limits = torch.tensor([3, 1, 6, 2, 5, 7, 6])
    settings: dict[str, Any] = {"beam": 3, "nbest": 3} if search == "beam" else {}
    run: Any = beam_search if search == "beam" else greedy_search

    def found(cases: list[int]) -> Hypotheses:
        cache = reorder(toy.start(7), torch.tensor(cases))
        result: Hypotheses = run(toy.step, cache, limits=limits[cases], **settings)
        return result

    together = found(list(range(7)))
    for cases in ([6, 0, 3, 1, 5, 2, 4], [2], [5], [1, 1, 6]):
        apart = found(cases)
        length = apart.tokens.shape[2]
        assert torch.equal(apart.tokens, together.tokens[cases, :, :length])
        assert not together.tokens[cases, :, length:].any()
        assert torch.equal(apart.scores, together.scores[cases])
        assert torch.equal(apart.log_probs, together.log_probs[cases])


@pytest.mark.parametrize("a", [0.0, 1.0])
@pytest.mark.parametrize("levels", [0, 2], ids=["", "ties"])
def test_a_beam_of_one_is_greedy(levels: int, a: float) -> None:
    limits = torch.tensor([3, 1, 6, 2, 9, 9, 9, 9])
    for seed in range(20):
        toy = Toy(seed, levels=levels)
        greedy = greedy_search(toy.step, toy.start(8), limits=limits, length_penalty=a)
        narrow = beam_search(toy.step, toy.start(8), limits=limits, length_penalty=a, beam=1)
        for one, other in zip(greedy, narrow, strict=True):
            assert torch.equal(one, other)


def test_a_case_is_left_once_nothing_can_beat_it() -> None:
    # [case, whether the last token is 4]: in case 0 to end at once has .6, which nothing can beat;
    # in case 1 it has .3, which .7 * .8 beats, and what begins with .7 * .2 cannot
    table = torch.tensor(
        [[[0, 0, 0, 0.6, 0.4], [0, 0, 0, 1, 0]], [[0, 0, 0, 0.3, 0.7], [0, 0, 0, 0.8, 0.2]]]
    )
    rows = []

    def step(tokens: Tensor, cases: Tensor) -> tuple[Tensor, Tensor, None]:
        rows.append(cases.tolist())
        return table[cases, (tokens == 4).long()].log(), cases, None

    cases, limits = torch.tensor([0, 1]), torch.tensor([50, 50])
    found = beam_search(step, cases, limits=limits, beam=3, length_penalty=0.0)
    assert found.tokens.tolist() == [[[END, 0]], [[4, END]]]
    assert rows == [[0, 1], [1]]
    rows.clear()
    found = beam_search(step, cases, limits=limits, beam=3, nbest=2, length_penalty=0.0)
    assert found.tokens.tolist() == [[[END, 0], [4, END]], [[4, END], [END, 0]]]
    assert rows == [[0, 1], [0, 1]]
    # divided by (7 / 6)^6 = 2.5, log .4 is above log .6
    limits = torch.tensor([4, 4])
    found = beam_search(step, cases, limits=limits, beam=3, length_penalty=6.0)
    assert found.tokens.tolist() == [[[4, END]], [[4, END]]]


@pytest.mark.parametrize("beam", [1, 3])
def test_what_is_not_finite_is_handed_on(beam: int) -> None:
    toy = Toy(0)

    def step(tokens: Tensor, cache: Any) -> Any:
        logits, cache, weights = toy.step(tokens, cache)
        broken = (cache[0][1] == 1).unsqueeze(1) & (cache[0][0].shape[1] == 2)
        return logits.masked_fill(broken, torch.nan), cache, weights

    limits = torch.tensor([5, 5, 5])
    found = beam_search(step, toy.start(3), limits=limits, beam=beam)
    assert found.scores.isnan().flatten().tolist() == [False, True, False]
    greedy = greedy_search(step, toy.start(3), limits=limits)
    assert greedy.scores.isnan().flatten().tolist() == [False, True, False]


@pytest.mark.parametrize("beam", [1, 3])
def test_where_no_sequence_is_possible_there_is_none(beam: int) -> None:
    def step(tokens: Tensor, cases: Tensor) -> tuple[Tensor, Tensor, None]:
        logits = torch.zeros(len(tokens), V)
        logits[cases == 0, END] = -torch.inf
        return logits, cases, None

    cases, limits = torch.arange(2), torch.tensor([4, 2])
    for found in (
        beam_search(step, cases, limits=limits, beam=beam),
        greedy_search(step, cases, limits=limits),
    ):
        assert found.scores.isneginf().tolist() == [[True], [False]]
        assert found.log_probs.isneginf().tolist() == [[True], [False]]
        assert found.tokens.tolist() == [[[0]], [[END]]]  # of equal tokens, the first


def test_a_batch_may_be_empty() -> None:
    toy = Toy(0)
    none = torch.zeros(0, dtype=torch.int64)
    found = beam_search(toy.step, toy.start(0), limits=none, nbest=2)
    assert found.tokens.shape == (0, 2, 0)
    assert found.scores.shape == found.log_probs.shape == (0, 2)
    assert greedy_search(toy.step, toy.start(0), limits=none).tokens.shape == (0, 1, 0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_log_probabilities_are_in_float32_or_better(dtype: torch.dtype) -> None:
    logits = torch.tensor([[1.0, 0.5, -1.0, 2.0, 0.25]], dtype=dtype)
    before = logits.clone()

    def step(tokens: Tensor, cache: None) -> tuple[Tensor, None, None]:
        return logits.expand(len(tokens), -1), None, None

    found = beam_search(step, None, limits=torch.tensor([1]), beam=2)
    assert found.scores.dtype == torch.promote_types(dtype, torch.float32)
    wanted = logits.double().log_softmax(1)[0, END]
    tolerance = 1e-12 if dtype == torch.float64 else 1e-6
    torch.testing.assert_close(found.log_probs[0, 0].double(), wanted, rtol=0, atol=tolerance)
    assert torch.equal(logits, before)


class _Decoder(nn.Module):
    """Two Transformer layers over random states, for the whole sequence or step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        causal = [Attention(ScaledDot(), window=Causal())] * 2
        self.layers = nn.ModuleList(
            TransformerDecoderLayer(MultiHead(causal, 6), MultiHead(2, 6, key_dim=5), 6, 7)
            for _ in range(2)
        )
        self.out = nn.Linear(6, 11)

    def start(self, states: Tensor, mask: Tensor) -> tuple[DecoderCache, ...]:
        layers: Any = self.layers
        return tuple(layer.start(states, mask) for layer in layers)

    def step(self, tokens: Tensor, cache: tuple[DecoderCache, ...]) -> Any:
        logits, cache, weights = self.read(tokens.unsqueeze(1), cache)
        return logits[:, 0], cache, weights[:, 0]

    def read(self, tokens: Tensor, caches: tuple[DecoderCache, ...]) -> Any:
        states, following, weights = 4 * self.embed(tokens), [], None
        for layer, cache in zip(self.layers, caches, strict=True):
            decoded = layer(states, cache)
            states, weights = decoded.states, decoded.cross_weights.mean(1)
            following.append(decoded.cache)
        return 3 * self.out(states), tuple(following), weights


def test_reordering_a_decoders_cache_gives_what_the_whole_sequence_gives() -> None:
    torch.manual_seed(0)
    decoder = _Decoder().double().eval()
    states = torch.randn(3, 7, 5, dtype=torch.float64)
    mask = torch.arange(7) < torch.tensor([[7], [5], [6]])
    found = beam_search(
        decoder.step,
        decoder.start(states, mask),
        limits=torch.tensor([8, 13, 10]),
        mask=mask,
        beam=4,
        nbest=4,
        coverage_penalty=0.3,
    )
    assert len({tuple(tokens) for tokens in found.tokens[0].tolist()}) == 4
    for case, place in product(range(3), range(4)):
        tokens = found.tokens[case, place]
        tokens = tokens[: (tokens == END).nonzero()[0, 0] + 1]
        given = torch.cat([torch.tensor([BEGIN]), tokens[:-1]])
        cache = decoder.start(states[case : case + 1], mask[case : case + 1])
        logits, _, weights = decoder.read(given.unsqueeze(0), cache)
        log_prob = logits[0].log_softmax(1).gather(1, tokens.unsqueeze(1)).sum()
        torch.testing.assert_close(found.log_probs[case, place], log_prob)
        coverage = weights[0].sum(0).detach().numpy()
        score = _score(log_prob.item(), coverage, mask[case].tolist(), len(tokens), 1.0, 0.3)
        assert found.scores[case, place].item() == pytest.approx(score)


class _Pair(NamedTuple):
    left: Any
    right: Any


def test_reorder_keeps_what_a_cache_is_made_of() -> None:
    index = torch.tensor([2, 0, 0, 1])
    one, two = torch.arange(3.0), torch.arange(30).reshape(3, 2, 5)
    memory = Memory((one, two), two, None)
    cache = (_Pair(one, None), (), DecoderCache(None, memory, 4), 1.5)
    left, empty, decoder, number = reorder(cache, index)
    assert type(left) is _Pair
    assert left.left.tolist() == [2, 0, 0, 1]
    assert left.right is None
    assert empty == ()
    assert number == 1.5
    assert type(decoder) is DecoderCache
    assert type(decoder.memory) is Memory
    assert (decoder.past, decoder.position, decoder.memory.mask) == (None, 4, None)
    assert torch.equal(decoder.memory.prepared[1], two[index])
    assert torch.equal(decoder.memory.values, two[index])


def test_within_a_case_what_its_hypotheses_share_stays() -> None:
    one, own = torch.arange(30.0).reshape(3, 2, 5), torch.arange(12.0).reshape(3, 4)
    cache = DecoderCache(Memory(own, own, None), Memory(one, one, None), 4, cross_state=own)
    index = torch.tensor([1, 1, 0])
    decoder = reorder(cache, index, within=True)
    assert decoder.memory is cache.memory
    assert torch.equal(decoder.past.values, own[index])
    assert torch.equal(decoder.cross_state, own[index])
    assert torch.equal(reorder(cache, index).memory.values, one[index])


def test_reorder_refuses_what_it_cannot_reorder() -> None:
    with pytest.raises(ConfigError, match="^cache: wanted tensors, .* in tuples, given a dict$"):
        reorder((None, {"states": torch.zeros(2)}), torch.tensor([0]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beam": 0}, "beam: wanted a whole number of at least 1, given 0"),
        ({"beam": 2.5}, "beam: wanted a whole number of at least 1, given 2.5"),
        ({"nbest": 0}, "nbest: wanted a whole number of at least 1, given 0"),
        ({"nbest": 6}, "nbest: wanted at most 5, the beam, given 6"),
        ({"length_penalty": -1.0}, "length_penalty: wanted a number in [0, inf), given -1.0"),
        ({"coverage_penalty": math.nan}, "coverage_penalty: wanted a number in [0, inf)"),
        ({"coverage_penalty": 0.1}, "coverage_penalty: wanted 0 for a decoder without attention"),
        ({"limits": torch.tensor([3, 0])}, "limits: wanted at least 1 token for each case"),
    ],
)
def test_beam_search_refuses(given: dict[str, Any], message: str) -> None:
    def step(tokens: Tensor, cache: None) -> tuple[Tensor, None, None]:
        return torch.zeros(len(tokens), V), None, None

    settings: dict[str, Any] = {"limits": torch.tensor([3, 2]), **given}
    with pytest.raises(ConfigError) as raised:
        beam_search(step, None, **settings)
    assert str(raised.value).startswith(message)
