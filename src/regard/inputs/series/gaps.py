"""Missing values and labels of cases: refused, filled, or left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.labels import add_missing, left_out
from regard.inputs.series.cases import Cases
from regard.tables.missing import Place, place_in, settle_missing
from regard.tables.problems import Problems

__all__ = ["filled", "settled"]


def settled(
    cases: Cases,
    problems: Problems,
    *,
    missing: str,
    place: Place = place_in,
    unlabelled: NDArray[np.bool_] | None = None,
    row: Callable[[int], str] = "case {}".format,
    noun: str = "label",
) -> Cases:
    """Cases without gaps, as a reader returns them.

    Parameters:
        cases: values are NaN where they are missing.
        problems: what the reader has found so far; told together with what is found here.
        missing: "refuse"; "interpolate" fills values and refuses missing labels; "skip" leaves out
            the cases with either, and counts them in the notes; "keep" leaves missing values NaN
            and makes a missing label an empty text or NaN, for cases to predict.
        place: the place of a value in the source.
        unlabelled: [B] which cases have no label, None where none is wanted.
        row: the place of a case in the source.
        noun: "label", "target" or "text".

    Raises:
        DataError: There is a problem, or no case is left.
    """
    without = np.zeros(len(cases), bool) if unlabelled is None else unlabelled
    kept, notes = np.arange(len(cases)), cases.notes
    if missing == "skip":
        gaps = (np.isnan(cases.values) & cases.mask[:, None, :]).any(axis=(1, 2))
        which = {f"no {noun}": without, "missing values": gaps & ~without}
        notes += left_out(len(cases), which, place=row)
        kept = np.flatnonzero(~(gaps | without))
        if not kept.size:
            raise DataError(f"{problems.source}: no case is left; {', '.join(notes)}")
        cases = cases.take(kept)
    elif missing == "keep":
        problems.refuse()
        return _marked(cases, without)
    elif without.any():
        found = np.flatnonzero(without)
        add_missing(problems, noun, (row(int(at)) for at in found), count=found.size)
    values = settle_missing(
        cases.values,
        cases.lengths,
        missing="interpolate" if missing == "interpolate" else "refuse",
        place=lambda case, channel, step: place(int(kept[case]), channel, step),
        problems=problems,
    )
    problems.refuse()
    return replace(cases, values=values, notes=notes)


def filled(cases: Cases) -> Cases:
    """Cases to predict, interpolated where a channel has a value to interpolate from."""
    known = ~np.isnan(cases.values) & cases.mask[:, None, :]
    whole = np.all(known.any(axis=2), axis=1)
    values = cases.values.copy()
    values[whole] = settle_missing(
        values[whole],
        cases.lengths[whole],
        missing="interpolate",
        place=place_in,
        problems=Problems("X"),
    )
    return replace(cases, values=values)


def _marked(cases: Cases, without: NDArray[np.bool_]) -> Cases:
    """Cases whose missing labels are empty texts, or NaN where they are numbers."""
    if cases.labels is None or not without.any():
        return cases
    labels = cases.labels.copy()
    labels[without] = np.nan if labels.dtype.kind == "f" else ""
    return replace(cases, labels=labels)
