"""The run folder: what it holds, and how it is read without executing anything.

    config.json         resolved: every default filled in, seed, versions
    model.safetensors   weights
    preprocess.json     scaling and labels
    tokenizer.json      of a text classifier
    metrics.json        figures on the test part
    history.csv         a row per epoch
    scores.csv          a row per test case: its score, by which `compare` pairs runs
    report.html         the report

A run folder is written beside its final name and renamed when complete, so that a folder that
exists can be read.
"""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.config import Config, resolve_config
from regard.errors import ConfigError, PluginError, RunError
from regard.runs.unfinished import partial_folder
from regard.runs.writing import write_json

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Run", "read_run", "versions", "write_run"]

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
        metrics: figures on the test part; empty for a saved estimator.
        history: one row of figures per epoch.
        tokenizer: of a text classifier, as JSON of the tokenizers library; otherwise empty.
    """

    config: Config
    weights: Mapping[str, Tensor]
    preprocess: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[dict[str, float]] = ()
    tokenizer: str = ""


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that determine a run."""
    packages = ("regard", "torch", "lightning", "numpy", "scikit-learn")
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


@cache
def _version(package: str) -> str:
    """Read from the package's metadata, which takes long."""
    return version(package)


def write_run(folder: Path, run: Run) -> None:
    """Write the files of a run to a folder that exists."""
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
            names = dict.fromkeys(name for row in run.history for name in row)
            writer = csv.DictWriter(file, list(names))
            writer.writeheader()
            writer.writerows(run.history)


def read_run(path: Path) -> Run:
    """Read a run folder.

    Raises:
        RunError: it is missing, foreign, unfinished, truncated, or holds a pickle.
    """
    if not path.is_dir():
        if partial_folder(path).is_dir():
            raise RunError(f"{path}: training is not finished; resume it first")
        raise RunError(f"{path}: no such run folder")
    for file in sorted(path.rglob("*")):
        if file.suffix in _PICKLES:
            raise RunError(f"{path}: holds {file.relative_to(path)}, which could run code; refused")
    missing = [name for name in _NEEDED if not (path / name).is_file()]
    if len(missing) == len(_NEEDED):
        raise RunError(f"{path}: is not a run folder: it has no {', '.join(missing)}")
    if missing:
        raise RunError(f"{path}: is incomplete: it has no {', '.join(missing)}")
    try:
        config = resolve_config(_read_json(path / "config.json"), source=str(path / "config.json"))
    except PluginError as error:
        raise RunError(error.message, fixes=error.fixes) from None
    except ConfigError as error:
        raise RunError(f"{error.message}; is this run of another version of regard?") from None
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
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: is truncated or damaged: {error}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
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
            return [
                {name: float(x) for name, x in row.items() if x != ""}
                for row in csv.DictReader(file)
            ]
    except (TypeError, ValueError):
        raise RunError(f"{path}: is damaged: wanted a number in every column") from None
