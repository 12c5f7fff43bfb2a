"""From a file of data to a configuration that trains on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regard.config import FORMATS, Config, resolve_config
from regard.errors import ConfigError, RegardError, in_configuration, spoken
from regard.guess import guess, written
from regard.inputs import Parts
from regard.jobs.parts import load_parts
from regard.outputs.sides import sides_of
from regard.runs import check_output, check_suffix, disk_errors, replacing
from regard.tasks import TASKS

__all__ = ["Started", "about", "start", "write_config"]

_COLUMNS = (
    "label",
    "text",
    "source",
    "target",
    "time",
    "id",
    "story",
    "question",
    "answer",
    "picture",
    "recording",
)  # fields that name columns
_SETTLED = ("missing", "frequency", "time_format", "encoding", "header", "rare_classes")
_TRIES = 6
_SHOWN = 12  # classes
_SHORTEST = 10  # horizons in the shortest series, where the season is longer


class Started(NamedTuple):
    """A configuration made from a file of data.

    Attributes:
        content: what it says.
        config: the same, resolved.
        parts: the data.
        found: what was found, line by line.
        doubts: what may be otherwise, each with the field that changes it.
    """

    content: dict[str, Any]
    config: Config
    parts: Parts
    found: list[str]
    doubts: list[str]


@spoken(in_configuration)
def start(path: str, other: str | None = None, *, task: str | None = None) -> Started:
    """Look at a file or folder and make a configuration that trains on it.

    Where the data cannot be read as they are and the error says by which field they could, such as
    `missing`, that is set, and said.

    Parameters:
        path: a table (CSV, Parquet, JSON lines), .ts, .npz, lines of text, or a folder of pictures
            or recordings by class.
        other: a second file, a line for each of the first, to translate to.
        task: the task; None finds it.

    Raises:
        RegardError: nothing is known to do with the file, or it cannot be learned from.
    """
    if task is not None:
        TASKS.find(task)
    found = guess(path, other, task=task)
    content: dict[str, Any] = {"task": found.task, "data": found.data}
    doubts = list(found.doubts)
    if found.task == "forecast":
        content, doubt = _with_horizon(content, doubts)
        doubts.append(doubt)
    config, parts = _settled(content, doubts, path)
    lines = about(config, parts)
    lines[1:1] = _columns(content["data"])
    return Started(content, config, parts, lines, doubts)


def _columns(data: Mapping[str, Any]) -> list[str]:
    """Which columns are taken for what."""
    given = {field: data[field] for field in _COLUMNS if data.get(field) is not None}
    shown = [
        f"{field} {', '.join(value) if isinstance(value, list) else value}"
        for field, value in given.items()
    ]
    return [f"columns: {'; '.join(shown)}"] if shown else []


def _settled(content: dict[str, Any], doubts: list[str], path: str) -> tuple[Config, Parts]:
    """The configuration and its data, with what errors ask to set."""
    for _ in range(_TRIES):
        config = resolve_config(content, source=path)
        try:
            return config, load_parts(config)
        except RegardError as error:
            fix = _fix_of(error, content)
            if fix is None:
                raise
            doubts.append(_set(content, fix, error.message))
    return config, load_parts(config)


def _fix_of(error: RegardError, content: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The field that an error says to set, if it may be set unasked and is not yet."""
    for fix in error.fixes:
        if not isinstance(fix, tuple) or fix[1] is ...:
            continue
        section, _, field = fix[0].rpartition(".")
        if field in _SETTLED and field not in content.get(section or "data", {}):
            return fix
    return None


def _set(content: dict[str, Any], fix: tuple[str, Any], why: str) -> str:
    """Set a field, and say so."""
    name, value = fix
    section, _, field = name.rpartition(".")
    content.setdefault(section or "data", {})[field] = value
    return f"{section or 'data'}.{field} is set to {value!r}: {why}"


def _with_horizon(content: dict[str, Any], doubts: list[str]) -> tuple[dict[str, Any], str]:
    """With a horizon of a season, or less of short series."""
    from regard.inputs.panel.cases import season_of

    for _ in range(_TRIES):
        config = resolve_config(content)
        try:
            panel, _, _ = sides_of(config)[0].load()
        except RegardError as error:
            fix = _fix_of(error, content)
            if fix is None:
                raise
            doubts.append(_set(content, fix, error.message))
            continue
        season = season_of(panel)
        longest = max(1, int(panel.lengths.min()) // _SHORTEST)
        horizon = max(1, min(season if season > 1 else longest, longest))
        content["data"]["horizon"] = horizon
        return content, f"the horizon is {horizon} steps, a guess; data.horizon changes it"
    raise ConfigError("data.horizon: cannot be guessed; set it")


def about(config: Config, parts: Parts) -> list[str]:
    """What data hold, in a few lines: cases, sizes, classes."""
    incoming, _ = sides_of(config)
    sizes = [f"{len(parts.train)} to train on"]
    if parts.validation is not None:
        sizes.append(f"{len(parts.validation)} for early stopping")
    sizes.append(f"{len(parts.test)} for the figures")
    lines = [f"task: {config.task}", f"cases: {', '.join(sizes)}"]
    every = [part for part in (parts.train, parts.validation, parts.test) if part is not None]
    lines += incoming.about(every)
    labels = [
        np.asarray(part.labels) for part in every if getattr(part, "labels", None) is not None
    ]
    if labels:
        lines += _labels(incoming.target, np.concatenate(labels))
    return lines


def _labels(target: str, labels: Any) -> list[str]:
    if target == "class":
        names, counts = np.unique(labels.astype(np.str_), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        shown = [f"{names[at]} {counts[at]}" for at in order[:_SHOWN]]
        more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
        return [f"classes: {len(names)}: {', '.join(shown + more)}"]
    if target == "numbers":
        numbers = labels.reshape(len(labels), -1)
        ranges = [
            f"{low:.4g} to {high:.4g}"
            for low, high in zip(numbers.min(0), numbers.max(0), strict=True)
        ]
        return [f"to predict: {'; '.join(ranges[:_SHOWN])}"]
    if target == "tokens":
        words = np.mean([len(str(each).split()) for each in labels])
        return [f"to write: {words:.1f} words on average"]
    return []


@spoken(in_configuration)
def write_config(started: Started, out: str | Path, *, overwrite: bool = False) -> None:
    """Write the configuration, in the format that the name says, with comments where it has them.

    Raises:
        RegardError: the name has another ending, or exists.
    """
    out = Path(out)
    suffix = check_suffix(out, list(FORMATS))
    check_output(
        out, "file", overwrite=overwrite, sources=(started.config.data.model_dump().get("path"),)
    )
    heading = ["Made by `regard init`; paths are relative to the folder that regard is run in.", ""]
    heading += started.found
    heading += [f"unsure: {each}" for each in started.doubts]
    text = written(
        started.content, started.config, suffix=suffix, heading=[_plain(each) for each in heading]
    )
    with disk_errors(out), replacing(out, overwrite=overwrite) as beside:
        beside.write_text(text, encoding="utf-8")


def _plain(line: str) -> str:
    return " ".join(line.split())
