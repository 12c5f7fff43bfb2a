"""Labels of cases as numbers to predict."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.series.cases import Cases

__all__ = ["target_names", "targets_of"]


def targets_of(cases: Cases, *, source: str = "", missing: bool = False) -> NDArray[np.float64]:
    """The numbers to predict of each case: [B, M] float64.

    Labels that are strings are converted.

    Parameters:
        cases: B cases with labels.
        source: of the cases, in errors.
        missing: whether some may be NaN, as in new cases.

    Raises:
        DataError: there are no labels, or one is not a finite number.

    >>> targets_of(Cases(np.zeros((2, 1, 3)), np.array([3, 3]), np.array(["1.5", "2"])))
    array([[1.5],
           [2. ]])
    """
    labels = cases.labels
    if labels is None:
        raise DataError(f"{source}: has no targets" if source else "the cases have no targets")
    where = f"{source}, case" if source else "case"
    rows = labels if labels.ndim == 2 else labels[:, None]
    try:
        numbers: NDArray[np.float64] = rows.astype(np.float64)
    except (TypeError, ValueError):
        at = next(n for n, row in enumerate(rows) if not all(map(_is_number, row)))
        raise DataError(
            f"{where} {cases.ids[at]}: the target {str(labels[at])!r} is not a number; for classes "
            'take SeriesClassifier, or "task": "classify"'
        ) from None
    fine = np.isfinite(numbers) | (np.isnan(numbers) & missing)
    if not fine.all():
        at = int(fine.all(1).argmin())
        raise DataError(
            f"{where} {cases.ids[at]}: the target is {labels[at]}; wanted a finite number"
        )
    return numbers


def target_names(cases: Cases) -> tuple[str, ...]:
    """Names of the numbers to predict: those of the source, or "target", "target 0", ...

    >>> target_names(Cases(np.zeros((2, 1, 3)), np.array([3, 3]), np.zeros((2, 2))))
    ('target 0', 'target 1')
    """
    if cases.targets:
        return cases.targets
    if cases.labels is None or cases.labels.ndim == 1 or cases.labels.shape[1] == 1:
        return ("target",)
    return tuple(f"target {m}" for m in range(cases.labels.shape[1]))


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
