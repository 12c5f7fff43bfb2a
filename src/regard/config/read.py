"""From JSON, TOML or YAML to a checked configuration, and one line for what is wrong in it."""

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from regard.bounded import (
    as_json,
    one_line,
    parse_json,
    parse_toml,
    parse_yaml,
    read_text,
    shown,
)
from regard.config.attention import AttentionConfig
from regard.config.compose import Config, config_of, kinds_of
from regard.config.section import near
from regard.errors import ConfigError, did_you_mean
from regard.plugins import check_plugins, needed_plugins
from regard.tasks import TASKS

__all__ = [
    "DEFAULT_TASK",
    "FORMATS",
    "parse_config",
    "read_config",
    "resolve_config",
    "with_changes",
]

DEFAULT_TASK = "classify"

FORMATS = {
    ".json": ("JSON", parse_json),
    ".toml": ("TOML", parse_toml),
    ".yaml": ("YAML", parse_yaml),
    ".yml": ("YAML", parse_yaml),
}
"""Suffix of a configuration to its format; anything else is read as JSON."""

_MOST_BYTES = 2**20  # of a configuration
_MOST_SECTIONS = 8  # in the dotted name of a field

# The kind of data that a file is likely to be.
_KINDS = dict.fromkeys((".csv", ".tsv", ".txt"), "csv")
_KINDS |= {".npz": "npz", ".ts": "ts"} | dict.fromkeys((".parquet", ".jsonl"), "table")


def read_config(path: Path, changes: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file.

    Parameters:
        path: JSON; or TOML or YAML, told by the suffix.
        changes: dotted field to JSON value (or a plain word), such as {"training.epochs": "3"}.

    Raises:
        ConfigError: with the file and the field.
    """
    content = with_changes(parse_config(path), changes or {})
    return resolve_config(content, source=f"{path} with changes" if changes else str(path))


def with_changes(content: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """What a configuration says, with changes as for `read_config`.

    Raises:
        ConfigError: a field is within another that is no section.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(content))
    for field, value in changes.items():
        _set(changed, field, value)
    return changed


def parse_config(path: Path) -> dict[str, Any]:
    """What a configuration file holds, not yet checked against the fields.

    Raises:
        ConfigError: it cannot be read, with the line where it is known.
    """
    name, parse = FORMATS.get(path.suffix.lower(), FORMATS[".json"])
    try:
        content = parse(read_text(path, most=_MOST_BYTES))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {str(error.strerror).lower()}") from None
    except UnicodeDecodeError:
        _refuse_data(path)
        raise ConfigError(f"{path}: cannot be read: not UTF-8 text") from None
    except json.JSONDecodeError as error:
        _refuse_data(path)
        raise ConfigError(
            f"{path}: not JSON, line {error.lineno} column {error.colno}: {error.msg}"
        ) from None
    except ValueError as error:
        _refuse_data(path)
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(content, dict):
        kind = "object" if name == "JSON" else "table"
        raise ConfigError(f"{path}: wanted a {name} {kind}, not a {type(content).__name__}")
    return content


def resolve_config(
    content: Mapping[str, Any], *, source: str = "config", sections: bool = True
) -> Config:
    """Check a configuration and fill in every default.

    Parameters:
        content: as read from JSON; `$schema`, by which editors know its fields, is left out.
        source: what to call it in errors.
        sections: whether errors name a field with its section; not where fields are parameters.

    Raises:
        ConfigError: the first wrong field, what was wanted and what was given.

    >>> resolve_config({"data": {"kind": "sine"}}).training.batch_size
    32
    """
    content = {name: each for name, each in content.items() if name != "$schema"}
    task = content.get("task", DEFAULT_TASK)
    if not isinstance(task, str) or task not in TASKS:
        check_plugins(content.get("plugins"), source)
        raise ConfigError(
            f"{source}: task: {shown(task)} is not one of {', '.join(TASKS)}"
            + near(str(task)[:99], TASKS)
        )
    composed = config_of(task)
    try:
        written = as_json(content)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}") from None
    try:
        config = composed.model_validate_json(written)
    except ValidationError as error:
        check_plugins(content.get("plugins"), source)
        problems = [dict(each) for each in error.errors()]
        if "task" not in content and (other := _of_another_task(problems)):
            raise ConfigError(f"{source}: task: missing; {other}") from None
        message = _explain(problems[0], content, composed)
        if not sections:
            message = re.sub(r"^(data|model|training)\.", "", message)
        raise ConfigError(f"{source}: {one_line(message)}") from None
    return config.model_copy(update={"plugins": needed_plugins(task, config.model)})


def _refuse_data(path: Path) -> None:
    """Say how to train on a file of data that was named in place of a configuration."""
    kind = _KINDS.get(Path(path.name.lower().removesuffix(".gz")).suffix)
    if kind is not None:
        content = json.dumps({"task": "...", "data": {"kind": kind, "path": str(path)}})
        raise ConfigError(
            f"{path}: is data; wanted a configuration, a .json file with {content} "
            f"and one of the tasks {', '.join(TASKS)}"
        )


def _set(content: dict[str, Any], field: str, value: str) -> None:
    *sections, name = field.split(".")
    if len(sections) > _MOST_SECTIONS:
        raise ConfigError(f"{one_line(field)}: there is no such field")
    for section in sections:
        inner = content.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{field}: {section} is not a section")
        content = inner
    try:
        content[name] = parse_json(value)
    except json.JSONDecodeError:
        content[name] = value  # a plain word, such as model.encoder=gru
    except ValueError as error:
        raise ConfigError(f"{field}: {error}") from None


def _of_another_task(problems: list[dict[str, Any]]) -> str:
    """A field or kind of data that only other tasks have, and their names; "" for nothing."""
    for problem in problems:
        if problem["type"] == "union_tag_invalid":
            name = problem["ctx"]["tag"]
            shown = f"data.kind '{name}'"
        elif problem["type"] == "extra_forbidden" and problem["loc"][0] == "data":
            name = problem["loc"][-1]
            shown = f"data.{name}"
        else:
            continue
        if tasks := [f'"{task}"' for task in TASKS if name in _data_names(task)]:
            return f"{shown} is of {' or '.join(tasks)}"
    return ""


def _data_names(task: str) -> set[str]:
    """The kinds of data of a task, and the fields of each."""
    kinds = kinds_of(config_of(task))
    return {*kinds, *(name for section in kinds.values() for name in section.model_fields)}


def _explain(problem: dict[str, Any], content: Mapping[str, Any], config: type[Config]) -> str:
    """One of pydantic's problems as `field: what was wanted, what was given`."""
    kind, given = problem["type"], problem["input"]
    kinds = kinds_of(config)
    # Pydantic names the choices of a union, and the kind of data, as if they were levels.
    location = [str(part) for part in problem["loc"] if "[" not in str(part)]
    location = [part for part in location if part != "str" and not part.startswith("constrained-")]
    if location[:1] == ["data"] and location[1:2] and location[1] in kinds:
        del location[1]
    if kind == "extra_forbidden":
        section = _section(location[:-1], content, config)
        if len(location) == 1:  # perhaps of a section: model.hidden
            for name in ("model", "training"):
                if location[0] in _section([name], content, config):
                    return f"{location[0]}: unknown key; did you mean '{name}.{location[0]}'?"
        return f"{'.'.join(location)}: unknown key{did_you_mean(location[-1], section)}"
    field = ".".join(location) or "config"
    known = [name for name in kinds if name != "arrays"]
    if kind == "missing":
        return f"{field}: missing"
    if kind == "union_tag_not_found":
        return f"{field}.kind: missing; choose one of {', '.join(known)}"
    if kind == "union_tag_invalid":
        tag = problem["ctx"]["tag"]
        return f"{field}.kind: '{tag}' is unknown{did_you_mean(tag, known)}"
    if kind == "literal_error":
        choices = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"{field}: {shown(given)} is not one of {', '.join(choices)}" + near(
            str(given)[:99], choices
        )
    if kind == "value_error":
        return f"{field}: {problem['ctx']['error']}"
    wanted = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{field}: wanted {wanted}, not {shown(given)}"


def _section(location: list[str], content: Mapping[str, Any], config: type[Config]) -> list[str]:
    """The names that are known at this place."""
    if not location:
        return [name for name in config.model_fields if name not in ("plugins", "versions")]
    if location[1:] == ["attention"]:
        return [*AttentionConfig.model_fields, "heads"]
    section: Any = config.model_fields[location[0]].annotation
    if location[0] == "data":
        section = kinds_of(config)[content["data"]["kind"]]
    assert issubclass(section, BaseModel)
    return list(section.model_fields)
