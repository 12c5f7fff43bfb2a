"""Cases read from files of their own, such as pictures and recordings, some of which cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError, Fix
from regard.inputs.labels import add_missing, left_out
from regard.tables.limits import SMALL
from regard.tables.problems import Problems, kind_of
from regard.tables.signatures import describe_binary

__all__ = ["Missing", "digest_of", "refuse_fault", "settled", "without_answer"]

Missing = Literal["refuse", "skip", "keep"]
"""What to do with cases that cannot be used or have no label."""

_SKIP: tuple[Fix, ...] = (("missing", "skip"),)


class _Cases(Protocol):
    """A dataclass of cases."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def faults(self) -> Any:
        """[B] why a case cannot be used, "" where it can."""

    @property
    def ids(self) -> NDArray[Any]: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def take(self, index: NDArray[np.int64]) -> Self: ...


_C = TypeVar("_C", bound=_Cases)


def settled(
    cases: _C,
    problems: Problems,
    *,
    missing: Missing,
    place: Callable[[int], str],
    unlabelled: NDArray[np.bool_] | None = None,
    noun: str = "label",
    what: str = "case",
    fixes: Mapping[str, tuple[Fix, ...]] | None = None,
) -> _C:
    """Cases as a reader returns them.

    Parameters:
        cases: with their faults.
        problems: what the reader has found so far; told together with what is found here.
        missing: "refuse"; "skip" leaves out cases with a fault or without a label, and names them
            in the notes; "keep" leaves all as they are, for cases to predict.
        place: of a case in the source.
        unlabelled: [B] which cases have no label, None where none is wanted.
        noun: what a label is called.
        what: what a case is called.
        fixes: fault to what lets the call succeed; by default to leave the case out.

    Raises:
        DataError: There is a problem, or no case is left.
    """
    faults = [str(fault) for fault in cases.faults]
    usable = np.array([not fault for fault in faults], bool)
    without = np.zeros(len(usable), bool) if unlabelled is None else unlabelled
    if missing == "refuse":
        for at in np.flatnonzero(~usable).tolist():
            problems.add(faults[at], [place(at)], fixes=(fixes or {}).get(faults[at], _SKIP))
        if without.any():
            found = (place(int(at)) for at in np.flatnonzero(without))
            add_missing(problems, noun, found, count=int(without.sum()))
    problems.refuse()
    if missing != "skip" or (usable & ~without).all():
        return cases
    which = {reason: np.isin(faults, same) for reason, same in _of_a_kind(faults).items()}
    notes = left_out(len(usable), {**which, f"no {noun}": without & usable}, place=place)
    kept = np.flatnonzero(usable & ~without)
    if not kept.size:
        raise DataError(f"{problems.source}: no {what} is left; {', '.join(notes)}")
    return replace(cases.take(kept), notes=(*cases.notes, *notes))


def digest_of(*arrays: NDArray[Any]) -> bytes:
    """The same for equal arrays of one type and shape alone, for all that is known."""
    digest = blake2b(digest_size=16)
    for array in arrays:
        digest.update(array.tobytes())
    return digest.digest()


def refuse_fault(path: Path, fault: str) -> None:
    """Refuse a file that is to be predicted alone and cannot be read.

    Raises:
        DataError: there is a fault; says what the file is where it is of another kind, such as a
            workbook.
    """
    if not fault:
        return
    with path.open("rb") as file:
        other = describe_binary(file.read(SMALL))
    raise DataError(f"{path} {other}" if other else f"{path}: {fault}")


def without_answer(faults: Sequence[str] | NDArray[np.str_], ids: NDArray[Any]) -> list[str]:
    """How many new cases get no answer, for each kind of reason, with the first of them.

    >>> without_answer(["", "is empty", "is empty"], np.array(["a.png", "b.png", "c.png"]))
    ['2 without an answer: is empty (first: b.png)']
    """
    given = [str(fault) for fault in faults]
    counts = Counter(given)
    return [
        f"{sum(counts[each] for each in same)} without an answer: {fault} "
        f"(first: {ids[given.index(fault)]})"
        for fault, same in _of_a_kind(given).items()
    ]


def _of_a_kind(faults: Sequence[str]) -> dict[str, list[str]]:
    """The first fault of each kind, and all of that kind."""
    kinds: dict[str, list[str]] = {}
    for fault in dict.fromkeys(fault for fault in faults if fault):
        kinds.setdefault(kind_of(fault), []).append(fault)
    return {same[0]: same for same in kinds.values()}
