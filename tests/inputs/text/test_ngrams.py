"""N-grams of texts: what is kept of the words that were asked for."""

import numpy as np

from regard.inputs.text.ngrams import Ngrams


def test_words_that_were_not_learned_are_not_kept() -> None:
    ngrams = Ngrams.learn([["good", "film"], ["bad", "film"], ["good", "food"]])
    first = [ngrams.features(["good", f"goodness{n}"]) for n in range(20)]
    again = [ngrams.features(["good", f"goodness{n}"]) for n in range(20)]
    assert set(ngrams._cache) <= {"good", "bad", "film", "food"}
    for one, other in zip(first, again, strict=True):
        assert (one.words == 1).any()  # the characters that it shares with what was learned
        np.testing.assert_array_equal(one.columns, other.columns)
        np.testing.assert_array_equal(one.values, other.values)
