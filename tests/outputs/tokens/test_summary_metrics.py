"""ROUGE of summaries, by hand, and the figures beside it."""

import numpy as np
import pytest

from regard.errors import DataError
from regard.outputs.tokens.measures import Known, Summaries
from regard.outputs.tokens.summary_metrics import rouge, rouge_metrics


def test_rouge_by_hand() -> None:
    """Words in common: all five; pairs: a cat, cat on, the mat; longest sequence: a cat on."""
    found = rouge(["a cat on the mat"], ["the mat has a cat on"])
    common = (5, 5, 6), (3, 4, 5), (3, 5, 6)
    wanted = [200 * n / (own + other) for n, own, other in common]
    np.testing.assert_allclose(found, [wanted])


def test_words_are_stemmed_and_lowercased() -> None:
    assert rouge(["Meetings CANCELLED"], ["meeting cancel"])[0, 0] == pytest.approx(100)


def test_the_figures_are_means_over_texts() -> None:
    texts, references = ["a b", "c"], ["a b", "d"]
    assert rouge_metrics(texts, references) == {"rouge_1": 50.0, "rouge_2": 50.0, "rouge_l": 50.0}


def test_unequal_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="predicted: wanted one text for each of the 2 references"):
        rouge(["a"], ["a", "b"])


MEASURE = Summaries()
SOURCES = ["The plan is late. Nobody knows why.", "Lunch at one? I am hungry."]


def test_the_first_sentence_is_measured_beside_it() -> None:
    known = Known(sources=SOURCES)
    found = MEASURE.metrics(["plan late", "lunch"], ["the plan is late", "lunch"], known)
    lead = rouge_metrics(["The plan is late.", "Lunch at one?"], ["the plan is late", "lunch"])
    assert {name: found[f"lead_{name}"] for name in lead} == lead
    assert found["rouge_1"] == pytest.approx((100 * 2 * 2 / 6 + 100) / 2)
    assert MEASURE.notes(found) == []


def test_a_model_behind_the_first_sentence_is_noted() -> None:
    found = MEASURE.metrics(["x", "y"], ["the plan is late", "lunch"], Known(sources=SOURCES))
    [note] = MEASURE.notes(found)
    assert note.startswith("the first sentence of every text would reach ROUGE-L 75.00")
    assert MEASURE.notes(MEASURE.metrics(["x"], ["y"], Known())) == []


def test_the_score_of_a_case_is_its_rouge_l() -> None:
    texts, references = ["a b c", "c", ""], ["a x c", "d", "e"]
    scores = MEASURE.case_scores(texts, references)
    np.testing.assert_allclose(scores, [200 * 2 / 6, 0, 0])
    np.testing.assert_allclose(MEASURE.errors(texts, references), 100 - scores)
    assert MEASURE.said(texts, references) == "ROUGE-L 22.22"


def test_scores_by_name() -> None:
    texts, references = ["a b c"], ["a x c"]
    assert MEASURE.score("rouge_2", texts, references) == 0
    assert MEASURE.score("rouge_1", texts, references) == pytest.approx(200 / 3)
    assert MEASURE.score("exact_match", texts, references) == 0
