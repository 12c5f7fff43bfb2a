"""Files and JSON that others have written, read within limits.

A file is opened only if it is a regular one: a pipe never ends, nor does /dev/zero. JSON has no key
twice, no NaN or infinity, no number that 64 bits cannot hold, and a depth and size that are known
before anything is built from it. So what is read takes memory in proportion to the file.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

__all__ = [
    "as_json",
    "no_file",
    "one_line",
    "parse_json",
    "parse_toml",
    "parse_yaml",
    "read_bytes",
    "read_text",
    "shown",
]

_MOST_DEPTH = 32  # objects and lists within each other
_MOST_PARTS = 2**25  # values; each takes up to 64 bytes
_MOST_DIGITS = 19  # of a whole number
_SHOWN = 80  # characters of a value
_LINE = 600  # characters of a message

# What is no regular file; the first that it is.
_NO_FILES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (lambda _: True, "a device or a socket"),
)


def no_file(mode: int) -> str:
    """What has this mode, if it is not a regular file; "" for one.

    >>> no_file(stat.S_IFIFO), no_file(stat.S_IFREG)
    ('a pipe', '')
    """
    if stat.S_ISREG(mode):
        return ""
    return next(what for is_kind, what in _NO_FILES if is_kind(mode))


def read_bytes(path: Path, *, most: int, first: int | None = None) -> bytes:
    """The content of a regular file of at most so many bytes, or the first bytes of it.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, or has more bytes.
    """
    # Without blocking: a pipe would be waited for.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        about = os.fstat(file.fileno())
        if what := no_file(about.st_mode):
            raise ValueError(f"is {what}; wanted a file")
        if about.st_size > most:
            raise ValueError(f"has {about.st_size:,} bytes; wanted at most {most:,}")
        wanted = about.st_size if first is None else min(first, about.st_size)
        return file.read(wanted)


def read_text(path: Path, *, most: int) -> str:
    """The content of a regular file of UTF-8 text, without its byte order mark.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, has more bytes, or is no text.
    """
    return read_bytes(path, most=most).decode("utf-8-sig")


def parse_json(text: str, *, infinite: bool = False) -> Any:
    """JSON within limits.

    Parameters:
        text: of any content.
        infinite: whether numbers may be NaN or infinite.

    Raises:
        ValueError: it is not JSON, or beyond the limits; of one line.

    >>> parse_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: the key "a" is there twice
    """
    if text.count(",") + text.count("[") + text.count("{") > _MOST_PARTS:
        raise ValueError(f"has more than {_MOST_PARTS:,} values")
    try:
        content = json.loads(
            text,
            object_pairs_hook=_table,
            parse_int=_whole,
            parse_float=float if infinite else _finite,
            parse_constant=None if infinite else _refuse_constant,
        )
    except RecursionError:
        _refuse_depth()
    _check_depth(content, 1)
    return content


def parse_toml(text: str) -> Any:
    """TOML within limits.

    Raises:
        ValueError: it is not TOML, or beyond the limits; of one line.

    >>> parse_toml('task = "classify"')
    {'task': 'classify'}
    """
    import tomllib

    try:
        content = tomllib.loads(text)
    except RecursionError:
        _refuse_depth()
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from None
    _check_depth(content, 1)
    return content


def parse_yaml(text: str) -> Any:
    """YAML within limits, whose plain words mean what JSON says: `no` is a text, 1e-3 a number.

    Anchors, which can stand for far more than the file holds, and tags are refused.

    Raises:
        ValueError: it is not YAML, or beyond the limits; of one line.

    >>> parse_yaml("label: no\\nrate: 1e-3\\nepochs: null")
    {'label': 'no', 'rate': 0.001, 'epochs': None}
    """
    import yaml

    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        content = _built(events)
    except RecursionError:
        _refuse_depth()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise ValueError(f"not YAML{where}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from None
    return content


def _built(events: Iterator[Any]) -> Any:
    """The value that the events of one YAML document make."""
    import yaml

    # A value that is open: its list, or its pairs with the key that waits for its value.
    found: list[Any] = []
    open_: list[tuple[list[Any], bool]] = []
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent) and found:
            raise ValueError("holds several documents; wanted one")
        line = f"line {event.start_mark.line + 1}"
        if getattr(event, "anchor", None) is not None:
            raise ValueError(f"{line}: anchors (& and *) are not read; write the value out")
        if getattr(event, "tag", None) is not None and event.tag != "!":
            raise ValueError(f"{line}: tags such as {shown(event.tag)} are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append(([], isinstance(event, yaml.MappingStartEvent)))
            if len(open_) > _MOST_DEPTH:
                _refuse_depth()
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            items, table = open_.pop()
            value: Any = _pairs(items, line) if table else items
        elif isinstance(event, yaml.ScalarEvent):
            is_name = bool(open_) and open_[-1][1] and len(open_[-1][0]) % 2 == 0
            value = event.value if event.style or is_name else _plain(event.value)
        else:
            continue
        (open_[-1][0] if open_ else found).append(value)
    return found[0] if found else None


def _pairs(items: list[Any], line: str) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in items[::2]):
        raise ValueError(f"{line}: wanted a name before each colon")
    return _table(list(zip(items[::2], items[1::2], strict=True)))


def _plain(text: str) -> Any:
    """An unquoted word of YAML as JSON reads it, otherwise as text."""
    if text in ("", "~"):
        return None
    try:
        value = parse_json(text)
    except json.JSONDecodeError:
        return text
    except ValueError as error:  # a number beyond the limits, or NaN
        if text.strip("-").isalpha():
            return text
        raise error
    return value


def as_json(content: Any) -> str:
    """A value as JSON; a ValueError if it has no such form, or nests too deeply."""
    try:
        _check_depth(content, 1)
        return json.dumps(content)
    except TypeError as error:
        raise ValueError(str(error)) from None
    except ValueError as error:
        digits = "digits" in str(error)  # those that Python does not write
        raise ValueError("a whole number has too many digits" if digits else str(error)) from None


def shown(value: Any) -> str:
    """The beginning of a value as JSON, for a message.

    >>> shown("x" * 999)[-7:]
    'xxx ...'
    """
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a value of the type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def one_line(text: str) -> str:
    """A message with escapes for control characters, and of bounded length.

    >>> one_line("a\\nb")
    'a\\\\nb'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: _LINE + 1])
    return text if len(text) <= _LINE else f"{text[:_LINE]} ..."


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                raise ValueError(f"the key {shown(name)} is there twice")
            names.add(name)
    return table


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > _MOST_DIGITS:
        digits = len(text.lstrip("-"))
        raise ValueError(f"a whole number has {digits:,} digits; wanted at most {_MOST_DIGITS}")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError(f"the number {text[:_SHOWN]} is too large")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"wanted a finite number, not {name}")


def _refuse_depth() -> NoReturn:
    raise ValueError(f"nests more than {_MOST_DEPTH} deep")


def _check_depth(content: Any, depth: int) -> None:
    if not isinstance(content, dict | list | tuple):
        return
    if depth > _MOST_DEPTH:
        _refuse_depth()
    for each in content.values() if isinstance(content, dict) else content:
        if isinstance(each, dict | list | tuple):
            _check_depth(each, depth + 1)
