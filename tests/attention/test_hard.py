"""Hard attention: what is drawn, and that both estimators learn what they should."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regard import reference
from regard.attention import (
    Additive,
    Attention,
    Dot,
    Hard,
    Reinforce,
    Sampled,
    expected,
    gumbel_softmax,
    masked_softmax,
    sample_one,
)

K, D = 5, 3
DRAWS = 100_000
SIGMAS = 5  # that an estimate may be off; among a few hundred figures, by chance less than once
SCORES = torch.tensor([0.9, -1.1, 0.3, 1.7, -0.4], dtype=torch.float64)
REWARDS = torch.tensor([2.0, -1.0, 0.5, 1.0, 3.0], dtype=torch.float64)
MASK = torch.tensor([True, True, False, True, True])


def _array(tensor: Tensor) -> np.ndarray:
    return np.asarray(tensor.detach().numpy(), dtype=float)


def _chances(scores: Tensor, mask: Tensor | None = None) -> np.ndarray:
    allowed = None if mask is None else mask[None].numpy()
    chances: np.ndarray = reference.softmax(_array(scores)[None], allowed)[0]
    return chances


def _assert_frequencies(weights: Tensor, chances: np.ndarray) -> None:
    """Each row has a single one, where the chances say, as often as they say."""
    assert ((weights == 0) | (weights == 1)).all()
    assert (weights.sum(-1) == 1).all()
    error = np.sqrt(chances * (1 - chances) / len(weights))
    assert (np.abs(_array(weights).mean(0) - chances) <= SIGMAS * error).all()


def _assert_mean(samples: Tensor, expected: np.ndarray) -> None:
    """The mean over the first axis, for which there are as many samples, is as expected."""
    numbers = _array(samples)
    error = numbers.std(0) / np.sqrt(len(numbers))
    assert (np.abs(numbers.mean(0) - expected) <= SIGMAS * error + 1e-12).all()


@pytest.mark.parametrize("mask", [None, MASK])
def test_draws_are_as_frequent_as_softmax_says(mask: Tensor | None) -> None:
    generator = torch.Generator().manual_seed(0)
    sampled = sample_one(SCORES.expand(DRAWS, K), mask, generator=generator)
    _assert_frequencies(sampled.weights, _chances(SCORES, mask))
    allowed = None if mask is None else mask[None].numpy()
    logarithms = reference.hard_log_probabilities(_array(SCORES)[None], allowed)[0]
    assert sampled.log_prob is not None
    assert sampled.entropy is not None
    np.testing.assert_allclose(sampled.log_prob, logarithms[sampled.weights.argmax(-1)])
    entropy = reference.hard_entropy(_array(SCORES)[None], allowed)
    np.testing.assert_allclose(sampled.entropy, np.broadcast_to(entropy, DRAWS))


@pytest.mark.parametrize("temperature", [0.01, 1.0, 3.0, 1e9])
@pytest.mark.parametrize("mask", [None, MASK])
def test_gumbel_draws_the_same_at_any_temperature(mask: Tensor | None, temperature: float) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = SCORES.expand(DRAWS, K).float()
    weights = gumbel_softmax(rows, mask, temperature=temperature, generator=generator)
    _assert_frequencies(weights, _chances(SCORES, mask))


def test_queries_draw_by_themselves() -> None:
    torch.manual_seed(0)
    for draw in (Hard(), Hard("gumbel")):
        weights = draw(torch.zeros(DRAWS, 2, 2)).weights[..., 0]
        _assert_mean(weights[:, 0] * weights[:, 1], np.array(0.25))


def test_a_generator_makes_draws_reproducible() -> None:
    rows = SCORES.expand(97, K)

    def one(generator: torch.Generator) -> Tensor:
        return sample_one(rows, generator=generator).weights

    def gumbel(generator: torch.Generator) -> Tensor:
        return gumbel_softmax(rows, generator=generator)

    for draw in (one, gumbel):
        first, second = (draw(torch.Generator().manual_seed(7)) for _ in range(2))
        assert torch.equal(first, second)
        assert not torch.equal(first, draw(torch.Generator().manual_seed(8)))
        torch.manual_seed(7)
        state = torch.get_rng_state()
        draw(torch.Generator().manual_seed(7))
        assert torch.equal(torch.get_rng_state(), state)


def test_evaluation_takes_the_highest() -> None:
    for hard in (Hard().eval(), Hard("gumbel").eval()):
        weights, log_prob, entropy = hard(SCORES[None], MASK)
        assert weights.tolist() == [[0, 0, 0, 1, 0]]
        assert log_prob is None
        assert entropy is None
        assert hard(SCORES[None], torch.zeros(1, K, dtype=torch.bool)).weights.tolist() == [[0] * K]


def test_reinforce_is_right_on_average() -> None:
    """Through a whole attention: the gradient by the query, of many draws, against the exact."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    keys = torch.randn(1, K, D, generator=generator, dtype=torch.float64)
    query = torch.randn(1, 1, D, generator=generator, dtype=torch.float64)
    asked = query.repeat(DRAWS, 1, 1).requires_grad_()
    attended = Attention(Dot(), align=Hard())(
        asked,
        keys.expand(DRAWS, -1, -1),
        REWARDS[None, :, None].expand(DRAWS, -1, -1),
        MASK.expand(DRAWS, K),
    )
    reward = attended.context[:, 0, 0]
    (reward * attended.log_prob[:, 0]).sum().backward()
    assert asked.grad is not None
    allowed = MASK.numpy()
    scores = reference.dot_score(_array(query[0]), _array(keys[0]))[0][allowed]
    exact = reference.hard_policy_gradient(scores, _array(REWARDS)[allowed])
    _assert_mean(asked.grad[:, 0], exact @ _array(keys[0])[allowed])


def _gradients(reinforce: Reinforce, rewards: Tensor, seed: int) -> Tensor:
    """[DRAWS, K] estimates, one for each draw, of the gradient of the mean reward."""
    scores = SCORES.repeat(DRAWS, 1).requires_grad_()
    drawn = sample_one(scores, generator=torch.Generator().manual_seed(seed))
    assert drawn.log_prob is not None
    assert drawn.entropy is not None
    reinforce(drawn.log_prob, drawn.entropy, drawn.weights @ rewards).backward()
    assert scores.grad is not None
    return -scores.grad * DRAWS  # the loss is the mean over the draws, and to be made small


def test_a_baseline_lowers_the_variance_and_moves_no_mean() -> None:
    rewards = REWARDS + 10
    exact = reference.hard_policy_gradient(_array(SCORES), _array(rewards))
    without = Reinforce(entropy_weight=0.0).double().eval()
    without.baseline.zero_()
    with_baseline = Reinforce(entropy_weight=0.0).double()
    for seed in range(3):
        _gradients(with_baseline, rewards, seed)
    assert with_baseline.baseline.item() == pytest.approx(
        _chances(SCORES) @ rewards.numpy(), abs=0.1
    )
    plain = _gradients(without, rewards, 3)
    calm = _gradients(with_baseline.eval(), rewards, 3)
    _assert_mean(plain, exact)
    _assert_mean(calm, exact)
    assert calm.var(0).sum() < 0.1 * plain.var(0).sum()


def test_the_baseline_is_a_moving_average() -> None:
    reinforce = Reinforce(momentum=0.75, entropy_weight=0.5)
    log_prob, entropy = torch.tensor([-1.0, -2.0]), torch.tensor([0.5, 0.25])
    # The first batch sets it: (1 + 3) / 2 = 2. Advantages -1 and 1, (1 - 2) / 2 = -1 / 2.
    loss = reinforce(log_prob, entropy, torch.tensor([1.0, 3.0]))
    assert loss.item() == -(-0.5 + 0.5 * 0.375)
    assert reinforce.baseline.item() == 2.0
    # Judged by the baseline before it: advantages 2 and 6, -(-2 - 12) / 2 = 7.
    loss = reinforce(log_prob, entropy, torch.tensor([4.0, 8.0]))
    assert loss.item() == 7.0 - 0.5 * 0.375
    assert reinforce.baseline.item() == 0.75 * 2 + 0.25 * 6
    reinforce.eval()
    reinforce(log_prob, entropy, torch.tensor([100.0, 100.0]))
    assert reinforce.baseline.item() == 3.0
    assert Reinforce().baseline.isnan()
    again = Reinforce()
    again.load_state_dict(reinforce.state_dict())
    assert again.baseline.item() == 3.0


def test_a_reward_is_no_way_for_gradients() -> None:
    reward = torch.tensor([1.0, 3.0], requires_grad=True)
    log_prob = torch.tensor([-1.0, -2.0], requires_grad=True)
    Reinforce()(log_prob, torch.zeros(2), reward).backward()
    assert reward.grad is None
    assert log_prob.grad is not None
    assert log_prob.grad.tolist() == [0.5, -0.5]  # minus the advantages, over two cases


def test_the_gradient_of_the_entropy() -> None:
    scores = SCORES[None].clone().requires_grad_()
    entropy = sample_one(scores, MASK).entropy
    assert entropy is not None
    (gradient,) = torch.autograd.grad(entropy.sum(), scores)
    chances = _chances(SCORES, MASK)
    total = reference.hard_entropy(_array(SCORES)[None], MASK[None].numpy())[0]
    exact = [-p * (np.log(p) + total) if p > 0 else 0.0 for p in chances]
    np.testing.assert_allclose(_array(gradient[0]), exact)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_straight_through_takes_the_gradient_of_the_noisy_softmax(temperature: float) -> None:
    """The noise is drawn again from the same seed: minus logarithms of exponential times."""
    scores = SCORES.repeat(97, 1).requires_grad_()
    generator = torch.Generator().manual_seed(5)
    weights = gumbel_softmax(scores, MASK, temperature=temperature, generator=generator)
    (gradients,) = torch.autograd.grad((weights @ REWARDS).sum(), scores)
    waiting = torch.empty(97, K).exponential_(generator=torch.Generator().manual_seed(5))
    noisy = SCORES - waiting.log().double()
    for row, drawn, gradient in zip(noisy, weights, gradients, strict=True):
        highest = reference.hard_argmax(_array(row)[None], MASK[None].numpy())[0]
        np.testing.assert_array_equal(_array(drawn), highest)
        soft = _chances(row / temperature, MASK)
        # d (soft . r) / d s_j = soft_j (r_j - soft . r) / temperature
        exact = soft * (REWARDS.numpy() - soft @ REWARDS.numpy()) / temperature
        np.testing.assert_allclose(gradient.numpy(), exact, atol=1e-12)


def test_reinforce_sends_no_gradient_through_the_weights() -> None:
    scores = SCORES[None].clone().requires_grad_()
    sampled = Hard()(scores)
    assert isinstance(sampled, Sampled)
    assert not sampled.weights.requires_grad
    assert gumbel_softmax(scores).requires_grad
    assert masked_softmax(scores).requires_grad


def test_the_expectation_attends_by_softmax_with_the_same_parameters() -> None:
    torch.manual_seed(0)
    hard = Attention(Additive(3, 5, 7), align=Hard())
    soft = Attention(Additive(3, 5, 7))
    soft.load_state_dict(hard.state_dict())
    query, keys = torch.randn(2, 3, 3), torch.randn(2, 11, 5)
    twin = expected(hard)
    torch.testing.assert_close(twin(query, keys).weights, soft(query, keys).weights)
    assert twin(query, keys).log_prob is None
    assert hard(query, keys).log_prob is not None  # is what it was
    for own, other in zip(twin.parameters(), hard.parameters(), strict=True):
        assert own is other


def test_the_expectation_reaches_into_other_modules() -> None:
    heads = [Attention(Additive(4, 4, 3), align=Hard()) for _ in range(2)]
    inside = nn.Sequential(nn.Linear(2, 2), nn.ModuleList(heads))
    assert not any(isinstance(each, Hard) for each in expected(inside).modules())
    assert sum(isinstance(each, Hard) for each in inside.modules()) == 2
