"""From a configuration to a run folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from regard.config import Config, resolve_config
from regard.data import Cases
from regard.errors import RunError
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

__all__ = ["train"]


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
        examples=case_views(estimator, test.take(np.concatenate(examples))),
        mistakes=case_views(estimator, test.take(worst)) if len(worst) else [],
        config=config.model_dump(mode="json") | {"versions": versions()},
        notes=[],
    )
    return metrics, report
