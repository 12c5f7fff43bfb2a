"""Metrics of regression on a test part."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.outputs.arrays import checked, mean_of_known

__all__ = ["regression_metrics"]


def regression_metrics(
    truth: ArrayLike,
    predicted: ArrayLike,
    names: Sequence[str],
    *,
    mean: ArrayLike,
    margins: NDArray[np.float64] | None = None,
    coverage: float = 0.8,
) -> dict[str, Any]:
    """Mean absolute error, root mean squared error and R2, in the units of the data.

    As a baseline, mean_mae and mean_rmse are the errors of always predicting the mean of the
    training part. Overall metrics are unweighted means over the targets. R2 compares the squared
    errors with those of the mean of the *truth*: 1 is perfect, 0 no better than that mean. It is
    None, and left out of the overall R2, for a target whose truth is constant.

    Parameters:
        truth, predicted: [B, M].
        names: M names of the targets.
        mean: [M], each target's mean over the training part.
        margins: [M], how far the interval reaches around a prediction, or None.
        coverage: share of the truth that the interval is meant to hold.

    Returns:
        Plain numbers and lists, ready for JSON: cases, mae, rmse, r2, mean_mae, mean_rmse, and
        per_target, a list of the same metrics with the target's name under "target". With margins
        also coverage, a list of target, margin, wanted, and found: the share of the truth within
        the interval.

    Raises:
        DataError: shapes do not match, there are no cases, or numbers are not finite.

    >>> figures = regression_metrics([[0.0], [4.0]], [[1.0], [4.0]], ["price"], mean=[1.0])
    >>> figures["mae"], figures["r2"], figures["mean_mae"]
    (0.5, 0.875, 2.0)
    """
    truth, predicted = checked(
        {"truth": truth, "predicted": predicted}, ["cases", "targets"], names
    )
    mean = np.asarray(mean, dtype=np.float64)
    if mean.shape != truth.shape[1:] or not np.isfinite(mean).all():
        raise DataError(f"mean: wanted {truth.shape[1]} finite numbers, one for each target")
    spread = ((truth - truth.mean(0)) ** 2).sum(0)
    constant = (truth == truth[0]).all(0)
    errors, mean_errors = predicted - truth, mean - truth
    per_target: list[dict[str, Any]] = [
        {
            "target": str(name),
            "mae": float(np.abs(errors[:, m]).mean()),
            "rmse": float(np.sqrt((errors[:, m] ** 2).mean())),
            "r2": None if constant[m] else float(1 - (errors[:, m] ** 2).sum() / spread[m]),
            "mean_mae": float(np.abs(mean_errors[:, m]).mean()),
            "mean_rmse": float(np.sqrt((mean_errors[:, m] ** 2).mean())),
        }
        for m, name in enumerate(names)
    ]
    overall = {
        figure: mean_of_known([row[figure] for row in per_target])
        for figure in ("mae", "rmse", "r2", "mean_mae", "mean_rmse")
    }
    metrics = {"cases": len(truth), **overall, "per_target": per_target}
    if margins is not None:
        within = (np.abs(errors) <= margins).mean(0)
        metrics["coverage"] = [
            {
                "target": str(name),
                "margin": float(margin),
                "wanted": coverage,
                "found": float(found),
            }
            for name, margin, found in zip(names, margins, within, strict=True)
        ]
    return metrics
