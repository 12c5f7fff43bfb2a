"""From a run folder and new cases to predictions and pictures."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regard.errors import ConfigError
from regard.estimators import TextClassifier
from regard.inputs.text.texts import as_texts
from regard.jobs._task import Task
from regard.jobs._tasks import TASKS
from regard.jobs._views import text_views
from regard.plots import TextView
from regard.runs import check_output, read_run, replacing

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

    The columns depend on the task. For classes they are `case`, `label`, `true` if the file has
    labels, `probability NAME` for every class, and for series `from` and `to`: the shortest span
    of steps, counted from 0 and without `to`, that holds half of the attention.

    Parameters:
        run: a run folder.
        source: cases in the form the run was trained on; None to forecast from the end of the
            training data.
        out: the CSV to write.
        labelled: whether the file has labels; None detects it. A CSV of series is assumed to have
            them unless all training series had the same length and the number of columns shows
            that it has none.
        future: table of the known columns of the steps to forecast, if the run has such columns.
        overwrite: whether `out` may be replaced.

    Returns:
        A summary: the number of predictions and, if there are labels, how many are right.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    out = Path(out)
    check_output(out, "file", overwrite=overwrite)
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
    """Draw one case of a file with its attention weights.

    Parameters:
        run: a run folder.
        source: as for `predict`.
        case: the case's name in a table, otherwise its number in the file, from 0; None draws the
            first.
        out: .png, .svg or .html.
        text: a text to draw instead of a case of a file; the run must be trained on texts.
        labelled, future: as for `predict`.
        overwrite: whether `out` may be replaced.

    Returns:
        A summary of the prediction.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    out = Path(out)
    check_output(out, "file", overwrite=overwrite)
    if out.suffix.lower() not in _PICTURES:
        given = f"'{out.suffix}'" if out.suffix else "no ending"
        raise ConfigError(f"{out}: wanted a name that ends in .png, .svg or .html, given {given}")
    if text is None:
        task, estimator, cases = _open(run, source, labelled=labelled, future=future)
    elif source is not None:
        raise ConfigError("source, text: exclude each other; give one of them")
    else:
        task, estimator, cases = TASKS["classify-text"], TextClassifier.load(run), as_texts([text])
    picture = task.picture(estimator, cases, case, str(source or run))
    with replacing(out) as beside:
        picture.save(beside)
    return picture.said


def answer(run: str | Path) -> Callable[[str], TextView]:
    """A function that predicts one text, from the run of a text classifier.

    Raises:
        RunError: the run cannot be read.
        ConfigError: the run was not trained on texts.
    """
    opened = read_run(Path(run))
    if opened.config.task != "classify-text":
        raise ConfigError(
            f"{run}: was trained to {opened.config.task}, not on texts, and predicts only files",
            fixes=("source",),
        )
    estimator = TextClassifier.from_run(opened, source=str(run))
    return lambda text: text_views(estimator, as_texts([text]))[0]


def _open(
    run: str | Path, source: str | Path | None, *, future: str | Path | None, **options: Any
) -> tuple[Task, Any, Any]:
    """The task and the estimator of a run, and new cases in the form it was trained on."""
    opened = read_run(Path(run))
    task = TASKS[opened.config.task]
    if future is not None and opened.config.task != "forecast":
        raise ConfigError(f"future: is for forecasts; {run} was trained to {opened.config.task}")
    estimator = task.estimator.from_run(opened, source=str(run))
    file = None if source is None else Path(source)
    ahead = None if future is None else Path(future)
    return task, estimator, task.read(opened, estimator, file, future=ahead, **options)
