"""The errors that regard raises for arguments, files and data it cannot use.

Every message names the parameter, file or row, what was wanted, what was given and, where there
is a likely one, the fix. At the command line each is one line and exit code 2.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

__all__ = [
    "ConfigError",
    "DataError",
    "FileKindError",
    "Fix",
    "PluginError",
    "RegardError",
    "RegardWarning",
    "RunError",
    "Speech",
    "did_you_mean",
    "in_configuration",
    "in_python",
    "nearest",
    "printable",
    "spoken",
]

_DIGITS = re.compile(r"\d+")

_MOST = 1000  # characters of a message

# What steers a terminal: control characters, embeddings and overrides of the direction of writing,
# and halves of characters, which cannot be written at all.
_BLANK = re.compile("[\t-\r\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

Fix = str | tuple[str, Any]
"""A parameter that lets the call succeed, by name or with the value to give it. A field of a
configuration has its section before a dot, unless that is `data`: `training.learning_rate`."""

Speech = Callable[[str, Any], str]
"""From a parameter and its value, or `...` for none, to what to do with it; "" for nothing."""

# Arguments of functions that need more words than their name.
_FIXES = {
    "max_gib": "read it within regard.data.reading(max_gib=...)",
    "labelled": "pass labelled=True or labelled=False",
    "overwrite": "choose another name or pass overwrite=True",
    "plugin": "import it first",
    "resume": "pass resume=True to continue",
    "source": "call predict with a source",
}


def in_python(name: str, value: Any = ...) -> str:
    """A fix as an argument of a call.

    >>> in_python("missing", "interpolate"), in_python("training.epochs", 3)
    ("pass missing='interpolate'", 'pass epochs=3')
    """
    if name in _FIXES:
        return _FIXES[name]
    name = name.rpartition(".")[2]
    return f"pass {name}" if value is ... else f"pass {name}={value!r}"


def in_configuration(name: str, value: Any = ...) -> str:
    """A fix as a field of a configuration, or an argument of the function that takes one.

    >>> in_configuration("missing", "interpolate")
    'set "missing": "interpolate" in "data"'
    >>> in_configuration("training.epochs")
    'set "epochs" in "training"'
    """
    if name in _FIXES:
        return _FIXES[name]
    section, _, field = name.rpartition(".")
    given = "" if value is ... else f": {json.dumps(value)}"
    return f'set "{field}"{given} in "{section or "data"}"'


def printable(text: str) -> str:
    r"""Text on one line without what steers a terminal, as labels and names of files may have it.

    Line ends and tabs are blanks, and each other control character is U+FFFD, so that it is seen.

    >>> printable("fine"), printable("a\tb\nc"), printable("\x1b[8mhidden")
    ('fine', 'a b c', '\ufffd[8mhidden')
    """
    return _CONTROLS.sub("\ufffd", _BLANK.sub(" ", text))


class RegardError(Exception):
    """Base of every error that the user can fix.

    Parameters:
        message: what is wrong, without the fixes.
        fixes: what lets the call succeed; `str` appends them in the words of whoever called.

    >>> str(RunError("runs/x: exists", fixes=("overwrite",)))
    'runs/x: exists; choose another name or pass overwrite=True'
    >>> str(DataError("a.csv: a value is missing", fixes=(("missing", "interpolate"),)))
    "a.csv: a value is missing; pass missing='interpolate'"
    """

    def __init__(self, message: str, *, fixes: tuple[Fix, ...] = ()) -> None:
        message = printable(message)
        if len(message) > _MOST:  # as it quotes a cell of any length
            message = f"{message[: _MOST // 2]} ... {message[-_MOST // 2 :]}"
        super().__init__(message)
        self.message = message
        self.fixes = fixes
        self.speech: Speech = in_python

    def __str__(self) -> str:
        named = [(fix, ...) if isinstance(fix, str) else fix for fix in self.fixes]
        fixes = [text for name, value in named if (text := self.speech(name, value))]
        return printable("; ".join([self.message, *[", or ".join(fixes)] * bool(fixes)]))


@contextmanager
def spoken(speech: Speech) -> Iterator[None]:
    """Errors raised within tell their fixes in these words; also a decorator."""
    try:
        yield
    except RegardError as error:
        error.speech = speech
        raise


class ConfigError(RegardError, ValueError):
    """A parameter or configuration field is unknown, of the wrong type or out of range."""


class PluginError(ConfigError):
    """A configuration names what a plug-in registers, and that has not happened."""


class DataError(RegardError, ValueError):
    """The data cannot be read, or cannot be learned from."""


class FileKindError(DataError):
    """A file is of another kind than the one that is read.

    Parameters:
        path: of the file.
        kind: what it is.
        wanted: what is read.

    >>> print(FileKindError("a.mid", "a MIDI file", "a file of text"))
    a.mid is a MIDI file; wanted a file of text
    """

    def __init__(self, path: object, kind: str, wanted: str) -> None:
        super().__init__(f"{path} is {kind}; wanted {wanted}")
        self.path, self.kind = path, kind


class RegardWarning(UserWarning):
    """Something that the user should know of, such as texts that were cut."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class RunError(RegardError):
    """A run folder or an output path cannot be opened, trusted or written."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The nearest known name as a closing phrase, or all of them when none is near.

    >>> did_you_mean("epoch", ["epochs", "patience"])
    "; did you mean 'epochs'?"
    """
    names = list(known)
    near = nearest(given, names)
    return f"; choose one of {', '.join(names)}" if near is None else f"; did you mean '{near}'?"


def nearest(given: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, in whatever case; None when none is near.

    Names that differ in a number alone are two names, and not a typo.

    >>> nearest("ID", ["id", "label"]), nearest("t10", ["t150", "t151"])
    ('id', None)
    """
    folded = {name.casefold(): name for name in reversed(list(known))}
    wanted = given.casefold()
    stem = _DIGITS.sub("", wanted)
    near = [
        name
        for name in get_close_matches(wanted, folded, n=len(folded) or 1)
        if name == wanted or _DIGITS.sub("", name) != stem
    ]
    return folded[near[0]] if near else None
