"""Labelled texts, read from files or taken from Python."""

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
    """B texts with their labels.

    Attributes:
        texts: B strings, unchanged; the readers refuse empty ones.
        labels: [B] class of each (strings from files, any type from Python), or None.
        ids: [B] name of each in its source; by default its position, from 0.
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
    """Convert Python objects to `Texts`. Errors use scikit-learn's wording where it has one.

    Parameters:
        X: B strings: a list, a tuple, an array or a column of a data frame.
        y: [B] classes, unchanged, or None.

    Raises:
        DataError: X is a single string, not a list, or empty; a text is missing, not a string or
            blank; y has another length, missing values or numbers with fractions.

    Example:
        >>> texts = as_texts(["It works.", "It broke."], ["good", "bad"])
        >>> len(texts), texts.labels.tolist()
        (2, ['good', 'bad'])
    """
    texts = tuple(_text(text, f"X: case {case}") for case, text in enumerate(_items(X)))
    if y is None:
        return Texts(texts)
    labels = as_labels(y, len(texts))
    refuse_fractions(labels)
    return Texts(texts, labels)


def read_texts(
    path: FilePath, *, text: str = "text", label: str | None = "label", encoding: str = "utf-8"
) -> Texts:
    """Read a table or JSON lines with a text in each row.

    Parameters:
        path: A CSV file (tab, semicolon or comma, with a header), a Parquet file, or JSON lines
            (one object a line) in a file named .jsonl or .ndjson.
        text: The column with the texts.
        label: The column with their classes; None for a file without labels.
        encoding: Character encoding of the file, such as "utf-8" or "latin-1".

    Returns:
        B texts with strings as labels; whole numbers are normalised: "1.0" becomes "1".

    Raises:
        ConfigError: Unknown encoding.
        DataError: The file cannot be read, a column does not exist, a text or label is missing or
            blank, or the labels are numbers with fractions.
    """
    labelled = label is not None
    return read_new_texts(path, text=text, label=label or "", encoding=encoding, labelled=labelled)


def read_new_texts(
    path: FilePath, *, text: str, label: str, encoding: str, labelled: bool | None
) -> Texts:
    """Read a table or JSON lines that may have labels.

    Parameters:
        path, text, label, encoding: As for `read_texts`.
        labelled: Whether there are labels; None reads them if at least one row has one.
    """
    name = Path(path).name.lower().removesuffix(".gz")
    if name.endswith(".json"):
        raise DataError(
            f"{path}: JSON is read as one object a line, from a file named .jsonl or .ndjson"
        )
    read = read_json_lines if name.endswith((".jsonl", ".ndjson")) else _read_table
    column = None if labelled is False else label
    texts, labels, place = read(path, text, column, encoding, optional=labelled is None)
    found = tuple(_text(one, place(row, text)) for row, one in enumerate(texts))
    return Texts(found, None if labels is None else _classes(labels, lambda at: place(at, label)))


def read_lines(
    path: FilePath, *, label: Literal["first", "none"] = "first", encoding: str = "utf-8"
) -> Texts:
    """Read a file with a label and a text on each line.

        5 How far is it from Denver to Aspen ?

    Parameters:
        path: A text file. Blank lines are skipped.
        label: "first" if each line begins with its label and a blank or tab, "none" if there are no
            labels.
        encoding: Character encoding of the file, such as "utf-8" or "latin-1".

    Returns:
        B stripped texts, with labels as in `read_texts`.

    Raises:
        ConfigError: Unknown choice or encoding.
        DataError: The file cannot be read, or a line has a label and no text.
    """
    check_choice("label", label, ("first", "none"))
    found: list[tuple[int, str, str]] = []
    for row, line in enumerate(read_text(path, encoding=encoding).split("\n"), start=1):
        parts = line.split(None, 1) if label == "first" else ["", line.strip()]
        if not parts or not parts[-1]:
            continue
        if len(parts) == 1:
            raise DataError(f"{path}, line {row} has the label {parts[0]!r} and no text")
        found.append((row, parts[0], parts[1].rstrip()))
    texts = tuple(text for _, _, text in found)
    if label == "none":
        return Texts(texts)
    labels = [name for _, name, _ in found]
    return Texts(texts, _classes(labels, lambda at: f"{path}, line {found[at][0]}"))


def count_shared(training: Texts, other: Texts) -> int:
    """Count the other texts that also occur in the training part, up to whitespace.

    >>> count_shared(as_texts(["It  works.", "Why?"]), as_texts(["It works.", "why?"]))
    1
    """
    known = {" ".join(text.split()) for text in training.texts}
    return sum(" ".join(text.split()) in known for text in other.texts)


def _read_table(
    path: FilePath, text: str, label: str | None, encoding: str, *, optional: bool = False
) -> tuple[list[Any], list[str] | None, Callable[[int, str], str]]:
    """As `read_json_lines`: texts, labels, and a function that names a cell in errors."""
    table = Table.open(path, encoding=encoding)
    table.need(text, "text")
    if optional and label not in table.filled:
        label = None
    if label is not None:
        table.need(label, "label")
    kind = table.keys(text).dtype
    if kind.is_numeric() or kind.is_temporal():
        raise DataError(f"{path}: column {text!r} holds {kind}; wanted texts")
    return table.strings(text), None if label is None else table.strings(label), table.place


def _items(X: Any) -> list[Any]:
    """The elements of X, not yet checked."""
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
    if not isinstance(X, list | tuple) and (shape is None or not hasattr(X, "__array__")):
        raise DataError(f"X: wanted a list of texts, given {type(X).__name__}")
    items = list(X)
    if not items:
        raise DataError(
            "X: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."
        )
    return items


def _text(given: Any, where: str) -> str:
    """Refuse what is not text, is blank or is not valid Unicode."""
    if not isinstance(given, str):
        if not isinstance(given, list | tuple | dict | np.ndarray) and is_missing(given):
            raise DataError(f"{where} is missing (NaN or None)")
        shown = repr(given) if len(repr(given)) <= 40 else repr(given)[:37] + "..."
        fix = "; decode it" if isinstance(given, bytes) else ""
        raise DataError(f"{where}: wanted text, given {type(given).__name__} {shown}{fix}")
    if not given or given.isspace():
        raise DataError(f"{where} is empty")
    try:
        given.encode()
    except UnicodeEncodeError as error:
        half = ascii(given[error.start])
        raise DataError(f"{where} has an unpaired surrogate ({half}) at {error.start}") from None
    return str(given)


def _classes(labels: Sequence[str], place: Callable[[int], str]) -> NDArray[np.str_]:
    """Check and normalise the labels of a file; `place` names the cell of a label in errors."""
    for row, label in enumerate(labels):
        if not label.strip():
            raise DataError(f"{place(row)} is empty")
    tidy = tidy_labels(labels)
    if all(is_number(str(label)) for label in np.unique(tidy)):
        found = with_fraction(tidy.astype(np.float64))
        if found is not None:
            raise DataError(
                f"{place(found)}: labels are numbers with fractions ({tidy[found]}); "
                "classify needs classes"
            )
    return tidy
