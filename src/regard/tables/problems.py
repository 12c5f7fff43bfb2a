"""All problems of a file, told in one error: the first places of each kind, and how many."""

import re
from collections.abc import Iterable
from itertools import islice

from regard.errors import DataError, Fix

__all__ = ["SHOWN", "Problems", "kind_of"]

SHOWN = 3
"""Places shown of each kind of problem, and kinds shown."""


# Where in a case it is, and what was given there.
_OWN = re.compile(r"^step \d+[^:]*: |, given .*$", re.DOTALL)


def kind_of(what: str) -> str:
    """What is wrong, without what differs from case to case: two of a kind are told once.

    >>> kind_of("step 3, event 0: wanted a MIDI number, given 'x'")
    'wanted a MIDI number'
    """
    return _OWN.sub("", what)


class Problems:
    """Collects what is wrong in a file while it is read, so that the user mends all of it at once.

    Parameters:
        source: the file, or the name of an argument.

    >>> problems = Problems("a.csv")
    >>> for row in (3, 5, 8, 13):
    ...     problems.add("the label is missing", [f"row {row}"], fixes=(("missing", "skip"),))
    >>> problems.add("'ok' is not a number", ["row 7, column 2"])
    >>> problems.refuse()
    Traceback (most recent call last):
    ...
    regard.errors.DataError: a.csv, row 3: the label is missing; also row 5 and row 8 (4 in all); \
row 7, column 2: 'ok' is not a number; pass missing='skip'
    """

    def __init__(self, source: object) -> None:
        self.source = source
        self._told: dict[str, str] = {}  # the first of each kind
        self._places: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._fixes: list[Fix] = []

    def __len__(self) -> int:
        return sum(self._counts.values())

    def add(
        self,
        what: str,
        places: Iterable[str],
        *,
        count: int | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Note a problem.

        Parameters:
            what: the problem; the first of a kind (`kind_of`) is told, with the places of all.
            places: within the source, such as "row 3, column 2"; no more than the first three are
                taken, so that a generator need not name the rest.
            count: how many there are; None where `places` has a length and names them all.
            fixes: what lets the call succeed, see `RegardError`.
        """
        kind = kind_of(what)
        self._told.setdefault(kind, what)
        shown = self._places.setdefault(kind, [])
        self._counts.setdefault(kind, 0)
        if count is None:
            places = list(places)
            count = len(places)
        shown.extend(islice(places, SHOWN - len(shown)))
        self._counts[kind] += count
        self._fixes += [fix for fix in fixes if fix not in self._fixes]

    def refuse(self) -> None:
        """Raise what was collected, if anything.

        Raises:
            DataError: There is a problem.
        """
        if len(self):
            raise DataError(f"{self.source}, {self.told()}", fixes=tuple(self._fixes))

    def told(self) -> str:
        """What was collected, without the source and the fixes."""
        told = [
            _told(self._told[kind], places, self._counts[kind])
            for kind, places in islice(self._places.items(), SHOWN)
        ]
        others = len(self) - sum(islice(self._counts.values(), SHOWN))
        told += [f"{others} more problems" if others > 1 else "one more problem"] * (others > 0)
        return "; ".join(told)


def _told(what: str, places: list[str], count: int) -> str:
    first, *others = places
    also = f"; also {' and '.join(others)}" if others else ""
    return f"{first}: {what}{also}{f' ({count} in all)' if count > SHOWN else ''}"
