"""From a run folder and new cases to predictions and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, in_python, spoken
from regard.estimators import AttentionEstimator, estimator_of
from regard.inference import Inference
from regard.plots import CaseView
from regard.plots.album import album_html, file_names
from regard.runs import (
    TABLES,
    check_output,
    check_suffix,
    read_run,
    replacing,
    write_table,
    writing,
)

__all__ = ["Answer", "answer", "explain", "explain_all", "predict"]

_PICTURES = (".png", ".svg", ".html")

_ARGUMENTS = ("encoding", "future", "labelled", "overwrite", "plugin", "source")


def _fix(name: str, value: Any) -> str:
    """Fixes that need no other run."""
    return in_python(name, value) if name in _ARGUMENTS else ""


@spoken(_fix)
def predict(
    run: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
    overwrite: bool = False,
) -> str:
    """Predict every case of a file and write a table.

    The columns depend on the task. For classes they are `case`, `label`, `true` if the file has
    labels, `probability NAME` for every class, and for series `from` and `to`: the shortest span
    of steps, counted from 0 and without `to`, that holds half of the attention. A row of the file
    that cannot be predicted, such as one without a text, has its `case` and no answer.

    Parameters:
        run: a run folder.
        source: cases in the form the run was trained on; None to forecast from the end of the
            training data.
        out: the table to write: .csv, .tsv, .parquet or .jsonl.
        labelled: whether the file has labels; None detects it. A CSV of series is assumed to have
            them unless all training series had the same length and the number of columns shows
            that it has none.
        future: table of the known columns of the steps to forecast, if the run has such columns.
        encoding: of a file of texts; None for that of the training file.
        overwrite: whether `out` may be replaced.

    Returns:
        A summary: the number of predictions and, if there are labels, how many are right.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    out = Path(out)
    check_suffix(out, TABLES)
    check_output(out, "file", overwrite=overwrite)
    estimator = _open(run)
    options = {"labelled": labelled, "future": future, "encoding": encoding}
    cases, usable = _read(estimator, run, source, **options)
    seen = estimator.infer(_usable(cases, usable), maps=("weights",))
    columns, said = estimator.output_.columns(seen)
    columns |= estimator.input_.columns(seen)
    remarks = estimator.input_.remarks(seen)
    if not usable.all():
        columns = {name: _spread(column, usable) for name, column in columns.items()}
        columns["case"] = cases.ids
        remarks.append(f"{(~usable).sum()} {estimator.input_.unusable}")
    write_table(out, columns)
    return ", ".join([said, *remarks])


@spoken(_fix)
def explain(
    run: str | Path,
    source: str | Path | None,
    case: str | None,
    out: str | Path,
    *,
    text: str | None = None,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
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
        labelled, future, encoding: as for `predict`.
        overwrite: whether `out` may be replaced.

    Returns:
        A summary of the prediction.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    out = Path(out)
    check_suffix(out, _PICTURES)
    check_output(out, "file", overwrite=overwrite)
    if text is not None and source is not None:
        raise ConfigError("source, text: exclude each other; give one of them")
    estimator = _open(run, typed=text is not None)
    if text is None:
        options = {"labelled": labelled, "future": future, "encoding": encoding}
        cases, usable = _read(estimator, run, source, **options)
        at = int(usable.argmax()) if case is None else _find(cases.ids, case, f"{source or run}")
        if not usable[at]:
            raise DataError(f"{source or run}: case {case} is {estimator.input_.unusable}")
        cases = cases.take(np.array([at]))
    else:
        cases = estimator.input_.typed(text)
    view = _view(estimator, estimator.infer(cases, maps=("weights",)))
    with replacing(out) as beside:
        view.save(beside)
    return view.said


@spoken(_fix)
def explain_all(
    run: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
    overwrite: bool = False,
) -> str:
    """Draw every case of a file into a folder, with a page that shows all pictures.

    Parameters:
        run: a run folder.
        source, labelled, future, encoding: as for `predict`.
        out: the folder to write: a PNG for each case, named after it, and `index.html`.
        overwrite: whether a folder of pictures may be replaced.

    Returns:
        A summary: how many pictures, and how many cases could not be predicted.

    Raises:
        RegardError: the run, the data or the output cannot be used; nothing was written.
    """
    out = Path(out)
    check_output(out, "pictures", overwrite=overwrite)
    estimator = _open(run)
    options = {"labelled": labelled, "future": future, "encoding": encoding}
    cases, usable = _read(estimator, run, source, **options)
    seen = estimator.infer(_usable(cases, usable), maps=("weights",))
    views = [_view(estimator, seen, n) for n in range(len(seen))]
    names = [f"{name}.png" for name in file_names(view.id for view in views)]
    with writing(out, overwrite=overwrite, kind="pictures") as folder:
        for name, view in zip(names, views, strict=True):
            view.save(folder / name)
        page = album_html(out.name, dict(zip(names, views, strict=True)))
        (folder / "index.html").write_text(page, encoding="utf-8")
    skipped = len(cases) - len(seen)
    said = "1 picture" if len(views) == 1 else f"{len(views)} pictures"
    return f"{said}, {skipped} {estimator.input_.unusable}" if skipped else said


class Answer:
    """Predicts what is typed.

    Parameters:
        estimator: fitted.

    Attributes:
        prompt: what to ask with.
    """

    def __init__(self, estimator: AttentionEstimator) -> None:
        self._estimator = estimator
        self.prompt = estimator.input_.prompt

    def __call__(self, text: str) -> CaseView:
        """The prediction for a text, ready to be shown."""
        cases = self._estimator.input_.typed(text)
        return _view(self._estimator, self._estimator.infer(cases, maps=("weights",)))


@spoken(_fix)
def answer(run: str | Path) -> Answer:
    """Open a run that predicts what is typed.

    Raises:
        RunError: the run cannot be read.
        ConfigError: its cases cannot be typed.
    """
    return Answer(_open(run, typed=True))


def _open(run: str | Path, *, typed: bool = False) -> AttentionEstimator:
    """The estimator of a run; refuses one whose cases cannot be typed where they are."""
    opened = read_run(Path(run))
    estimator = estimator_of(opened.config.task).from_run(opened, source=str(run))
    if typed and not estimator.input_.prompt:
        raise ConfigError(
            f"{run}: was trained to {estimator.task}, and predicts only files", fixes=("source",)
        )
    return estimator


def _read(
    estimator: AttentionEstimator, run: str | Path, source: str | Path | None, **options: Any
) -> tuple[Any, NDArray[np.bool_]]:
    """New cases in the form that a run was trained on, and [B] which can be predicted."""
    incoming = estimator.input_
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in incoming.options:
            raise ConfigError(
                f"{name}: {run} was trained to {estimator.task}, which takes no such option"
            )
    cases = incoming.read(None if source is None else Path(source), **given)
    usable = incoming.usable(cases)
    if not usable.any():
        raise DataError(f"{source or run}: all of its {len(cases)} cases are {incoming.unusable}")
    estimator.output_.check_new(_usable(cases, usable), f"{source or run}")
    return cases, usable


def _usable(cases: Any, usable: NDArray[np.bool_]) -> Any:
    return cases if usable.all() else cases.take(np.flatnonzero(usable))


def _spread(column: Any, usable: NDArray[np.bool_]) -> list[Any]:
    """A column of the usable rows as one of all rows, with None in the others."""
    answers = iter(column)
    return [next(answers) if each else None for each in usable]


def _view(estimator: AttentionEstimator, seen: Inference, n: int = 0) -> CaseView:
    """A case, ready to be drawn."""
    return estimator.input_.view(seen, n, estimator.output_.outcome(seen, n))


def _find(ids: NDArray[Any], case: str, source: str) -> int:
    """The position of a case by name.

    Raises:
        DataError: there is no such case.
    """
    names = [str(name) for name in ids.tolist()]
    if case not in names:
        some = ", ".join(names if len(names) < 6 else [*names[:3], "...", names[-1]])
        raise DataError(f"{source}: has no case {case}; its cases are {some}")
    return names.index(case)
