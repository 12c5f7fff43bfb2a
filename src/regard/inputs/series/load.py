"""Files of every kind, for training and testing, by the name of the kind."""

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

from regard.errors import ConfigError, DataError, did_you_mean
from regard.inputs.labels import check_known_labels
from regard.inputs.series.cases import Cases
from regard.inputs.series.delimited import read_csv
from regard.inputs.series.npz import read_npz
from regard.inputs.series.table import read_table
from regard.inputs.series.ts import read_ts
from regard.tables.files import FilePath

__all__ = ["READERS", "kind_of", "load"]

READERS: dict[str, Callable[..., Cases]] = {
    "csv": read_csv,
    "npz": read_npz,
    "table": read_table,
    "ts": read_ts,
}

_SUFFIXES = {
    ".csv": "csv",
    ".npz": "npz",
    ".parquet": "table",
    ".ts": "ts",
    ".tsv": "csv",
    ".txt": "csv",
}


def load(
    kind: str,
    *,
    path: FilePath,
    test_path: FilePath | None = None,
    **options: Any,
) -> tuple[Cases, Cases | None]:
    """Read a file for training and, where there is one, a file for testing that goes with it.

    Parameters:
        kind: "csv", "npz", "table" or "ts"; `kind_of` tells it from a file's name.
        path: The file to train on.
        test_path: The file to test on.
        options: Passed to the reader of the kind: `read_csv`, `read_npz`, `read_table`, `read_ts`.

    Returns:
        The cases to train on, and those to test on or None.

    Raises:
        ConfigError: There is no such kind, or its reader has no such option.
        DataError: A file cannot be read, or the two do not go together.
    """
    if kind not in READERS:
        raise ConfigError(f"kind: no {kind!r}{did_you_mean(str(kind), READERS)}")
    reader = READERS[kind]
    known = [name for name in signature(reader).parameters if name != "path"]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"{option}: the kind {kind!r} has no such option{did_you_mean(option, known)}"
            )
    training = reader(path, **options)
    if test_path is None:
        return training, None
    test = reader(test_path, **options)
    _check_pair(training, test, path, test_path)
    return training, test


def kind_of(path: FilePath) -> str:
    """The kind of a file by the end of its name: ".parquet" is a "table", ".csv" is "csv".

    Raises:
        DataError: The end of the name says nothing.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise DataError(
            f"{path}: the name does not say what kind of file this is; wanted one of "
            f"{', '.join(_SUFFIXES)} at its end, or the kind given: {', '.join(READERS)}"
        )
    return _SUFFIXES[suffix]


def _check_pair(training: Cases, test: Cases, path: FilePath, test_path: FilePath) -> None:
    if len(training.channels) != len(test.channels):
        raise DataError(
            f"{test_path} has {len(test.channels)} channels, {path} has {len(training.channels)}"
        )
    for ours, theirs in zip(training.channels, test.channels, strict=True):
        if ours != theirs:
            raise DataError(
                f"{test_path} has the channel {theirs!r} where {path} has {ours!r}; "
                "name the channels in the order that both should have (channels=)"
            )
    if training.labels is None and test.labels is None:
        return
    if training.labels is None or test.labels is None:
        without = path if training.labels is None else test_path
        raise DataError(f"{without} has no labels, the other file has")
    targets = [labels.dtype.kind == "f" for labels in (training.labels, test.labels)]
    if targets[0] != targets[1]:
        words = ["targets" if is_target else "classes" for is_target in targets]
        raise DataError(f"{test_path} has {words[1]} for labels, {path} has {words[0]}")
    if not targets[0]:
        check_known_labels(training.labels, test.labels, test.ids, path, test_path)
