"""Classes of a single case, which no split can have in two parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, Fix

__all__ = ["FIXES", "named", "rare_classes", "without_rare"]

_MERGED = "other"
FIXES: tuple[Fix, ...] = (("training.rare_classes", "drop"), ("training.rare_classes", "merge"))

_SHOWN = 3


def rare_classes(labels: NDArray[Any]) -> NDArray[Any]:
    """The classes that have one case."""
    names, counts = np.unique(labels, return_counts=True)
    rare: NDArray[Any] = names[counts < 2]
    return rare


def without_rare(cases: Any, test: Any | None, *, how: str) -> tuple[Any, Any | None, list[str]]:
    """Cases of which those of rare classes are left out, or have the label `other`.

    Parameters:
        cases: to learn from.
        test: of a file of its own, or None; its cases of these classes are treated alike.
        how: "drop" or "merge".

    Returns:
        Both, and a note if there is a rare class.

    Raises:
        DataError: `other` would have one case too, or the labels are not text.
    """
    rare = rare_classes(cases.labels)
    if not len(rare):
        return cases, test, []
    if how == "drop":
        note = f"{_count(rare)} left out: {named(rare)}"
        kept = [None if part is None else _dropped(part, rare) for part in (cases, test)]
        return kept[0], kept[1], [note]
    if cases.labels.dtype.kind not in "UO" or not all(isinstance(name, str) for name in rare):
        raise DataError(
            f"{_count(rare)} too rare to split: {named(rare)}; merging names them {_MERGED!r}, "
            "which only labels that are text can be",
            fixes=(FIXES[0],),
        )
    if len(rare) + int((cases.labels == _MERGED).sum()) < 2:
        raise DataError(
            f"{_count(rare)} too rare to split: {named(rare)}; there is nothing to merge it with",
            fixes=(FIXES[0],),
        )
    note = f"{_count(rare)} merged into {_MERGED!r}: {named(rare)}"
    kept = [None if part is None else _merged(part, rare) for part in (cases, test)]
    return kept[0], kept[1], [note]


def named(names: NDArray[Any]) -> str:
    """The first three names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _count(rare: NDArray[Any]) -> str:
    return "1 class of one case is" if len(rare) == 1 else f"{len(rare)} classes of one case are"


def _dropped(cases: Any, rare: NDArray[Any]) -> Any:
    return cases.take(np.flatnonzero(~np.isin(cases.labels, rare)))


def _merged(cases: Any, rare: NDArray[Any]) -> Any:
    labels = np.where(np.isin(cases.labels, rare), _MERGED, cases.labels)
    return replace(cases, labels=labels)
