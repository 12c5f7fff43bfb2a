"""A text split into its words with their weights, and the characters between them."""

import unicodedata
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import top_weight
from regard.plots.text import Fragment, Passage

__all__ = ["harmless", "highest_words", "passages"]


def passages(
    text: str,
    words: ArrayLike,
    weights: ArrayLike,
    *,
    sentences: ArrayLike | None = None,
    sentence_weights: ArrayLike | None = None,
) -> list[Passage]:
    """Split a text into passages for `plot_text`: its sentences, or the whole text without them.

    Characters before the first sentence belong to it, those after a sentence to that sentence.
    Each control character is replaced by a blank; otherwise the joined fragments are the text.
    Strengths are weights divided by the highest weight, or by four times the mean if that is
    more, so that even attention looks even.

    Parameters:
        text: any.
        words: [W, 2], half-open (start, stop) characters of each word, in order.
        weights: [W], not negative.
        sentences: [L, 2], half-open (start, stop) characters of each sentence, in order.
        sentence_weights: [L], not negative.

    Raises:
        DataError: spans are out of order or outside the text, a word crosses a sentence boundary,
            or weights do not match the spans, are negative or are not finite.

    >>> passages("not bad", [[0, 3], [4, 7]], [0.75, 0.25])[0].fragments[0][:3]
    ('not', 0.75, 0.375)
    """
    spans, shares = _checked("words", words, "weights", weights, len(text))
    strengths = shares / top_weight(shares)
    text = harmless(text)
    edges: list[int] = [0, len(text)]
    bars: list[list[float]] = [[]]  # weight and strength of each sentence
    if sentences is not None and np.size(sentences):
        given = () if sentence_weights is None else sentence_weights
        parts, looks = _checked("sentences", sentences, "sentence_weights", given, len(text))
        edges[1:1] = parts[1:, 0].tolist()
        bars = np.stack([looks, looks / top_weight(looks)], axis=1).tolist()
    found = []
    for n, ((start, stop), bar) in enumerate(zip(pairwise(edges), bars, strict=True)):
        inside = (spans[:, 0] < stop) & (spans[:, 1] > start)
        if (spans[inside, 0] < start).any() or (spans[inside, 1] > stop).any():
            raise DataError(f"words: one of them crosses the edge of sentence {n}")
        fragments, at = [], start
        for word in np.flatnonzero(inside):
            first, last = spans[word].tolist()
            if at < first:
                fragments.append(Fragment(text[at:first]))
            weight, strength = float(shares[word]), float(strengths[word])
            fragments.append(Fragment(text[first:last], weight, strength))
            at = last
        if at < stop:
            fragments.append(Fragment(text[at:stop]))
        found.append(Passage(fragments, *bar))
    return found


def highest_words(text: str, words: ArrayLike, weights: ArrayLike) -> list[tuple[str, float]]:
    """The three words with the highest weights above zero, the highest first, shortened.

    The weight of a word that occurs several times is the sum over its occurrences.

    >>> highest_words("no , no !", [[0, 2], [3, 4], [5, 7], [8, 9]], [0.25, 0.0, 0.25, 0.5])
    [('no', 0.5), ('!', 0.5)]
    """
    spans, shares = _checked("words", words, "weights", weights, len(text))
    sums: dict[str, float] = {}
    for (start, stop), share in zip(spans.tolist(), shares.tolist(), strict=True):
        sums[text[start:stop]] = sums.get(text[start:stop], 0.0) + share
    first = sorted(sums, key=lambda word: -sums[word])[:3]
    return [(one_line(harmless(word), 40), sums[word]) for word in first if sums[word] > 0]


def _checked(
    name: str, spans: ArrayLike, weights_name: str, weights: ArrayLike, length: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs = np.asarray(spans, dtype=np.int64)
    pairs = pairs if pairs.size else pairs.reshape(0, 2)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise DataError(f"{name}: wanted [{name}, 2], given the shape {list(pairs.shape)}")
    shares = np.asarray(weights, dtype=np.float64)
    if shares.shape != (len(pairs),):
        raise DataError(
            f"{weights_name}: wanted one for each of {len(pairs)} {name}, "
            f"given the shape {list(shares.shape)}"
        )
    if not (np.isfinite(shares) & (shares >= 0)).all():
        raise DataError(f"{weights_name}: wanted finite numbers that are not negative")
    if (pairs[:, 0] >= pairs[:, 1]).any() or (np.diff([0, *pairs.ravel(), length]) < 0).any():
        raise DataError(
            f"{name}: wanted spans in order, none empty, within the {length} characters of the text"
        )
    return pairs, shares


def harmless(text: str) -> str:
    """Replace each control character and change of writing direction by a blank."""
    return "".join(" " if _harms(letter) else letter for letter in text)


def _harms(letter: str) -> bool:
    if letter.isprintable() or letter == "\n":
        return False
    turns = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    control = unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Zl", "Zp")
    return control or unicodedata.bidirectional(letter) in turns
