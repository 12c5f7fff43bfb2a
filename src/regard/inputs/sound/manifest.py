"""Recordings made of parts of others, as a manifest in JSON lines says: strings of spoken words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.file_rows import PathBase
from regard.inputs.sound.files import decode
from regard.inputs.sound.readers import MAX_SECONDS
from regard.inputs.sound.recordings import Recordings, Word, fault_of
from regard.inputs.split_parts import split_parts
from regard.inputs.target_texts import column_texts
from regard.tables.files import FilePath
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = ["is_manifest", "read_manifest"]

_WANTED = (
    'wanted a list of objects such as {"path": "wav/one_7.wav", "word": "one", "start": 0.2, '
    '"end": 0.61}'
)


_LINES = (".jsonl", ".ndjson", ".json")


class _Part(NamedTuple):
    """A recording within another."""

    path: str
    word: str
    start: float  # seconds
    end: float


def is_manifest(rows: JsonLines) -> bool:
    """Whether JSON lines have parts."""
    return "parts" in rows.filled


def read_manifest(
    path: FilePath | JsonLines,
    *,
    label: str | None = "text",
    id: str | None = None,  # noqa: A002 - the name that tables give it
    split: str | None = None,
    folder: FilePath | None = None,
    encoding: str = "utf-8",
    rate: int | None = None,
    max_seconds: float = MAX_SECONDS,
    missing: Missing = "refuse",
) -> Recordings:
    """Read a manifest of recordings that are made of parts of others, with silence between them.

    Parameters:
        path: A file of JSON lines, or one that is open already. Each object has `parts`, a list of
            objects with the `path` of a sound file, the `word` that is
            said in it, and its `start` and `end` in seconds within the recording that is made; and
            `seconds`, how long that is, if it goes on after its last part. The sound of a part
            begins at its start and is cut at its end; where parts overlap, they are added.
        label: The field with the texts to write; None for a manifest without them.
        id: The field with the names of the recordings; None names them by their lines.
        split: The field with the part of the data that each belongs to: train, valid or test.
        folder: The folder that the paths are relative to; None for that of the manifest.
        encoding, rate, max_seconds, missing: As for `read_recordings`.

    Returns:
        B recordings, one a line, whose `words` are those of their parts.

    Raises:
        DataError: The file cannot be read, a field does not exist, or a recording cannot be made
            or has no text.
    """
    if not isinstance(path, JsonLines) and not str(path).lower().removesuffix(".gz").endswith(
        _LINES
    ):
        raise DataError(
            f"{path}: wanted a manifest in JSON lines (.jsonl), plain or gzipped; of a table of "
            'recordings the kind is "recordings"',
            fixes=(("kind", "recordings"),),
        )
    rows = path if isinstance(path, JsonLines) else JsonLines.open(path, encoding=encoding)
    problems = Problems(rows.path)
    rows.need("parts", "parts")
    found = [_parts_of(each.get("parts")) for each in rows.objects]
    known = dict.fromkeys(part.path for parts in found if isinstance(parts, list) for part in parts)
    base = PathBase.of(rows.path, folder)
    sounds = decode(list(map(base.locate, known)), rate=rate, max_seconds=max_seconds)
    explained, _ = base.explain(list(known), sounds.faults)
    sounds = replace(sounds, faults=tuple(explained))
    places = {name: at for at, name in enumerate(known)}
    waves, faults, words = [], [], []
    for each, parts in zip(rows.objects, found, strict=True):
        wave, fault = np.empty(0, np.float32), parts if isinstance(parts, str) else ""
        if isinstance(parts, list):
            fault = _fault(parts, each.get("seconds"), sounds, places, max_seconds)
            if not fault:
                wave = _joined(parts, _seconds(each.get("seconds"), parts), sounds, places)
                fault = fault_of(wave)
        waves.append(wave)
        faults.append(fault)
        said = parts if isinstance(parts, list) else []
        words.append(tuple(Word(part.word, part.start, part.end) for part in said))
    labels, unlabelled = None, None
    if label is not None:
        rows.need(label, "target")
        labels = column_texts(rows, label)
        unlabelled = labels == ""
    names = [f"line {line}" for line in rows.lines]
    notes = [*sounds.notes, *_contradictions(labels, words, names)]
    ids = np.array(names)
    if id is not None:
        rows.need(id, "id")
        ids = np.array(["" if each is None else str(each) for each in rows.values(id)])
    belongs = None if split is None else split_parts(rows, split, problems)
    made = Recordings(
        tuple(waves),
        sounds.rate,
        labels,
        ids=ids,
        parts=belongs,
        words=tuple(words),
        faults=tuple(faults),
        notes=tuple(notes),
    )
    return settled(
        made,
        problems,
        missing=missing,
        place=names.__getitem__,
        unlabelled=unlabelled,
        noun="text",
        what="recording",
    )


def _parts_of(given: Any) -> list[_Part] | str:
    """The parts of an object, or what is wrong with them."""
    if not isinstance(given, list) or not given:
        return f"it has no parts; {_WANTED}"
    parts = []
    for number, each in enumerate(given, start=1):
        if not isinstance(each, dict) or not isinstance(each.get("path"), str):
            return f"part {number} has no path; {_WANTED}"
        start, end = each.get("start"), each.get("end")
        if not (_is_time(start) and _is_time(end) and 0 <= start < end):
            return (
                f"part {number} ({each['path']}): wanted start and end in seconds, start before "
                f"end, given {start!r} and {end!r}"
            )
        word = each.get("word")
        said = "" if word is None else str(word)
        parts.append(_Part(each["path"], said, float(start), float(end)))
    return parts


def _is_time(given: Any) -> TypeGuard[float]:
    return (
        isinstance(given, int | float) and not isinstance(given, bool) and bool(np.isfinite(given))
    )


def _seconds(given: Any, parts: Sequence[_Part]) -> float:
    """How long a recording is."""
    last = max(part.end for part in parts)
    return last if given is None else float(given)


def _contradictions(
    texts: NDArray[Any] | None, words: Sequence[Sequence[Word]], names: Sequence[str]
) -> list[str]:
    """A note where a text has not as many words as its parts say."""
    if texts is None:
        return []
    wrong = [
        name
        for text, said, name in zip(texts, words, names, strict=True)
        if text and said and len(text.split()) != len(" ".join(each.text for each in said).split())
    ]
    if not wrong:
        return []
    return [
        f"{len(wrong)} of {len(names)} texts {'has' if len(wrong) == 1 else 'have'} not as many "
        f"words as their parts (first: {wrong[0]})"
    ]


def _fault(
    parts: Sequence[_Part],
    given: Any,
    sounds: Recordings,
    places: dict[str, int],
    max_seconds: float,
) -> str:
    """Why a recording cannot be made of its parts; "" where it can."""
    if max(part.end for part in parts) > max_seconds or (_is_time(given) and given > max_seconds):
        return f"it is longer than {max_seconds:g} s (max_seconds)"
    for number, part in enumerate(parts, start=1):
        if fault := sounds.faults[places[part.path]]:
            return f"part {number} ({part.path}): {fault}"
    last = max(part.end for part in parts)
    if given is not None and not (_is_time(given) and given >= last):
        return f"seconds: wanted at least the end of its last part, {last:g}, given {given!r}"
    return ""


def _joined(
    parts: Sequence[_Part], seconds: float, sounds: Recordings, places: dict[str, int]
) -> NDArray[np.float32]:
    """[samples] silence with the parts at their places."""
    wave = np.zeros(max(1, round(seconds * sounds.rate)), np.float32)
    for part in parts:
        start, end = round(part.start * sounds.rate), round(part.end * sounds.rate)
        own = sounds.waves[places[part.path]][: min(end, len(wave)) - start]
        wave[start : start + len(own)] += own
    return wave
