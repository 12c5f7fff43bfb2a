"""Texts to write for cases that are no texts, from Python or from a column of a table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.labels import add_missing
from regard.inputs.text.texts import check_text, items_of
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = ["column_texts", "given_texts"]


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
        _refuse_empty(texts, problems, [f"case {at}" for at in range(cases)])
    problems.refuse()
    return texts


def column_texts(
    table: Table | JsonLines, column: str, problems: Problems, *, keep_missing: bool = False
) -> NDArray[Any]:
    """[rows] texts of a column, stripped, objects; empty where they are missing.

    Parameters:
        table: with the column.
        column: its name.
        problems: takes the missing ones.
        keep_missing: whether texts may be missing or blank.
    """
    texts = _objects(["" if each is None else str(each).strip() for each in table.values(column)])
    if not keep_missing:
        _refuse_empty(texts, problems, [table.cell(row, column) for row in range(len(texts))])
    return texts


def _refuse_empty(texts: NDArray[Any], problems: Problems, places: list[str]) -> None:
    empty = np.flatnonzero(texts == "")
    if empty.size:
        add_missing(problems, "text", (places[at] for at in empty), count=int(empty.size))


def _objects(texts: list[str]) -> NDArray[Any]:
    """[B] an array of strings of any length."""
    found = np.empty(len(texts), object)
    found[:] = texts
    return found
