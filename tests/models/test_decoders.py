"""Every decoder under every mechanism: all positions at once, one by one, padded, reordered."""

import re
from itertools import combinations, cycle, product
from typing import Any, NamedTuple

import pytest
import torch
from building import table
from torch import Tensor

from regard.catalogue import ALIGNMENTS, SCORES, WINDOWS, why_not
from regard.models import Decoder, RecurrentDecoder, TransformerDecoder, reorder

STATE_DIM, TOKEN_DIM, HIDDEN, POSITIONS = 6, 5, 6, 7
LENGTHS, L = (7, 4, 1), 5
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-9}


class Kind(NamedTuple):
    """A decoder without its mechanism."""

    cell: str
    order: str = "bahdanau"
    feeding: bool = False
    layers: int = 1
    heads: int = 1


class Combination(NamedTuple):
    kind: Kind
    score: str
    window: str
    align: str


KINDS = [
    Kind("gru"),
    Kind("lstm", heads=2),
    Kind("lstm", "luong", layers=2),
    Kind("gru", "luong", heads=2),
    Kind("gru", "luong", feeding=True, layers=2, heads=3),
    Kind("lstm", "luong", feeding=True),
    Kind("transformer"),
    Kind("transformer", layers=2, heads=2),
]
OPTIONS: dict[str, Any] = {
    "local-m": {"radius": 1},
    "local-p": {"radius": 2},
    "sliding": {"size": 2},
}
MECHANISMS = [
    each
    for each in product(SCORES, WINDOWS, ALIGNMENTS)
    if not why_not(each[0], {each[1]: {}}, each[2], query="states", pooling="attention")
]
PLAIN = ("additive", "global", "softmax")
SINGLE = [each for each in MECHANISMS if sum(map(str.__ne__, each, PLAIN)) <= 1]
EACH = [Combination(kind, *each) for kind in KINDS for each in SINGLE]


def _every_pair() -> list[tuple[str, ...]]:
    """Mechanisms in which every two parts meet that may; all three are crossed in attention's."""
    chosen: list[tuple[str, ...]] = []
    seen = set[tuple[Any, ...]]()
    for each in MECHANISMS:
        if new := {*combinations(enumerate(each), 2)} - seen:
            chosen.append(each)
            seen |= new
    return chosen


PAIRED = _every_pair()
# each of them under one decoder, in turn
MIXED = [Combination(kind, *each) for kind, each in zip(cycle(KINDS), PAIRED, strict=False)]
COMBINATIONS = list(dict.fromkeys(EACH + MIXED))


def build(combination: Combination, *, dropout: float = 0.0) -> Decoder:
    kind, score, window, align = combination
    torch.manual_seed(3)
    attention = table(
        {
            "score": score,
            "window": {window: OPTIONS.get(window, {})},
            "align": align,
            "query": "states",
        }
    )
    shared: dict[str, Any] = {
        "layers": kind.layers,
        "heads": kind.heads,
        "attention": attention,
        "attention_dim": 6,
        "positions": POSITIONS,
        "dropout": dropout,
    }
    decoder: Decoder
    if kind.cell == "transformer":
        decoder = TransformerDecoder(STATE_DIM, HIDDEN, **shared)
    else:
        cell: Any = kind.cell
        order: Any = kind.order
        decoder = RecurrentDecoder(
            STATE_DIM, TOKEN_DIM, HIDDEN, cell=cell, order=order, feeding=kind.feeding, **shared
        )
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return decoder.double().eval()


def numbers(decoder: Decoder) -> tuple[Tensor, Tensor, Tensor]:
    """An encoder's states, the mask of their positions, and embedded tokens."""
    generator = torch.Generator().manual_seed(0)
    draw: Any = {"generator": generator, "dtype": torch.float64}
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    states = torch.randn(len(LENGTHS), max(LENGTHS), STATE_DIM, **draw)
    return states, mask, torch.randn(len(LENGTHS), L, decoder.width, **draw)


def in_parts(decoder: Decoder, tokens: Tensor, cache: Any, sizes: tuple[int, ...]) -> Any:
    """States and weights of positions that come some at a time, and the caches between."""
    states, weights, caches = [], [], [cache]
    for part in tokens.split(sizes, 1):  # type: ignore[no-untyped-call]
        written = decoder(part, caches[-1], need_weights=True)
        states.append(written.states)
        weights.append(written.weights)
        caches.append(written.cache)
    return torch.cat(states, 1), torch.cat(weights, 3), caches


def test_every_mechanism_is_tried() -> None:
    for column, names in enumerate((SCORES, WINDOWS, ALIGNMENTS)):
        assert {each[column] for each in SINGLE} == set(names)
    assert len(MECHANISMS) > 200
    assert len(COMBINATIONS) > len(EACH) + 60


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
@torch.no_grad()
def test_positions_padding_batch_and_beam_change_nothing(combination: Combination) -> None:
    decoder = build(combination)
    given, mask, tokens = numbers(decoder)
    written = decoder(tokens, decoder.start(given, mask), need_weights=True)
    states, weights = written.states, written.weights
    assert states.shape == (3, L, decoder.width)
    assert weights.shape == (3, _attending(combination.kind), combination.kind.heads, L, POSITIONS)
    bare = decoder(tokens, decoder.start(given, mask))
    torch.testing.assert_close(bare.states, states, **CLOSE)
    assert bare.weights is None

    for sizes in ((1,) * L, (2, 3)):
        parts, rows, caches = in_parts(decoder, tokens, decoder.start(given, mask), sizes)
        torch.testing.assert_close(parts, states, **CLOSE)
        torch.testing.assert_close(rows, weights, **CLOSE)
        index = torch.tensor([2, 0, 0, 1])
        continued, later, _ = in_parts(
            decoder, tokens[index, sizes[0] :], reorder(caches[1], index), (*sizes[1:],)
        )
        torch.testing.assert_close(continued, states[index, sizes[0] :], **CLOSE)
        torch.testing.assert_close(later, weights[index][..., sizes[0] :, :], **CLOSE)

    other = torch.where(mask.unsqueeze(2), given, 97.0)
    padded = decoder(tokens, decoder.start(other, mask), need_weights=True)
    torch.testing.assert_close(padded.states, states, **CLOSE)
    for n, length in enumerate(LENGTHS):
        alone = decoder(
            tokens[n : n + 1], decoder.start(given[n : n + 1, :length]), need_weights=True
        )
        torch.testing.assert_close(alone.states[0], states[n], **CLOSE)
        torch.testing.assert_close(alone.weights[0], weights[n, ..., :length], **CLOSE)
        assert not weights[n, ..., length:].any()
    _check_sums(combination, weights)


def _attending(kind: Kind) -> int:
    return kind.layers if kind.cell == "transformer" else 1


def _check_sums(combination: Combination, weights: Tensor) -> None:
    """Rows sum to one, or to less where the mechanism does not renormalise."""
    assert (weights >= 0).all()
    sums = weights.sum(-1)
    if combination.align == "monotonic" or combination.window == "local-p":
        assert (sums <= 1 + 1e-9).all()
        return
    seen = torch.ones(len(LENGTHS), L, dtype=torch.bool)
    if combination.window in ("local-m", "sliding"):  # beyond the source there is nothing to see
        seen = torch.arange(L) <= torch.tensor(LENGTHS).unsqueeze(1)
    wanted = seen.double()[:, None, None].expand(sums.shape)
    torch.testing.assert_close(sums, wanted, **CLOSE)


@pytest.mark.parametrize("combination", EACH, ids=str)
def test_gradients_are_finite_and_reach_every_parameter(combination: Combination) -> None:
    decoder = build(combination, dropout=0.3).train()
    given, mask, tokens = numbers(decoder)
    given.requires_grad_()
    torch.manual_seed(0)
    written = decoder(tokens, decoder.start(given, mask))
    loss = written.states.square().sum()
    drawn = combination.align == "hard"
    assert (written.log_prob is not None) == drawn
    if drawn:
        assert written.log_prob.shape == written.entropy.shape == (3, L)
        loss = loss + written.log_prob.sum() + written.entropy.sum()
    loss.backward()
    for name, parameter in decoder.named_parameters():
        if combination.score in ("location", "none") and parameter.grad is None:
            assert re.search(
                r"(key|query)_projection|around_cross_attention", name
            )  # which these do not read
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    assert given.grad is not None
    assert given.grad.isfinite().all()
    assert not given.grad[~mask].any()


def test_a_recurrent_decoder_starts_from_the_mean_of_the_true_states() -> None:
    shared: dict[str, Any] = {"cell": "gru", "layers": 1, "order": "bahdanau", "feeding": False}
    shared |= {"heads": 1, "attention_dim": 4, "positions": 9, "dropout": 0.0}
    attention = {"score": "additive", "window": {}, "align": "softmax", "query": "states"}
    torch.manual_seed(0)
    decoder = RecurrentDecoder(5, 3, 6, start="mean", attention=attention, **shared)
    states = torch.randn(2, 7, 5)
    mask = torch.arange(7) < torch.tensor([[7], [4]])
    found = decoder.start(states, mask).hidden
    means = torch.stack([states[0].mean(0), states[1, :4].mean(0)])
    assert found[:, 0].allclose(torch.tanh(decoder.first(means)), atol=1e-6)
    assert found[1:].allclose(decoder.start(states[1:, :4]).hidden, atol=1e-6)
