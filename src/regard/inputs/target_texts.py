"""Texts to write for cases that are no texts, from Python or from a column of a table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.labels import add_missing, as_labels, present_labels
from regard.inputs.text.texts import check_text, items_of
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = ["column_texts", "given_labels", "given_texts"]


def given_texts(y: Any, cases: int, *, keep_missing: bool = False) -> NDArray[Any]:
    """[B] texts given from Python, objects; empty where they are missing.

    Parameters:
        y: B strings: a list, a tuple, an array, or a column of a data frame.
        cases: B.
        keep_missing: whether texts may be missing or blank.

    Raises:
        DataError: y is no list, has another length, or a text is missing or is no string.

    >>> given_texts(["a red circle", "a blue square"], 2).tolist()
    ['a red circle', 'a blue square']
    """
    given = items_of(y, "y")
    if len(given) != cases:
        raise DataError(f"y has {len(given)} texts, X has {cases} cases; wanted one for each")
    problems = Problems("y")
    texts = _objects([check_text(text, f"case {at}", problems) for at, text in enumerate(given)])
    if not keep_missing:
        empty = np.flatnonzero(texts == "")
        if empty.size:
            add_missing(problems, "text", (f"case {at}" for at in empty), count=int(empty.size))
    problems.refuse()
    return texts


def given_labels(
    y: Any, cases: int, *, texts: bool, missing: str
) -> tuple[NDArray[Any] | None, NDArray[np.bool_] | None]:
    """Labels given from Python, and [B] which cases have none; None where none is wanted.

    Parameters:
        y: [B] classes of any type, or B texts to write; or None.
        cases: B.
        texts: whether y are texts.
        missing: "refuse", or another policy for labels that may be missing.

    Raises:
        DataError: y has another length, or a label is missing that may not be.
    """
    if y is None:
        return None, None
    if texts:
        written = given_texts(y, cases, keep_missing=missing != "refuse")
        return written, np.asarray(written == "")
    if missing == "refuse":
        return as_labels(y, cases), None
    y, present = present_labels(y, cases)
    own = as_labels(y, int(present.sum()))
    labels = np.zeros(cases, own.dtype)
    labels[present] = own
    return labels, ~present


def column_texts(table: Table | JsonLines, column: str) -> NDArray[Any]:
    """[rows] texts of a column, stripped, objects; empty where they are missing."""
    return _objects(["" if each is None else str(each).strip() for each in table.values(column)])


def _objects(texts: list[str]) -> NDArray[Any]:
    """[B] an array of strings of any length."""
    found = np.empty(len(texts), object)
    found[:] = texts
    return found
