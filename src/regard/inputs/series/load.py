"""Read a training file, and its test file, of any kind."""

from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

from regard.checks import check_choice
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

_SUFFIXES = dict.fromkeys((".csv", ".tsv", ".txt"), "csv")
_SUFFIXES |= dict.fromkeys((".parquet", ".feather", ".jsonl", ".ndjson"), "table")
_SUFFIXES |= {".npz": "npz", ".ts": "ts"}


def load(
    kind: str, *, path: FilePath, test_path: FilePath | None = None, **options: Any
) -> tuple[Cases, Cases | None]:
    """Read a training file and, optionally, a test file.

    Parameters:
        kind: "csv", "npz", "table" or "ts"; see `kind_of`.
        path: The training file.
        test_path: The test file.
        options: Passed to the reader of the kind: `read_csv`, `read_npz`, `read_table`, `read_ts`.

    Returns:
        The training cases, and the test cases or None.

    Raises:
        ConfigError: The kind is unknown, or its reader has no such option.
        DataError: A file cannot be read, or the two differ in channels or kind of labels.
    """
    check_choice("kind", kind, READERS)
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
    test = _in_order(test, training, path, test_path)
    _check_pair(training, test, path, test_path)
    return training, test


def kind_of(path: FilePath) -> str:
    """The kind of a file by its suffix.

    It is "csv" for ".csv", ".tsv" and ".txt", and "table" for ".parquet", ".feather" and ".jsonl",
    which may have one series a row as well.

    Raises:
        DataError: The suffix is unknown.
    """
    suffix = Path(str(path).lower().removesuffix(".gz")).suffix
    if suffix not in _SUFFIXES and Path(path).is_dir():
        raise DataError(f"{path} is a folder; wanted a file")
    if suffix not in _SUFFIXES:
        raise DataError(
            f"{path}: the kind of file cannot be inferred from its name; wanted a name that ends "
            f"in one of {', '.join(sorted(_SUFFIXES))}, or a kind: {', '.join(READERS)}"
        )
    return _SUFFIXES[suffix]


def _in_order(test: Cases, training: Cases, path: FilePath, test_path: FilePath) -> Cases:
    """The test cases with the steps of the training file, where both have named them."""
    wanted, given = training.columns, test.columns
    if not (wanted and given) or wanted == given:
        return test
    for name in wanted:
        if name not in given:
            raise DataError(f"{test_path} has no column {name!r}, which {path} has")
    order = [given.index(name) for name in wanted]
    return replace(test, values=test.values[:, :, order], columns=wanted)


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
    given: list[Any] = [training.labels, test.labels]
    names = {"f": "targets", "O": "texts"}
    kinds = [
        "no labels" if labels is None else names.get(labels.dtype.kind, "classes")
        for labels in given
    ]
    if kinds[0] != kinds[1]:
        raise DataError(f"{test_path} has {kinds[1]}, {path} has {kinds[0]}")
    if kinds[0] == "classes":
        check_known_labels(given[0], given[1], test.ids, path, test_path)
