"""The figures of a run on another file with labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.errors import DataError, spoken
from regard.jobs.differences import write_scores
from regard.jobs.evaluation import evaluate
from regard.jobs.opening import in_prediction, open_run, usable_of
from regard.plots import report_html
from regard.runs import check_output, disk_errors, read_run, replacing, write_json

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator

__all__ = ["evaluate_run", "labelled_cases"]

_FILES = ("metrics.json", "report.html", "scores.csv")


@spoken(in_prediction)
def evaluate_run(
    run: str | Path,
    source: str | Path,
    out: str | Path | None = None,
    *,
    overwrite: bool = False,
    device: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Take the figures of a run on a file with labels.

    Parameters:
        run: a run folder.
        source: cases in the form the run was trained on, with what is to be predicted.
        out: a folder to write, with `metrics.json`, `report.html` and `scores.csv`.
        overwrite: whether these may be replaced.
        device: as for `predict`.
        options: `encoding` and `folder`, as for `predict`.

    Returns:
        The figures, as in a run's `metrics.json`; notes say how many cases were left out.

    Raises:
        RegardError: the run, the data or the output cannot be used, or there are no labels.
    """
    if out is not None:
        check_output(Path(out), "folder", overwrite=overwrite)
        for name in _FILES:
            check_output(Path(out) / name, "file", overwrite=overwrite, sources=(source,))
    estimator = open_run(run, source, device=device)
    cases, left = labelled_cases(estimator, source, **options)
    opened = read_run(Path(run))
    estimator.fit_seconds_ = float(opened.metrics.get("fit_seconds", 0.0))
    estimator.notes_ = [f"left out: {each}" for each in left]
    title = f"{Path(run).name} on {Path(source).name}"
    metrics, report, scores, _ = evaluate(estimator, opened.config, cases, title=title)
    if out is not None:
        folder = Path(out)
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / "metrics.json", overwrite=overwrite) as beside:
                write_json(beside, metrics)
            with replacing(folder / "report.html", overwrite=overwrite) as beside:
                beside.write_text(report_html(report), encoding="utf-8")
            if scores is not None:
                with replacing(folder / "scores.csv", overwrite=overwrite) as beside:
                    write_scores(beside, scores)
    return metrics


def labelled_cases(
    estimator: AttentionEstimator, source: str | Path, **options: Any
) -> tuple[Any, list[str]]:
    """The cases of a file that can be compared with their labels, and what is left out.

    Parameters:
        estimator: of a run.
        source: a file in the form that the run was trained on.
        options: those of the input's `read`, None where not given.
    """
    incoming = estimator.input_
    given = {name: value for name, value in options.items() if value is not None}
    cases = incoming.read_labelled(Path(source), **given)
    if getattr(cases, "labels", True) is None:
        raise DataError(f"{source}: has no labels to compare predictions with", fixes=("labelled",))
    usable = incoming.usable(cases)
    left = incoming.left_out(cases, usable)
    unlabelled = _unlabelled(cases)
    if unlabelled is not None and (unlabelled & usable).any():
        left.append(f"{(unlabelled & usable).sum()} without a label")
        usable = usable & ~unlabelled
    if not usable.any():
        raise DataError(f"{source}: none of its cases can be used: {', '.join(left)}")
    cases = usable_of(cases, usable)
    estimator.output_.check_new(cases, str(source))
    return estimator.output_.as_trained(cases), left


def _unlabelled(cases: Any) -> Any:
    """[B] which cases have no label; None where labels are not one for each."""
    labels = getattr(cases, "labels", None)
    if labels is None:
        return None
    if labels.dtype.kind == "f":
        gaps = np.isnan(labels.reshape(len(labels), -1)).any(1)
        return np.asarray(gaps)
    return np.array([str(each) == "" for each in labels])
