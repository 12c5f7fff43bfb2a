"""The loss of sequences: a penalty on uneven attention, and samples of hard attention."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from toy_writer import toy_batch, toy_writer

from regard.models import read_source
from regard.outputs.tokens.objective import TokenLoss, unevenness

V = 13


def _by_loops(
    weights: NDArray[np.float64], true: NDArray[np.bool_], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Equation 14 of Xu et al., 2015, one position after the other."""
    cases, layers, heads, tokens, positions = weights.shape
    found = np.zeros(cases)
    for case in range(cases):
        for i in range(positions):
            if mask[case, i]:
                total = 0.0
                for t in range(tokens):
                    if true[case, t]:
                        total += weights[case, :, :, t, i].sum() / (layers * heads)
                found[case] += (1 - total) ** 2
    return found


def test_unevenness_is_equation_14() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(2, 3, 5, 7, 11, generator=generator, dtype=torch.float64)
    true = torch.rand(2, 7, generator=generator) < 0.7
    mask = torch.rand(2, 11, generator=generator) < 0.7
    expected = _by_loops(weights.numpy(), true.numpy(), mask.numpy())
    np.testing.assert_allclose(unevenness(weights, true, mask).numpy(), expected)
    whole = torch.ones_like(mask)
    np.testing.assert_allclose(unevenness(weights, true), unevenness(weights, true, whole))


def test_even_attention_costs_nothing() -> None:
    weights = torch.eye(3).expand(1, 1, 1, 3, 3)  # each token has a position of its own
    assert unevenness(weights, torch.ones(1, 3, dtype=torch.bool)).tolist() == [0.0]


def test_the_penalty_is_added_to_the_losses_of_training_alone() -> None:
    model, batch = toy_writer(V), toy_batch([5, 6], [7])
    plain, penalised = TokenLoss(), TokenLoss(doubly_stochastic=0.5)
    source = read_source(model, batch.inputs, batch.mask)
    weights = model.head.teach(source, batch.targets, need_weights=True).weights
    true = batch.targets != 0
    penalty = unevenness(weights, true, source.mask).sum() / true.sum()
    losses = [
        each(each.run(model, batch).values, batch.targets).item() for each in (plain, penalised)
    ]
    assert losses[1] - losses[0] == pytest.approx(0.5 * penalty.item(), rel=1e-5)
    model.eval()
    before, after = (each.run(model, batch).values for each in (plain, penalised))
    torch.testing.assert_close(before, after)


def test_the_penalty_makes_attention_more_even() -> None:
    model, batch = toy_writer(V), toy_batch([5, 6, 7], [8, 9])
    objective = TokenLoss(doubly_stochastic=10.0)

    def uneven() -> float:
        source = read_source(model, batch.inputs, batch.mask)
        weights = model.head.teach(source, batch.targets, need_weights=True).weights
        return unevenness(weights, batch.targets != 0, source.mask).sum().item()

    before = uneven()
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(30):
        optimizer.zero_grad()
        objective(objective.run(model, batch).values, batch.targets).backward()
        optimizer.step()
    assert uneven() < 0.8 * before


def test_the_expectation_of_hard_attention_is_its_baseline() -> None:
    model, batch = toy_writer(V, align="hard"), toy_batch([5, 6], [7], [8, 9, 10])
    soft = toy_writer(V)
    soft.load_state_dict(model.state_dict())
    objective = TokenLoss()
    torch.manual_seed(0)
    found = objective.run(model, batch)
    tokens = int((batch.targets != 0).sum())
    rewards = -objective.losses(found.values, batch.targets)
    assert found.log_prob is not None
    assert found.baseline is not None
    assert len(found.values) == len(found.log_prob) == len(found.baseline) == 2 * tokens
    expected = -objective.losses(objective.run(soft, batch).values, batch.targets)
    torch.testing.assert_close(rewards[tokens:], expected)
    torch.testing.assert_close(found.baseline, expected.detach().repeat(2))
    assert not found.baseline.requires_grad
    assert not found.log_prob[tokens:].any()  # nothing is drawn there
    assert (rewards[:tokens] != rewards[tokens:]).any()
    assert objective.run(model.eval(), batch).log_prob is None


def test_gradients_of_samples_and_of_their_expectation_reach_the_same_parameters() -> None:
    model, batch = toy_writer(V, align="hard"), toy_batch([5, 6], [7])
    found = TokenLoss().run(model, batch)
    tokens = len(found.values) // 2
    score = model.head.decoder.attention.score
    for part in (found.values[:tokens, 0], found.values[tokens:, 0]):
        gradients = torch.autograd.grad(
            part.sum(),
            [*score.parameters(), *model.head.decoder.network.parameters()],
            retain_graph=True,
            allow_unused=True,
        )
        assert gradients[-1] is not None
        assert gradients[-1].any()
    assert gradients[0] is not None  # the score learns from the expectation directly
    assert gradients[0].any()


def test_a_baseline_of_its_own_leaves_the_gradient_right_on_average() -> None:
    """The reward at the one position that is drawn is known: its exact gradient is, too."""
    from regard.attention import Reinforce, sample_one

    torch.manual_seed(0)
    rewards = torch.tensor([1.0, 4.0, -2.0], dtype=torch.float64)
    scores = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
    [upwards] = torch.autograd.grad((scores.softmax(0) * rewards).sum(), scores)
    draws = 20_000
    drawn = sample_one(scores.expand(draws, 3))
    baseline = (scores.softmax(0).detach() @ rewards).expand(draws)
    reinforce = Reinforce(entropy_weight=0.0)
    reinforce(drawn.log_prob, drawn.entropy, drawn.weights @ rewards, baseline).backward()
    torch.testing.assert_close(scores.grad, -upwards, atol=0.03, rtol=0)
    assert reinforce.baseline.isnan()
