"""Normalisation of a text: NFC, one blank for each run of white space, none at the ends.

A lone surrogate, which is not a character, becomes U+FFFD. Nothing else is changed.
"""

import re
from collections.abc import Iterator
from unicodedata import combining, normalize

import numpy as np
from numpy.typing import NDArray

__all__ = ["normalise", "origins"]

_SURROGATE = re.compile("[\ud800-\udfff]")


def normalise(text: str) -> str:
    """Normalise a text.

    Example:
        >>> normalise("  A cafe\u0301,\\n at  noon ")
        'A café, at noon'
    """
    return " ".join(normalize("NFC", _characters(text)).split())


def origins(text: str) -> NDArray[np.int32]:
    """Where each character of the normalised text comes from: half-open spans of the text, [N, 2].

    Example:
        >>> origins(" a  e\u0301").tolist()
        [[1, 2], [2, 4], [4, 6]]
    """
    spans: list[tuple[int, int]] = []
    blank = True  # at the start, or the last of the spans is white space
    for character, start, stop in _composed(_characters(text)):
        if not character.isspace() or not blank:
            spans.append((start, stop))
        elif spans:
            spans[-1] = spans[-1][0], stop
        blank = character.isspace()
    if blank and spans:
        spans.pop()
    return np.array(spans, np.int32).reshape(-1, 2)


def _characters(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _composed(text: str) -> Iterator[tuple[str, int, int]]:
    """The characters of a text's NFC, and where each comes from in the text."""
    start = 0
    for stop in range(1, len(text) + 1):
        if stop < len(text) and _belongs(text[start:stop], text[stop]):
            continue
        part = text[start:stop]
        composed = normalize("NFC", part)
        for at, character in enumerate(composed, start):
            yield (character, at, at + 1) if composed == part else (character, start, stop)
        start = stop


def _belongs(before: str, after: str) -> bool:
    """Whether a character composes with what stands before it, or may change places with it."""
    if after < "\u0300" or before.isspace():
        return False
    if combining(normalize("NFD", after)[0]):
        return True
    apart = normalize("NFC", before) + normalize("NFC", after)
    return normalize("NFC", before + after) != apart
