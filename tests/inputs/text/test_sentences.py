import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.inputs.text.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:stop] for start, stop in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one", ["one"]),
        ("It works. Why? No idea! Well… so", ["It works.", "Why?", "No idea!", "Well…", "so"]),
        ("  First line\n\n second line ", ["First line", "second line"]),
        ("\"Why?\" he said. (He left.) 'No.'", ['"Why?"', "he said.", "(He left.)", "'No.'"]),
        ("It is 3.5 m. It cost $1.99", ["It is 3.5 m.", "It cost $1.99"]),
        ("Mr. Smith met Dr. No vs. St. John", ["Mr. Smith met Dr. No vs. St. John"]),
        ("Cats, e.g. lions, i.e. big ones", ["Cats, e.g. lions, i.e. big ones"]),
        ("Hats, etc. and more. Hats, etc. Then", ["Hats, etc. and more.", "Hats, etc.", "Then"]),
        ("See No. 5 or p. 7. He said no. Then", ["See No. 5 or p. 7.", "He said no.", "Then"]),
        ("J. R. R. Tolkien and J.R.R. Tolkien", ["J. R. R. Tolkien and J.R.R. Tolkien"]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("It was 1999. Then", ["It was 1999.", "Then"]),
        ("great phone . love it . ca n't say", ["great phone .", "love it .", "ca n't say"]),
        ("I saw . . . what ?! Great!!! 😀 ok", ["I saw . . .", "what ?!", "Great!!!", "😀 ok"]),
        ("Wow. 😀", ["Wow. 😀"]),
        ("我来。你好！吗", ["我来。", "你好！", "吗"]),
        ("www.example.org is up", ["www.example.org is up"]),
    ],
)
def test_by_hand(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


@given(st.text(alphabet='aB1. !?…\n"(é。', min_size=1))
def test_spans_are_in_order_and_leave_out_only_blanks(text: str) -> None:
    spans = sentence_spans(text)
    at = 0
    for start, stop in spans:
        assert at <= start < stop <= len(text)
        assert not text[at:start].strip()
        at = stop
    assert not text[at:].strip()


def test_long_runs_take_no_longer_than_long_texts() -> None:
    start = time.perf_counter()
    for text in ("!" * 300_000 + "x", " " * 300_000 + "x", "a. " * 100_000, "\n" * 300_000):
        assert sentence_spans(text)
    assert time.perf_counter() - start < 20
