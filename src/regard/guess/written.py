"""A configuration as a file that people read: TOML or YAML with comments, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from regard.config import Config, kinds_of

__all__ = ["written"]

_WIDTH = 96
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_OFTEN = {  # fields that are often changed, shown with their defaults
    "data": ("test_path", "test_share", "validation_share"),
    "model": ("encoder", "attention", "pooling"),
    "training": ("epochs", "batch_size", "learning_rate", "device"),
}


def written(
    content: Mapping[str, Any], config: Config, *, suffix: str, heading: Iterable[str] = ()
) -> str:
    """The text of a configuration file.

    Parameters:
        content: what it says: task and data.
        config: the same, resolved, whose defaults are shown as comments.
        suffix: .toml, .yaml or .yml; anything else is JSON, which has no comments.
        heading: lines of a comment at the top.
    """
    if suffix == ".toml":
        return "\n".join(_lines(content, config, heading, _toml)) + "\n"
    if suffix in (".yaml", ".yml"):
        return "\n".join(_lines(content, config, heading, _yaml)) + "\n"
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


class _Style:
    """How a format writes a section, a field and a value."""

    def __init__(self, section: str, field: str, indent: str) -> None:
        self.section, self.field, self.indent = section, field, indent

    def line(self, name: str, value: Any) -> str:
        return self.indent + self.field.format(name=name, value=_value(value, self.field))


_toml = _Style("[{}]", "{name} = {value}", "")
_yaml = _Style("{}:", "{name}: {value}", "  ")


def _value(value: Any, style: str) -> str:
    """A value on one line; JSON's are YAML's, and TOML's but for tables."""
    if isinstance(value, Mapping) and " = " in style:
        pairs = (f"{_key(name)} = {_value(each, style)}" for name, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each, style) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _lines(
    content: Mapping[str, Any], config: Config, heading: Iterable[str], style: _Style
) -> Iterable[str]:
    yield from (f"# {line}".rstrip() for line in heading)
    yield ""
    yield style.line("task", content["task"]).strip()
    yield style.line("seed", config.seed).strip()
    kind = content["data"]["kind"]
    sections = {
        "data": kinds_of(type(config))[kind],
        "model": type(config.model),
        "training": type(config.training),
    }
    for name, section in sections.items():
        given = content.get(name, {})
        off = "" if given or style is _toml else "# "
        yield from ("", off + style.section.format(name))
        for field, value in given.items():
            yield _commented(style.line(field, value), section.model_fields[field].description)
        for field in _OFTEN[name]:
            if field in given or field not in section.model_fields:
                continue
            says, value = (
                section.model_fields[field].description,
                section.model_fields[field].default,
            )
            if value is None:
                yield _commented(f"{style.indent}# {field}: by default left out", says)
            elif isinstance(value, bool | int | float | str):
                yield _commented(f"{style.indent}# {style.line(field, value).strip()}", says)


def _commented(line: str, says: str | None) -> str:
    return _cut(f"{line}  # {says}") if says else line


def _cut(line: str) -> str:
    """The first of the clauses of a comment that a line has room for."""
    if len(line) <= _WIDTH:
        return line
    head, mark, says = line.rpartition("  # ")
    if not mark:
        return line[: _WIDTH - 4].rsplit(" ", 1)[0] + " ..."
    short = says.split(";")[0].split(":")[0]
    if len(f"{head}  # {short}") <= _WIDTH:
        return f"{head}  # {short}"
    room = max(20, _WIDTH - len(head) - 8)
    return f"{head}  # {short[:room].rsplit(' ', 1)[0]} ..."
