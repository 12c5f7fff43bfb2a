"""From a configuration to a run folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from regard.config import Config, resolve_config
from regard.errors import ConfigError, RegardError, RegardWarning, RunError
from regard.jobs._task import Parts
from regard.jobs._tasks import TASKS
from regard.plots import report_html
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
    task = TASKS[config.task]
    parts = task.parts(config)
    with disk_errors(out), _begin(out, config, parts, resume=resume) as checkpoint:
        estimator = task.estimator.from_config(config, verbose=verbose)
        # Without a validation part, none must be held out of what is already the training part.
        estimator.set_params(validation_share=0.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RegardWarning)  # they are in the notes
            estimator.fit(parts.train, validation=parts.validation, checkpoint=checkpoint)
        estimator.notes_[:0] = parts.notes
        metrics, report = task.evaluate(estimator, config, parts.test, title=out.name)
        metrics["notes"] = estimator.notes_
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
def _begin(out: Path, config: Config, parts: Parts, *, resume: bool) -> Iterator[Path]:
    """Make or reopen the partial folder and hold it; gives the path of its checkpoint.

    When training fails for good nothing is left; when it is cut off, or the disk is full, what
    was learned stays, to be resumed.
    """
    made_from = {
        "config": _comparable(config),
        "data": _digest(parts),
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


def _digest(parts: Parts) -> str:
    """A digest of all that the parts hold."""
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, np.ndarray) and value.dtype != object:
            digest.update(f"{value.dtype} {value.shape}".encode() + value.tobytes())
        elif is_dataclass(value):
            for field in fields(value):
                add(getattr(value, field.name))
        elif isinstance(value, tuple):
            for item in value:
                add(item)
        else:
            digest.update(repr(value).encode())

    add(tuple(parts))
    return digest.hexdigest()


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
