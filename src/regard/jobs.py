"""The main jobs, from a configuration or a run folder to files: train, predict, explain."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard import data
from regard.config import ArrayData, Config, SineData, resolve_config
from regard.data import Cases
from regard.errors import DataError, RunError
from regard.estimators import SeriesClassifier
from regard.explain import localisation_ap, most_attended_spans
from regard.metrics import classification_metrics
from regard.plots import CaseView, Report, report_html, save_case
from regard.runs import (
    check_free,
    disk_errors,
    partial_folder,
    publish,
    read_run,
    versions,
    write_json,
    write_run,
)

__all__ = ["explain", "predict", "split_parts", "train"]


def train(
    config: Config | Mapping[str, Any],
    out: str | Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    verbose: bool = False,
) -> dict[str, Any]:
    """Train what the configuration says and write the run folder.

    Parameters:
        config: a `Config`, or what one is made of.
        out: the run folder to write.
        overwrite: whether a run that is there may be replaced, once the new one is whole, and
            unfinished training thrown away.
        resume: go on with training that was cut off. The result is that of training that was
            not, except for `fit_seconds`, which is of the last stretch alone.
        verbose: whether to show a progress bar.

    Returns:
        The figures on the test part, as in `metrics.json`.

    Raises:
        RegardError: the configuration, the data or the output cannot be used; nothing was written.
    """
    config = config if isinstance(config, Config) else resolve_config(config)
    out = Path(out)
    partial = partial_folder(out)
    if resume and out.exists() and not partial.exists():
        return dict(read_run(out).metrics)
    check_free(out, overwrite=overwrite)
    if partial.exists() and not (resume or overwrite):
        raise RunError(
            f"{out}: training was cut off; go on with --resume, or start again with --overwrite"
        )
    fitting, validation, test = split_parts(config)
    with disk_errors(out):
        checkpoint = _begin(partial, config, (fitting, validation, test), resume=resume)
        estimator = SeriesClassifier.from_config(config, verbose=verbose)
        # Without a validation part, none must be held out of what is already the training part.
        estimator.set_params(validation_share=0.0)
        estimator.fit(fitting, validation=validation, checkpoint=checkpoint)
        metrics, report = _evaluate(estimator, config, test, title=out.name)
        write_run(partial, replace(estimator.to_run(config), metrics=metrics))
        (partial / "report.html").write_text(report_html(report), encoding="utf-8")
        shutil.rmtree(checkpoint.parent)
        publish(partial, out)
    return metrics


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
    view = _views(estimator, cases.take(where[:1]))[0]
    with disk_errors(out):
        save_case(view, out, overwrite=overwrite)
    return view


def split_parts(config: Config) -> tuple[Cases, Cases | None, Cases]:
    """The training, validation (or None) and test part of what a configuration names."""
    options = config.data
    if isinstance(options, ArrayData):
        raise DataError("data.kind: arrays come from Python; train on a file or on sine")
    excluded = {"kind", "scaling", "validation_share", "test_share", "missing"}
    test: Cases | None = None
    if isinstance(options, SineData):
        cases = data.sine(**options.model_dump(exclude=excluded), seed=config.seed)
        source = "sine"
    else:
        cases, test = data.load(
            options.kind, **options.model_dump(exclude=excluded), missing=options.missing
        )
        source = options.path
    labels = _class_labels(cases, source)
    test_share = options.test_share if test is None else 0.0
    share = options.validation_share
    if share == "auto":
        share = 0.1 if len(cases) * (1 - test_share) >= 1000 else 0.0
    fit_index, validation_index, test_index = data.split(
        labels, shares=(1 - share - test_share, share, test_share), seed=config.seed
    )
    validation = cases.take(validation_index) if share else None
    return cases.take(fit_index), validation, cases.take(test_index) if test is None else test


def _class_labels(cases: Cases, source: str) -> NDArray[Any]:
    """The labels, of at least two classes with at least two cases each."""
    labels = cases.labels
    if labels is None:
        raise DataError(f"{source}: has no labels to learn from")
    if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
        raise DataError(f"{source}: has numbers as targets; classify needs classes")
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        raise DataError(f"{source}: has only one class, {names[0]}; classify needs at least two")
    if counts.min() < 2:
        raise DataError(f"{source}: class {names[counts.argmin()]} has only one case")
    return labels


def _begin(partial: Path, config: Config, parts: tuple[Cases | None, ...], *, resume: bool) -> Path:
    """Make or reopen the partial folder; returns where its checkpoint is."""
    digest = hashlib.sha256()
    for part in parts:
        if part is not None:
            digest.update(part.values.tobytes() + part.lengths.tobytes())
            digest.update(repr(None if part.labels is None else part.labels.tolist()).encode())
    made_from = {
        "config": config.model_dump(mode="json", exclude={"versions"}),
        "data": digest.hexdigest(),
        "versions": versions(),
    }
    notes = partial / "resume" / "made_from.json"
    if notes.exists() and resume:
        before = json.loads(notes.read_text(encoding="utf-8"))
        changed = [name for name in made_from if made_from[name] != before.get(name)]
        if changed:
            raise RunError(
                f"{partial}: training was begun with another {' and '.join(changed)}; "
                "go on with the same, or start again with --overwrite"
            )
    else:
        shutil.rmtree(partial, ignore_errors=True)
        notes.parent.mkdir(parents=True)
        write_json(notes.with_suffix(".new"), made_from)
        os.replace(notes.with_suffix(".new"), notes)
    return notes.with_name("last.ckpt")


def _evaluate(
    estimator: SeriesClassifier, config: Config, test: Cases, *, title: str
) -> tuple[dict[str, Any], Report]:
    """The figures on the test part, and the report."""
    assert test.labels is not None
    probabilities = estimator.predict_proba(test)
    metrics = classification_metrics(test.labels, probabilities, estimator.classes_)
    metrics |= {
        "fit_seconds": round(estimator.fit_seconds_, 3),
        "epochs": len(estimator.history_),
        "parameters": sum(p.numel() for p in estimator.model_.parameters()),
    }
    if test.spans is not None and (test.spans[:, 0] < test.spans[:, 1]).any():
        weights = estimator.attend(test)
        metrics["localisation_ap"] = localisation_ap(weights, test.spans, test.lengths)
        shares = (test.spans[:, 1] - test.spans[:, 0]) / test.lengths
        metrics["localisation_chance"] = float(shares[shares > 0].mean())
    predicted = probabilities.argmax(1)
    truth = np.searchsorted(estimator.classes_, test.labels)
    each = max(1, min(3, 30 // len(estimator.classes_)))
    examples = [np.flatnonzero(truth == n)[:each] for n in range(len(estimator.classes_))]
    wrong = np.flatnonzero(predicted != truth)
    worst = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:6]
    report = Report(
        title=title,
        metrics=metrics,
        history=estimator.history_,
        classes=[str(name) for name in estimator.classes_],
        examples=_views(estimator, test.take(np.concatenate(examples))),
        mistakes=_views(estimator, test.take(worst)) if len(worst) else [],
        config=config.model_dump(mode="json") | {"versions": versions()},
        notes=[],
    )
    return metrics, report


def _views(estimator: SeriesClassifier, cases: Cases) -> list[CaseView]:
    """Cases with what was predicted of them and where the model looked."""
    probabilities = estimator.predict_proba(cases)
    weights = estimator.attend(cases)
    views = []
    for n, length in enumerate(cases.lengths):
        span = None if cases.spans is None else (int(cases.spans[n, 0]), int(cases.spans[n, 1]))
        views.append(
            CaseView(
                id=str(cases.ids[n]),
                series=cases.values[n, :, :length],
                channels=cases.channels,
                weights=weights[n, :length],
                true=None if cases.labels is None else str(cases.labels[n]),
                predicted=str(estimator.classes_[probabilities[n].argmax()]),
                probability=float(probabilities[n].max()),
                span=span if span and span[0] < span[1] else None,
            )
        )
    return views


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
