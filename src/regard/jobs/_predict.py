"""From a run folder and new series to predictions and pictures."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np

from regard import data
from regard.data import Cases
from regard.errors import DataError, RunError
from regard.estimators import SeriesClassifier
from regard.explain import most_attended_spans
from regard.jobs._views import case_views
from regard.plots import CaseView, save_case
from regard.runs import disk_errors, read_run

__all__ = ["explain", "predict"]


def predict(
    run: str | Path,
    source: str | Path,
    out: str | Path,
    *,
    labelled: bool | None = None,
    overwrite: bool = False,
) -> int:
    """Predict every case of a file and write a CSV.

    Its columns are `case`, `label`, `probability NAME` for every class, and `from` and `to`: the
    shortest stretch of steps, counted from 0, `to` not included, that got half of the attention.

    Parameters:
        run: a run folder.
        source: series in the form of those that the run was trained on.
        out: the CSV to write.
        labelled: whether a CSV has labels first; None finds out from the number of columns where
            all the series trained on were equally long, and otherwise takes it to.
        overwrite: whether `out` may be replaced.

    Returns:
        The number of cases.
    """
    out = Path(out)
    _check_output(out, overwrite=overwrite)
    estimator, cases = _open(Path(run), Path(source), labelled=labelled)
    probabilities = estimator.predict_proba(cases)
    labels = estimator.classes_[probabilities.argmax(1)]
    spans = most_attended_spans(estimator.attend(cases))
    header = [
        "case",
        "label",
        *(f"probability {name}" for name in estimator.classes_),
        "from",
        "to",
    ]
    with disk_errors(out):
        beside = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(header)
                for case, label, row, span in zip(
                    cases.ids, labels, probabilities, spans, strict=True
                ):
                    writer.writerow([case, label, *(f"{p:.6f}" for p in row), *span])
            os.replace(beside, out)
        finally:
            beside.unlink(missing_ok=True)
    return len(cases)


def explain(
    run: str | Path,
    source: str | Path,
    case: str,
    out: str | Path,
    *,
    labelled: bool | None = None,
    overwrite: bool = False,
) -> CaseView:
    """Draw one case of a file with the attention along it.

    Parameters:
        run: a run folder.
        source: series in the form of those that the run was trained on.
        case: which: the case's name in a table, otherwise its number in the file, from 0.
        out: .png, .svg or .html.
        labelled: as for `predict`.
        overwrite: whether `out` may be replaced.

    Returns:
        What was drawn.
    """
    out = Path(out)
    _check_output(out, overwrite=overwrite)
    estimator, cases = _open(Path(run), Path(source), labelled=labelled)
    where = np.flatnonzero(cases.ids.astype(str) == case)
    if not len(where):
        ids = [str(name) for name in cases.ids]
        raise DataError(f"{source}: has no case {case}; its cases are {ids[0]} to {ids[-1]}")
    view = case_views(estimator, cases.take(where[:1]))[0]
    with disk_errors(out):
        save_case(view, out, overwrite=overwrite)
    return view


def _open(run: Path, source: Path, *, labelled: bool | None) -> tuple[SeriesClassifier, Cases]:
    """The estimator of a run, and new cases in the form of those that it was trained on."""
    opened = read_run(run)
    estimator = SeriesClassifier.from_run(opened, source=str(run))
    options: Any = opened.config.data
    kind = data.kind_of(source)
    if kind == "csv" and options.kind == "table":
        kind = "table"
    if kind == "csv":
        cases = _read_csv(source, estimator, labelled=labelled, missing=options.missing)
    elif kind == "table":
        if options.kind != "table":
            raise DataError(f"{source}: is a table, but the run was not trained on one")
        cases = data.read_table(
            source,
            case=options.case,
            time=options.time,
            label=None,
            channels=estimator.channels_,
            missing=options.missing,
        )
    else:
        cases = {"ts": data.read_ts, "npz": data.read_npz}[kind](source, missing=options.missing)
    if len(cases.channels) != len(estimator.channels_):
        raise DataError(
            f"{source}: has {len(cases.channels)} channels; "
            f"the run was trained on {len(estimator.channels_)}"
        )
    return estimator, cases


def _read_csv(
    source: Path,
    estimator: SeriesClassifier,
    *,
    labelled: bool | None,
    missing: Literal["refuse", "interpolate"],
) -> Cases:
    """A CSV whose labels, if it is not said, are told from the number of columns."""
    cases = data.read_csv(source, label="none" if labelled is False else "first", missing=missing)
    steps = int(cases.lengths[0])
    wanted = estimator.longest_
    if labelled is not None or steps == wanted or estimator.shortest_ != wanted:
        return cases
    if steps == wanted - 1:
        return data.read_csv(source, label="none", missing=missing)
    raise DataError(
        f"{source}: has {steps + 1} columns; the run was trained on series of {wanted} steps "
        f"({wanted + 1} columns with a label first); say --labelled or --unlabelled to use "
        "another length"
    )


def _check_output(path: Path, *, overwrite: bool) -> None:
    if path.is_dir():
        raise RunError(f"{path}: is a folder; name a file to write")
    if path.exists() and not overwrite:
        raise RunError(f"{path}: exists; choose another name or say overwrite")
    if not path.parent.is_dir():
        raise RunError(f"{path}: there is no folder {path.parent}")
