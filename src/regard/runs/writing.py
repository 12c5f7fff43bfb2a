"""Writing files and folders whole or not at all: beside their final name, then renamed.

What has this name is replaced only where that was asked for, in one step, and only by another of
its kind. What appears there meanwhile stays.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

from regard.bounded import one_line
from regard.disk import exchange, remove, rename_new, sync
from regard.errors import RunError

__all__ = [
    "OLD",
    "Kind",
    "add_to_run",
    "check_output",
    "disk_errors",
    "keep_beside",
    "publish",
    "replacing",
    "write_json",
    "writing",
]

Kind = Literal["file", "run", "pictures", "folder"]

OLD = ".old"
"""Ending of a folder that is replaced, beside the new one, where names cannot be exchanged."""

_PICTURES = (".png", ".html")
_RUN = (
    *("config.json", "model.safetensors", "preprocess.json", "tokenizer.json", "metrics.json"),
    *("history.csv", "scores.csv", "report.html", "audit.json", "README.md"),
)
_LONGEST = "run/model.safetensors"  # of what a training writes in its partial folder


def check_output(
    path: Path,
    kind: Kind,
    *,
    overwrite: bool,
    fixes: tuple[str, ...] = ("overwrite",),
    sources: Iterable[str | Path | None] = (),
) -> None:
    """Check that a path may be written, and that files can be made where it is to be.

    Parameters:
        path: the output.
        kind: "file"; "run" for a run folder and "pictures" for a folder of pictures and pages,
            which replace what exists; "folder" for a folder of run folders, whose other files are
            kept.
        overwrite: whether an output of this kind that exists may be overwritten. Nothing of
            another kind ever is.
        fixes: parameters of the caller that let it overwrite.
        sources: what is read, which is never overwritten.

    Raises:
        RunError: the path exists and may not be overwritten, or cannot be written.
    """
    for source in sources:
        if source is not None and _is_same(path, source):
            raise RunError(f"{path}: is what is read; choose another name")
    with disk_errors(path):
        _check_name(path, kind, overwrite=overwrite, fixes=fixes)
        parent = next(each for each in path.absolute().parents if os.path.lexists(each))
        name = f".{path.name}.partial" if kind == "run" else path.name
        for longest in (parent / name, path.parent / name / _LONGEST):
            with suppress(FileNotFoundError, NotADirectoryError):
                os.lstat(longest)  # of names that are too long it says so
        os.rmdir(mkdtemp(prefix=".regard-", dir=parent))


def _is_same(path: Path, source: str | Path) -> bool:
    with suppress(OSError, ValueError):  # where one of them does not exist
        return os.path.samefile(path, source)
    return False


def _check_name(path: Path, kind: Kind, *, overwrite: bool, fixes: tuple[str, ...]) -> None:
    """Check what has the name of an output, if anything.

    Raises:
        RunError: it may not be overwritten.
    """
    if kind in ("run", "pictures") and path.name in ("", ".."):
        raise RunError(f"{path}: cannot be replaced; choose another name")
    if kind == "file" and path.name in _RUN and (path.parent / "model.safetensors").exists():
        raise RunError(f"{path}: is a file of a run folder; choose another name")
    if path.is_symlink() and (kind != "folder" or not path.exists()):
        raise RunError(f"{path}: is a link; name what it leads to, or choose another name")
    try:
        mode = path.stat().st_mode  # once: others may rename it meanwhile
    except (FileNotFoundError, NotADirectoryError):
        return
    if kind == "file" and stat.S_ISDIR(mode):
        raise RunError(f"{path}: is a folder; choose the name of a file")
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise RunError(f"{path}: is neither a file nor a folder; choose another name")
    if kind != "file" and not stat.S_ISDIR(mode):
        raise RunError(f"{path}: is a file; choose the name of a folder")
    if kind != "folder" and os.path.ismount(path):
        raise RunError(f"{path}: is a mount point; choose another name")
    names = _names(path) if kind in ("run", "pictures") else []
    if kind == "run" and names and "config.json" not in names:
        raise RunError(f"{path}: exists and is not a run folder; choose another name")
    if kind == "run" and (more := sorted(set(names) - set(_RUN))):
        raise RunError(
            f"{path}: exists and holds more than a run: {one_line(more[0])}; move it away, or "
            "choose another name"
        )
    if kind == "pictures" and any(Path(name).suffix not in _PICTURES for name in names):
        raise RunError(f"{path}: exists and holds more than pictures; choose another name")
    if not overwrite:
        raise RunError(f"{path}: exists", fixes=fixes)


def _names(folder: Path) -> list[str]:
    """What a folder holds; nothing if it has gone since it was seen."""
    with suppress(FileNotFoundError):
        return os.listdir(folder)
    return []


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Raise the operating system's errors as a RunError that names the output."""
    try:
        yield
    except OSError as error:
        if error.strerror is None:
            raise
        raise RunError(f"{path}: cannot be written: {error.strerror.lower()}") from None


@contextmanager
def writing(
    path: Path, *, overwrite: bool, kind: Literal["run", "pictures"] = "run"
) -> Iterator[Path]:
    """Give a folder to write to; rename it to the path at the end, remove it on an error.

    Raises:
        RunError: the path exists and may not be overwritten, or cannot be written.
    """
    check_output(path, kind, overwrite=overwrite)
    with disk_errors(path), _beside(path) as folder:
        folder.mkdir()
        yield folder
        publish(folder, path, kind, overwrite=overwrite)


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a file to write, with the same name; rename it to the path unless an error occurs.

    Raises:
        RunError: the path cannot be written, or a file that may not be overwritten is there: what
            was written has another name then, which the error says.
    """
    with disk_errors(path), _beside(path) as beside:
        yield beside
        try:
            publish(beside, path, "file", overwrite=overwrite)
        except RunError as error:
            kept = keep_beside(beside, path, path.suffix)
            raise RunError(f"{error.message}; what was to be written there is {kept}") from None


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A name that no one else uses, on the same disk; what has it at the end is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = Path(mkdtemp(prefix=".regard-", dir=path.parent))
    try:
        yield own / path.name
    finally:
        shutil.rmtree(own, ignore_errors=True)


def add_to_run(folder: Path, files: Mapping[str, str]) -> None:
    """Put texts in a run folder, each whole or not at all, in place of what has its name.

    Raises:
        RunError: they cannot be written.
    """
    with disk_errors(folder), _beside(folder) as beside:
        beside.mkdir()
        for name, text in files.items():
            (beside / name).write_text(text, encoding="utf-8")
        sync(beside)
        for name in files:
            os.replace(beside / name, folder / name)
        sync(folder, inside=False)


def publish(made: Path, path: Path, kind: Kind, *, overwrite: bool) -> None:
    """Give a whole output its final name, once it is on the disk.

    What it replaces is then called `made`, or that with `OLD`; the caller removes both.

    Raises:
        RunError: the path may not be overwritten; the output is still called `made`.
        OSError: neither has changed its name.
    """
    sync(made)
    while True:
        try:
            _check_name(path, kind, overwrite=overwrite, fixes=("overwrite",))
            if not overwrite or not os.path.lexists(path):  # which may be there since that look
                rename_new(made, path)
            elif kind == "file":
                os.replace(made, path)
            elif not exchange(made, path):
                _replace_folder(made, path)
        except FileExistsError:  # since it was looked at
            continue
        except FileNotFoundError:  # it has gone since
            if not (made.exists() and path.parent.exists()):
                raise
            continue
        break
    sync(path.parent, inside=False)


def _replace_folder(made: Path, path: Path) -> None:
    """Rename in two steps, the first of which is undone where the second fails.

    Where others have taken the name between the two, what was there is replaced by theirs.
    """
    old = made.with_name(made.name + OLD)
    remove(old)  # of a step before
    os.rename(path, old)
    try:
        rename_new(made, path)
    except OSError:
        with suppress(FileExistsError):
            rename_new(old, path)
        raise


def keep_beside(made: Path, path: Path, suffix: str = "") -> Path:
    """Rename to the first free name of `path-2`, `path-3`... before the suffix, and return it."""
    for number in count(2):
        kept = path.with_name(f"{path.name.removesuffix(suffix)}-{number}{suffix}")
        try:
            rename_new(made, kept)
        except FileExistsError:
            continue
        break
    sync(kept.parent, inside=False)
    return kept


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
