"""The errors that regard raises for arguments, files and data it cannot use.

Every message names the parameter, file or row, what was wanted, what was given and, where there
is a likely one, the fix. At the command line each is one line and exit code 2.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

__all__ = [
    "ConfigError",
    "DataError",
    "PluginError",
    "RegardError",
    "RegardWarning",
    "RunError",
    "did_you_mean",
]

# Parameter to the fix in Python; the command line has a table of its options.
_FIXES = {
    "labelled": "pass labelled=True or labelled=False",
    "overwrite": "choose another name or pass overwrite=True",
    "plugin": "import it first",
    "resume": "pass resume=True to continue",
    "source": "call predict with a source",
}


class RegardError(Exception):
    """Base of every error that the user can fix.

    Parameters:
        message: what is wrong, without the fixes.
        fixes: names of parameters that let the call succeed; `str` appends what to do with them.

    >>> str(RunError("runs/x: exists", fixes=("overwrite",)))
    'runs/x: exists; choose another name or pass overwrite=True'
    """

    def __init__(self, message: str, *, fixes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fixes = fixes

    def __str__(self) -> str:
        return self.describe(lambda name: _FIXES.get(name, f"pass {name}"))

    def describe(self, fix: Callable[[str], str]) -> str:
        """The message with its fixes.

        Parameters:
            fix: from the name of a parameter to what to do with it.
        """
        fixes = ", or ".join(fix(name) for name in self.fixes)
        return f"{self.message}; {fixes}" if fixes else self.message


class ConfigError(RegardError, ValueError):
    """A parameter or configuration field is unknown, of the wrong type or out of range."""


class PluginError(ConfigError):
    """A configuration names what a plug-in registers, and that has not happened."""


class DataError(RegardError, ValueError):
    """The data cannot be read, or cannot be learned from."""


class RegardWarning(UserWarning):
    """Something that the user should know of, such as texts that were cut."""


class RunError(RegardError):
    """A run folder or an output path cannot be opened, trusted or written."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The nearest known name as a closing phrase, or all of them when none is near.

    >>> did_you_mean("epoch", ["epochs", "patience"])
    "; did you mean 'epochs'?"
    """
    names = list(known)
    near = get_close_matches(given, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; choose one of {', '.join(names)}"
