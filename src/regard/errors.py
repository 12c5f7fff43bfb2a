"""What regard raises when it is given something it cannot use.

Every message names the parameter, file or row, what was wanted, what was given and, where there
is a likely one, the fix. At the command line each is one line and exit code 2.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["ConfigError", "DataError", "RegardError", "RegardWarning", "RunError", "did_you_mean"]


class RegardError(Exception):
    """Base of every error that the user can mend."""


class ConfigError(RegardError, ValueError):
    """A parameter or configuration field is unknown, of the wrong type or out of range."""


class DataError(RegardError, ValueError):
    """The data cannot be read, or cannot be learned from."""


class RegardWarning(UserWarning):
    """Something was done that the user should know of, such as texts that were cut."""


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
