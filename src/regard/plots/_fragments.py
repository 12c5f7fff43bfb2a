"""A text cut at its words: what is looked at, and what stands between."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots._lines import weight_scale
from regard.plots._outcome import Outcome
from regard.plots._style import one_line

__all__ = ["Fragment", "Passage", "TextView", "looked_at_most", "passages"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TextView(Outcome):
    """A text, what was predicted for it, and at which of its words the prediction looked.

    Attributes:
        id: what the data calls the text.
        true: the true class, None where it is not known.
        predicted: the class of the highest probability.
        probability: of the predicted class.
        text: as it was given.
        words: [W, 2], half-open (start, stop) characters of each word, in order; a word is
            whatever has a weight of its own.
        weights: [W], not negative.
        known: how many of the words the model knows; where it is 0 the prediction rests on nothing
            of the text.
        runners_up: the next classes and their probabilities, the highest first.
        sentences: [L, 2], half-open (start, stop) characters of each sentence, in order, where the
            model looks at sentences too.
        sentence_weights: [L], not negative.
        by_evidence: whether the weights are each word's share of what spoke for the predicted
            class, and not the attention that it got.
    """

    text: str
    words: NDArray[np.integer]
    weights: NDArray[np.floating]
    known: int
    runners_up: tuple[tuple[str, float], ...] = ()
    sentences: NDArray[np.integer] | None = None
    sentence_weights: NDArray[np.floating] | None = None
    by_evidence: bool = False


class Fragment(NamedTuple):
    """Some characters in a row; the weight and its strength are None between words.

    The strength is the weight's share of the highest, or of four times the mean if that is more.
    """

    text: str
    weight: float | None = None
    strength: float | None = None


class Passage(NamedTuple):
    """The fragments of a sentence, with its weight and strength, or those of a whole text."""

    fragments: list[Fragment]
    weight: float | None = None
    strength: float | None = None


def passages(
    text: str,
    words: ArrayLike,
    weights: ArrayLike,
    *,
    sentences: ArrayLike | None = None,
    sentence_weights: ArrayLike | None = None,
) -> list[Passage]:
    """The whole text in passages: one a sentence, or one in all where there are no sentences.

    What stands before the first sentence belongs to it, what stands after a sentence belongs to
    that one. Characters that a terminal or an XML file would trip over are replaced by blanks, one
    for one; put together, the fragments are otherwise the text.

    Parameters:
        text: any.
        words: [W, 2].
        weights: [W].
        sentences: [L, 2].
        sentence_weights: [L].

    Raises:
        DataError: spans that are out of order or out of the text, a word across two sentences, or
            weights below zero or not finite.
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


def looked_at_most(text: str, words: ArrayLike, weights: ArrayLike) -> list[tuple[str, float]]:
    """The three words of the highest weights, the highest first; none that has no weight.

    A word of many letters is shortened in the middle.
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
    """The characters from start to stop, every one in a fragment."""
    fragments, at = [], start
    for n, (first, last) in enumerate(spans.tolist()):
        if at < first:
            fragments.append(Fragment(text[at:first]))
        fragments.append(Fragment(text[first:last], float(weights[n]), float(strengths[n])))
        at = last
    return [*fragments, Fragment(text[at:stop])] if at < stop else fragments


def _harmless(text: str) -> str:
    """Without what controls a terminal or turns the direction of writing, as long as before."""
    return "".join(" " if _harms(letter) else letter for letter in text)


def _harms(letter: str) -> bool:
    if letter.isprintable() or letter == "\n":
        return False
    kind = unicodedata.category(letter)
    turns = unicodedata.bidirectional(letter) in _TURNS
    return kind in ("Cc", "Cs", "Cn", "Zl", "Zp") or turns


_TURNS: Sequence[str] = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
