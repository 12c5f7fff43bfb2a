"""Stories as words: what is numbered, where answers stand, what a span is in the text."""

from typing import Any

import numpy as np
import pytest

from regard.config import resolve_config
from regard.data import rooms
from regard.inputs.story.occurrences import latest, occurrences
from regard.inputs.story.pointed import PointedInput
from regard.inputs.story.stories import Stories

STORY = ("Zoe went  to the red HALL.", "It rained.", "In the red hall, Zoe met Mary.")


def _input(**data: Any) -> PointedInput:
    kinds = {"task": "answer-span", "data": {"kind": "rooms", **data}}
    return PointedInput(resolve_config(kinds), target="span")


def _cases(answer: str, *, supporting: list[int] | None = None) -> Stories:
    return Stories(
        (STORY,),
        ("Where is Mary?",),
        np.array([answer], object),
        None if supporting is None else (np.array(supporting, np.int64),),
    )


def _encoded(reader: PointedInput, cases: Stories) -> Any:
    return reader.fit(cases)


def test_the_words_of_a_case_are_numbered_with_unknown_ones_first() -> None:
    reader = _input(vocabulary=5)  # the three most frequent words are known
    encoded = _encoded(reader, _cases("hall"))
    known = set(reader.tokenizer_.tokens[2:])
    words = [*encoded.words_of(0), "where", "is", "mary", "?"]
    kinds = encoded.kinds[0].tolist()
    assert len(words) == len(kinds)
    numbers = dict(zip(words, kinds, strict=True))
    assert [numbers[word] for word in words] == kinds  # equal words have equal numbers
    assert sorted(numbers.values()) == [*range(1, len(numbers) + 1)]
    unknown = [numbers[word] for word in numbers if word not in known]
    assert sorted(unknown) == [*range(1, len(unknown) + 1)]
    assert len(unknown) == len(numbers) - 3


@pytest.mark.parametrize(
    ("start", "stop", "text"),
    [
        (0, 1, "Zoe"),
        (4, 6, "red HALL"),
        (1, 3, "went  to"),
        (5, 9, "HALL. It rained"),
        (6, 11, ". It rained. In"),
    ],
)
def test_a_span_is_the_text_as_it_is_written(start: int, stop: int, text: str) -> None:
    assert _encoded(_input(), _cases("hall")).text_of(0, start, stop) == text


@pytest.mark.parametrize(
    ("answer", "supporting", "places"),
    [
        ("hall", None, [[5, 5], [13, 13]]),
        ("The red hall", None, [[3, 5], [11, 13]]),
        ("red hall", [2], [[12, 13]]),  # in a supporting sentence alone
        ("red hall", [1], [[4, 5], [12, 13]]),  # in none of these: all
        ("ha", None, []),  # whole words
        ("hall attic", None, []),
        ("", None, []),
    ],
)
def test_where_an_answer_stands(answer: str, supporting: list[int] | None, places: Any) -> None:
    reader, cases = _input(), _cases(answer, supporting=supporting)
    [found] = reader.occurrences(cases, _encoded(reader, cases))
    assert found.tolist() == places
    assert reader.told(cases).tolist() == [bool(places)]


def test_an_answer_that_is_cut_off_stands_nowhere() -> None:
    for limits in ({"max_sentences": 2}, {"max_tokens": 5}):
        reader, cases = _input(**limits), _cases("HALL.")
        encoded = _encoded(reader, cases)
        assert reader.told(cases).all()
        assert not len(reader.occurrences(cases, encoded)[0])


def test_words_of_a_long_story_keep_their_sentences() -> None:
    reader, cases = _input(max_sentences=1), _cases("mary", supporting=[2])
    encoded = _encoded(reader, cases)
    assert set(encoded.sentence_of(0).tolist()) == {2}
    assert reader.occurrences(cases, encoded)[0].tolist() == [[7, 7]]
    sentence, start, stop = encoded.places_of(0)[7].tolist()
    assert STORY[sentence][start:stop] == "Mary"


def test_the_known_answer_that_comes_last() -> None:
    words = ["the", "red", "hall", "or", "attic", "."]
    assert latest(words, {("hall",), ("attic",), ("cellar",)}) == ("attic",)
    assert latest(words, {("red", "hall"), ("hall",)}) == ("red", "hall")
    assert latest(words, {("cellar",)}) == ()
    assert latest([], {("cellar",)}) == ()


def test_occurrences_may_overlap() -> None:
    assert occurrences(["no", "no", "no"], ["no", "no"]).tolist() == [[0, 1], [1, 2]]


def test_unseen_rooms_share_no_name_with_others() -> None:
    seen, unseen = (rooms(stories=30, unseen=each, seed=1) for each in (False, True))
    assert seen.labels is not None
    assert unseen.labels is not None
    assert not set(seen.labels) & set(unseen.labels)
    words = [
        {w for s in c.stories for t in s for w in t.split() if w[0].isupper()}
        for c in (seen, unseen)
    ]
    assert not words[0] & words[1]
    assert all(len(each) == 4 for each in words)
