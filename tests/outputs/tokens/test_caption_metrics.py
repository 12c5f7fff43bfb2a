"""Figures of captions, by hand and beside sacreBLEU."""

import math

import pytest
import sacrebleu

from regard.errors import DataError
from regard.outputs.tokens.caption_metrics import caption_metrics, rouge_l
from regard.outputs.tokens.measures import MEASURES, Known

PREDICTED = ["A red circle above a blue square", "Nike Men Black Shoe", "one"]
REFERENCES = ["a red ring above a small blue square", "nike men black casual shoe", "two"]


def test_bleu_of_each_order_is_that_of_its_ngrams() -> None:
    # Of 7 + 4 + 1 words, 6 + 4 + 0 are right, of the pairs of words 1 + 1 + 1 + 0 ... by hand:
    # "a red", "above a", "blue square"; "nike men", "men black".
    figures = caption_metrics(PREDICTED, REFERENCES)
    brevity = math.exp(1 - 14 / 12)
    assert figures["bleu_1"] == pytest.approx(100 * brevity * 10 / 12)
    assert figures["bleu_2"] == pytest.approx(100 * brevity * math.sqrt(10 / 12 * 5 / 9))


def test_bleu_4_is_sacrebleus_of_lowercased_texts() -> None:
    expected = sacrebleu.corpus_bleu(PREDICTED, [REFERENCES], lowercase=True, force=True).score
    assert caption_metrics(PREDICTED, REFERENCES)["bleu_4"] == pytest.approx(expected)


def test_equal_captions_have_a_hundred_in_all() -> None:
    texts = ["a large red ring above a blue cross"] * 2
    assert list(caption_metrics(texts, texts).values()) == pytest.approx([100] * 5)


@pytest.mark.parametrize(
    ("predicted", "reference", "common", "words"),
    [
        ("the gunman police killed", "police killed the gunman", 2, 8),
        ("a b c d", "a x c y d", 3, 9),
        ("Red, ring!", "red ring", 2, 4),
        ("a a a", "a", 1, 4),
        ("x", "y", 0, 2),
        ("", "y", 0, 1),
    ],
    ids=["turned", "gaps", "signs", "repeated", "none", "empty"],
)
def test_rouge_l_counts_the_longest_common_sequence(
    predicted: str, reference: str, common: int, words: int
) -> None:
    assert rouge_l([predicted], [reference]) == pytest.approx(100 * 2 * common / words)


def test_rouge_l_is_a_mean_and_of_no_words_all() -> None:
    assert rouge_l(["x", "...", "a b"], ["y", "!", "a c"]) == pytest.approx(100 * (0 + 1 + 0.5) / 3)


def test_unequal_numbers_are_refused() -> None:
    for predicted, references in ((["a"], []), ([], []), (["a"], ["a", "b"])):
        with pytest.raises(DataError, match="wanted one text for each reference"):
            rouge_l(predicted, references)


def test_captions_no_better_than_a_constant_are_noted() -> None:
    references = ["a red circle above a square", "a red circle above a ring", "a red dot"]
    measure = MEASURES["caption"]
    found = measure.metrics(["a dot"] * 3, references, Known(frequent=references[0]))
    [note] = measure.notes(found)
    assert note.startswith("'a red circle above a square' for every picture would reach BLEU-4 ")
    assert not measure.notes(measure.metrics(references, references, Known(frequent="a dot")))
    assert not measure.notes(measure.metrics(references, references, Known(frequent=None)))
