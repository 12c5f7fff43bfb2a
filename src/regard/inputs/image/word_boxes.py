"""Which part of a picture is known to be what a word of its caption shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from regard.inputs.text.links import unit_places

__all__ = ["Box", "word_boxes"]

Box = tuple[int, int, int, int]
"""Half-open (top, left, bottom, right)."""


def word_boxes(
    units: Sequence[str], written: str, true: str, links: NDArray[np.int64]
) -> list[Box | None]:
    """The box of each word of a caption that the true caption has too; None for the others.

    Words are compared in order, whatever their case: those of the longest stretches that both
    captions have belong together.

    Parameters:
        units: words or characters of the written caption, in order, perhaps with its end.
        written: the caption.
        true: the one whose words have known places.
        links: [n, 6] of each such word (start, stop) in the true caption, and its box.

    >>> links = np.array([[2, 6, 0, 0, 5, 7], [7, 11, 0, 0, 5, 7]])
    >>> word_boxes(["a", "big", "blue", "ring"], "a big blue ring", "a blue ring", links)
    [None, None, (0, 0, 5, 7), (0, 0, 5, 7)]
    """
    own, wanted = _words(written), _words(true)
    first_names, second_names = ([word for word, _ in words] for words in (own, wanted))
    matched = SequenceMatcher(None, first_names, second_names, autojunk=False)
    place_in_true: dict[int, int] = {}  # of each character
    for first, second, count in matched.get_matching_blocks():
        for at in range(count):
            word, start = own[first + at]
            other = wanted[second + at][1]
            place_in_true |= {start + k: other + k for k in range(len(word))}
    found: list[Box | None] = []
    for start, stop in unit_places(units, written).tolist():
        places = [place_in_true[at] for at in range(start, stop) if at in place_in_true]
        boxes: list[Box] = [
            (top, left, bottom, right)
            for first, last, top, left, bottom, right in links.tolist()
            if any(first <= place < last for place in places)
        ]
        found.append(boxes[0] if boxes else None)
    return found


def _words(text: str) -> list[tuple[str, int]]:
    """Words in lower case, and signs, with their first characters."""
    return [(each[0].lower(), each.start()) for each in re.finditer(r"\w+|[^\w\s]", text)]
