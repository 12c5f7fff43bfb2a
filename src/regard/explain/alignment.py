"""How well attention finds which words of two sentences belong together."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.explain.localisation import average_precision

__all__ = [
    "AlignmentErrors",
    "Links",
    "alignment_ap",
    "alignment_error_rate",
    "links_of",
    "true_links",
]

Links = AbstractSet[tuple[int, int]]
"""The links of a sentence pair: (source position, target position), counted from 0."""


class AlignmentErrors(NamedTuple):
    """Of links that were found, over all sentence pairs; NaN where a divisor is 0."""

    error_rate: float
    precision: float
    recall: float


def alignment_error_rate(
    found: Sequence[Links], sure: Sequence[Links], possible: Sequence[Links]
) -> AlignmentErrors:
    """Error rate, precision and recall of alignments against those that people made.

        precision = |A ∩ P| / |A|        recall = |A ∩ S| / |S|
        error rate = 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|)

    A are the found links, S the sure ones and P the possible ones, summed over the sentence pairs.
    Sure links are possible too, whether `possible` has them or not.

    Parameters:
        found: the links of each sentence pair, as of `links_of`.
        sure: the links that are certain.
        possible: the links that are right or may be.

    Raises:
        DataError: unequal numbers of sentence pairs.

    Source: Och and Ney, 2003, "A systematic comparison of various statistical alignment models",
    Computational Linguistics 29(1), section 6, evaluation methodology.

    >>> alignment_error_rate([{(0, 0), (1, 1)}], [{(0, 0)}], [{(1, 2)}])
    AlignmentErrors(error_rate=0.33333333333333337, precision=0.5, recall=1.0)
    """
    for name, given in (("sure", sure), ("possible", possible)):
        _check_count(name, len(given), len(found))
    size_a = size_s = hits_s = hits_p = 0
    for links, certain, maybe in zip(found, sure, possible, strict=True):
        size_a += len(links)
        size_s += len(certain)
        hits_s += len(links & certain)
        hits_p += len(links & (certain | maybe))
    return AlignmentErrors(
        1 - _share(hits_s + hits_p, size_a + size_s),
        _share(hits_p, size_a),
        _share(hits_s, size_s),
    )


def links_of(weights: NDArray[np.floating], threshold: float | None = None) -> Links:
    """The links that a map of attention stands for.

    Parameters:
        weights: [T, S] of each target position over the source positions.
        threshold: a link is where the weight is at least this; None links every target position to
            the source position of the greatest weight, the first of equal ones, unless all its
            weights are 0.

    Returns:
        (source position, target position) of each. Links of the end of a sentence are among them if
        the map has it: leave out its row, and its column or the links to it.

    >>> sorted(links_of(np.array([[0.8, 0.2], [0.4, 0.6]])))
    [(0, 0), (1, 1)]
    >>> sorted(links_of(np.array([[0.8, 0.2], [0.4, 0.6]]), threshold=0.4))
    [(0, 0), (0, 1), (1, 1)]
    """
    if threshold is None:
        targets = np.flatnonzero((weights > 0).any(1)) if weights.size else np.zeros(0, np.int64)
        sources = weights[targets].argmax(1) if len(targets) else targets
    else:
        targets, sources = np.nonzero(weights >= threshold)
    return set(zip(sources.tolist(), targets.tolist(), strict=True))


def alignment_ap(
    weights: Sequence[NDArray[np.floating]], true: Sequence[NDArray[np.bool_]]
) -> float:
    """Mean average precision with which each target position ranks its true source positions.

    Parameters:
        weights: a map [T, S] for each sentence pair; sizes may differ.
        true: for each, [T, S] which positions belong together, as of `true_links`.

    Returns:
        The mean over all target positions that have a true source position, between 0 and 1; NaN if
        none has.

    Raises:
        DataError: shapes that do not match.

    >>> alignment_ap([np.array([[0.8, 0.2], [0.4, 0.6]])], [np.array([[1, 0], [1, 0]]) > 0])
    0.75
    """
    _check_count("true", len(true), len(weights))
    scores = []
    for pair, (own, wanted) in enumerate(zip(weights, true, strict=True)):
        if own.shape != wanted.shape:
            sizes = f"{list(own.shape)}, given {list(wanted.shape)}"
            raise DataError(f"true: wanted the shape of the map of pair {pair}, {sizes}")
        scores += [average_precision(own[t], wanted[t]) for t in np.flatnonzero(wanted.any(1))]
    return float(np.mean(scores)) if scores else float("nan")


def true_links(
    links: NDArray[np.integer], sources: NDArray[np.integer], targets: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which words belong together, from the characters that do.

    Parameters:
        links: [n, 4] source start, source stop, target start, target stop, in characters.
        sources: [S, 2] start and stop of each word of the source; an empty span has no link.
        targets: [T, 2] the same of the target.

    Returns:
        [T, S], True where a link has a character of both words.

    >>> true_links(np.array([[0, 3, 2, 4]]), np.array([[0, 3], [4, 6]]), np.array([[0, 2], [2, 4]]))
    array([[False, False],
           [ True, False]])
    """
    within = []
    for spans, column in ((targets, 2), (sources, 0)):
        start = np.maximum(spans[:, :1], links[:, column])  # [words, n]
        stop = np.minimum(spans[:, 1:], links[:, column + 1])
        within.append(start < stop)
    in_target, in_source = within
    return np.asarray((in_target[:, None] & in_source).any(2))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _check_count(name: str, given: int, wanted: int) -> None:
    if given != wanted:
        raise DataError(f"{name}: wanted one for each of {wanted} sentence pairs, given {given}")
