"""Dropout of many numbers by few random ones."""

import math

import pytest
import torch

from regard.models.dropout import Dropout, dropout

N = 400_003  # not a multiple of four


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_share_and_mean_are_those_of_the_rate(rate: float) -> None:
    torch.manual_seed(0)
    found = dropout(torch.ones(N), rate, True)
    zeros = float((found == 0).double().mean())
    spread = math.sqrt(rate * (1 - rate) / N)
    assert abs(zeros - rate) < 5 * spread + 2**-17
    assert abs(float(found.double().mean()) - 1) < 5 * spread / (1 - rate)
    kept = found[found != 0]
    assert torch.equal(kept, kept[:1].expand_as(kept))  # all are scaled alike
    assert float(kept[0]) == pytest.approx(1 / (1 - rate), abs=1e-3)


def test_neighbours_that_share_a_random_number_are_independent() -> None:
    torch.manual_seed(0)
    kept = (dropout(torch.ones(400_000), 0.5, True) != 0).double().view(-1, 4)
    correlation = torch.corrcoef(kept.T) - torch.eye(4, dtype=torch.float64)
    assert correlation.abs().max() < 5 / math.sqrt(len(kept))


def test_the_rate_is_rounded_and_the_scale_goes_with_it() -> None:
    step = 2.0**-16
    values = torch.ones(1000)
    assert torch.equal(dropout(values, 0.4 * step, True), values)
    torch.manual_seed(0)
    nearly_all = dropout(torch.ones(200_000), 1 - 0.1 * step, True)
    assert set(nearly_all.unique().tolist()) <= {0.0, 1 / step}  # type: ignore[no-untyped-call]


def test_the_gradient_is_that_of_what_was_kept() -> None:
    torch.manual_seed(0)
    values = torch.randn(7, 11, requires_grad=True)
    found = dropout(values, 0.5, True)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    torch.testing.assert_close(values.grad, torch.where(found != 0, 2.0, 0.0))


def test_the_seed_decides() -> None:
    values = torch.ones(3, 5, 7)
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(dropout(values, 0.5, True))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_evaluation_and_a_rate_of_zero_change_and_draw_nothing() -> None:
    values = torch.randn(5)
    state = torch.random.get_rng_state()
    assert dropout(values, 0.5, False) is values
    assert dropout(values, 0.0, True) is values
    assert Dropout(0.5).eval()(values) is values
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 0, 2), (5,)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    assert dropout(torch.ones(shape), 0.5, True).shape == shape


def test_narrow_numbers_stay_narrow() -> None:
    assert dropout(torch.ones(9, dtype=torch.bfloat16), 0.5, True).dtype == torch.bfloat16
