"""Maps over steps and most attended spans, against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.explain import lay_over_steps, most_attended_spans, spread_over_kernels


@given(st.integers(1, 7), st.integers(0, 1000), st.booleans())
def test_every_row_keeps_its_sum_and_stays_within_its_length(
    stride: int, seed: int, per_class: bool
) -> None:
    generator = np.random.default_rng(seed)
    steps = 23
    lengths = generator.integers(1, steps + 1, 5)
    positions = -(-steps // stride)
    maps = generator.normal(size=(5, 3, positions) if per_class else (5, positions))
    laid = lay_over_steps(maps, lengths, stride=stride, steps=steps)
    assert laid.shape == (*maps.shape[:-1], steps)
    for case, length in enumerate(lengths):
        true_positions = -(-length // stride)
        expected = np.zeros(laid.shape[1:])
        for s in range(true_positions):
            covered = range(s * stride, min((s + 1) * stride, length))
            for t in covered:
                expected[..., t] = maps[case, ..., s] / len(covered)
        np.testing.assert_allclose(laid[case], expected)
        np.testing.assert_allclose(
            laid[case].sum(-1), maps[case, ..., :true_positions].sum(-1), atol=1e-12
        )


@given(
    st.integers(1, 40), st.lists(st.sampled_from([1, 3, 7, 13, 37]), min_size=1), st.integers(0, 99)
)
def test_a_value_is_divided_among_the_steps_of_kernels(
    steps: int, widths: list[int], seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=(2, steps))
    expected = np.zeros_like(values)
    for t in range(steps):
        for width in widths:
            for there in range(t - width // 2, t + width // 2 + 1):
                at = there % (2 * steps)  # mirrored at both ends, as often as need be
                to = min(at, 2 * steps - 1 - at)
                expected[:, to] += values[:, t] / (width * len(widths))
    spread = spread_over_kernels(values, widths)
    np.testing.assert_allclose(spread, expected, atol=1e-12)
    np.testing.assert_allclose(spread.sum(1), values.sum(1), atol=1e-12)
    np.testing.assert_allclose(spread_over_kernels(np.ones(steps), widths), 1, atol=1e-12)


@given(st.integers(0, 1000), st.floats(0.01, 1.0))
def test_no_shorter_span_has_the_share(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.full(11, 0.3), size=3)
    for row, (start, stop) in zip(weights, most_attended_spans(weights, share=share), strict=True):
        assert 0 <= start < stop <= 11
        assert row[start:stop].sum() >= share - 1e-5
        shorter = stop - start - 1
        for other in range(11 - shorter + 1):
            assert row[other : other + shorter].sum() < share + 1e-5


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0.0, 0.0, 1.0, 0.0], [2, 3]),
        ([0.25, 0.25, 0.25, 0.25], [0, 2]),
        ([1.0], [0, 1]),
        ([0.3, 0.0, 0.0, 0.7], [3, 4]),
    ],
)
def test_spans_by_hand(row: list[float], expected: list[int]) -> None:
    assert most_attended_spans(np.array([row])).tolist() == [expected]
