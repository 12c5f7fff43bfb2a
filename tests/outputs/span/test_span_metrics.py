"""Exact match and F1 of words, by hand, and the loss of spans against loops."""

import math

import numpy as np
import pytest
import torch

from regard.errors import DataError
from regard.outputs.span.metrics import answer_metrics, exact_match, normalised, word_f1
from regard.outputs.span.objective import SpanLoss


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The Hall", "hall"),
        ("an  apple,\ta day", "apple day"),
        ("theatre", "theatre"),  # an article within a word stays
        ("O'Brien's (home)", "obriens home"),
        ("U.S.A.", "usa"),
        ("the", ""),
        ("— dash", "— dash"),  # punctuation of ASCII alone
    ],
)
def test_a_text_is_normalised(text: str, wanted: str) -> None:
    assert normalised(text) == wanted


@pytest.mark.parametrize(
    ("predicted", "true", "wanted"),
    [
        ("hall", "the hall", 1.0),
        ("red hall", "hall", 2 / 3),  # precision 1/2, recall 1
        ("the red brick hall", "red brick house", 2 / 3),  # two of three, two of three
        ("no no", "no", 2 / 3),  # a word counts as often as both have it
        ("no no", "no no no", 4 / 5),
        ("attic", "hall", 0.0),
        ("the", "a", 1.0),  # neither has a word
        ("the", "hall", 0.0),
        ("", "hall", 0.0),
    ],
)
def test_f1_of_words_by_hand(predicted: str, true: str, wanted: float) -> None:
    assert word_f1(predicted, true) == pytest.approx(wanted)
    assert word_f1(true, predicted) == pytest.approx(wanted)
    assert exact_match(predicted, true) == (wanted == 1.0)


def test_figures_are_means_over_the_cases() -> None:
    found = answer_metrics(["hall", "red hall", "attic"], ["The hall.", "hall", "hall"])
    assert found == {"exact_match": pytest.approx(1 / 3), "f1": pytest.approx(5 / 9)}
    with pytest.raises(DataError, match="given 1"):
        answer_metrics(["hall"], ["hall", "attic"])


def test_the_loss_sums_over_the_places_of_the_answer() -> None:
    generator = np.random.default_rng(0)
    p = generator.dirichlet(np.ones(5), (2, 2))
    places = [[(0, 1), (3, 3)], [(2, 4)]]
    targets = torch.tensor([[1, 2, 4, 4], [3, 5, 0, 0]])
    losses = SpanLoss(3).losses(torch.from_numpy(np.log(p)), targets)
    for (start, end), own, loss in zip(p, places, losses.tolist(), strict=True):
        assert loss == pytest.approx(-math.log(sum(start[i] * end[j] for i, j in own)))


def test_the_share_of_exact_spans_is_a_figure() -> None:
    p = torch.tensor([[[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]]])
    first, second = torch.tensor([[1, 2]]), torch.tensor([[1, 1, 3, 3]])
    batches = [(p[:1].log(), first), (p[1:].log(), second)]
    found = SpanLoss(3).figures(batches)
    assert found["exact"] == 1.0
    assert found["loss"] == pytest.approx((-math.log(0.64) - math.log(0.08 + 0.08)) / 2, abs=1e-5)


def test_who_knows_nothing_points_at_all_words_alike() -> None:
    values = torch.tensor([[[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]]]).clamp(min=torch.finfo().tiny).log()
    knows = SpanLoss(3).ignorant(torch.nn.Identity(), values)
    assert knows[0, :, :2].tolist() == [[pytest.approx(-math.log(2))] * 2] * 2
    assert (knows[0, :, 2] == values[0, :, 2]).all()
