"""Any run folder as the estimator of its task."""

from __future__ import annotations

from pathlib import Path

from regard.estimators.base import AttentionEstimator, estimator_of
from regard.runs import read_run

__all__ = ["load"]


def load(path: str | Path) -> AttentionEstimator:
    """The fitted estimator in a run folder, whatever its task.

    Raises:
        RunError: the folder is missing, foreign, truncated, or holds a pickle.
    """
    run = read_run(Path(path))
    return estimator_of(run.config.task).from_run(run, source=str(path))
