"""What estimators of series have in common, whatever they predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from regard.estimators.base import AttentionEstimator
from regard.inputs.series.cases import Cases
from regard.inputs.series.scaling import Scaler

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["SeriesEstimator"]


class SeriesEstimator(AttentionEstimator):
    """An estimator whose X are series: [cases, channels, steps], or a list of unequal ones.

    Attributes:
        channels_: C names.
        scaler_: fitted on the training part.
        shortest_, longest_: fewest and most steps of the training part.
    """

    missing: Literal["refuse", "interpolate"]
    channels_: tuple[str, ...]
    scaler_: Scaler
    shortest_: int
    longest_: int

    def _cases(self, X: Any, y: Any = None, *, fitting: bool = False) -> Cases:
        cases: Cases = super()._cases(X, y, fitting=fitting)
        if cases is not X and cases.values.shape[1] == 1 and _is_table(X):
            from sklearn.utils.validation import validate_data

            validate_data(self, X, reset=fitting, skip_check_array=True)
        return cases

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "interpolate"
        tags.input_tags.three_d_array = True
        return tags


def _is_table(X: Any) -> bool:
    """Whether X is [cases, steps], and so has columns that must stay the same."""
    try:
        return len(X.shape if hasattr(X, "shape") else np.asarray(X).shape) == 2
    except ValueError:  # a list of arrays of different lengths
        return False
