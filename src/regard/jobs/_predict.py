"""From a run folder and new series to predictions and pictures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Literal

import numpy as np

from regard import data
from regard.data import Cases
from regard.errors import DataError, RunError
from regard.estimators import SeriesClassifier
from regard.explain import most_attended_spans
from regard.jobs._views import case_views, looked_at
from regard.plots import CaseView, save_case
from regard.runs import read_run, replacing

__all__ = ["explain", "predict"]


def predict(
    run: str | Path,
    source: str | Path,
    out: str | Path,
    *,
    labelled: bool | None = None,
    overwrite: bool = False,
) -> tuple[int, int | None]:
    """Predict every case of a file and write a CSV.

    Its columns are `case`, `label`, `true` where the file says it, `probability NAME` for every
    class, and `from` and `to`: the shortest stretch of steps, counted from 0, `to` not included,
    that holds half of what the model looked at.

    Parameters:
        run: a run folder.
        source: series in the form of those that the run was trained on.
        out: the CSV to write.
        labelled: whether a CSV has labels first; None finds out from the number of columns where
            all the series trained on were equally long, and otherwise takes it to.
        overwrite: whether `out` may be replaced.

    Returns:
        How many cases were predicted, and how many of them rightly, or None without labels.
    """
    out = Path(out)
    _check_output(out, overwrite=overwrite)
    estimator, cases = _open(Path(run), Path(source), labelled=labelled)
    probabilities = estimator.predict_proba(cases)
    columns: dict[str, Any] = {
        "case": cases.ids,
        "label": estimator.classes_[probabilities.argmax(1)],
    }
    right = None
    if cases.labels is not None:
        columns["true"] = cases.labels.astype(str)
        right = int((columns["label"].astype(str) == columns["true"]).sum())
    for name, column in zip(estimator.classes_, probabilities.T, strict=True):
        columns[f"probability {name}"] = [f"{probability:.6f}" for probability in column]
    columns["from"], columns["to"] = most_attended_spans(looked_at(estimator, cases)).T
    with replacing(out) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return len(cases), right


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
        some = ", ".join(ids if len(ids) < 6 else [*ids[:3], "...", ids[-1]])
        raise DataError(f"{source}: has no case {case}; its cases are {some}")
    view = case_views(estimator, cases.take(where[:1]))[0]
    with replacing(out) as beside:
        save_case(view, beside)
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
            f"{source}: its number of channels is {len(cases.channels)}; "
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
    known = estimator.classes_.astype(str)
    if labelled and cases.labels is not None and not np.isin(cases.labels, known).any():
        raise DataError(
            f"{source}: none of its labels is a class of the run ({cases.labels[0]!r} is the "
            "first); say --unlabelled if it has none"
        )
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
        raise RunError(f"{path}: exists; choose another name or say --overwrite")
