"""Error rates of transcripts, against jiwer and by hand."""

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import DataError
from regard.outputs.tokens.measures import MEASURES, Known
from regard.outputs.tokens.transcripts import (
    transcript_metrics,
    utterance_errors,
    word_error_rate,
    words_by_length,
)

WORD = st.sampled_from(["zero", "one", "two", "sex", "six", "Six"])
TEXT = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
OWN = st.lists(WORD, max_size=6).map(" ".join)


@given(st.lists(st.tuples(TEXT, OWN), min_size=1, max_size=5))
def test_the_rates_are_those_of_jiwer(pairs: list[tuple[str, str]]) -> None:
    references, predicted = map(list, zip(*pairs, strict=True))
    found = transcript_metrics(predicted, references)
    assert found["wer"] == pytest.approx(jiwer.wer(references, predicted))
    assert found["cer"] == pytest.approx(jiwer.cer(references, predicted))
    wrong = found["substitutions"] + found["deletions"] + found["insertions"]
    assert wrong == round(found["wer"] * found["words"])
    assert word_error_rate(predicted, references) == found["wer"]
    exact = [a == b for a, b in zip(references, predicted, strict=True)]
    assert found["exact_match"] == pytest.approx(np.mean(exact))


def test_what_is_confused() -> None:
    references = ["five nine five", "nine one", "five"]
    found = transcript_metrics(["nine nine nine", "one five one", ""], references)
    assert (found["substitutions"], found["deletions"], found["insertions"]) == (3, 1, 1)
    assert found["confusions"] == [
        {"reference": "five", "predicted": "nine", "count": 2},
        {"reference": "nine", "predicted": "five", "count": 1},
    ]
    assert found["words"] == 6
    assert found["cases"] == 3
    assert found["wer"] == pytest.approx(5 / 6)


def test_blanks_around_words_count_for_nothing() -> None:
    found = transcript_metrics([" one   two\n"], ["one two"])
    assert (found["wer"], found["cer"], found["exact_match"]) == (0, 0, 1)


def test_the_errors_of_cases_are_rates_of_their_own() -> None:
    found = utterance_errors(["a b c", "", "a", "", "x"], ["a", "a b", "a b", "", ""])
    assert found.tolist() == [2.0, 1.0, 0.5, 0.0, 1.0]


def test_rates_by_the_number_of_words() -> None:
    references = ["a b c"] * 40 + ["a"] * 50 + ["a b c d e"] * 5
    predicted = ["a b x"] * 40 + ["a"] * 50 + ["a b c d e"] * 5
    rows = words_by_length(predicted, references)
    assert [(row["from"], row["to"], row["cases"]) for row in rows] == [(1, 1, 50), (3, 5, 45)]
    assert rows[0]["wer"] == 0
    assert rows[1]["wer"] == pytest.approx(40 / (120 + 25))
    assert rows[1]["exact_match"] == pytest.approx(5 / 45)


def test_texts_that_cannot_be_scored_are_refused() -> None:
    with pytest.raises(DataError, match="wanted one text for each reference"):
        transcript_metrics(["a"], ["a", "b"])
    with pytest.raises(DataError, match="a word in one of them"):
        transcript_metrics(["a"], [" "])


def test_transcripts_no_better_than_a_constant_are_noted() -> None:
    measure = MEASURES["transcript"]
    found = measure.metrics(["two", "two"], ["one", "one"], Known(frequent="one"))
    assert measure.notes(found) == [
        "the most frequent transcript for every recording would have WER 0.0000"
    ]
    assert not measure.notes(measure.metrics(["one"], ["one"], Known(frequent="two")))
