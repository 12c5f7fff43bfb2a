"""A text divided into its words with their weights, and what is between them."""

import unicodedata
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import weight_scale
from regard.plots.text import Fragment, Passage

__all__ = ["highest_words", "passages"]


def passages(
    text: str,
    words: ArrayLike,
    weights: ArrayLike,
    *,
    sentences: ArrayLike | None = None,
    sentence_weights: ArrayLike | None = None,
) -> list[Passage]:
    """Divide a text into passages: its sentences, or the whole text if there are no sentences.

    The characters before the first sentence belong to it, those after a sentence to that sentence.
    Control characters are replaced by blanks, one for one; joined, the fragments are otherwise the
    text. Strengths are weights divided by the highest weight, or by four times the mean if that is
    more, so that even attention looks even.

    Parameters:
        text: any.
        words: [W, 2], half-open (start, stop) characters of each word, in order.
        weights: [W], not negative.
        sentences: [L, 2], half-open (start, stop) characters of each sentence, in order.
        sentence_weights: [L], not negative.

    Returns:
        The passages, for `plot_text`.

    Raises:
        DataError: spans out of order or outside the text, a word across two sentences, or weights
            that do not fit the spans, are negative or are not finite.

    >>> passages("not bad", [[0, 3], [4, 7]], [0.75, 0.25])[0].fragments[0]
    Fragment(text='not', weight=0.75, strength=0.375)
    """
    spans, shares = _checked("words", words, "weights", weights, len(text))
    strengths = np.asarray(weight_scale(shares)(shares))
    text = _harmless(text)
    if sentences is None or not np.size(sentences):
        return [Passage(_cut(text, 0, len(text), spans, shares, strengths))]
    parts, looks = _checked(
        "sentences",
        sentences,
        "sentence_weights",
        () if sentence_weights is None else sentence_weights,
        len(text),
    )
    deep = np.asarray(weight_scale(looks)(looks))
    edges = [0, *parts[1:, 0].tolist(), len(text)]
    found = []
    for n, (start, stop) in enumerate(pairwise(edges)):
        inside = (spans[:, 0] < stop) & (spans[:, 1] > start)
        if (spans[inside, 0] < start).any() or (spans[inside, 1] > stop).any():
            raise DataError(f"words: one of them crosses the edge of sentence {n}")
        fragments = _cut(text, start, stop, spans[inside], shares[inside], strengths[inside])
        found.append(Passage(fragments, float(looks[n]), float(deep[n])))
    return found


def highest_words(text: str, words: ArrayLike, weights: ArrayLike) -> list[tuple[str, float]]:
    """The three words with the highest weights, the highest first; none with weight zero.

    Long words are shortened in the middle.
    """
    spans, shares = _checked("words", words, "weights", weights, len(text))
    first = np.argsort(-shares, kind="stable")[:3]
    return [
        (one_line(_harmless(text[spans[n, 0] : spans[n, 1]]), 40), float(shares[n]))
        for n in first
        if shares[n] > 0
    ]


def _checked(
    name: str, spans: ArrayLike, weights_name: str, weights: ArrayLike, length: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs = np.asarray(spans, dtype=np.int64)
    if not pairs.size:
        pairs = pairs.reshape(0, 2)
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
    edges = pairs.ravel()
    if (
        (pairs[:, 0] >= pairs[:, 1]).any()
        or (edges[1:] < edges[:-1]).any()
        or (len(edges) and not (edges[0] >= 0 and edges[-1] <= length))
    ):
        raise DataError(
            f"{name}: wanted spans in order, none empty, within the {length} characters of the text"
        )
    return pairs, shares


def _cut(
    text: str,
    start: int,
    stop: int,
    spans: NDArray[np.int64],
    weights: NDArray[np.float64],
    strengths: NDArray[np.float64],
) -> list[Fragment]:
    """The characters from start to stop as fragments."""
    fragments, at = [], start
    for n, (first, last) in enumerate(spans.tolist()):
        if at < first:
            fragments.append(Fragment(text[at:first]))
        fragments.append(Fragment(text[first:last], float(weights[n]), float(strengths[n])))
        at = last
    return [*fragments, Fragment(text[at:stop])] if at < stop else fragments


def _harmless(text: str) -> str:
    """Replace control characters and changes of writing direction by blanks, one for one."""
    return "".join(" " if _harms(letter) else letter for letter in text)


def _harms(letter: str) -> bool:
    if letter.isprintable() or letter == "\n":
        return False
    control = unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Zl", "Zp")
    return control or unicodedata.bidirectional(letter) in _TURNS


_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
