"""Your own scores, windows, alignments, encoders, inputs, outputs and tasks, by name.

A registered name can be used wherever regard's own names are: in a configuration, on the command
line (`--plugin MODULE` imports the module that registers it) and as an estimator's parameter, which
takes the object itself as well. A run folder names the plug-ins that it needs, and never imports
them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any, TypeVar

from regard.catalogue import ALIGNMENTS, ENCODERS, SCORES, WINDOWS, EncoderRow, Mechanism
from regard.errors import ConfigError
from regard.registry import Registry
from regard.tasks import INPUTS, OUTPUTS, TASKS, Side, Task

__all__ = [
    "load_plugin",
    "name_of",
    "needed_plugins",
    "register_alignment",
    "register_encoder",
    "register_input",
    "register_output",
    "register_score",
    "register_task",
    "register_window",
    "registered_plugins",
]

Object = TypeVar("Object")

_TABLES: tuple[Registry[Any], ...] = (
    SCORES,
    WINDOWS,
    ALIGNMENTS,
    ENCODERS,
    INPUTS,
    OUTPUTS,
    TASKS,
)


def register_encoder(
    make: Object, *, name: str | None = None, hidden: int = 64, layers: int = 1, about: str = ""
) -> Object:
    """Make an encoder known by name.

    Parameters:
        make: an `Encoder` class, or a function that returns one; it is called with those of
            `channels`, `hidden`, `layers`, `dropout`, `steps` and `stride` that it names.
        name: by default that of the class or function.
        hidden: default width.
        layers: default number of layers.
        about: what it is.

    Returns:
        `make`, so that this may stand as a decorator.

    Raises:
        ConfigError: the name is taken.
    """
    row = EncoderRow(make, about or _first_line(make), hidden, layers)
    ENCODERS.register(name or _name(make), row, plugin=_module(make))
    return make


def register_score(make: Object, *, name: str | None = None, **row: Any) -> Object:
    """Make a score known by name.

    Parameters:
        make: a subclass of `regard.attention.Score`; it is made with those of `query_dim`,
            `key_dim`, `hidden_dim` and `max_keys` that its constructor names.
        name: by default that of the class.
        row: further fields of `catalogue.Mechanism`: formula, source, use, constants.
    """
    from regard.attention import RecurrentScore

    if isinstance(make, type) and issubclass(make, RecurrentScore):
        row.setdefault("traits", ("asked-by-states", "ordered"))
    return _register(SCORES, "score", make, name, row)


def register_window(make: Object, *, name: str | None = None, **row: Any) -> Object:
    """Make a window known by name; `options` gives its options with their defaults.

    Parameters: as for `register_score`; `make` is a subclass of `regard.attention.Window`.
    """
    if getattr(make, "relative", False):
        row.setdefault("traits", ("asked-by-states", "ordered"))
    elif getattr(make, "has_gain", False):
        row.setdefault("traits", ("asked-by-states", "gain"))
    return _register(WINDOWS, "window", make, name, row)


def register_alignment(make: Object, *, name: str | None = None, **row: Any) -> Object:
    """Make an alignment known by name.

    Parameters: as for `register_score`; `make` is a function `(scores, mask) -> weights`, or a
        class of modules that are called like that.
    """
    return _register(ALIGNMENTS, "align", make, name, row)


def register_input(name: str, code: Any, *, sections: Any) -> None:
    """Make an input known by name.

    Parameters:
        name: in tasks.
        code: a subclass of `regard.inputs.Input`.
        sections: its part of the configuration: a function from the kind of target to
            `regard.config.Sections`.
    """
    INPUTS.register(name, Side(sections, code), plugin=_module(code))


def register_output(name: str, code: Any, *, sections: Any) -> None:
    """Make an output known by name.

    Parameters: as for `register_input`; `code` is a subclass of `regard.outputs.Output` and
        `sections` a function without arguments.
    """
    OUTPUTS.register(name, Side(sections, code), plugin=_module(code))


def register_task(name: str, *, input: str, output: str, estimator: Any = None) -> None:  # noqa: A002
    """Make a pair of an input and an output known as a task.

    Parameters:
        name: the `task` of configurations.
        input: name of an input.
        output: name of an output.
        estimator: its class; None makes one.
    """
    INPUTS.find(input)
    OUTPUTS.find(output)
    owners = (INPUTS.plugin_of(input), OUTPUTS.plugin_of(output))
    plugin = next((owner for owner in owners if owner is not None), "__main__")
    TASKS.register(name, Task(input, output, estimator), plugin=plugin)


def load_plugin(module: str) -> None:
    """Import a module that registers something, from the working directory or installed.

    Raises:
        ConfigError: it cannot be imported.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        import_module(module)
    except ImportError as error:
        raise ConfigError(f"plug-in {module}: cannot be imported: {error}") from None


def registered_plugins() -> set[str]:
    """The modules that have registered something."""
    found = {table.plugin_of(name) for table in _TABLES for name in table}
    return {module for module in found if module is not None}


def needed_plugins(task: str, model: Any) -> tuple[str, ...]:
    """The modules that registered the names in a resolved configuration.

    Parameters:
        task: its task.
        model: its section `model`.
    """
    pair, attention = TASKS[task], model.attention
    used: list[tuple[Registry[Any], str]] = [
        (TASKS, task),
        (INPUTS, pair.input),
        (OUTPUTS, pair.output),
        (ENCODERS, model.encoder),
        (SCORES, attention.score),
        (ALIGNMENTS, attention.align),
        *((WINDOWS, window) for window in attention.window),
    ]
    found = {table.plugin_of(name) for table, name in used}
    return tuple(sorted(module for module in found if module is not None))


def name_of(make: Any, field: str) -> str:
    """The name of a class or function; registers it where it has none.

    Parameters:
        make: an encoder, score, window or alignment.
        field: the parameter that it was given as, such as "encoder" or "attention".

    Raises:
        ConfigError: a class or function means nothing there.
    """
    from regard.attention import Score, Window

    table: Registry[Any]
    if field == "encoder":
        table, register = ENCODERS, register_encoder
    elif field not in ("attention", "score", "window", "align"):
        raise ConfigError(f"{field}: wanted a value, given {make!r}")
    elif isinstance(make, type) and issubclass(make, Score):
        table, register = SCORES, register_score
    elif isinstance(make, type) and issubclass(make, Window):
        table, register = WINDOWS, register_window
    else:
        table, register = ALIGNMENTS, register_alignment
    known = _known(table, make)
    if known is None:
        register(make)
        known = _name(make)
    return known


def _register(
    table: Registry[Mechanism], family: Any, make: Object, name: str | None, row: dict[str, Any]
) -> Object:
    own = name or _name(make)
    row = {"formula": _first_line(make), "source": _module(make), **row}
    table.register(own, Mechanism(own, family, make, **row), plugin=_module(make))
    return make


def _known(table: Registry[Any], make: Any) -> str | None:
    return next((name for name, row in table.items() if row.make is make), None)


def _name(make: Any) -> str:
    name = getattr(make, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ConfigError(f"{make!r} has no name; pass name=")
    return str(name)


def _module(make: Any) -> str:
    return str(getattr(make, "__module__", "__main__"))


def _first_line(make: Any) -> str:
    return (getdoc(make) or "").partition("\n")[0].rstrip(".")
