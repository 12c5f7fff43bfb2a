"""Localisation: average precision of the weights over the steps of the true span."""

import numpy as np
import pytest

from regard.explain import localisation_ap


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
