"""Tables of names, which plug-ins may extend.

An entry may name its code as `"module:object"`, so that a table needs no import of what it holds;
`load` imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from inspect import Parameter, signature
from typing import Any, Generic, TypeVar

from regard.errors import ConfigError, did_you_mean

__all__ = ["Registry", "call_with", "load"]

_Entry = TypeVar("_Entry")


class Registry(Mapping[str, _Entry], Generic[_Entry]):
    """Entries by name, in the order of their registration.

    Parameters:
        what: the noun for an entry in errors, such as "encoder".
        entries: those that regard ships.
    """

    def __init__(self, what: str, entries: Mapping[str, _Entry]) -> None:
        self.what = what
        self._entries = dict(entries)
        self._plugins: dict[str, str] = {}

    def __getitem__(self, name: str) -> _Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def register(self, name: str, entry: _Entry, *, plugin: str) -> None:
        """Add an entry.

        Parameters:
            name: by which configurations refer to it.
            entry: its entry.
            plugin: the module that brings it. A module may register a name again, as it does when
                it is reloaded.

        Raises:
            ConfigError: the name is taken by regard or by another module.
        """
        if name in self._entries and self._plugins.get(name) != plugin:
            owner = self._plugins.get(name, "regard")
            raise ConfigError(f"the {self.what} {name!r} is already registered by {owner}")
        self._entries[name] = entry
        self._plugins[name] = plugin

    def plugin_of(self, name: str) -> str | None:
        """The module that registered a name; None for what regard ships."""
        return self._plugins.get(name)

    def find(self, name: object) -> _Entry:
        """The entry of a name.

        Raises:
            ConfigError: the name is unknown; names the nearest.
        """
        if not isinstance(name, str) or name not in self._entries:
            raise ConfigError(f"{self.what} {name!r} is unknown{did_you_mean(str(name), self)}")
        return self._entries[name]


def load(entry: Any) -> Any:
    """The object that `"module:object"` names; anything else is returned as it is.

    >>> load("math:tau") == load(6.283185307179586)
    True
    """
    if not isinstance(entry, str):
        return entry
    module, _, name = entry.partition(":")
    return getattr(import_module(module), name)


def call_with(what: str, make: Callable[..., Any], available: Mapping[str, Any]) -> Any:
    """Call with those of the available arguments that the callable names.

    Parameters:
        what: the callable in errors, such as "encoder 'conv'".
        make: a class or a function.
        available: argument name to value.

    Raises:
        ConfigError: it needs an argument that is not available.

    >>> call_with("power", lambda base, exponent=3: base**exponent, {"base": 2, "other": 5})
    8
    """
    parameters = signature(make).parameters.values()
    variable = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    named = [each for each in parameters if each.kind not in variable]
    for each in named:
        if each.name not in available and each.default is Parameter.empty:
            raise ConfigError(
                f"{what} takes {each.name!r}; it may take {', '.join(sorted(available))}"
            )
    return make(**{each.name: available[each.name] for each in named if each.name in available})
