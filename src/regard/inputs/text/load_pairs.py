"""The pairs of texts that a configuration names."""

from __future__ import annotations

from typing import Any, NamedTuple

from regard.errors import DataError
from regard.inputs.text.dates import dates
from regard.inputs.text.pairs import note_copies, read_pairs, read_parallel
from regard.inputs.text.texts import Texts

__all__ = ["COLUMNS", "LoadedPairs", "load_pairs"]

COLUMNS = {"source", "target", "id", "header"}
"""Fields of the section `data` that are options of the reader of tables."""


class LoadedPairs(NamedTuple):
    """Pairs to train on, those of files for other parts, the source, and what to know of them."""

    cases: Texts
    validation: Texts | None
    test: Texts | None
    source: str
    notes: list[str]


def load_pairs(data: Any, *, seed: int) -> LoadedPairs:
    """Read the files of a section `data`, or make its dates."""
    if data.kind == "arrays":
        raise DataError("data.kind: arrays come from Python; train on files")
    if data.kind == "dates":
        made = dates(cases=data.cases, languages=data.languages, seed=seed)
        return LoadedPairs(made, None, None, "dates", [])
    cases, validation, test = (_read(data, name) for name in ("", "validation_", "test_"))
    assert cases is not None
    notes = [*cases.notes, *note_copies(cases)]
    for name, part in (("validation", validation), ("test", test)):
        notes += [f"{name} file: {note}" for note in (part.notes if part else ())]
    files = [data.path] if data.kind == "table" else [data.source_path, data.target_path]
    return LoadedPairs(cases, validation, test, " and ".join(files), notes)


def _read(data: Any, part: str) -> Texts | None:
    """The pairs of a part, if it has files; `part` is what their fields begin with."""
    options = data.model_dump(include={"encoding", "missing"})
    if data.kind == "table":
        path = getattr(data, f"{part}path")
        options |= data.model_dump(include=COLUMNS)
        return None if path is None else read_pairs(path, **options)
    source, target = (getattr(data, f"{part}{side}_path") for side in ("source", "target"))
    return None if source is None else read_parallel(source, target, **options)
