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
from typing import Any, Literal, TypeVar

from regard.catalogue import (
    ALIGNMENTS,
    ENCODERS,
    PICTURE_ENCODERS,
    SCORES,
    WINDOWS,
    EncoderRow,
    Mechanism,
    Trait,
)
from regard.errors import ConfigError, PluginError
from regard.registry import Registry
from regard.tasks import INPUTS, OUTPUTS, TASKS, Side, Task

__all__ = [
    "check_plugins",
    "load_plugin",
    "name_of",
    "needed_plugins",
    "register_encoder",
    "register_input",
    "register_mechanism",
    "register_output",
    "register_task",
]

_Object = TypeVar("_Object")

_MECHANISMS = {"score": SCORES, "window": WINDOWS, "align": ALIGNMENTS}
_ENCODERS = (ENCODERS, PICTURE_ENCODERS)
_TABLES: tuple[Registry[Any], ...] = (*_MECHANISMS.values(), *_ENCODERS, INPUTS, OUTPUTS, TASKS)


def register_encoder(
    make: _Object, *, name: str | None = None, hidden: int = 64, layers: int = 1, about: str = ""
) -> _Object:
    """Make an encoder known by name: of pictures if it is a `GridEncoder` class.

    Parameters:
        make: an `Encoder` class, or a function that returns one; it is called with those of
            `channels`, `hidden`, `layers`, `dropout`, `steps` and `stride` that it names, of
            pictures with `size` instead of the last two.
        name: by default that of the class or function.
        hidden: default width.
        layers: default number of layers.
        about: what it is.

    Returns:
        `make`, so that this may stand as a decorator.

    Raises:
        ConfigError: the name is taken, or `make` is another class.
    """
    from regard.models import Encoder, GridEncoder

    if isinstance(make, type) and not issubclass(make, Encoder):
        raise ConfigError(
            f"encoder: wanted a subclass of regard.models.Encoder, or a function that returns one, "
            f"given the class {make.__name__}"
        )
    row = EncoderRow(make, about or _first_line(make), hidden, layers)
    of_pictures = isinstance(make, type) and issubclass(make, GridEncoder)
    table = PICTURE_ENCODERS if of_pictures else ENCODERS
    table.register(name or _name(make), row, plugin=_module(make))
    return make


def register_mechanism(make: _Object, *, name: str | None = None, **row: Any) -> _Object:
    """Make a score, window or alignment known by name.

    Parameters:
        make: a subclass of `regard.attention.Score` or `Window`, made with those of `query_dim`,
            `key_dim`, `hidden_dim` and `max_keys` that its constructor names; or an alignment, a
            function `(scores, mask) -> weights` or a class of modules that are called like that.
        name: by default that of the class or function.
        row: further fields of `catalogue.Mechanism`: formula, source, use, options, constants.

    Returns:
        `make`, so that this may stand as a decorator.

    Raises:
        ConfigError: the name is taken.
    """
    from regard.attention import RecurrentScore, Score, Window
    from regard.models import Encoder

    kind: type = make if isinstance(make, type) else object
    if issubclass(kind, Encoder):
        raise ConfigError(f"attention: wanted a mechanism, given the encoder {kind.__name__}")
    family: Literal["score", "window", "align"] = "align"
    traits: tuple[Trait, ...] = ()
    if issubclass(kind, Score):
        family = "score"
        traits = ("asked-by-states", "ordered") if issubclass(kind, RecurrentScore) else ()
    elif issubclass(kind, Window):
        family = "window"
        if kind.relative or kind.has_gain:
            traits = ("asked-by-states", "ordered" if kind.relative else "gain")
    own = name or _name(make)
    row = {"formula": _first_line(make), "source": _module(make), "traits": traits, **row}
    entry = Mechanism(own, family, make, **row)
    _MECHANISMS[family].register(own, entry, plugin=_module(make))
    return make


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
        sys.path.append(here)
    try:
        import_module(module)
    except Exception as error:  # whatever a stranger's module does
        known = isinstance(error, ImportError)
        reason = f"{error}" if known else f"{type(error).__name__}: {error}"
        raise ConfigError(f"plug-in {module}: cannot be imported: {reason}") from error


def check_plugins(needed: Any, source: str) -> None:
    """Say which plug-in of a configuration that names something unknown is missing.

    Parameters:
        needed: the modules that registered its names when it was written.
        source: what to call the configuration in errors.

    Raises:
        PluginError: one of them has registered nothing.
    """
    registered = {table.plugin_of(name) for table in _TABLES for name in table}
    for module in needed if isinstance(needed, list | tuple) else ():
        if module in registered or not isinstance(module, str):
            continue
        if module == "__main__":
            raise PluginError(
                f"{source}: needs classes of the script that saved it; register them with "
                "regard.plugins, best in a module of their own"
            )
        if module in sys.modules:
            raise PluginError(
                f"{source}: needs the plug-in {module}, which is imported but registers nothing; "
                "decorate its classes with regard.plugins.register_encoder or register_mechanism"
            )
        raise PluginError(f"{source}: needs the plug-in {module}", fixes=("plugin",))


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
        (SCORES, attention.score),
        (ALIGNMENTS, attention.align),
        *((WINDOWS, window) for window in attention.window),
    ]
    if hasattr(model, "encoder"):
        used.append((type(model).encoders, model.encoder))
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
    if field != "encoder" and field not in ("attention", *_MECHANISMS):
        raise ConfigError(f"{field}: wanted a value, given {_what(make)}")
    tables: tuple[Registry[Any], ...]
    tables = _ENCODERS if field == "encoder" else tuple(_MECHANISMS.values())
    for table in tables:
        for name, row in table.items():
            if row.make is make:
                return name
    (register_encoder if field == "encoder" else register_mechanism)(make)
    return _name(make)


def _name(make: Any) -> str:
    name = getattr(make, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ConfigError(f"{_what(make)} has no name; give a class or a named function")
    return str(name)


def _what(make: Any) -> str:
    """In one line, as the repr of a module is not."""
    return repr(make) if hasattr(make, "__name__") else f"an object of {type(make)!r}"


def _module(make: Any) -> str:
    return str(getattr(make, "__module__", "__main__"))


def _first_line(make: Any) -> str:
    return (getdoc(make) or "").partition("\n")[0].rstrip(".")
