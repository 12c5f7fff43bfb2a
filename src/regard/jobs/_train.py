"""From a configuration to a run folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from regard.config import Config, resolve_config
from regard.data import Cases
from regard.errors import ConfigError, RegardError, RunError
from regard.estimators import SeriesClassifier
from regard.explain import localisation_ap
from regard.jobs._parts import split_parts
from regard.jobs._views import case_views
from regard.metrics import classification_metrics
from regard.plots import Report, report_html
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
from regard.training import check_device

__all__ = ["train"]

_CONJUNCTIVE = (
    "Conjunctive pooling looks at every step and lets what each says differ: the weights drawn are "
    "each step's share of the evidence for the predicted class."
)


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
    if resume and overwrite:
        raise ConfigError("--resume goes on and --overwrite starts again; say one of them")
    out = Path(out)
    partial = partial_folder(out)
    if resume and out.exists() and not partial.exists():
        return _finished(out, config)
    # Where something unfinished stands beside a whole run, overwriting it was asked for before.
    check_free(out, overwrite=overwrite or (resume and partial.exists()))
    if partial.exists() and not (resume or overwrite):
        raise RunError(
            f"{out}: training was cut off; go on with --resume, or start again with --overwrite"
        )
    check_device(config.training.device)
    parts = split_parts(config)
    with disk_errors(out), _begin(out, config, parts, resume=resume) as checkpoint:
        fitting, validation, test = parts
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


def _finished(out: Path, config: Config) -> dict[str, Any]:
    """The figures of a run that is whole already."""
    run = read_run(out)
    field = _first_difference(_comparable(run.config), _comparable(config))
    if field:
        raise RunError(
            f"{out}: is finished, with another {field}; choose another name or say --overwrite"
        )
    return dict(run.metrics)


@contextmanager
def _begin(
    out: Path, config: Config, parts: tuple[Cases | None, ...], *, resume: bool
) -> Iterator[Path]:
    """Make or reopen the partial folder and hold it; gives the path of its checkpoint.

    When training fails for good nothing is left; when it is cut off, or the disk is full, what
    was learned stays, to be resumed.
    """
    digest = hashlib.sha256()
    for part in parts:
        if part is not None:
            digest.update(part.values.tobytes() + part.lengths.tobytes())
            digest.update(repr(None if part.labels is None else part.labels.tolist()).encode())
    made_from = {
        "config": _comparable(config),
        "data": digest.hexdigest(),
        "versions": versions(),
    }
    partial = partial_folder(out)
    folder = partial / "resume"
    notes, checkpoint = folder / "made_from.json", folder / "last.ckpt"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{out}: another training is writing it") from None
        if notes.exists() and resume:
            before = json.loads(notes.read_text(encoding="utf-8"))
            field = _first_difference(before, made_from)
            if field:
                raise RunError(
                    f"{out}: training was begun with another {field}; "
                    "go on with the same, or start again with --overwrite"
                )
        else:
            checkpoint.unlink(missing_ok=True)
            write_json(notes.with_suffix(".new"), made_from)
            os.replace(notes.with_suffix(".new"), notes)
        try:
            yield checkpoint
        except RegardError:
            shutil.rmtree(partial)
            raise
        except OSError:
            if not checkpoint.exists():
                shutil.rmtree(partial)
            raise


def _comparable(config: Config) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude={"versions"})


def _first_difference(before: Any, now: Any, field: str = "") -> str:
    """The dotted name of the first field that is not the same, or nothing."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            inner = f"{field}.{name}" if field else str(name)
            found = _first_difference(before.get(name), now.get(name), inner)
            if found:
                return found
        return ""
    return "" if before == now else field.removeprefix("config.")


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
        examples=case_views(estimator, test.take(np.concatenate(examples))),
        mistakes=case_views(estimator, test.take(worst)) if len(worst) else [],
        config=config.model_dump(mode="json") | {"versions": versions()},
        notes=[_CONJUNCTIVE] if estimator.pooling == "conjunctive" else [],
    )
    return metrics, report
