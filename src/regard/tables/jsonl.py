"""JSON Lines files: one object a line."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from regard.errors import DataError, did_you_mean
from regard.tables.files import FilePath, read_text

__all__ = ["read_json_lines"]


def read_json_lines(
    path: FilePath, text: str, label: str | None, encoding: str, *, optional: bool = False
) -> tuple[list[Any], list[str] | None, Callable[[int, str], str]]:
    """Read two fields of every object.

    Parameters:
        path: file with one JSON object a line; blank lines are skipped.
        text: name of the field with the text.
        label: name of the field with the class; None to read no labels.
        encoding: of the file.
        optional: whether the file may lack the class in all lines.

    Returns:
        The texts, not checked; the labels as strings, or None; and a function that names the place
        of a field, given its position and name.

    Raises:
        DataError: The file cannot be read, a line is not a JSON object or lacks a field, a label is
            missing or neither text nor a number.
    """
    lines: list[int] = []
    texts: list[Any] = []
    given: list[Any] = []
    for line, found in _objects(path, encoding):
        where = f"{path}, line {line}"
        lines.append(line)
        texts.append(_field(found, text, where, "text"))
        if label is not None and optional:
            given.append(found.get(label))
        elif label is not None:
            given.append(_field(found, label, where, "label"))

    def place(at: int, name: str) -> str:
        return f"{path}, line {lines[at]}, {name!r}"

    if label is None or (optional and all(each is None for each in given)):
        return texts, None, place
    return texts, [_label(each, place(at, label)) for at, each in enumerate(given)], place


def _objects(path: FilePath, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number, from 1, and the object of each line that is not blank."""
    # Not splitlines, which also splits at characters that JSON strings may contain.
    for line, text in enumerate(read_text(path, encoding=encoding).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            reason = str(error).split(": line ")[0]
            raise DataError(f"{path}, line {line} is not JSON: {reason}") from None
        if not isinstance(found, dict):
            raise DataError(
                f"{path}, line {line} is no object; wanted one a line, such as "
                '{"text": "It works.", "label": "good"}'
            )
        yield line, found


def _field(found: dict[str, Any], name: str, where: str, parameter: str) -> Any:
    if name not in found:
        near = did_you_mean(name, found)
        listed = f"; there are {', '.join(found)}" if "did you" in near else ""
        raise DataError(f"{where} has no {name!r} ({parameter}){listed}{near}")
    return found[name]


def _label(given: Any, where: str) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    if given is None or given != given:  # Python writes NaN to JSON
        raise DataError(f"{where} is missing (null or NaN)")
    if not isinstance(given, str | int | float):
        raise DataError(f"{where} is a {type(given).__name__}; wanted a class")
    return str(given)
