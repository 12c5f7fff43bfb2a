"""Rules of a search against an enumeration of all sequences."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from toy_decoder import BEGIN, END, Toy, V

from regard.errors import ConfigError
from regard.models import Guide, Rules, beam_search, greedy_search

LIMIT = 5  # with the end
LETTERS = [token for token in range(V) if token not in (BEGIN, END)]


def _repeats(tokens: tuple[int, ...], n: int) -> bool:
    grams = [tokens[at : at + n] for at in range(len(tokens) - n + 1)]
    return len({*grams}) < len(grams)


def _allowed(least: int, no_repeat: int) -> list[tuple[int, ...]]:
    every = [each for length in range(LIMIT) for each in product(LETTERS, repeat=length)]
    assert len(every) == 1 + 3 + 9 + 27 + 81
    return [
        each
        for each in every
        if len(each) >= least and not (no_repeat and _repeats(each, no_repeat))
    ]


def _log_prob(toy: Toy, tokens: tuple[int, ...]) -> float:
    """Of tokens and the end, which is certain at the limit."""
    total = 0.0
    for at, token in enumerate((*tokens, END)):
        logits, _ = toy.at(0, tokens[:at])
        own = logits - np.logaddexp.reduce(logits)
        total += float(own[token])
    return total


@pytest.mark.parametrize(("least", "no_repeat"), [(0, 1), (2, 0), (1, 2), (3, 3), (4, 2), (0, 4)])
def test_a_beam_that_holds_all_finds_those_that_the_rules_allow(least: int, no_repeat: int) -> None:
    toy = Toy(3)
    found = beam_search(
        toy.step,
        toy.start(1),
        limits=torch.tensor([LIMIT]),
        beam=200,
        nbest=130,
        length_penalty=0.0,
        guide=Rules(1, least=least, no_repeat=no_repeat),
        forbidden=(BEGIN,),
    )
    wanted = {each: _log_prob(toy, each) for each in _allowed(least, no_repeat)}
    ended = found.log_probs[0] > -torch.inf
    rows, scores = (each[0][ended].tolist() for each in (found.tokens, found.log_probs))
    sequences = {}
    for row, log_prob in zip(rows, scores, strict=True):
        sequences[tuple(row[: row.index(END)])] = float(log_prob)
    assert sequences.keys() == wanted.keys()
    for each, log_prob in sequences.items():
        assert log_prob == pytest.approx(wanted[each], abs=1e-6)


def test_greedy_search_keeps_the_rules() -> None:
    toy = Toy(0)
    free = greedy_search(toy.step, toy.start(9), limits=torch.full((9,), 6), forbidden=(BEGIN,))
    assert any(_repeats(tuple(t for t in row if t != END), 1) for row in free.tokens[:, 0].tolist())
    rules = Rules(9, least=2, no_repeat=1)
    found = greedy_search(
        toy.step, toy.start(9), limits=torch.full((9,), 6), guide=rules, forbidden=(BEGIN,)
    )
    for row in found.tokens[:, 0].tolist():
        own = tuple(row[: row.index(END)])
        assert len(own) >= 2
        assert not _repeats(own, 1)


class _Halved(Guide):
    def start(self) -> Any:
        return torch.zeros(1, 1)

    def score(self, tokens: Tensor, cache: Any, log_probs: Tensor) -> tuple[Tensor, Any]:
        return log_probs / 2, cache + 1


def test_another_guide_scores_what_is_left() -> None:
    rules = Rules(1, least=1, then=_Halved())
    log_probs = torch.tensor([[-1.0, -2.0, -3.0, -4.0, -5.0]])
    scores, cache = rules.score(torch.tensor([BEGIN]), rules.start(), log_probs)
    assert scores.tolist() == [[-0.5, -1.0, -1.5, -torch.inf, -2.5]]
    scores, cache = rules.score(torch.tensor([4]), cache, log_probs)
    assert scores.tolist() == [[-0.5, -1.0, -1.5, -2.0, -2.5]]
    assert cache[1].item() == 2


def test_numbers_below_zero_are_refused() -> None:
    with pytest.raises(ConfigError, match="least"):
        Rules(1, least=-1)
    with pytest.raises(ConfigError, match="no_repeat"):
        Rules(1, no_repeat=-1)
