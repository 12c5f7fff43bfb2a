"""The partial folder of a training that is running or was interrupted.

It is `.NAME.partial` beside the final name. Until the run folder is complete, it also holds

    resume/made_from.json   configuration, digest of the data, versions
    resume/last.ckpt        the trainer's checkpoint, which is only read on the machine it is from
    resume/first.ckpt       that of a training to calibrate on, before the one of all cases
    resume/second.ckpt      that of a fine-tuning or a training on all cases again, after it
    resume/lock             locked while a training writes to the folder
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regard.errors import RegardError, RunError
from regard.runs.writing import publish, write_json

__all__ = ["UnfinishedRun", "digest", "first_difference", "partial_folder", "unfinished_run"]

_SHORT = 24  # characters of a value that an error shows


class UnfinishedRun(NamedTuple):
    """Where a training writes.

    Attributes:
        folder: for the files of the run folder.
        checkpoint: a file for the state of the training; it exists when the training is resumed.
    """

    folder: Path
    checkpoint: Path


def partial_folder(path: Path) -> Path:
    """Where a run folder is written until it is complete."""
    return path.parent / f".{path.name}.partial"


@contextmanager
def unfinished_run(
    path: Path, made_from: Mapping[str, Any], *, resume: bool
) -> Iterator[UnfinishedRun]:
    """Create or reopen the partial folder, lock it, and rename it to the path at the end.

    An error removes the folder, unless it holds a checkpoint and is not a `RegardError`, which
    would come again: what an interruption or a full disk leaves can be resumed, and is named in
    the error.

    Parameters:
        path: the run folder to write.
        made_from: what determines the result, as JSON. A resumed training must match it.
        resume: whether to keep the checkpoint of an interrupted training.

    Raises:
        RunError: another training holds the lock, or the training to resume was made from
            something else.
    """
    partial = partial_folder(path)
    folder = partial / "resume"
    notes, checkpoint = folder / "made_from.json", folder / "last.ckpt"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock", path):
        if notes.exists() and resume:
            before = json.loads(notes.read_text(encoding="utf-8"))
            field = first_difference(before, made_from).removeprefix("config.")
            if field:
                another = field + _values(before, made_from)
                raise RunError(
                    f"{path}: training was started with another {another}", fixes=("overwrite",)
                )
        else:
            for left in folder.glob("*.ckpt"):
                left.unlink()
            write_json(notes.with_suffix(".new"), made_from)
            os.replace(notes.with_suffix(".new"), notes)
        try:
            yield UnfinishedRun(partial, checkpoint)
            shutil.rmtree(folder)
            publish(partial, path)
        except RegardError:
            shutil.rmtree(partial)
            raise
        except BaseException as error:
            if not checkpoint.exists() and isinstance(error, Exception):
                shutil.rmtree(partial)
            elif isinstance(error, OSError) and error.strerror:
                raise RunError(
                    f"{path}: cannot be written: {error.strerror.lower()}; {partial} keeps the "
                    "training up to its last epoch",
                    fixes=("resume", "overwrite"),
                ) from None
            else:
                error.add_note(f"{partial} keeps the training, to resume")
            raise


@contextmanager
def _locked(file: Path, path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file."""
    import fcntl  # not on Windows, where run folders are read and saved without a lock

    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{path}: the run folder is locked by another training") from None
        yield


def digest(data: Any) -> str:
    """A digest of the arrays in nested dataclasses and containers, and of the repr of all else."""
    result = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, np.ndarray):
            result.update(f"{value.dtype} {value.shape}".encode())
            result.update(
                value.tobytes() if value.dtype != object else repr(value.tolist()).encode()
            )
        elif is_dataclass(value):
            for field in fields(value):
                add(getattr(value, field.name))
        elif isinstance(value, Mapping):
            add(tuple(value.items()))
        elif isinstance(value, list | tuple):
            for item in value:
                add(item)
        else:
            result.update(repr(value).encode())

    add(data)
    return result.hexdigest()


def first_difference(before: Any, now: Any) -> str:
    """The dotted name of the first field that differs between nested tables, or an empty string.

    >>> first_difference({"seed": 0, "model": {"layers": 1}}, {"seed": 0, "model": {"layers": 2}})
    'model.layers'
    """
    return _first_difference(before, now, "")


def _values(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Both values of the first field that differs, where they are short."""
    field = first_difference(before, now)
    values: list[Any] = [before, now]
    for name in field.split("."):
        values = [each.get(name) if isinstance(each, Mapping) else None for each in values]
    shown = [json.dumps(each) for each in values]
    short = field.startswith("config.") and max(map(len, shown)) <= _SHORT
    return f", {shown[0]} and not {shown[1]}" if short else ""


def _first_difference(before: Any, now: Any, field: str) -> str:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in {**before, **now}:
            inner = f"{field}.{name}" if field else str(name)
            found = _first_difference(before.get(name), now.get(name), inner)
            if found:
                return found
        return ""
    return "" if before == now else field
