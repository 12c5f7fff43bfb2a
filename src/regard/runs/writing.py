"""Writing files and folders whole or not at all: beside their final name, then renamed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from regard.errors import RunError

__all__ = ["check_output", "disk_errors", "publish", "replacing", "write_json", "writing"]

_PICTURES = (".png", ".html")


def check_output(
    path: Path,
    kind: Literal["file", "run", "pictures", "folder"],
    *,
    overwrite: bool,
    fixes: tuple[str, ...] = ("overwrite",),
) -> None:
    """Check that a path may be written.

    Parameters:
        path: the output.
        kind: "file"; "run" for a run folder and "pictures" for a folder of pictures and pages,
            which replace what exists; "folder" for a folder of run folders, whose other files are
            kept.
        overwrite: whether an output of this kind that exists may be overwritten. Nothing of
            another kind ever is.
        fixes: parameters of the caller that let it overwrite.

    Raises:
        RunError: the path exists and may not be overwritten.
    """
    if kind in ("run", "pictures") and not path.name:
        raise RunError(f"{path}: cannot be replaced; choose another name")
    if not path.exists():
        return
    if kind == "file" and path.is_dir():
        raise RunError(f"{path}: is a folder; choose the name of a file")
    if kind != "file" and not path.is_dir():
        raise RunError(f"{path}: is a file; choose the name of a folder")
    if kind == "run" and any(path.iterdir()) and not (path / "config.json").is_file():
        raise RunError(f"{path}: exists and is not a run folder; choose another name")
    if kind == "pictures" and any(each.suffix not in _PICTURES for each in path.iterdir()):
        raise RunError(f"{path}: exists and holds more than pictures; choose another name")
    if not overwrite:
        raise RunError(f"{path}: exists", fixes=fixes)


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
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = path.parent / f".{path.name}.{os.getpid()}"
        folder.mkdir()
        try:
            yield folder
            publish(folder, path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write, with the same ending; rename it to the path unless an error occurs.

    Raises:
        RunError: the path cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{os.getpid()}.{path.name}")
        try:
            yield beside
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def publish(folder: Path, path: Path) -> None:
    """Rename a complete folder to its final name, replacing the folder there, if any."""
    old = path.parent / f".{path.name}.old"
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.rename(path, old)
    try:
        os.rename(folder, path)
    except OSError:
        if old.exists():
            os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
