"""From a run folder and new cases to predictions and pictures."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regard.errors import ConfigError
from regard.estimators import TextClassifier
from regard.inputs.text.texts import as_texts
from regard.jobs._task import Task, check_output
from regard.jobs._tasks import TASKS
from regard.jobs._views import text_views
from regard.plots import TextView
from regard.runs import read_run, replacing

__all__ = ["answer", "explain", "predict"]

_PICTURES = (".png", ".svg", ".html")


def predict(
    run: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    labelled: bool | None = None,
    future: str | Path | None = None,
    overwrite: bool = False,
) -> str:
    """Predict every case of a file and write a CSV.

    Its columns depend on the task; for classes they are `case`, `label`, `true` where the file
    says it, `probability NAME` for every class, and for series `from` and `to`: the shortest
    stretch of steps, counted from 0, `to` not included, that holds half of what was looked at.

    Parameters:
        run: a run folder.
        source: cases in the form of those that the run was trained on; None where it can go on
            from those, as a forecast can.
        out: the CSV to write.
        labelled: whether a file has labels; None finds out. In a CSV of series that is told from
            the number of columns where all the series trained on were equally long, and otherwise
            it is taken to have them.
        future: table of the known columns of the steps to forecast, where there are such.
        overwrite: whether `out` may be replaced.

    Returns:
        How many cases were predicted, and how well where that can be told, in a few words.
    """
    out = Path(out)
    check_output(out, overwrite=overwrite)
    task, estimator, cases = _open(run, source, labelled=labelled, future=future)
    columns, said = task.predictions(estimator, cases)
    with replacing(out) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return said


def explain(
    run: str | Path,
    source: str | Path | None,
    case: str | None,
    out: str | Path,
    *,
    text: str | None = None,
    labelled: bool | None = None,
    future: str | Path | None = None,
    overwrite: bool = False,
) -> str:
    """Draw one case of a file with the attention along it.

    Parameters:
        run: a run folder.
        source: as for `predict`.
        case: which: the case's name in a table, otherwise its number in the file, from 0; None
            takes the first.
        out: .png, .svg or .html.
        text: one to draw instead of a file, where the run was trained on texts.
        labelled, future: as for `predict`.
        overwrite: whether `out` may be replaced.

    Returns:
        What was predicted of it, in a few words.
    """
    out = Path(out)
    check_output(out, overwrite=overwrite)
    if out.suffix.lower() not in _PICTURES:
        given = f"'{out.suffix}'" if out.suffix else "no ending"
        raise ConfigError(f"{out}: wanted a name that ends in .png, .svg or .html, given {given}")
    if text is None:
        task, estimator, cases = _open(run, source, labelled=labelled, future=future)
    elif source is not None:
        raise ConfigError("text: is one to draw instead of a file; leave out either")
    else:
        task, estimator, cases = TASKS["classify-text"], TextClassifier.load(run), as_texts([text])
    picture = task.picture(estimator, cases, case, str(source or run))
    with replacing(out) as beside:
        picture.save(beside)
    return picture.said


def answer(run: str | Path) -> Callable[[str], TextView]:
    """What answers one text after the other, from the run of a classifier of texts.

    Raises:
        RunError: the run cannot be opened.
        ConfigError: it was not trained on texts.
    """
    opened = read_run(Path(run))
    if opened.config.task != "classify-text":
        raise ConfigError(
            f"source: name the file to predict, and --out; only runs on texts ask for them, and "
            f"{run} was trained to {opened.config.task}"
        )
    estimator = TextClassifier.from_run(opened, source=str(run))
    return lambda text: text_views(estimator, as_texts([text]))[0]


def _open(
    run: str | Path, source: str | Path | None, *, future: str | Path | None, **options: Any
) -> tuple[Task, Any, Any]:
    """The task and the estimator of a run, and new cases in the form of those trained on."""
    opened = read_run(Path(run))
    task = TASKS[opened.config.task]
    if future is not None and opened.config.task != "forecast":
        raise ConfigError(f"future: is for forecasts; {run} was trained to {opened.config.task}")
    estimator = task.estimator.from_run(opened, source=str(run))
    file = None if source is None else Path(source)
    ahead = None if future is None else Path(future)
    return task, estimator, task.read(opened, estimator, file, future=ahead, **options)
