"""Texts as cases: read from files or taken from Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.checks import check_choice
from regard.errors import DataError
from regard.inputs.labels import as_labels, is_missing, refuse_fractions, with_fraction
from regard.tables.cells import is_number, tidy_labels
from regard.tables.files import FilePath, read_text
from regard.tables.frames import Table
from regard.tables.jsonl import read_json_lines

__all__ = ["Texts", "as_texts", "count_shared", "read_lines", "read_new_texts", "read_texts"]


@dataclass(frozen=True, eq=False)
class Texts:
    """B texts, none of them empty where a reader made them.

    Attributes:
        texts: B strings, as they were written.
        labels: [B] class of each (strings from files, anything from Python), or None.
        ids: [B] what the source calls each; by default the position, from 0.
    """

    texts: tuple[str, ...]
    labels: NDArray[Any] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if len(self.ids) == 0:
            object.__setattr__(self, "ids", np.arange(len(self.texts)))
        for name in ("labels", "ids"):
            given = getattr(self, name)
            if given is not None and len(given) != len(self.texts):
                raise DataError(
                    f"{name}: wanted one for each of {len(self.texts)} texts, given {len(given)}"
                )

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, index: NDArray[np.int64]) -> Texts:
        """The texts at these positions, in this order."""
        return Texts(
            tuple(self.texts[at] for at in index),
            None if self.labels is None else self.labels[index],
            self.ids[index],
        )


def as_texts(X: Any, y: ArrayLike | None = None) -> Texts:
    """Take texts, and their classes, from Python.

    Errors are worded as scikit-learn words them where it has a wording.

    Parameters:
        X: B strings: a list, a tuple, an array or a column of a data frame.
        y: [B] classes, kept as they are; None where there are none.

    Raises:
        DataError: X is one string or no list of them, is empty, or has a text that is missing, no
            string or nothing but blanks; y has another length or gaps, or is numbers with
            fractions.

    Example:
        >>> texts = as_texts(["It works.", "It broke."], ["good", "bad"])
        >>> len(texts), texts.labels.tolist()
        (2, ['good', 'bad'])
    """
    given = _items(X)
    texts = tuple(_text(text, f"X: case {case}") for case, text in enumerate(given))
    if y is None:
        return Texts(texts)
    labels = as_labels(y, len(texts))
    refuse_fractions(labels)
    return Texts(texts, labels)


def read_texts(
    path: FilePath,
    *,
    text: str = "text",
    label: str | None = "label",
    encoding: str = "utf-8",
) -> Texts:
    """Read a table or JSON lines with a text in each row.

    Parameters:
        path: A CSV file (tab, semicolon or comma, with a header), a Parquet file, or a file of one
            JSON object a line, whose name ends in .jsonl or .ndjson.
        text: The column with the texts.
        label: The column with their classes; None for a file without.
        encoding: How the file's characters are written as bytes: "utf-8", "latin-1", ...

    Returns:
        B texts. Labels are strings, a whole number written in only one way: "1.0" becomes "1".

    Raises:
        ConfigError: There is no such encoding.
        DataError: The file cannot be read, a column is not there, a text or label is missing or
            nothing but blanks, the labels are numbers with fractions.
    """
    return _read(path, text, label, encoding)


def read_new_texts(
    path: FilePath, *, text: str, label: str, encoding: str, labelled: bool | None
) -> Texts:
    """Read a table or JSON lines that may have labels.

    Parameters:
        path, text, label, encoding: As for `read_texts`.
        labelled: Whether there are labels; None tells it from whether the column `label` has
            something in one row at least.
    """
    return _read(
        path, text, None if labelled is False else label, encoding, optional=labelled is None
    )


def read_lines(
    path: FilePath, *, label: Literal["first", "none"] = "first", encoding: str = "utf-8"
) -> Texts:
    """Read a file with a text in each line, its label first.

        5 How far is it from Denver to Aspen ?

    Parameters:
        path: A text file. Blank lines are skipped.
        label: "first" where a line begins with its label and a blank or tab, "none" where there
            are no labels.
        encoding: How the file's characters are written as bytes: "utf-8", "latin-1", ...

    Returns:
        B texts, without the blanks around them. Labels are strings as in `read_texts`.

    Raises:
        ConfigError: There is no such choice or encoding.
        DataError: The file cannot be read, or a line has a label and no text.
    """
    check_choice("label", label, ("first", "none"))
    rows: list[int] = []
    labels: list[str] = []
    texts: list[str] = []
    for row, line in enumerate(read_text(path, encoding=encoding).split("\n"), start=1):
        parts = line.split(None, 1) if label == "first" else ["", line.strip()]
        if not parts or not parts[-1]:
            continue
        if len(parts) == 1:
            raise DataError(
                f"{path}, line {row} has {parts[0]!r} for a label and no text; "
                "set label='none' where there are no labels"
            )
        rows.append(row)
        labels.append(parts[0])
        texts.append(parts[1].rstrip())
    if label == "none":
        return Texts(tuple(texts))
    return Texts(tuple(texts), _classes(labels, lambda at: f"{path}, line {rows[at]}"))


def count_shared(training: Texts, other: Texts) -> int:
    """How many of the other texts are among those for training, but for how blanks are written.

    >>> count_shared(as_texts(["It  works.", "Why?"]), as_texts(["It works.", "why?"]))
    1
    """
    known = {" ".join(text.split()) for text in training.texts}
    return sum(" ".join(text.split()) in known for text in other.texts)


def _read(
    path: FilePath, text: str, label: str | None, encoding: str, *, optional: bool = False
) -> Texts:
    """A table or JSON lines; optional: without labels where the column is not filled."""
    name = Path(path).name.lower().removesuffix(".gz")
    if name.endswith(".json"):
        raise DataError(
            f"{path}: JSON is read as one object a line, from a file named .jsonl or .ndjson"
        )
    read = read_json_lines if name.endswith((".jsonl", ".ndjson")) else _read_table
    texts, labels, place = read(path, text, label, encoding, optional=optional)
    found = tuple(_text(one, place(row, text)) for row, one in enumerate(texts))
    if label is None or labels is None:
        return Texts(found)
    return Texts(found, _classes(labels, lambda row: place(row, label)))


def _read_table(
    path: FilePath, text: str, label: str | None, encoding: str, *, optional: bool = False
) -> tuple[list[Any], list[str] | None, Callable[[int, str], str]]:
    """The texts, the labels, and what says where a cell of a row and column stands."""
    table = Table.open(path, encoding=encoding)
    table.need(text, "text")
    if optional and label not in table.filled:
        label = None
    if label is not None:
        table.need(label, "label", "; set label=None for a file without labels")
    kind = table.keys(text).dtype
    if kind.is_numeric() or kind.is_temporal():
        raise DataError(f"{path}: column {text!r} holds {kind}; wanted texts")
    return table.strings(text), None if label is None else table.strings(label), table.place


def _items(X: Any) -> list[Any]:
    """The texts one by one, as yet unchecked."""
    if isinstance(X, str | bytes):
        raise DataError(
            "X: Iterable over raw text documents expected, string object received; "
            "for one text write [text]"
        )
    if hasattr(X, "columns"):
        raise DataError("X is a data frame; give the column with the texts, such as X['text']")
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        raise DataError(f"X has the shape {list(shape)}; wanted one text for each case: [cases]")
    if not isinstance(X, list | tuple):
        if shape is None or not hasattr(X, "__array__"):
            raise DataError(f"X: wanted a list of texts, given {type(X).__name__}")
        X = list(X)
    if not len(X):
        raise DataError(
            "X: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."
        )
    return list(X)


def _text(given: Any, where: str) -> str:
    """A text that is one and has something in it."""
    if not isinstance(given, str):
        if not isinstance(given, list | tuple | dict | np.ndarray) and is_missing(given):
            raise DataError(f"{where} is missing (NaN or None)")
        shown = repr(given) if len(repr(given)) <= 40 else repr(given)[:37] + "..."
        fix = "; decode it" if isinstance(given, bytes) else ""
        raise DataError(f"{where}: wanted text, given {type(given).__name__} {shown}{fix}")
    if not given or given.isspace():
        raise DataError(f"{where} is empty")
    if not given.isascii():
        try:
            given.encode()
        except UnicodeEncodeError as error:
            half = ascii(given[error.start])
            raise DataError(f"{where} has half a character ({half}) at {error.start}") from None
    return str(given)


def _classes(labels: Sequence[str], place: Callable[[int], str]) -> NDArray[np.str_]:
    """Labels of a file, each written in one way; `place` says where a label stands."""
    for row, label in enumerate(labels):
        if not label.strip():
            raise DataError(f"{place(row)} is empty")
    tidy = tidy_labels(labels)
    known = np.unique(tidy)
    if all(is_number(str(label)) for label in known):
        found = with_fraction(tidy.astype(np.float64))
        if found is not None:
            raise DataError(
                f"{place(found)}: labels are numbers with fractions ({tidy[found]}); "
                "classify needs classes"
            )
    return tidy
