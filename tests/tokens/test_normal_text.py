from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regard.tokens.normal import normalise, origins


@pytest.mark.parametrize(
    ("text", "normal", "spans"),
    [
        ("", "", []),
        (" \t\n", "", []),
        ("ab", "ab", [[0, 1], [1, 2]]),
        ("\ta \u00a0\nb ", "a b", [[1, 2], [2, 5], [5, 6]]),
        ("e\u0301x", "éx", [[0, 2], [2, 3]]),
        # Two marks change places: both characters come from all three.
        ("e\u0301\u0323", "\u1eb9\u0301", [[0, 3], [0, 3]]),
        ("\u1112\u1161\u11ab\u1100", "한\u1100", [[0, 3], [3, 4]]),
        ("a \u0301\u0323", "a \u0323\u0301", [[0, 1], [1, 2], [2, 4], [2, 4]]),
        ("\u0958", "\u0915\u093c", [[0, 1], [0, 1]]),
        ("\u2126", "Ω", [[0, 1]]),
        ("a\ud800b", "a\ufffdb", [[0, 1], [1, 2], [2, 3]]),
        ("ﬁ ½ A Ａ", "ﬁ ½ A Ａ", [[at, at + 1] for at in range(7)]),  # not NFKC
    ],
)
def test_by_hand(text: str, normal: str, spans: list[list[int]]) -> None:
    assert normalise(text) == normal
    assert origins(text).tolist() == spans


MARKS = (
    "a e\u0301\u0323\u0308\u0344\u0f71\u0f72\u0f73\u0f40\u1100\u1161\u11a8\u09c7\u09be\u0338= \n"
)


@settings(max_examples=500)
@given(st.one_of(st.text(), st.text(alphabet=MARKS, max_size=12)))
@example("\u0f40\u0f72\u0f73\u0334")
def test_every_character_comes_from_somewhere(text: str) -> None:
    normal, spans = normalise(text), origins(text)
    assert normalise(normal) == normal
    assert spans.shape == (len(normal), 2)
    assert (spans[:, 0] < spans[:, 1]).all()
    assert (np.diff(spans, axis=0) >= 0).all()
    # What shares a stretch of the text is the normal form of that stretch.
    for start, stop in {tuple(span) for span in spans.tolist()}:
        here = "".join(
            c for c, span in zip(normal, spans.tolist(), strict=True) if span == [start, stop]
        )
        stretch = text[start:stop]
        assert here.strip() == " ".join(normalize("NFC", stretch).split())
