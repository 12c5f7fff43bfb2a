"""From a request to what is asked of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Literal

import numpy as np

from regard.bounded import parse_json
from regard.errors import did_you_mean
from regard.inputs.posted_files import nameless
from regard.jobs.opening import read_cases, usable_of
from regard.serve.answers import Question
from regard.serve.limits import PADDED, Limits, RequestError
from regard.serve.served import Served
from regard.serve.worker import Work, numbers_in
from regard.tables.limits import reading

__all__ = ["FIELDS", "What", "asked_of_case", "asked_of_file", "body_of", "named"]

What = Literal["predict", "explain", "attend"]

FIELDS: dict[What, tuple[str, ...]] = {
    "predict": ("run", "case", "cases", "test_case", "options"),
    "explain": ("run", "case", "cases", "test_case", "options", "maps", "picture"),
    "attend": ("run", "case", "cases", "test_case", "maps"),
}
"""What a request of each kind may have."""

_DEFAULT = {"predict": (), "explain": ("weights",), "attend": ("attention",)}
_WITH_MAPS = 64  # most cases of a request for maps
_LAYERS = 2000  # longest case of which the maps of all layers are told
_WIDEST = 32  # hypotheses of a search
_LETTERS = 10  # of a word, at most
_UNPACKED = 8  # times a body, that a packed file may hold


def body_of(content: bytes) -> dict[str, Any]:
    """The JSON object of a body.

    Raises:
        RequestError: it is not JSON, not an object, nests too deeply, or has numbers that are none.
    """
    try:
        body = parse_json(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise RequestError(400, "not_json", "the body is not UTF-8") from None
    except ValueError as error:
        raise RequestError(400, "not_json", f"the body: {error}") from None
    if not isinstance(body, dict):
        raise RequestError(422, "unusable", "the body: wanted an object of JSON")
    return body


def named(runs: Mapping[str, Served], name: Any) -> Served:
    """The run of this name, or the only one where none is named."""
    if name is None and len(runs) == 1:
        return next(iter(runs.values()))
    if name is None:
        raise RequestError(422, "unusable", f"run: name one of {', '.join(runs)}")
    if not isinstance(name, str) or name not in runs:
        hint = did_you_mean(name, runs) if isinstance(name, str) else ""
        raise RequestError(404, "no_such_run", f"run: there is no run {str(name)[:80]!r}{hint}")
    return runs[name]


def asked_of_case(served: Served, what: What, body: Mapping[str, Any], limits: Limits) -> Work:
    """What a body of JSON asks.

    Raises:
        RequestError: it has another form, or is beyond the limits.
    """
    _refuse_others(body, FIELDS[what])
    given = [name for name in ("case", "cases", "test_case") if name in body]
    if len(given) != 1:
        raise _unusable(
            f"wanted one of case, cases and test_case, given {' and '.join(given) or 'none'}"
        )
    question = _question(served, what, body)
    if given == ["test_case"]:
        part = served.test_part()
        at = body["test_case"]
        if type(at) is not int or not 0 <= at < len(part.rows):
            raise _unusable(f"test_case: wanted a number from 0 and below {len(part.rows)}")
        return Work(served, question, cases=part.cases.take(np.array([at])))
    values = body["cases"] if given == ["cases"] else [body["case"]]
    if not isinstance(values, list) or not values:
        raise _unusable("cases: wanted a list with at least one case")
    if not served.form:
        raise _unusable(
            f"cases of {served.name} come as files: {', '.join(served.about()['uploads'])}"
        )
    _refuse_many(len(values), what, limits)
    if len(values) > 1 and served.estimator.input_.posted_alone:
        raise _unusable(f"cases: {served.name} takes one at a time")
    files = "contentEncoding" in served.form
    longest = 0 if files else max(map(_length, values))
    if longest > limits.length:
        raise RequestError(
            413, "too_long", f"a case has more than {limits.length:,} steps or words"
        )
    _refuse_layers(question, len(values), longest)
    if len(values) * max(map(numbers_in, values)) > PADDED:
        raise RequestError(
            413, "too_large", f"the cases have more than {PADDED:,} numbers when padded"
        )
    return Work(served, question, values)


def asked_of_file(
    served: Served, what: What, name: str, content: bytes, fields: Mapping[str, Any], limits: Limits
) -> tuple[Work, list[dict[str, Any] | None]]:
    """What is asked of the cases of a file.

    Parameters:
        served: the run.
        what: is asked.
        name: of the file, whose ending says what it is.
        content: of it.
        fields: of a body of JSON without cases.
        limits: of requests.

    Returns:
        The work, and for each case of the file None, or what is said of one without an answer.

    Raises:
        RequestError: the file has another ending, or is beyond the limits.
        RegardError: it cannot be read, or no case of it predicted.
    """
    _refuse_others(fields, FIELDS[what])
    question = _question(served, what, fields)
    incoming = served.estimator.input_
    suffix = PurePath(name).suffix.lower()
    if suffix not in incoming.uploads:
        raise RequestError(
            415, "other_type", f"file: wanted {', '.join(incoming.uploads)}, given {suffix[:20]!r}"
        )
    if suffix in (".csv", ".tsv", ".ts", ".txt"):
        _refuse_ragged(content)
    gib = _UNPACKED * limits.bytes / 2**30
    with nameless() as folder, reading(max_gib=gib):
        path = folder / f"case{suffix}"
        path.write_bytes(content)
        cases, usable = read_cases(served.estimator, served.name, path)
    _refuse_many(len(cases), what, limits)
    longest = int(np.max(getattr(cases, "lengths", 0)))
    if longest > limits.length:
        raise RequestError(413, "too_long", f"a case has more than {limits.length:,} steps")
    _refuse_layers(question, len(cases), longest)
    told = [
        None if good else {"case": str(cases.ids[n]), "left_out": incoming.unusable}
        for n, good in enumerate(usable)
    ]
    return Work(served, question, cases=usable_of(cases, usable)), told


def _question(served: Served, what: What, fields: Mapping[str, Any]) -> Question:
    maps = fields.get("maps", _DEFAULT[what])
    if not isinstance(maps, list | tuple) or not all(isinstance(each, str) for each in maps):
        raise _unusable("maps: wanted a list of names")
    for name in maps:
        if name not in served.maps:
            raise _unusable(f"maps: there is no map {name[:80]!r}{did_you_mean(name, served.maps)}")
    picture = fields.get("picture", False)
    if not isinstance(picture, bool):
        raise _unusable("picture: wanted true or false")
    options = fields.get("options", {})
    if not isinstance(options, dict):
        raise _unusable("options: wanted an object")
    known = served.estimator.output_.options
    for name, value in options.items():
        if name not in known:
            others = did_you_mean(name, known) if known else "; this run takes none"
            raise _unusable(f"options: there is no {name[:80]!r}{others}")
        kind = str if name == "target" else int | float
        if not isinstance(value, kind) or isinstance(value, bool):
            raise _unusable(f"options: {name}: wanted a {'text' if name == 'target' else 'number'}")
        if name in ("beam", "nbest") and int(value) > _WIDEST:
            raise _unusable(f"options: {name}: wanted at most {_WIDEST}")
    served.estimator.output_.check_options(**served.options | options)
    unique = tuple(dict.fromkeys(maps))
    return Question(what=what, maps=unique, picture=picture, options=tuple(sorted(options.items())))


def _refuse_others(fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in fields:
        if name not in known:
            raise _unusable(f"there is no field {name[:80]!r}{did_you_mean(name, known)}")


def _refuse_many(cases: int, what: What, limits: Limits) -> None:
    most = limits.cases if what == "predict" else min(limits.cases, _WITH_MAPS)
    if cases > most:
        raise RequestError(413, "too_many", f"wanted at most {most:,} cases, given {cases:,}")


def _refuse_layers(question: Question, cases: int, longest: int) -> None:
    """Maps of all pairs of steps, for each head of each layer, of more than a page can show."""
    if "layers" in question.maps and (cases > 1 or longest > _LAYERS):
        raise RequestError(413, "too_long", f"layers: wanted one case of at most {_LAYERS:,} steps")


def _refuse_ragged(content: bytes) -> None:
    """A file of lines that would take far more memory than it has bytes, when padded."""
    lines = content.split(b"\n")
    widest = max(line.count(b",") + line.count(b"\t") + line.count(b";") for line in lines)
    if len(lines) * (widest + 1) > PADDED:
        raise RequestError(413, "too_large", f"the file has more than {PADDED:,} cells when padded")


def _length(value: Any) -> int:
    """Steps of a series, or words of a text."""
    if isinstance(value, str):
        return max(value.count(" "), len(value) // _LETTERS)
    if isinstance(value, list):
        if value and isinstance(value[0], list | dict | str):
            return max(len(value), *map(_length, value))
        return len(value)
    if isinstance(value, dict):
        return max(map(_length, value.values()), default=0)
    return 1


def _unusable(message: str) -> RequestError:
    return RequestError(422, "unusable", message)
