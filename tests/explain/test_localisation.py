"""Localisation: how the weights rank the steps of the true spans."""

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from regard.explain import inside_spans, localisation_ap, localisation_ndcg, ndcg


def test_by_hand() -> None:
    # Ranked 3, 1, 0, 2 with truth at 1 and 2: precision 1/2 at the first hit, 2/4 at the second.
    weights = np.array([[0.2, 0.3, 0.1, 0.4]])
    assert localisation_ap(weights, np.array([[1, 3]]), np.array([4])) == pytest.approx(0.5)


def test_cases_without_a_span_and_steps_of_padding_do_not_count() -> None:
    weights = np.array([[0.1, 0.9, 0.0], [0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])
    spans = np.array([[1, 2], [0, 0], [0, 1]])
    assert localisation_ap(weights, spans, np.array([2, 3, 2])) == 1.0
    assert np.isnan(localisation_ap(weights[1:2], spans[1:2], np.array([3])))


def test_uniform_weights_score_the_share_of_the_span() -> None:
    weights = np.full((1, 100), 0.01)
    assert localisation_ap(weights, np.array([[20, 47]]), np.array([100])) == pytest.approx(0.27)


def test_ndcg_by_hand() -> None:
    # Truth at 1, 2 and 4, ranked 3, 1, 2, 0, 4: the second and third of the first three are inside.
    weights = np.array([[0.2, 0.3, 0.25, 0.4, 0.1]])
    found = localisation_ndcg(weights, np.array([[[1, 3], [4, 5]]]), np.array([5]))
    gained = 1 / math.log2(3) + 1 / math.log2(4)
    assert found == pytest.approx(gained / (1 + gained))


def test_ndcg_is_that_of_scikit_learn_cut_at_the_steps_inside() -> None:
    generator = np.random.default_rng(3)
    weights = generator.integers(0, 7, size=(11, 29)) / 7  # many are equal
    spans = np.sort(generator.integers(0, 30, size=(11, 2)))
    inside = inside_spans(spans, 29)
    wanted = [
        ndcg_score(true[None].astype(float), row[None], k=int(true.sum()))
        for row, true in zip(weights, inside, strict=True)
        if true.any()
    ]
    assert localisation_ndcg(weights, spans, np.full(11, 29)) == pytest.approx(np.mean(wanted))


def test_ndcg_leaves_out_padding_and_cases_without_a_span() -> None:
    weights = np.array([[0.1, 0.9, 1.0], [0.2, 0.3, 0.5]])
    spans = np.array([[1, 2], [0, 0]])
    assert localisation_ndcg(weights, spans, np.array([2, 3])) == 1.0
    assert np.isnan(localisation_ndcg(weights[1:], spans[1:], np.array([3])))


def test_several_spans_of_a_case_are_one_truth() -> None:
    # Ranked 0, 2, 1, 3 with truth at 0 and 3: precision 1 at the first hit, 2/4 at the second.
    weights = np.array([[0.4, 0.2, 0.3, 0.1]])
    spans = np.array([[[0, 1], [3, 4], [0, 0]]])
    assert localisation_ap(weights, spans, np.array([4])) == pytest.approx(0.75)
    assert inside_spans(spans, 4).tolist() == [[True, False, False, True]]


@pytest.mark.parametrize("values", [2, 5, 1000])  # with many ties, some, hardly any
def test_ndcg_of_a_case_is_that_of_scikit_learn(values: int) -> None:
    generator = np.random.default_rng(values)
    for steps in (2, 13, 47):
        weights = generator.integers(values, size=steps) / values
        inside = generator.uniform(size=steps) < 0.3
        inside[generator.integers(steps)] = True
        wanted = ndcg_score(inside[None].astype(float), weights[None], k=int(inside.sum()))
        assert ndcg(weights, inside) == pytest.approx(wanted)
