"""Sequences drawn from a decoder, against the probabilities of all sequences."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from toy_decoder import BEGIN, END, Toy, V

from regard.errors import ConfigError
from regard.models import sample


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _probability(
    toy: Toy, tokens: tuple[int, ...], limit: int, temperature: float, forbidden: tuple[int, ...]
) -> float:
    """That the sequence is drawn for case 0."""
    probability = 1.0
    for at, token in enumerate(tokens):
        if at + 1 == limit:
            return probability  # the end is not drawn
        odds = np.exp(toy.at(0, tokens[:at])[0] / temperature)
        odds[list(forbidden)] = 0
        probability *= odds[token] / odds.sum()
    return probability


@pytest.mark.parametrize(
    ("temperature", "forbidden"), [(1.0, ()), (0.5, ()), (2.0, (0, 1)), (1.0, (2,))]
)
def test_sequences_are_as_frequent_as_they_are_probable(
    temperature: float, forbidden: tuple[int, ...]
) -> None:
    toy, draws, limit = Toy(3), 7919, 3
    tokens, _ = sample(
        toy.step,
        toy.start(1),
        limits=torch.tensor([limit]),
        generator=_seeded(),
        samples=draws,
        temperature=temperature,
        forbidden=forbidden,
    )
    drawn = [tuple(each[: each.index(END) + 1]) for each in tokens[0].tolist()]
    others = [token for token in range(V) if token != END]
    every = [(*start, END) for length in range(limit) for start in product(others, repeat=length)]
    assert set(drawn) <= set(every)
    wanted = [_probability(toy, each, limit, temperature, forbidden) for each in every]
    assert sum(wanted) == pytest.approx(1)
    for each, probability in zip(every, wanted, strict=True):
        spread = (probability * (1 - probability) / draws) ** 0.5
        assert abs(drawn.count(each) / draws - probability) <= 4 * spread


class _Table:
    """A decoder whose next token depends on the last one and the case, with a gradient."""

    def __init__(self) -> None:
        self.logits = torch.randn(3, V, V, generator=_seeded(1), dtype=torch.float64)
        self.logits.requires_grad_()

    def step(self, tokens: Tensor, cases: Tensor) -> tuple[Tensor, Tensor, None]:
        return self.logits[cases, tokens], cases, None


def test_log_probabilities_and_their_gradient_are_those_of_teacher_forcing() -> None:
    table, limits = _Table(), torch.tensor([7, 2, 5])
    tokens, log_probs = sample(
        table.step,
        torch.arange(3),
        limits=limits,
        generator=_seeded(),
        samples=11,
        temperature=1.7,
        forbidden=(0,),
    )
    assert tokens.shape[:2] == log_probs.shape == (3, 11)
    assert not log_probs.isnan().any()
    forced = []
    for case, number in product(range(3), range(11)):
        target: list[Any] = tokens[case, number].tolist()
        length = target.index(END) + 1
        assert length <= limits[case]
        assert not any(target[length:])
        assert 0 not in target[:length]
        given = [BEGIN, *target[: length - 1]]
        steps = table.logits[case, given].log_softmax(1)
        forced.append(steps[range(length), target[:length]].sum())
    wanted = torch.stack(forced).view(3, 11)
    torch.testing.assert_close(log_probs, wanted)
    weights = torch.randn(3, 11, generator=_seeded(2), dtype=torch.float64)
    (found,) = torch.autograd.grad((weights * log_probs).sum(), table.logits)
    (expected,) = torch.autograd.grad((weights * wanted).sum(), table.logits)
    torch.testing.assert_close(found, expected)
    assert expected.abs().sum() > 0


def test_the_generator_decides_alone() -> None:
    toy = Toy(0)

    def drawn(seed: int) -> Tensor:
        tokens, _ = sample(
            toy.step, toy.start(2), limits=torch.tensor([6, 5]), generator=_seeded(seed), samples=13
        )
        return tokens

    torch.manual_seed(1)
    first = drawn(0)
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(drawn(0), first)
    assert drawn(1).shape != first.shape or not torch.equal(drawn(1), first)
    torch.manual_seed(1)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"samples": 0}, "samples: wanted a whole number of at least 1, given 0"),
        ({"temperature": 0.0}, "temperature: wanted a number in (0, inf), given 0.0"),
        ({"limits": torch.tensor([0])}, "limits: wanted at least 1 token for each case, given 0"),
    ],
)
def test_sample_refuses(given: dict[str, Any], message: str) -> None:
    toy = Toy(0)
    settings: dict[str, Any] = {"limits": torch.tensor([3]), "generator": _seeded(), **given}
    with pytest.raises(ConfigError) as raised:
        sample(toy.step, toy.start(1), **settings)
    assert str(raised.value) == message
