"""Stories as tokens that may be copied."""

import numpy as np
import pytest

from regard.inputs.story.stories import Stories
from regard.inputs.story.story_tokens import EncodedStoryTokens, encode_story_tokens
from regard.tokens import Vocabulary, VocabularyKind

TEXTS = ["Mary took the lamp.", "Where is the lamp?", "Ben left."]
STORY = ("Zoe took the kite.", "Mary left. ", "the  Kite fell, zoe!")
QUESTION = "Where is the kite?"


def _encoded(kind: VocabularyKind, *, copying: bool = True, **limits: int) -> EncodedStoryTokens:
    vocabulary = Vocabulary.train(TEXTS, kind=kind)
    limits = {"max_tokens": 64, "max_sentences": 9} | limits
    cases = Stories((STORY, (STORY[1],)), (QUESTION, "Where?"))
    return encode_story_tokens(vocabulary, cases, copying=copying, **limits)


def test_unknown_words_are_numbered_case_by_case_and_end_stands_before_the_question() -> None:
    vocabulary = Vocabulary.train(TEXTS, kind="word")
    encoded = _encoded("word")
    assert encoded.beyond == [("Zoe", "kite", "Kite", "fell", ",", "zoe", "!"), ()]
    story = encoded.story_of(0)
    assert vocabulary.decode(story, encoded.beyond[0]) == (
        "Zoe took the kite. Mary left. the Kite fell , zoe !"
    )
    assert story[-1] == 3
    assert vocabulary.decode(encoded.question_of(0), encoded.beyond[0]) == QUESTION
    assert _encoded("word", copying=False).story_of(0)[0] == 1
    assert _encoded("word", copying=False).beyond == [(), ()]


def test_kinds_say_which_tokens_are_alike_whatever_their_case() -> None:
    encoded = _encoded("word")
    words = [
        "zoe",
        "took",
        "the",
        "kite",
        ".",
        "mary",
        "left",
        ".",
        "the",
        "kite",
        "fell",
        ",",
        "zoe",
        "!",
        "[end]",
        "where",
        "is",
        "the",
        "kite",
        "?",
    ]
    kinds = encoded.kinds[0]
    assert len(kinds) == len(words)
    same = kinds[:, None] == kinds
    np.testing.assert_array_equal(same, [[one == other for other in words] for one in words])
    unknown = {"zoe", "kite", "fell", ",", "!"}
    assert {int(kind) for kind, word in zip(kinds, words, strict=True) if word in unknown} == {
        *range(1, 6)
    }


@pytest.mark.parametrize("kind", ["word", "bpe", "character"])
def test_places_are_those_of_the_words_in_the_story(kind: VocabularyKind) -> None:
    encoded = _encoded(kind, max_sentences=2)
    words = encoded.words_of(0)
    assert len(words) == len(encoded.story_of(0))
    places = encoded.places_of(0)
    assert words[-1] == len(places) == words.max()  # the end mark is a word of its own
    assert (np.diff(words) >= 0).all()
    found = [STORY[at][start:stop].strip() for at, start, stop in places.tolist()]
    assert [word for word in found if word] == [
        "Mary",
        "left",
        ".",
        "the",
        "Kite",
        "fell",
        ",",
        "zoe",
        "!",
    ]
    assert set(places[:, 0].tolist()) == {1, 2}  # the first sentence is left out


def test_sentences_are_truncated() -> None:
    encoded = _encoded("word", max_tokens=2)
    assert [STORY[at][start:stop] for at, start, stop in encoded.places_of(0).tolist()] == [
        "Zoe",
        "took",
        "Mary",
        "left",
        "the",
        "Kite",
    ]
    assert encoded.tokens.truncated == 4
