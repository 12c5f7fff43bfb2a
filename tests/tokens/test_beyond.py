"""Words beyond a vocabulary: numbered in a source, found in its target, written again."""

import numpy as np
import pytest

from regard.tokens import BEGIN, END, UNKNOWN, Vocabulary, number_beyond, texts_beyond

TEXTS = ["to Ann or Bob", "to Bob, or to Ann.", "Ann or Bob"]
WORDS = Vocabulary.train(TEXTS, kind="word")
V = WORDS.size


def _beyond(vocabulary: Vocabulary, text: str) -> tuple[tuple[str, ...], list[int]]:
    found = vocabulary.encode([text])[0]
    beyond = texts_beyond(text, found)
    return beyond, number_beyond(vocabulary, text, found, beyond).tolist()


def test_each_different_unknown_word_has_a_number() -> None:
    beyond, ids = _beyond(WORDS, "Eve to Zoe, or Eve")
    assert beyond == ("Eve", "Zoe")
    known = [WORDS.encode([word])[0].ids[0] for word in ("to", "or")]
    comma = WORDS.tokens.index(",")
    assert ids == [V, known[0], V + 1, comma, known[1], V]


def test_a_text_of_known_words_has_none() -> None:
    beyond, ids = _beyond(WORDS, "to Ann")
    assert beyond == ()
    assert ids == WORDS.encode(["to Ann"])[0].ids.tolist()


@pytest.mark.parametrize(
    "source", ["to Eve", "Eve", "to   Eve\u00a0or  Zoé.", "to Zo\u0065\u0301 or Zoé"]
)
@pytest.mark.parametrize("kind", ["word", "bpe", "character"])
def test_decoding_gives_the_source_again(source: str, kind: str) -> None:
    vocabulary = Vocabulary.train(TEXTS, kind=kind)  # type: ignore[arg-type]
    beyond, ids = _beyond(vocabulary, source)
    assert UNKNOWN not in ids
    assert vocabulary.decode(ids, beyond) == vocabulary.decode([*ids, END, 4], beyond)
    assert (
        vocabulary.decode(ids, beyond).split()
        == " ".join(source.split()).replace("\u0065\u0301", "é").split()
    )


def test_a_target_has_the_numbers_of_its_source() -> None:
    beyond, _ = _beyond(WORDS, "to Eve or Zoe")
    text = "Zoe or Max"
    ids = number_beyond(WORDS, text, WORDS.encode([text])[0], beyond)
    assert ids.tolist() == [V + 1, WORDS.encode(["or"])[0].ids[0], UNKNOWN]
    assert ids.dtype == np.int32


def test_words_are_divided_as_without() -> None:
    beyond, ids = _beyond(WORDS, "Eve to Zoe.")
    words, of = WORDS.words([BEGIN, *ids, END], beyond)
    assert words == ["[BEGIN]", "Eve", "to", "Zoe", ".", "[END]"]
    assert of.tolist() == list(range(6))


@pytest.mark.parametrize("source", ["(Eve) or Bob", '"Eve" or Bob', "<b>Eve</b>", "Ann-Eve"])
def test_a_word_is_the_same_whatever_stands_before_it(source: str) -> None:
    """So that it can be copied: a blank is put before it where the written text needs one."""
    beyond, _ = _beyond(WORDS, source)
    target = "to Eve"
    [found] = WORDS.encode([target])
    ids = number_beyond(WORDS, target, found, beyond)
    assert ids[1] == V + beyond.index("Eve")
    assert WORDS.decode(ids, beyond) == "to Eve"
    assert WORDS.words(ids, beyond)[0] == ["to", "Eve"]


def test_no_blank_after_an_opening_mark_a_hyphen_or_an_apostrophe() -> None:
    vocabulary = Vocabulary.train(["to (Ann) or O'Bob, Ann-Bob"] * 2, kind="word")
    for text in ("to (Eve) or O'Eve", "Ann-Eve, Eve"):
        beyond, ids = _beyond(vocabulary, text)
        assert vocabulary.decode(ids, beyond) == text


def test_what_is_beyond_and_not_given_can_be_told_apart() -> None:
    assert WORDS.decode([V, V + 1, V]) == "⁇0 ⁇1 ⁇0"
