"""Texts with their classes, and those that are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_choice
from regard.errors import DataError
from regard.inputs.labels import (
    add_missing,
    as_labels,
    is_missing,
    left_out,
    present_labels,
    refuse_fractions,
)
from regard.tables.problems import Problems

__all__ = [
    "Missing",
    "Texts",
    "as_texts",
    "check_missing",
    "check_text",
    "items_of",
    "settled",
]

Missing = Literal["refuse", "skip"]
"""What to do with rows without a text or a class: refuse the data, or leave them out."""

_Place = Callable[[int, str], str]
"""The place of a case's text or label, by its noun, within its source."""


@dataclass(frozen=True, eq=False)
class Texts:
    """B texts with their labels.

    Attributes:
        texts: B strings, unchanged; empty only where new cases have none.
        labels: [B] class of each (strings from files, any type from Python), or the text to write
            for each, as objects, empty where new cases have none; or None.
        ids: [B] name of each in its source; by default its position, from 0.
        notes: what the user should know of how they were read, such as rows left out.
        links: B arrays [n, 4] of characters that belong together: (start, stop) in the text and
            (start, stop) in its label, a text; None where the alignment is not known.
    """

    texts: tuple[str, ...]
    labels: NDArray[Any] | None = None
    ids: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    notes: tuple[str, ...] = ()
    links: tuple[NDArray[np.int64], ...] | None = None

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

    @property
    def filled(self) -> NDArray[np.bool_]:
        """[B] which of them are not empty."""
        return np.array([bool(text) for text in self.texts])

    def take(self, index: NDArray[np.int64]) -> Texts:
        """The texts at these positions, in this order."""
        return Texts(
            tuple(self.texts[at] for at in index),
            None if self.labels is None else self.labels[index],
            self.ids[index],
            links=None if self.links is None else tuple(self.links[at] for at in index),
        )


def as_texts(X: Any, y: Any = None, *, missing: Missing = "refuse") -> Texts:
    """Convert Python objects to `Texts`. Errors use scikit-learn's wording where it has one.

    Parameters:
        X: B strings: a list, a tuple, an array, or a column of a data frame, also as a frame.
        y: [B] classes, unchanged, or None.
        missing: "refuse", or "skip" to leave out cases without a text or a class, with a note.

    Raises:
        ConfigError: Unknown choice.
        DataError: X is a single string, not a list, or empty; a text is missing, not a string or
            blank; y has another length, missing values or numbers with fractions.

    Example:
        >>> texts = as_texts(["It works.", "It broke."], ["good", "bad"])
        >>> len(texts), texts.labels.tolist()
        (2, ['good', 'bad'])
    """
    check_missing(missing)
    problems, given = Problems("X"), enumerate(items_of(X))
    texts = tuple(check_text(text, f"case {case}", problems) for case, text in given)
    labels: NDArray[Any] | None = None
    unlabelled = np.zeros(len(texts), bool)
    if y is not None and missing == "skip":
        y, present = present_labels(y, len(texts))
        known, unlabelled = as_labels(y, int(present.sum())), ~present
        labels = np.zeros(len(texts), known.dtype)
        labels[present] = known
    elif y is not None:
        labels = as_labels(y, len(texts))
    if labels is not None:
        refuse_fractions(labels)
    return settled(Texts(texts, labels), problems, missing=missing, unlabelled=unlabelled)


def settled(
    texts: Texts,
    problems: Problems,
    *,
    missing: Literal["refuse", "skip", "keep"],
    place: _Place = "case {}".format,
    unlabelled: NDArray[np.bool_] | None = None,
    nouns: tuple[str, str] = ("text", "label"),
) -> Texts:
    """Texts as a reader returns them.

    Parameters:
        texts: empty where they are missing.
        problems: what the reader has found so far; told together with what is found here.
        missing: "refuse"; "skip" leaves out cases without a text or a label, and counts them in the
            notes; "keep" leaves all as they are, for cases to predict.
        place: of the text or label of a case in the source.
        unlabelled: [B] which cases have no label, None where none is wanted.
        nouns: what a text and a label are called.

    Raises:
        DataError: There is a problem, or no case is left.
    """
    empty = ~texts.filled
    without = np.zeros(len(texts), bool) if unlabelled is None else unlabelled
    if missing == "refuse":
        for noun, found in zip(nouns, (empty, without), strict=True):
            if found.any():
                places = (place(int(at), noun) for at in np.flatnonzero(found))
                add_missing(problems, noun, places, count=int(found.sum()))
    problems.refuse()
    if missing != "skip" or not (empty | without).any():
        return texts
    text, label = nouns
    notes = [
        *left_out(len(texts), {f"no {text}": empty}, place=lambda at: place(at, text)),
        *left_out(len(texts), {f"no {label}": without & ~empty}, place=lambda at: place(at, label)),
    ]
    kept = np.flatnonzero(~(empty | without))
    if not kept.size:
        raise DataError(f"{problems.source}: no case is left; {', '.join(notes)}")
    return replace(texts.take(kept), notes=tuple(notes))


def check_missing(missing: str) -> None:
    """Refuse an unknown policy."""
    check_choice("missing", missing, ("refuse", "skip"))


def check_text(given: Any, place: str, problems: Problems) -> str:
    """The text, empty if it is missing or blank; what is no text is a problem."""
    if isinstance(given, str):
        try:
            given.encode()
        except UnicodeEncodeError as error:
            half = ascii(given[error.start])
            problems.add(f"an unpaired surrogate ({half}) at {error.start}", [place])
        return "" if given.isspace() else str(given)
    if is_missing(given):
        return ""
    fix = "; decode it" if isinstance(given, bytes) else ""
    problems.add(f"wanted text, given {type(given).__name__}{fix}", [place])
    return str(given)


def items_of(X: Any, name: str = "X", *, of: str = "texts") -> list[Any]:
    """The elements of a list or column, not yet checked.

    Parameters:
        X: of the elements.
        name: what errors call it.
        of: what the elements are.
    """
    if isinstance(X, str | bytes):
        raise DataError(
            f"{name}: Iterable over raw text documents expected, string object received; "
            "for one text write [text]"
        )
    if hasattr(X, "columns"):
        names = [*X.columns]
        if len(names) != 1:
            shown = ", ".join(map(str, names)) or "none"
            fix = f"give the one with the {of}, such as {name}[{of[:-1]!r}]"
            raise DataError(f"{name} is a data frame, whose columns are {shown}; {fix}")
        X = X[names[0]]
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        raise DataError(
            f"{name} has the shape {list(shape)}; wanted one text for each case: [cases]"
        )
    if not isinstance(X, list | tuple) and (shape is None or not hasattr(X, "__array__")):
        raise DataError(f"{name}: wanted a list of texts, given {type(X).__name__}")
    items = list(X)
    if not items:
        raise DataError(
            f"{name}: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required."
        )
    return items
