"""The edit distance, against jiwer and all ways to align two short sequences."""

from functools import cache

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.tokens import Edits, align_sequences, count_edits

WORDS = st.lists(st.sampled_from(["one", "two", "six", "ix"]), max_size=9)


@given(WORDS.filter(bool), WORDS)
def test_the_distance_is_that_of_jiwer(reference: list[str], predicted: list[str]) -> None:
    edits = count_edits(reference, predicted)
    peer = jiwer.process_words(" ".join(reference), " ".join(predicted))
    assert edits.total == peer.substitutions + peer.deletions + peer.insertions
    # whatever way is taken, lengths decide the difference of the two
    assert edits.deletions - edits.insertions == len(reference) - len(predicted)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_distance_is_that_of_the_best_of_all_ways(reference: str, predicted: str) -> None:
    @cache
    def least(r: int, p: int) -> int:
        if r == 0 or p == 0:
            return r + p
        both = least(r - 1, p - 1) + (reference[r - 1] != predicted[p - 1])
        return min(both, least(r - 1, p) + 1, least(r, p - 1) + 1)

    assert count_edits(reference, predicted).total == least(len(reference), len(predicted))


@given(WORDS, WORDS)
def test_an_alignment_has_every_place_once_and_in_order(
    reference: list[str], predicted: list[str]
) -> None:
    pairs = align_sequences(reference, predicted)
    assert [a for a, _ in pairs if a is not None] == list(range(len(reference)))
    assert [b for _, b in pairs if b is not None] == list(range(len(predicted)))
    assert (None, None) not in pairs


@pytest.mark.parametrize(
    ("reference", "predicted", "wanted"),
    [
        ("", "", Edits(0, 0, 0)),
        ("abc", "abc", Edits(0, 0, 0)),
        ("abc", "", Edits(0, 3, 0)),
        ("", "abcd", Edits(0, 0, 4)),
        ("abc", "adc", Edits(1, 0, 0)),
        ("abc", "ac", Edits(0, 1, 0)),
        ("ac", "abbc", Edits(0, 0, 2)),
    ],
)
def test_kinds_of_edits(reference: str, predicted: str, wanted: Edits) -> None:
    assert count_edits(reference, predicted) == wanted
