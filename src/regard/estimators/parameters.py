"""The parameters of an estimator: the fields of its task's configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from inspect import Parameter, Signature
from pathlib import PurePath
from textwrap import TextWrapper
from typing import Any

import numpy as np

from regard.catalogue import ALIGNMENTS, SCORES, WINDOWS
from regard.config import Config, config_of, kinds_of
from regard.errors import ConfigError, did_you_mean
from regard.plugins import name_of

__all__ = ["as_json", "constructor", "data_fields", "documented", "section_fields"]


def section_fields(config: type[Config], section: str) -> dict[str, Any]:
    """The fields of a section by name."""
    annotation: Any = config.model_fields[section].annotation
    return dict(annotation.model_fields)


def data_fields(task: str) -> dict[str, Any]:
    """The fields of the section `data` that are parameters."""
    found = dict(kinds_of(config_of(task))["arrays"].model_fields)
    del found["kind"]
    return found


def _fields(task: str) -> dict[str, Any]:
    config = config_of(task)
    sections = (
        section_fields(config, "model"),
        data_fields(task),
        section_fields(config, "training"),
    )
    return {name: field for section in sections for name, field in section.items()}


def constructor(task: str) -> Callable[..., None]:
    """An `__init__` whose keyword-only parameters are the fields of the task's configuration."""
    found = _fields(task)
    defaults = {name: field.get_default(call_default_factory=True) for name, field in found.items()}
    defaults |= {"verbose": False, "random_state": None}

    def __init__(self: Any, **parameters: Any) -> None:  # noqa: N807
        for name in parameters:
            if name not in defaults:
                raise TypeError(
                    f"{type(self).__name__} got an unexpected keyword argument {name!r}"
                    f"{did_you_mean(name, defaults)}"
                )
        for name, default in defaults.items():
            setattr(self, name, parameters.get(name, default))

    parameters = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default)
        for name, default in defaults.items()
    ]
    first = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = Signature([first, *parameters])  # type: ignore[attr-defined]
    return __init__


def documented(task: str) -> str:
    """The parameters of a task for a docstring, from the configuration's descriptions."""
    config = config_of(task)
    model: Any = config.model_fields["model"].annotation
    about = {
        "encoder": f"maps the input to states: {', '.join(getattr(model, 'encoders', ()))}; or an "
        "`Encoder` class, or a function that returns one",
        "attention": f"the mechanism: a score ({', '.join(SCORES)}), a window "
        f"({', '.join(WINDOWS)}) or an alignment ({', '.join(ALIGNMENTS)}), by name or as a class; "
        'or a table, such as {"score": "general", "window": {"local-p": 10}, "heads": 4}',
        "pooling": "; ".join(
            f'"{name}": {what}' for name, what in getattr(model, "poolings", {}).items()
        ),
    }
    found = _fields(task)
    lines = {
        name: about.get(name) or str(field.description).replace("null", "None")
        for name, field in found.items()
    }
    lines |= {
        "verbose": "whether to show a progress bar",
        "random_state": "random seed; the same seed gives the same model",
    }
    wrap = TextWrapper(
        96, initial_indent=" " * 8, subsequent_indent=" " * 12, break_on_hyphens=False
    )
    return "\n".join(wrap.fill(f"{name}: {what}.") for name, what in lines.items()).lstrip()


def as_json(value: Any, field: str = "") -> Any:
    """A parameter as JSON has it; objects that a plug-in may register become their names.

    Arrays, tensors, series and indexes become lists, paths text, and members of an enumeration
    their values.

    Raises:
        ConfigError: it is none of these, and so could not be saved.
    """
    if value is None or isinstance(value, Enum | str | int | float):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key, field): as_json(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [as_json(item, field) for item in value]
    for listed in ("tolist", "to_list"):
        if hasattr(value, listed) and not isinstance(value, type):
            return as_json(getattr(value, listed)(), field)
    if callable(value):
        return name_of(value, field)
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    raise ConfigError(
        f"{field}: wanted a number, text, a list or a table, which JSON can hold, given an object "
        f"of the type {kind}"
    )


def _key(key: Any, field: str) -> str:
    """The key of a table, such as a label."""
    return str(as_json(key, field))
