"""The run folder: what it holds, and how it is read without executing anything.

    config.json         resolved: every default filled in, seed, versions
    model.safetensors   weights
    preprocess.json     scaling and labels
    tokenizer.json      of a text classifier
    metrics.json        figures on the test part
    history.csv         a row per epoch
    scores.csv          a row per test case: its score, by which `compare` pairs runs
    report.html         the report
    README.md           what it was trained on, its figures and limits, how to use it
    audit.json          whether its maps are to be believed, as `regard audit` writes it

What another has made is read by descriptions of each file and within limits: `config.json` has at
most 16 MiB, `metrics.json`, `history.csv`, `tokenizer.json` and `audit.json` 64 MiB,
`preprocess.json` 512 MiB, the weights 2 GiB. A folder beyond them is not written. Weights are read
last, once it is known that they are those of the configuration.

A run folder is written beside its final name and renamed when complete, so that a folder that
exists can be read.
"""

from __future__ import annotations

import csv
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import file_digest
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.bounded import no_file, parse_json, read_text
from regard.config import Config, resolve_config
from regard.errors import ConfigError, PluginError, RunError
from regard.runs.audits import check_audit
from regard.runs.figures import check_figures, history_of
from regard.runs.stored import MOST_BYTES, StoredWeights
from regard.runs.unfinished import partial_folder
from regard.runs.writing import write_json

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Run",
    "read_audit",
    "read_figures",
    "read_run",
    "versions",
    "weights_digest",
    "write_run",
]

_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_NEEDED = ("config.json", "preprocess.json", _WEIGHTS)
_MOST_BYTES = {
    "config.json": 2**24,
    "metrics.json": 2**26,
    "history.csv": 2**26,
    _TOKENIZER: 2**26,
    "audit.json": 2**26,
    "README.md": 2**24,
    "preprocess.json": 2**29,
}
_MOST_FILES = 10_000
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
    """Write the files of a run to a folder that exists.

    Raises:
        RunError: a file is larger than those that are read.
    """
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
    for name, most in _MOST_BYTES.items():
        path = folder / name
        if path.exists() and (size := path.stat().st_size) > most:
            raise RunError(f"{path}: has {size:,} bytes, and would not be read with over {most:,}")


def read_run(path: Path) -> Run:
    """Read a run folder.

    Raises:
        RunError: it is missing, foreign, unfinished, truncated or damaged, too large, or holds a
            pickle.
    """
    try:
        if not path.is_dir():
            if partial_folder(path).is_dir():
                raise RunError(f"{path}: training is not finished; resume it first")
            raise RunError(f"{path}: no such run folder")
        inside = sorted(islice(path.rglob("*"), _MOST_FILES + 1))
    except OSError as error:
        raise RunError(f"{path}: cannot be opened: {str(error.strerror).lower()}") from None
    if len(inside) > _MOST_FILES:
        raise RunError(f"{path}: is not a run folder: it holds more than {_MOST_FILES:,} files")
    for file in inside:
        if file.suffix in _PICKLES:
            raise RunError(f"{path}: holds {file.relative_to(path)}, which could run code; refused")
    missing = [name for name in _NEEDED if not (path / name).exists()]
    if len(missing) == len(_NEEDED):
        raise RunError(f"{path}: is not a run folder: it has no {', '.join(missing)}")
    if missing:
        raise RunError(f"{path}: is incomplete: it has no {', '.join(missing)}")
    return Run(
        config=_config(path),
        weights=StoredWeights(path / _WEIGHTS),
        preprocess=_read(path / "preprocess.json", _table),
        metrics=_read(path / "metrics.json", _figures, missing={}),
        history=_read(path / "history.csv", history_of, missing=[]),
        tokenizer=_read(path / _TOKENIZER, str, missing=""),
    )


def read_figures(path: Path) -> tuple[Config, dict[str, Any]]:
    """The configuration and the figures of a run folder, whose weights are not read.

    Raises:
        RunError: it is no run folder, or one of these two files is damaged.
    """
    if not (path / "config.json").is_file():
        raise RunError(f"{path}: is not a run folder: it has no config.json")
    return _config(path), _read(path / "metrics.json", _figures, missing={})


def _config(path: Path) -> Config:
    """The configuration of a run folder, held against what this version knows."""
    source = path / "config.json"
    try:
        return resolve_config(_read(source, _table), source=str(source))
    except PluginError as error:
        raise RunError(error.message, fixes=error.fixes) from None
    except ConfigError as error:
        raise RunError(f"{error.message}; is this run of another version of regard?") from None


def read_audit(path: Path) -> dict[str, Any]:
    """The verdicts on the maps of a run folder, as `regard audit` wrote them.

    Returns:
        What `Audit.to_dict` has; empty before an audit of the weights that are there.

    Raises:
        RunError: the file is damaged.
    """
    audit: dict[str, Any] = _read(path / "audit.json", _audit, missing={})
    return audit if audit and audit["weights"] == weights_digest(path) else {}


def weights_digest(path: Path) -> str:
    """Of the weights of a run folder, by which `audit.json` names them.

    Raises:
        RunError: they are no regular file, or cannot be read.
    """
    weights = path / _WEIGHTS
    try:
        about = weights.stat()
        if what := no_file(about.st_mode):
            raise ValueError(f"is {what}; wanted a file")
        if about.st_size > MOST_BYTES:
            raise ValueError(f"has {about.st_size:,} bytes; wanted at most {MOST_BYTES:,}")
        with weights.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise RunError(f"{weights}: is truncated or damaged: {why}") from None


def _read(path: Path, take: Callable[[str], Any], *, missing: Any = None) -> Any:
    """What a file holds; `missing` where it may be missing and is."""
    if missing is not None and not path.exists():
        return missing
    try:
        return take(read_text(path, most=_MOST_BYTES[path.name]))
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise RunError(f"{path}: is truncated or damaged: {why}") from None


def _table(text: str, *, infinite: bool = False) -> dict[str, Any]:
    content = parse_json(text, infinite=infinite)
    if not isinstance(content, dict):
        raise ValueError("wanted a JSON object")
    return content


def _audit(text: str) -> dict[str, Any]:
    audit = _table(text)
    check_audit(audit)
    return audit


def _figures(text: str) -> dict[str, Any]:
    metrics = _table(text, infinite=True)
    check_figures(metrics)
    return metrics
