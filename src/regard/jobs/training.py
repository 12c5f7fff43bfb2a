"""Train a configuration and write its run folder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.config import Config, resolve_config
from regard.errors import ConfigError, RegardWarning, RunError, in_configuration, spoken
from regard.jobs.audit_text import audit_text
from regard.jobs.baseline import baseline_figures
from regard.jobs.card import card
from regard.jobs.differences import write_scores
from regard.jobs.evaluation import evaluate
from regard.jobs.parts import load_parts
from regard.jobs.starting import about
from regard.plots import report_html
from regard.runs import (
    UnfinishedRun,
    check_output,
    clear,
    digest,
    disk_errors,
    first_difference,
    interrupted,
    read_run,
    unfinished_run,
    versions,
    write_run,
)

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator
    from regard.inputs import Parts

__all__ = ["divided", "train"]

_AUDIT = 0.1  # of the time of training, which an audit of the maps may take


@spoken(in_configuration)
def train(
    config: Config | Mapping[str, Any],
    out: str | Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    baseline: str | Path | None = None,
    verbose: bool = False,
) -> dict[str, Any]:
    """Train a configuration and write the run folder.

    Parameters:
        config: a `Config`, or what one is made of.
        out: the run folder to write.
        overwrite: whether an existing run folder may be replaced, once the new one is complete,
            and an interrupted training discarded.
        resume: whether to continue an interrupted training. The result is the same as without
            the interruption, except that `fit_seconds` counts only the last part.
        baseline: run folder of another model of the same data, whose figures by length of the
            source are shown beside those of this one; for texts to write.
        verbose: whether to show a progress bar.

    Returns:
        The figures on the test part, as in `metrics.json`.

    Raises:
        RegardError: the configuration, the data or the output cannot be used; nothing was written.
        RunError: or what was learned could not be put in place, and is where the error says.
    """
    config = config if isinstance(config, Config) else resolve_config(config)
    if resume and overwrite:
        raise ConfigError("resume, overwrite: exclude each other; choose one")
    out = Path(out)
    if resume and out.exists() and not interrupted(out):
        clear(out)
        return _finished(out, config)
    if not (resume and interrupted(out)):  # what is resumed is checked where its state is read
        check_output(out, "run", overwrite=overwrite)
    if interrupted(out) and not (resume or overwrite):
        raise RunError(f"{out}: training was interrupted", fixes=("resume", "overwrite"))
    beside = {} if baseline is None else baseline_figures(config, Path(baseline))
    parts = load_parts(config)

    # Now that the data can be learned from: this imports torch.
    from regard.training import check_device

    check_device(config.training)
    made_from = {"config": _comparable(config), "data": digest(parts), "versions": versions()}
    unfinished = unfinished_run(out, made_from, resume=resume, overwrite=overwrite)
    with disk_errors(out), unfinished as left:
        if not left.whole:
            return _train(left, config, parts, title=out.name, beside=beside, verbose=verbose)
    return dict(read_run(out).metrics)


def _train(
    unfinished: UnfinishedRun,
    config: Config,
    parts: Parts,
    *,
    title: str,
    beside: Mapping[str, Any],
    verbose: bool,
) -> dict[str, Any]:
    """Train, write the files of the run folder, and return the figures on the test part."""
    from regard.training import ONE_FIT

    estimator = divided(config, verbose=verbose)
    with ONE_FIT, warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)  # they are in the notes
        estimator.fit(parts.train, validation=parts.validation, checkpoint=unfinished.checkpoint)
    estimator.notes_[:0] = parts.notes
    more: dict[str, Any] = {"further": parts.further, "beside": beside}
    more["seconds"] = _AUDIT * estimator.fit_seconds_
    metrics, report, scores, audit = evaluate(estimator, config, parts.test, title=title, **more)
    estimator.input_.continue_from(parts.test)
    write_run(unfinished.folder, replace(estimator.to_run(config), metrics=metrics))
    if scores is not None:
        write_scores(unfinished.folder / "scores.csv", scores)
    if audit is not None:
        path = unfinished.folder / "audit.json"
        path.write_text(audit_text(audit, unfinished.folder), encoding="utf-8")
    (unfinished.folder / "report.html").write_text(report_html(report), encoding="utf-8")
    versioned = config.model_copy(update={"versions": versions()})
    text = card(versioned, estimator.output_, metrics, name=title, data=about(config, parts))
    (unfinished.folder / "README.md").write_text(text, encoding="utf-8")
    return metrics


def divided(config: Config, *, verbose: bool = False) -> AttentionEstimator:
    """An estimator of a configuration whose data are divided into parts already.

    Without a validation part, none is held out, and a class may have one case in the training part.
    """
    from regard.estimators import estimator_of

    estimator = estimator_of(config.task).from_config(config, verbose=verbose)
    given = {"validation_share": 0.0, "rare_classes": "refuse"}
    known = estimator.get_params()
    estimator.set_params(**{name: value for name, value in given.items() if name in known})
    return estimator


def _finished(out: Path, config: Config) -> dict[str, Any]:
    """The figures of a finished run of the same configuration."""
    run = read_run(out)
    field = first_difference(_comparable(run.config), _comparable(config))
    if field:
        raise RunError(f"{out}: is finished with another {field}", fixes=("overwrite",))
    return dict(run.metrics)


def _comparable(config: Config) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude={"versions"})
