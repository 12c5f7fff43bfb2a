"""The attention of whole words, from that of their parts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regard.inputs.word_maps import word_maps


def _rows(count: int, frames: int = 7) -> np.ndarray:
    return np.random.default_rng(count).dirichlet(np.ones(frames), count)


def test_words_have_the_mean_of_their_letters() -> None:
    rows = _rows(8)
    words, weights = word_maps("one tw", [*"one", " ", *"tw", "[END]", "?"], rows)
    assert words == ["one", "tw"]
    np.testing.assert_allclose(weights, [rows[:3].mean(0), rows[4:6].mean(0)])


def test_parts_of_words_belong_to_them() -> None:
    rows = _rows(6)
    words, weights = word_maps("it's ⁇ ok.", ["it", "'", "s", "⁇", "ok", "."], rows)
    assert words == ["it's", "⁇", "ok."]
    np.testing.assert_allclose(weights, [rows[:3].mean(0), rows[3], rows[4:].mean(0)])


@given(st.lists(st.text("ab", min_size=1, max_size=3), max_size=4))
def test_whole_words_keep_their_weights(words: list[str]) -> None:
    rows = _rows(len(words) + 1)
    found, weights = word_maps(" ".join(words), [*words, "[END]"], rows)
    assert found == words
    assert weights.shape == (len(words), 7)
    np.testing.assert_array_equal(weights, rows[:-1])
