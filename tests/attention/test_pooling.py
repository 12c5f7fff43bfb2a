"""Attention pooling and conjunctive pooling against loops over cases and positions."""

from functools import partial

import numpy as np
import pytest
import torch

from regard import reference
from regard.attention import (
    Additive,
    Attention,
    AttentionPooling,
    ConjunctivePooling,
    Coverage,
    Dot,
    General,
    Hard,
    LastStatePooling,
    LocalMonotonic,
    LocalPredictive,
    Monotonic,
    ScaledDot,
    SelfAttentionPooling,
    Sliding,
    Uniform,
    conjunctive_pool,
    sparsemax,
)

B, S, D, N, A = 3, 5, 7, 2, 11
LENGTHS = [5, 2, 4]


def _states() -> tuple[torch.Tensor, torch.Tensor]:
    states = torch.randn(B, S, D, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return states, torch.arange(S) < torch.tensor(LENGTHS)[:, None]


def test_attention_pooling_by_hand() -> None:
    states, mask = _states()
    score = Additive(None, D, A)
    pooling = AttentionPooling([Attention(score)], A).double()
    torch.nn.init.normal_(pooling.queries)
    context, weights = pooling(states, mask)
    query, vector = pooling.queries[0].detach().numpy(), score.vector.detach().numpy()
    projection = score.key_projection.weight.detach().numpy()
    for b, length in enumerate(LENGTHS):
        rows = states[b, :length].numpy()
        exponentials = [np.exp(vector @ np.tanh(projection @ row + query)) for row in rows]
        expected = np.array(exponentials) / sum(exponentials)
        np.testing.assert_allclose(weights[b, :length].detach().numpy(), expected)
        np.testing.assert_allclose(context[b].detach().numpy(), expected @ rows)
    assert (weights[~mask] == 0).all()


def test_a_dot_product_query_starts_from_uniform_weights() -> None:
    states, _ = _states()
    weights = AttentionPooling([Attention(Dot())], D).double()(states).weights
    torch.testing.assert_close(weights, torch.full((B, S), 1 / S, dtype=torch.float64))


def _conjunctive(heads: int = 1) -> ConjunctivePooling:
    """Of dot products, with figures of batches as if it had been trained."""
    pooling = ConjunctivePooling([Dot() for _ in range(heads)], D, D, N).double()
    torch.nn.init.normal_(pooling.queries)
    torch.nn.init.normal_(pooling.classify.weight)  # which begins as zeros
    pooling.norm.mean.copy_(torch.linspace(-1, 1, D, dtype=torch.float64))
    pooling.norm.variance.copy_(torch.linspace(0.1, 3, D, dtype=torch.float64))
    return pooling.eval()


def test_conjunctive_pooling_by_hand() -> None:
    states, mask = _states()
    pooling = _conjunctive()
    logits, gates, weights, evidence = pooling(states, mask)
    assert evidence.shape == (B, N, S)
    weight, bias = pooling.classify.weight.detach().numpy(), pooling.classify.bias.detach().numpy()
    spread = np.sqrt(np.linspace(0.1, 3, D) + 1e-5)
    scaled = weight / spread
    for b, length in enumerate(LENGTHS):
        total = np.zeros(D)
        for s in range(length):
            state = states[b, s].numpy() / np.sqrt(1 + (states[b, s].numpy() ** 2).mean())
            gate = 1 / (1 + np.exp(-(pooling.queries[0].detach().numpy() @ state)))
            assert gates[b, s].item() == pytest.approx(gate)
            total += gate * state
            own = gate * scaled @ state + bias - scaled @ np.linspace(-1, 1, D)
            np.testing.assert_allclose(evidence[b, :, s].detach().numpy(), own / length, atol=1e-12)
        normal = (total / length - np.linspace(-1, 1, D)) / spread
        np.testing.assert_allclose(logits[b].detach().numpy(), weight @ normal + bias)
    torch.testing.assert_close(evidence.sum(-1), logits)
    torch.testing.assert_close(weights, gates / gates.sum(1, keepdim=True))
    assert (gates[~mask] == 0).all()
    assert (evidence.transpose(1, 2)[~mask] == 0).all()


def test_conjunctive_pooling_normalises_over_the_batch_in_training() -> None:
    states, mask = _states()
    pooling = _conjunctive().train()
    gated = pooling(states, mask)
    counts = mask.sum(1, keepdim=True)
    bounded = states / torch.sqrt(1 + states.square().mean(2, keepdim=True))
    contexts = (gated.gates.unsqueeze(-1) * bounded).sum(1) / counts
    mean, variance = contexts.mean(0), contexts.var(0)
    normal = (contexts - mean) / torch.sqrt(variance + 1e-5)
    torch.testing.assert_close(gated.logits, pooling.classify(normal))
    torch.testing.assert_close(gated.evidence.sum(-1), gated.logits)
    # The first batch replaces what was there, and is itself replaced little by little.
    torch.testing.assert_close(pooling.norm.mean, mean)
    torch.testing.assert_close(pooling.eval()(states, mask).logits, gated.logits)
    for _ in range(30):
        pooling.train()(states + 1, mask)
    later = pooling.norm.mean.clone()
    pooling(states, mask)
    torch.testing.assert_close(pooling.norm.mean, later + (mean - later) / 10)
    # A batch of a single case has no spread: it is read as in prediction.
    alone = pooling(states[:1], mask[:1])
    torch.testing.assert_close(alone.logits, pooling.eval()(states[:1], mask[:1]).logits)


def test_no_position_outweighs_the_others_by_the_size_of_its_state() -> None:
    """The size of a state is bounded, its direction stays."""
    states, _ = _states()
    pooling = _conjunctive()
    larger = states.clone()
    larger[:, 2] *= 1e6
    other = pooling(larger).evidence[:, :, 2]
    larger[:, 2] *= 1e6
    torch.testing.assert_close(pooling(larger).evidence[:, :, 2], other)
    size = larger[:, 2].square().mean(1, keepdim=True).sqrt()
    pooling.queries.data.zero_()  # the gates are one half
    bounded, mean = larger[:, 2] / size, torch.linspace(-1, 1, D, dtype=torch.float64)
    own = pooling.classify.weight / torch.sqrt(pooling.norm.variance + 1e-5)
    expected = bounded @ own.T / 2 - own @ mean + pooling.classify.bias
    torch.testing.assert_close(pooling(larger).evidence[:, :, 2], expected / S)


def test_conjunctive_pooling_of_nothing_is_zero() -> None:
    states, _ = _states()
    states.requires_grad_()
    pooling = ConjunctivePooling([Dot()], D, D, N).double()
    logits, gates, weights, evidence = pooling(states, torch.zeros(B, S, dtype=torch.bool))
    assert (logits == 0).all()
    assert (gates == 0).all()
    assert (weights == 0).all()
    assert (evidence == 0).all()
    logits.sum().backward()
    assert states.grad is not None
    assert (states.grad == 0).all()


def test_conjunctive_weights_sum_to_one_even_when_every_gate_underflows() -> None:
    gated = conjunctive_pool(torch.zeros(1, S, N), torch.full((1, 1, S), -300.0))
    assert (gated.gates == 0).all()
    torch.testing.assert_close(gated.weights, torch.full((1, S), 1 / S))


def test_several_heads_average_the_attention_of_each() -> None:
    states, mask = _states()
    scores = [Additive(None, D, A) for _ in range(3)]
    together = AttentionPooling([Attention(score) for score in scores], A).double()
    expected = []
    for score, query in zip(scores, together.queries.detach(), strict=True):
        one = AttentionPooling([Attention(score)], A).double()
        one.queries.data = query[None]
        expected.append(one(states, mask))
    context, weights = together(states, mask)
    torch.testing.assert_close(context, sum(pooled.context for pooled in expected) / 3)
    torch.testing.assert_close(weights, sum(pooled.weights for pooled in expected) / 3)
    assert not torch.equal(together.queries[0], together.queries[1])


def test_several_heads_average_the_gates_of_each() -> None:
    states, mask = _states()
    together = _conjunctive(heads=3)
    expected = []
    for query in together.queries.detach():
        one = _conjunctive()
        one.classify = together.classify
        one.queries.data = query[None]
        expected.append(one(states, mask))
    gated = together(states, mask)
    torch.testing.assert_close(gated.logits, sum(each.logits for each in expected) / 3)
    torch.testing.assert_close(gated.gates, sum(each.gates for each in expected) / 3)
    torch.testing.assert_close(gated.weights, gated.gates / gated.gates.sum(1, keepdim=True))


def test_self_attention_pooling_by_the_reference() -> None:
    """The mean of what the true states look at, of each head with a window of its own."""
    states, mask = _states()
    general = General(D, D).double()
    pooling = SelfAttentionPooling(
        [
            Attention(ScaledDot(), window=LocalMonotonic(1)),
            Attention(general, window=Sliding(2), align=sparsemax),
        ]
    )
    context, weights = pooling(states, mask)
    assert context.shape == (B, D)
    assert weights.shape == (B, S)
    for b, length in enumerate(LENGTHS):
        own = states[b, :length].numpy()
        matrix = general.weight.detach().numpy()
        looks = [
            reference.attend(
                reference.scaled_dot_score(own, own),
                own,
                reference.local_monotonic(length, length, 1),
            ),
            reference.attend(
                reference.general_score(own, own, matrix),
                own,
                reference.sliding(length, length, 2),
                reference.sparsemax,
            ),
        ]
        for pooled, parts in zip(
            (context[b], weights[b, :length]), zip(*looks, strict=True), strict=True
        ):
            np.testing.assert_allclose(pooled.detach().numpy(), np.mean(parts, axis=(0, 1)))
    assert (weights[~mask] == 0).all()


@pytest.mark.parametrize(
    "attention",
    [
        partial(Attention, Coverage(D, D, A)),
        partial(Attention, Dot(), align=Monotonic(noise=0)),
        partial(Attention, Dot(), align=Hard()),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_self_attention_pooling_takes_what_a_learned_query_cannot(
    attention: partial[Attention], training: bool
) -> None:
    states, mask = _states()
    pooling = SelfAttentionPooling([attention()]).double().train(training)
    torch.manual_seed(0)
    pooled = pooling(states, mask)
    torch.manual_seed(0)
    attended = pooling.heads[0](states, states, mask=mask)
    for b, length in enumerate(LENGTHS):
        torch.testing.assert_close(pooled.context[b], attended.context[b, :length].mean(0))
        torch.testing.assert_close(pooled.weights[b], attended.weights[b, :length].mean(0))
        for pooled_part, part in (
            (pooled.log_prob, attended.log_prob),
            (pooled.entropy, attended.entropy),
        ):
            assert (pooled_part is None) == (part is None)
            if part is not None:
                torch.testing.assert_close(pooled_part[b], part[b, :length].sum())


def test_self_attention_pooling_of_nothing_is_zero() -> None:
    states, _ = _states()
    states.requires_grad_()
    pooled = SelfAttentionPooling([Attention(Dot()), Attention(Dot(), align=Hard())])(
        states, torch.zeros(B, S, dtype=torch.bool)
    )
    assert (pooled.context == 0).all()
    assert (pooled.weights == 0).all()
    assert (pooled.log_prob == 0).all()
    (pooled.context.sum() + pooled.entropy.sum()).backward()
    assert states.grad is not None
    assert (states.grad == 0).all()


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("learned", [True, False])
def test_what_several_heads_draw_adds_up(learned: bool, order: int) -> None:
    """Beside heads that leave nothing to chance, whichever comes first."""
    states, mask = _states()
    heads = [Attention(Dot()), Attention(Dot(), align=Hard()), Attention(Dot(), align=Hard())][
        ::order
    ]
    pooling = (AttentionPooling(heads, D) if learned else SelfAttentionPooling(heads)).double()
    pooled = pooling(states, mask)
    # Equal scores for a query of zeros; those of the learned ones are random.
    if learned:
        pooling.get_parameter("queries").data.zero_()
        pooled = pooling(states, mask)
        expected = 2 * torch.tensor(LENGTHS).double().log()
        torch.testing.assert_close(pooled.entropy, expected)
        torch.testing.assert_close(pooled.log_prob, -expected)
    else:
        for b, length in enumerate(LENGTHS):
            own = states[b, :length].numpy()
            entropies = reference.hard_entropy(reference.dot_score(own, own))
            assert pooled.entropy[b].item() == pytest.approx(2 * entropies.sum())
        assert (pooled.log_prob <= 0).all()


@pytest.mark.parametrize("learned", [True, False])
def test_the_weights_of_each_head_and_query_are_to_be_had(learned: bool) -> None:
    states, mask = _states()
    heads = [Attention(General(D, D)) for _ in range(2)]
    pool = AttentionPooling(heads, D) if learned else SelfAttentionPooling(heads)
    pooled = pool.double()(states, mask)
    for b, length in enumerate(LENGTHS):
        for h, head in enumerate(heads):
            asking = pool.get_parameter("queries")[h : h + 1] if learned else states[b]
            alone = head(asking[None], states[b : b + 1, :length]).weights[0]
            torch.testing.assert_close(pooled.head_weights[b, h, :, :length], alone)
        asked = slice(0, 1 if learned else length)
        mean = pooled.head_weights[b, :, asked].mean((0, 1))
        torch.testing.assert_close(pooled.weights[b], mean)
    assert (pooled.head_weights.movedim(3, 1)[~mask] == 0).all()


def test_last_state_pooling_by_the_reference() -> None:
    """[context; last state] of each case alone; what stands behind its end does not matter."""
    states, mask = _states()
    additive = Additive(D, D, A).double()
    pooling = LastStatePooling([Attention(additive), Attention(Dot(), align=sparsemax)])
    pooled = pooling(states, mask)
    context, weights = pooled
    assert context.shape == (B, 2 * D)
    assert weights.shape == (B, S)
    assert pooled.head_weights.shape == (B, 2, 1, S)
    assert isinstance(additive.query_projection, torch.nn.Linear)
    score = partial(
        reference.additive_score,
        w_q=additive.query_projection.weight.detach().numpy(),
        w_k=additive.key_projection.weight.detach().numpy(),
        v=additive.vector.detach().numpy(),
    )
    for b, length in enumerate(LENGTHS):
        own = states[b, :length].numpy()
        looks = [
            reference.last_state_pooling(own, score),
            reference.last_state_pooling(own, reference.dot_score, align=reference.sparsemax),
        ]
        for part, expected in zip(
            (context[b], weights[b, :length]), zip(*looks, strict=True), strict=True
        ):
            np.testing.assert_allclose(
                part.detach().numpy(), np.mean(expected, axis=0), rtol=1e-9, atol=1e-9
            )
        np.testing.assert_array_equal(context[b, D:].detach().numpy(), own[-1])
    assert (weights[~mask] == 0).all()
    other = states.masked_fill(~mask.unsqueeze(-1), 99.0)
    torch.testing.assert_close(pooling(other, mask).context, context, rtol=0, atol=0)
    torch.testing.assert_close(pooling(states[:1]).context, context[:1])  # the first is whole


def test_the_last_state_is_the_last_that_is_true() -> None:
    states, _ = _states()
    mask = torch.tensor([[False, True, False, True, False], [True] + [False] * 4, [False] * 5])
    states.requires_grad_()
    pooling = LastStatePooling([Attention(ScaledDot())])
    context, weights = pooling(states, mask)
    for b in range(B):
        vector, row = reference.last_state_pooling(
            states[b].detach().numpy(), reference.scaled_dot_score, mask[b].numpy()
        )
        np.testing.assert_allclose(context[b].detach().numpy(), vector)
        np.testing.assert_allclose(weights[b].detach().numpy(), row)
    torch.testing.assert_close(context[0, D:], states[0, 3])
    torch.testing.assert_close(context[1], states[1, 0].repeat(2))
    assert (context[2] == 0).all()
    assert (weights[2] == 0).all()
    context.square().sum().backward()
    assert states.grad is not None
    assert states.grad.isfinite().all()
    assert (states.grad[~mask] == 0).all()


def test_what_the_last_state_draws_is_handed_over() -> None:
    states, mask = _states()
    pooled = LastStatePooling([Attention(Dot(), align=Hard()), Attention(Dot())])(states, mask)
    for b, length in enumerate(LENGTHS):
        own = states[b, :length].numpy()
        scores = reference.dot_score(own[-1:], own)
        drawn = pooled.head_weights[b, 0, :, :length].numpy()
        logarithms = reference.hard_log_probabilities(scores)
        assert pooled.log_prob[b].item() == pytest.approx((logarithms * drawn).sum())
        assert pooled.entropy[b].item() == pytest.approx(reference.hard_entropy(scores)[0])


def test_pooling_without_attention_is_the_mean_and_learns_nothing() -> None:
    states, mask = _states()
    states.requires_grad_()
    for pooling in (
        AttentionPooling([Attention(Uniform())], D),
        AttentionPooling([Attention(Uniform()), Attention(Uniform(), align=sparsemax)], A),
        SelfAttentionPooling([Attention(Uniform())]),
    ):
        assert not list(pooling.double().parameters())
        assert not pooling.state_dict()
        context, weights = pooling(states, mask)
        for b, length in enumerate(LENGTHS):
            torch.testing.assert_close(context[b], states[b, :length].mean(0))
            assert weights[b].tolist() == pytest.approx([1 / length] * length + [0] * (S - length))
        (gradient,) = torch.autograd.grad(context.sum(), states)
        torch.testing.assert_close(gradient, weights.unsqueeze(-1).expand_as(states))


def test_a_query_that_something_reads_is_learned_all_the_same() -> None:
    local = LocalPredictive(2, query_dim=D, hidden_dim=A)
    for heads in (
        [Attention(Uniform(), window=local)],
        [Attention(Uniform()), Attention(Dot())],
    ):
        pooling = AttentionPooling(heads, D)
        assert isinstance(pooling.queries, torch.nn.Parameter)
        assert pooling.queries.shape == (len(heads), D)


def test_conjunctive_pooling_without_attention_is_half_the_mean() -> None:
    states, mask = _states()
    pooling = ConjunctivePooling([Uniform()], D, D, N).double().eval()
    assert [name for name, _ in pooling.named_parameters()] == ["classify.weight", "classify.bias"]
    gated = pooling(states, mask)
    assert (gated.gates[mask] == 0.5).all()
    for b, length in enumerate(LENGTHS):
        half = states[b, :length].mean(0) / 2
        torch.testing.assert_close(gated.logits[b], pooling.classify(half), rtol=1e-4, atol=1e-5)
