"""The partial folder of a training that is running, was interrupted, or could not be put in place.

It is `.NAME.partial` beside the final name, and holds

    training.json           what the training is made from: configuration, digest of the data,
                            versions; whether it may overwrite; once it is whole, a digest of `run`
    run                     the run folder while it is written, and until it is renamed
    run.old                 what it replaces, where the system cannot exchange names in one step
    resume/last.ckpt        the trainer's checkpoint, which is only read on the machine it is from
    resume/first.ckpt       that of a training to calibrate on, before the one of all cases
    resume/second.ckpt      that of a fine-tuning or a training on all cases again, after it

`.NAME.lock` is locked while a training writes there, until the run folder has its name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regard.bounded import parse_json, read_text
from regard.disk import remove, rename_new, replace_bytes, sync
from regard.errors import RegardError, RunError
from regard.runs.writing import OLD, check_output, keep_beside, publish

__all__ = [
    "UnfinishedRun",
    "clear",
    "digest",
    "first_difference",
    "interrupted",
    "partial_folder",
    "unfinished_run",
]

_MOST_BYTES = 2**24  # of the state
_SHORT = 24  # characters of a value that an error shows
_STATE, _RUN, _RESUME = "training.json", "run", "resume"
_OWN = (_RESUME, _RUN, _RUN + OLD, f"{_STATE}.new", _STATE)  # the state is the last to be removed


class UnfinishedRun(NamedTuple):
    """Where a training writes.

    Attributes:
        folder: for the files of the run folder; empty, unless they are whole.
        checkpoint: a file for the state of the training; it exists when the training is resumed.
        whole: whether the run folder was written before: nothing is left to do than to rename it,
            if that has not happened already.
    """

    folder: Path
    checkpoint: Path
    whole: bool = False


def partial_folder(path: Path) -> Path:
    """Where a run folder is written until it is complete."""
    return path.parent / f".{path.name}.partial"


def interrupted(path: Path) -> bool:
    """Whether a training has left something to resume, if damaged.

    Where it has not, it was killed as it began or when all was done.
    """
    partial = partial_folder(path)
    if partial.is_dir() and not partial.is_symlink():
        return any(os.path.lexists(partial / name) for name in (_STATE, _RESUME, _RUN))
    return os.path.lexists(partial)


@contextmanager
def unfinished_run(
    path: Path, made_from: Mapping[str, Any], *, resume: bool, overwrite: bool = False
) -> Iterator[UnfinishedRun]:
    """Create or reopen the partial folder, lock it, and rename the run folder in it at the end.

    An error removes what was done if it would come again: of the data, the configuration or the
    training. What was learned stays after any other, such as an interruption, a full disk or a
    damaged checkpoint, and is named in the error.

    Parameters:
        path: the run folder to write.
        made_from: what determines the result, as JSON. A resumed training must match it.
        resume: whether to keep the checkpoint of an interrupted training.
        overwrite: whether a run folder may be replaced. A resumed training may do what it might
            when it was started.

    Raises:
        RunError: another training holds the lock; the training to resume was made from
            something else, or is damaged; or the path may not be replaced: the run folder has
            another name then, which the error says.
    """
    partial = partial_folder(path)
    run, learned = partial / _RUN, partial / _RESUME
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path, discard=overwrite):
        state = _reopened(path, made_from) if resume else None
        if state is None:
            _discard(partial)
            partial.mkdir()
            state = {"overwrite": overwrite, "whole": "", "made_from": made_from}
            _write_state(partial, state)
        whole, overwrite = bool(state["whole"]), state["overwrite"]
        try:
            if not whole:
                learned.mkdir(exist_ok=True)
                remove(run)
                run.mkdir()
            yield UnfinishedRun(run, learned / "last.ckpt", whole)
            if not whole:
                sync(run)
                _write_state(partial, {**state, "whole": _folder_digest(run)})
        except BaseException as error:
            _after(error, path, kept=any(learned.glob("*.ckpt")))
            raise
        if not (whole and _is_in_place(path, state)):
            _put_in_place(run, path, overwrite=overwrite)
        with suppress(OSError):  # of what is not needed any more
            _discard(partial)


def _after(error: BaseException, path: Path, *, kept: bool) -> None:
    """What an error leaves of a training, and says of it.

    Raises:
        RunError: the system's error, with what to do.
    """
    partial = partial_folder(path)
    if isinstance(error, RunError) and kept:
        error.fixes = error.fixes or ("overwrite",)
    elif isinstance(error, RegardError) or (isinstance(error, Exception) and not kept):
        _discard(partial)
    elif isinstance(error, OSError) and error.strerror:
        raise RunError(
            f"{path}: cannot be written: {error.strerror.lower()}; {partial} keeps the "
            "training up to its last epoch",
            fixes=("resume", "overwrite"),
        ) from None
    else:
        error.add_note(f"{partial} keeps the training, to resume")


def _put_in_place(run: Path, path: Path, *, overwrite: bool) -> None:
    """Give a whole run folder its name, or the next one that is free.

    Raises:
        RunError: it has another name, or none.
    """
    try:
        try:
            publish(run, path, "run", overwrite=overwrite)
        except RunError as error:
            kept = keep_beside(run, path)
            with suppress(OSError):
                _discard(partial_folder(path))
            raise RunError(f"{error.message}; the run that is finished is {kept}") from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise RunError(
            f"{path}: cannot be written: {why}; the run that is finished is {run}",
            fixes=("resume", "overwrite"),
        ) from None


def _reopened(path: Path, made_from: Mapping[str, Any]) -> dict[str, Any] | None:
    """The state of the training to resume; None where there is nothing to keep.

    Raises:
        RunError: it is damaged, or another training.
    """
    partial = partial_folder(path)
    if not os.path.lexists(partial):
        return None
    if not partial.is_dir() or partial.is_symlink():
        raise RunError(f"{partial}: is not the folder of a training", fixes=("overwrite",))
    if not interrupted(path):
        return None
    state = _read_state(partial / _STATE)
    before = state["made_from"]
    field = first_difference(before, made_from).removeprefix("config.")
    if field == "data":
        why = "the data have changed since training was started"
        raise RunError(f"{path}: {why}", fixes=("overwrite",))
    if field:
        another = field + _values(before, made_from)
        raise RunError(f"{path}: training was started with another {another}", fixes=("overwrite",))
    run, old, learned = partial / _RUN, partial / (_RUN + OLD), partial / _RESUME
    if old.is_dir() and not os.path.lexists(path):
        rename_new(old, path)  # cut off between two renames
    if state["whole"]:
        if not os.path.lexists(run) and not os.path.lexists(path):
            return None  # it was put in place, and moved away since
        if not _is_in_place(path, state) and _folder_digest(run) != state["whole"]:
            raise RunError(f"{run}: is damaged since it was written", fixes=("overwrite",))
        return state
    if os.path.lexists(learned) and (learned.is_symlink() or not learned.is_dir()):
        raise RunError(f"{learned}: is damaged: wanted a folder", fixes=("overwrite",))
    if state["overwrite"]:
        check_output(path, "run", overwrite=True)
    elif os.path.lexists(path):
        raise RunError(f"{path}: is newer than the training to resume; move it away first")
    return state


def _is_in_place(path: Path, state: Mapping[str, Any]) -> bool:
    """Whether a whole run folder has its name already."""
    if os.path.lexists(partial_folder(path) / _RUN):  # it, or what it has replaced
        return bool(_folder_digest(path) == state["whole"])
    return os.path.lexists(path)


def _read_state(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink():
            raise ValueError("is a link; wanted a file")
        state = parse_json(read_text(path, most=_MOST_BYTES))
        kinds = {"overwrite": bool, "whole": str, "made_from": dict}
        if not isinstance(state, dict) or state.keys() != kinds.keys():
            raise ValueError("wanted " + ", ".join(kinds))
        for name, kind in kinds.items():
            if not isinstance(state[name], kind):
                raise ValueError(f"{name}: wanted a {kind.__name__}")
    except (OSError, ValueError) as error:
        why = str(error.strerror if isinstance(error, OSError) else error)
        raise RunError(f"{path}: is damaged: {why}", fixes=("overwrite",)) from None
    return state


def _write_state(partial: Path, state: Mapping[str, Any]) -> None:
    replace_bytes(partial / _STATE, json.dumps(state, indent=2).encode())


def _discard(partial: Path) -> None:
    """Remove what a training has left; what others have put in its place gets another name."""
    if os.path.lexists(partial):
        if partial.is_dir() and not partial.is_symlink():
            for name in _OWN:
                remove(partial / name)
            with suppress(OSError):  # it holds more
                partial.rmdir()
        if os.path.lexists(partial):
            keep_beside(partial, partial)


def _folder_digest(folder: Path) -> str:
    """A digest of names and contents of a folder's files; empty if it is none."""
    if folder.is_symlink() or not folder.is_dir():
        return ""
    result = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            result.update(f"{file.relative_to(folder).as_posix()}\n".encode())
            with file.open("rb") as opened:
                result.update(hashlib.file_digest(opened, "sha256").digest())
    return result.hexdigest()


def clear(path: Path) -> None:
    """Remove what a training has left that was killed when all was done."""
    if os.path.lexists(_lock_file(path)) or os.path.lexists(partial_folder(path)):
        with _locked(path, discard=False):
            if not interrupted(path):
                _discard(partial_folder(path))


def _lock_file(path: Path) -> Path:
    return path.parent / f".{path.name}.lock"


@contextmanager
def _locked(path: Path, *, discard: bool) -> Iterator[None]:
    """Hold an exclusive lock, which the system releases if the process is killed."""
    from filelock import FileLock, Timeout

    file = _lock_file(path)
    if discard and os.path.lexists(file) and (file.is_symlink() or not file.is_file()):
        keep_beside(file, file)
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise RunError(
            f"{path}: another training writes there; wait for it, or choose another name"
        ) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise RunError(f"{file}: cannot be locked: {why}", fixes=("overwrite",)) from None
    try:
        yield
    finally:
        with suppress(OSError):  # where the system keeps a file that is open
            if not file.stat().st_size:
                file.unlink()  # who has opened it sees that, and opens another
        lock.release()


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
