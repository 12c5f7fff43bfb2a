"""Alignments against the true ones: error rate by hand, average precision by scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from regard.errors import DataError
from regard.explain import (
    alignment_ap,
    alignment_error_rate,
    average_precision,
    links_of,
    true_links,
)


def test_error_rate_by_hand_over_two_sentence_pairs() -> None:
    found = [{(0, 0), (1, 1), (2, 2)}, {(0, 1), (3, 0)}]
    sure = [{(0, 0), (1, 2)}, {(0, 1)}]
    possible = [{(1, 1)}, {(0, 1), (1, 1)}]
    errors = alignment_error_rate(found, sure, possible)
    # |A| = 5, |S| = 3; in S: (0, 0) and (0, 1); in P, which S is part of: these and (1, 1).
    assert errors.precision == pytest.approx(3 / 5)
    assert errors.recall == pytest.approx(2 / 3)
    assert errors.error_rate == pytest.approx(1 - (2 + 3) / (5 + 3))


def test_links_that_are_all_right_have_no_errors() -> None:
    sure, possible = [{(0, 0)}], [{(0, 0), (1, 0)}]
    assert alignment_error_rate(sure, sure, possible) == (0, 1, 1)
    assert alignment_error_rate(possible, sure, possible) == (0, 1, 1)


def test_without_links_there_is_no_precision() -> None:
    error_rate, precision, recall = alignment_error_rate([set()], [{(0, 0)}], [set()])
    assert (error_rate, recall) == (1, 0)
    assert math.isnan(precision)
    assert math.isnan(alignment_error_rate([set()], [set()], [set()]).error_rate)


def test_as_many_references_as_sentence_pairs() -> None:
    with pytest.raises(DataError, match="^possible: wanted one for each of 1 sentence pairs"):
        alignment_error_rate([set()], [set()], [])


def test_links_are_source_first() -> None:
    weights = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])  # [T=2, S=3]
    assert links_of(weights) == {(2, 0), (0, 1)}
    assert links_of(weights, threshold=0.2) == {(1, 0), (2, 0), (0, 1), (1, 1)}


def test_a_row_without_weight_has_no_link() -> None:
    assert links_of(np.array([[0.0, 0.0], [0.0, 1.0]])) == {(1, 1)}
    assert links_of(np.zeros((0, 3))) == links_of(np.zeros((3, 0))) == set()


def test_average_precision_of_rows_that_have_a_true_source() -> None:
    weights = [np.array([[0.2, 0.3, 0.1, 0.4], [1, 0, 0, 0]]), np.array([[0.9, 0.1]])]
    true = [np.array([[0, 1, 1, 0], [0, 0, 0, 0]]) > 0, np.array([[1, 0]]) > 0]
    # The first ranks 3, 1, 0, 2: precision 1/2 and 2/4. The third is right.
    assert alignment_ap(weights, true) == pytest.approx((0.5 + 1) / 2)
    assert math.isnan(alignment_ap(weights[:1], [true[0] & False]))


def test_a_truth_of_another_shape_is_refused() -> None:
    with pytest.raises(DataError, match=r"map of pair 0, \[2, 3\], given \[3, 2\]"):
        alignment_ap([np.zeros((2, 3))], [np.zeros((3, 2), bool)])


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1).filter(
        lambda rows: any(true for _, true in rows)
    )
)
def test_average_precision_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    weights, true = (np.array(column) for column in zip(*rows, strict=True))
    expected = average_precision_score(true, weights)
    assert average_precision(weights / 4, true) == pytest.approx(expected)


def test_true_links_overlap_words_of_both_sides() -> None:
    # "3 May 1979" to "1979 - 05 - 03" as words "1979", "05-03" and an end without characters.
    sources = np.array([[0, 1], [2, 5], [6, 10], [10, 10]])
    targets = np.array([[0, 4], [5, 10], [10, 10]])
    links = np.array([[0, 1, 8, 10], [2, 5, 5, 7], [6, 10, 0, 4]])
    expected = [[0, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert true_links(links, sources, targets).tolist() == (np.array(expected) > 0).tolist()
    assert not true_links(np.zeros((0, 4), int), sources, targets).any()
