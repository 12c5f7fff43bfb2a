"""The run folder: written whole or not at all, opened without executing anything.

    config.json         resolved: every default filled in, seed, versions
    model.safetensors   weights
    preprocess.json     scaling and labels
    tokenizer.json      of a classifier of texts
    metrics.json        figures on the test part
    history.csv         a row per epoch
    report.html         the report

A run is written beside its final name, in `.NAME.partial`, and renamed when whole, so that a
folder that exists is a folder that loads. While training goes on, the partial folder also holds
`resume/`, the trainer's own checkpoint, which never leaves this machine.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.config import Config, resolve_config
from regard.errors import ConfigError, RunError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Run",
    "check_free",
    "disk_errors",
    "partial_folder",
    "publish",
    "read_run",
    "replacing",
    "versions",
    "write_json",
    "write_run",
    "writing",
]

_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_NEEDED = ("config.json", "preprocess.json", _WEIGHTS)
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib")


@dataclass(frozen=True)
class Run:
    """What a run folder holds.

    Attributes:
        config: resolved.
        weights: name to tensor.
        preprocess: scaling, labels and whatever else prediction needs.
        metrics: figures on the test part; empty for an estimator that was saved.
        history: one row of figures per epoch.
        tokenizer: the library's own JSON, of a classifier of texts; otherwise empty.
    """

    config: Config
    weights: Mapping[str, Tensor]
    preprocess: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[dict[str, float]] = ()
    tokenizer: str = ""


def versions() -> dict[str, str]:
    """What this run is made with."""
    packages = ("regard", "torch", "lightning", "numpy", "scikit-learn")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def partial_folder(path: Path) -> Path:
    """Where the run is written until it is whole."""
    return path.parent / f".{path.name}.partial"


def check_free(path: Path, *, overwrite: bool) -> None:
    """See that a run may be written here.

    Raises:
        RunError: something is there and may not be, or should not be, overwritten.
    """
    if not path.name:
        raise RunError(f"{path}: not a folder that can be written; name a new one")
    if not path.exists():
        return
    if not overwrite:
        raise RunError(f"{path}: exists; choose another name or say --overwrite")
    empty = path.is_dir() and not any(path.iterdir())
    if not (empty or (path / "config.json").is_file()):
        raise RunError(f"{path}: is not a run folder, and will not be overwritten")


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say in one line that something could not be written, and where."""
    try:
        yield
    except OSError as error:
        if error.strerror is None:
            raise
        raise RunError(f"{path}: cannot be written: {error.strerror.lower()}") from None


@contextmanager
def writing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write a run into, which gets its final name if all went well, or else goes.

    Raises:
        RunError: something is there already, or the disk is full.
    """
    check_free(path, overwrite=overwrite)
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
    """A file beside to write, of the same kind, which takes the path's place if all went well."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{os.getpid()}.{path.name}")
        try:
            yield beside
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write readable JSON."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_run(folder: Path, run: Run) -> None:
    """Write the files of a run into a folder that exists."""
    from safetensors.torch import save

    config = run.config.model_copy(update={"versions": versions()})
    write_json(folder / "config.json", config.model_dump(mode="json"))
    write_json(folder / "preprocess.json", run.preprocess)
    if run.tokenizer:
        (folder / _TOKENIZER).write_text(run.tokenizer, encoding="utf-8")
    (folder / _WEIGHTS).write_bytes(save(dict(run.weights)))
    if run.metrics:
        write_json(folder / "metrics.json", run.metrics)
    if run.history:
        with (folder / "history.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(run.history[0]))
            writer.writeheader()
            writer.writerows(run.history)


def publish(folder: Path, path: Path) -> None:
    """Give a whole run its final name, in the place of the run that is there, if any."""
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


def read_run(path: Path) -> Run:
    """Open a run folder.

    Raises:
        RunError: it is missing, foreign, unfinished, truncated, or holds a pickle.
    """
    if not path.is_dir():
        unfinished = partial_folder(path).is_dir()
        raise RunError(
            f"{path}: training has not ended; go on with --resume"
            if unfinished
            else f"{path}: no such run folder"
        )
    for file in sorted(path.rglob("*")):
        if file.suffix in _PICKLES:
            raise RunError(f"{path}: holds {file.relative_to(path)}, which could run code; refused")
    missing = [name for name in _NEEDED if not (path / name).is_file()]
    if len(missing) == len(_NEEDED):
        raise RunError(f"{path}: is not a run folder: it has no {', '.join(missing)}")
    if missing:
        raise RunError(f"{path}: is truncated: it has no {', '.join(missing)}")
    try:
        config = resolve_config(_read_json(path / "config.json"), source=str(path / "config.json"))
    except ConfigError as error:
        raise RunError(f"{error}; is this run of another version of regard?") from None
    metrics = path / "metrics.json"
    return Run(
        config=config,
        weights=_read_weights(path / _WEIGHTS),
        preprocess=_read_json(path / "preprocess.json"),
        metrics=_read_json(metrics) if metrics.is_file() else {},
        history=_read_history(path / "history.csv"),
        tokenizer=_read_text(path / _TOKENIZER),
    )


def _read_text(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: is truncated or damaged: {error}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: is truncated or damaged: {error}") from None
    if not isinstance(content, dict):
        raise RunError(f"{path}: is damaged: wanted a JSON object")
    return content


def _read_weights(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    data = path.read_bytes()
    try:
        return load(data)
    except SafetensorError as error:
        # Only now: the length with which safetensors begin may look like a pickle's first bytes.
        if data[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
            raise RunError(f"{path}: is a pickle, which could run code; refused") from None
        raise RunError(f"{path}: is truncated or damaged: {error}") from None


def _read_history(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [{name: float(x) for name, x in row.items()} for row in csv.DictReader(file)]
    except (TypeError, ValueError):
        raise RunError(f"{path}: is damaged: wanted a number in every column") from None
