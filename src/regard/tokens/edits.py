"""The fewest edits that make one sequence of words or characters of another."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Edits", "align_sequences", "count_edits"]


class Edits(NamedTuple):
    """How a sequence differs from its reference.

    Attributes:
        substitutions: elements that stand in the place of another.
        deletions: elements of the reference that are missing.
        insertions: elements that the reference does not have.
    """

    substitutions: int
    deletions: int
    insertions: int

    @property
    def total(self) -> int:
        """The Levenshtein distance."""
        return sum(self)


def count_edits(reference: Sequence[str], predicted: Sequence[str]) -> Edits:
    """The edits of a shortest way from a reference to a prediction.

    >>> count_edits("one two two".split(), "one too two three".split())
    Edits(substitutions=1, deletions=0, insertions=1)
    """
    pairs = align_sequences(reference, predicted)
    both = sum(a is not None and b is not None and reference[a] != predicted[b] for a, b in pairs)
    return Edits(both, sum(b is None for _, b in pairs), sum(a is None for a, _ in pairs))


def align_sequences(
    reference: Sequence[str], predicted: Sequence[str]
) -> list[tuple[int | None, int | None]]:
    """The places in both sequences that belong together, in order.

    Of several shortest ways, the one whose substitutions and equal elements come last is taken.

    Parameters:
        reference: R words or characters.
        predicted: P of them.

    Returns:
        Pairs of a place in the reference, None where the prediction has more, and a place in the
        prediction, None where it lacks one.

    Source: Wagner and Fischer, 1974, "The string-to-string correction problem".

    >>> align_sequences("kitten", "itch")
    [(0, None), (1, 0), (2, None), (3, 1), (4, 2), (5, 3)]
    """
    distances = _distances(reference, predicted)
    pairs: list[tuple[int | None, int | None]] = []
    r, p = len(reference), len(predicted)
    while r or p:
        here = distances[r, p]
        if r and p and here == distances[r - 1, p - 1] + (reference[r - 1] != predicted[p - 1]):
            r, p = r - 1, p - 1
            pairs.append((r, p))
        elif r and here == distances[r - 1, p] + 1:
            r -= 1
            pairs.append((r, None))
        else:
            p -= 1
            pairs.append((None, p))
    return pairs[::-1]


def _distances(reference: Sequence[str], predicted: Sequence[str]) -> NDArray[np.int64]:
    """[R + 1, P + 1] distance between the first elements of each."""
    numbers: dict[str, int] = {}
    rows, columns = (
        np.array([numbers.setdefault(each, len(numbers)) for each in side], np.int64)
        for side in (reference, predicted)
    )
    place = np.arange(len(columns) + 1)
    found = np.empty((len(rows) + 1, len(columns) + 1), np.int64)
    found[0] = place
    for at, element in enumerate(rows):
        before = found[at]
        best = before + 1
        best[1:] = np.minimum(best[1:], before[:-1] + (columns != element))
        # An insertion costs one more than what is to the left, however many follow each other.
        found[at + 1] = np.minimum.accumulate(best - place) + place
    return found
