"""The JSON schema of configurations, by which editors complete and check their fields."""

from collections.abc import Mapping
from typing import Any

from regard.config.compose import config_of
from regard.config.read import DEFAULT_TASK
from regard.tasks import TASKS

__all__ = ["schema_of"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(task: str | None = None) -> dict[str, Any]:
    """The JSON schema of the configurations of a task, or of all tasks.

    That of all tasks looks at `task` first, so that an editor offers the fields of that task.

    Raises:
        ConfigError: there is no such task.
    """
    if task is not None:
        return {"$schema": _DIALECT, **_of(task)}
    definitions, branches = dict[str, Any](), []
    for name in TASKS:
        schema = _moved(_of(name), name)
        definitions |= {f"{name}/{inner}": each for inner, each in schema.pop("$defs").items()}
        definitions[name] = schema
        chosen: dict[str, Any] = {"properties": {"task": {"const": name}}}
        if name != DEFAULT_TASK:
            chosen["required"] = ["task"]
        branches.append({"if": chosen, "then": {"$ref": f"#/$defs/{name}"}})
    return {
        "$schema": _DIALECT,
        "title": "A configuration of regard",
        "type": "object",
        "properties": {"task": {"enum": [*TASKS], "default": DEFAULT_TASK}},
        "required": ["data"],
        "allOf": branches,
        "$defs": definitions,
    }


def _of(task: str) -> dict[str, Any]:
    schema = config_of(task).model_json_schema()
    schema["properties"] = {
        "$schema": {"type": "string", "description": "of this schema, for editors; not read"},
        **schema["properties"],
    }
    return schema


def _moved(schema: Any, task: str) -> Any:
    """A schema whose definitions are called after its task."""
    if isinstance(schema, list):
        return [_moved(each, task) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    moved = {name: _moved(each, task) for name, each in schema.items()}
    if isinstance(ref := moved.get("$ref"), str):
        moved["$ref"] = ref.replace("#/$defs/", f"#/$defs/{task}~1")
    if isinstance(mapping := moved.get("mapping"), dict):  # from a kind of data to its definition
        moved["mapping"] = {
            kind: str(to).replace("#/$defs/", f"#/$defs/{task}~1") for kind, to in mapping.items()
        }
    return moved
