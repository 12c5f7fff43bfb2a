"""Monotonic attention: the expected alignment, and hard decoding in linear time."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from regard import reference
from regard.attention import (
    Attention,
    Dot,
    Monotonic,
    MultiHead,
    Score,
    monotonic_decode,
    monotonic_step,
)

B, Q, K, D = 2, 3, 7, 5


def _inputs(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(B, Q, D, generator=generator, dtype=torch.float64)
    return query, torch.randn(B, K, D, generator=generator, dtype=torch.float64)


@given(
    st.integers(1, 9).flatmap(
        lambda keys: st.tuples(
            *[st.lists(st.floats(0, 1), min_size=keys, max_size=keys) for _ in range(2)]
        )
    )
)
def test_a_step_is_the_naive_sum(rows: tuple[list[float], list[float]]) -> None:
    """Equation 9 term by term: stops at j, having come from k and gone on at k .. j - 1."""
    stop, previous = rows[0], [weight / max(1.0, sum(rows[1])) for weight in rows[1]]
    expected = []
    for j in range(len(stop)):
        come = Fraction(0)
        for k in range(j + 1):
            passed = Fraction(1)
            for between in range(k, j):
                passed *= 1 - Fraction(stop[between])
            come += Fraction(previous[k]) * passed
        expected.append(float(Fraction(stop[j]) * come))
    chances = torch.tensor(stop, dtype=torch.float64)
    before = torch.tensor(previous, dtype=torch.float64)
    weights = monotonic_step(chances, 1 - chances, before)
    np.testing.assert_allclose(weights.numpy(), expected, rtol=1e-9, atol=1e-15)
    assert (weights >= 0).all()
    assert weights.sum() <= before.sum() + 1e-12


def test_a_long_row_does_not_underflow() -> None:
    """Two thousand keys, at each of which it goes on with one half: the weights of the last start.

    The quotient of cumulated products would divide by 2^-1900, which is no number.
    """
    half = torch.full((2000,), 0.5)
    previous = torch.zeros(2000)
    previous[1900] = 1.0
    weights = monotonic_step(half, half, previous)
    assert (weights[:1900] == 0).all()
    torch.testing.assert_close(weights[1900:1920], 0.5 ** torch.arange(1.0, 21.0))


def test_the_expected_alignment_is_the_mean_of_hard_runs() -> None:
    """Algorithm 1 run twenty thousand times, with its Bernoulli draws."""
    runs = 20_000
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(Q, K))
    mask = rng.random((Q, K)) < 0.8
    stops = np.where(mask, 1 / (1 + np.exp(-scores)), 0.0)
    counts = np.zeros((Q, K))
    for _ in range(runs):
        j = 0
        for i in range(Q):
            while j < K and rng.random() >= stops[i, j]:
                j += 1
            if j == K:
                break
            counts[i, j] += 1
    align = Monotonic(noise=0)
    rows = torch.from_numpy(scores)[None]
    weights = align.expected(rows, torch.from_numpy(mask)[None], align.start(rows[0, :1].mT[None]))
    expected = weights[0].detach().numpy()
    error = np.sqrt(expected * (1 - expected) / runs)
    assert (np.abs(counts / runs - expected) <= 5 * error + 1e-12).all()
    assert (expected.sum(1) < 1).all()


def test_noise_is_for_training_alone() -> None:
    query, keys = _inputs()
    align = Monotonic(noise=0.7)
    nn.init.constant_(align.offset, -0.3)
    attention = Attention(Dot(), align=align).double()
    torch.manual_seed(3)
    weights = attention(query, keys).weights
    torch.manual_seed(3)
    noise = 0.7 * torch.randn(B, Q, K, dtype=torch.float64)
    for b in range(B):
        scores = reference.dot_score(query[b].numpy(), keys[b].numpy()) - 0.3 + noise[b].numpy()
        expected = reference.monotonic_expected(scores)
        np.testing.assert_allclose(weights[b].detach().numpy(), expected)
    scores, start = query @ keys.mT, align.start(keys)
    calm = Monotonic(noise=0).double()
    nn.init.constant_(calm.offset, -0.3)
    torch.testing.assert_close(
        align.eval().expected(scores, None, start), calm.expected(scores, None, start)
    )


class _Counting(Score):
    """Dot products, that counts how many it has computed."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        scores = query @ prepared.mT
        self.count += scores.numel()
        return scores


@pytest.mark.parametrize("shift", [-9.0, 0.0, 9.0])  # never stops; sometimes; at every key
def test_decoding_takes_linear_time(shift: float) -> None:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(1, 23, D, generator=generator)
    keys = torch.randn(1, 29, D, generator=generator)
    score, align = _Counting(), Monotonic()
    nn.init.constant_(align.offset, shift)
    weights = Attention(score, align=align).eval()(query, keys).weights
    assert 0 < score.count <= 23 + 29
    scores = reference.dot_score(query[0].double().numpy(), keys[0].double().numpy()) + shift
    np.testing.assert_array_equal(weights[0].numpy(), reference.monotonic_hard(scores))


def test_every_case_counts_for_itself() -> None:
    query, keys = _inputs()
    score = _Counting()
    together = Attention(score, align=Monotonic()).eval()(query, keys).weights
    assert score.count <= B * (Q + K)
    alone = [
        Attention(Dot(), align=Monotonic()).eval()(query[b : b + 1], keys[b : b + 1])
        for b in range(B)
    ]
    torch.testing.assert_close(together, torch.cat([each.weights for each in alone]))


def test_decoding_by_hand() -> None:
    """Scores are the products: the queries want places, one after the other, and one too many."""
    keys = torch.eye(4)[None]
    query = torch.tensor([[[-1.0, -1, 1, 1], [1, 1, 1, -1], [1, 1, -1, -1], [1, 1, 1, 1]]])
    start = torch.tensor([[1.0, 0, 0, 0]])
    weights = monotonic_decode(Dot(), query, keys, start)
    assert weights.tolist() == [[[0, 0, 1, 0], [0, 0, 1, 0], [0] * 4, [0] * 4]]
    # From the third key on; from nowhere; above another threshold; past what is masked.
    later = monotonic_decode(Dot(), query[:, 3:], keys, torch.tensor([[0.0, 0, 1, 0]]))
    assert later.tolist() == [[[0, 0, 1, 0]]]
    assert not monotonic_decode(Dot(), query, keys, torch.zeros(1, 4)).any()
    assert not monotonic_decode(Dot(), query, keys, start, threshold=1.0).any()
    mask = torch.tensor([[[True, True, False, True]]])
    masked = monotonic_decode(Dot(), query[:, :2], keys, start, mask)
    assert masked.tolist() == [[[0, 0, 0, 1], [0] * 4]]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("heads", [False, True])
def test_the_state_is_where_the_last_query_stopped(training: bool, heads: bool) -> None:
    query, keys = _inputs()
    attention = Attention(Dot(), align=Monotonic(noise=0))
    module = MultiHead([attention] * 2, D, head_dim=3) if heads else attention
    module = module.double().train(training)
    whole = module(query, keys)
    first = module(query[:, :1], keys)
    torch.testing.assert_close(first.state, first.weights[..., -1, :])
    second = module(query[:, 1:], keys, state=first.state)
    torch.testing.assert_close(torch.cat([first.weights, second.weights], -2), whole.weights)
    torch.testing.assert_close(second.state, whole.state)


def test_rows_sum_to_one_at_most() -> None:
    for seed in range(20):
        query, keys = _inputs(seed)
        attention = Attention(Dot(), align=Monotonic()).double()
        for training in (True, False):
            sums = attention.train(training)(3 * query, keys).weights.sum(-1)
            assert (sums <= 1 + 1e-12).all()
            assert (sums[:, 1:] <= sums[:, :-1] + 1e-12).all()  # who is off the end stays there
