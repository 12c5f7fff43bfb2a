"""The stories that a configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regard.errors import DataError
from regard.inputs.story.babi import read_babi
from regard.inputs.story.files import read_stories
from regard.inputs.story.rooms import rooms
from regard.inputs.story.stories import Stories

__all__ = ["COLUMNS", "LoadedStories", "load_stories", "unseen_notes", "with_elsewhere"]

COLUMNS = {"story", "question", "answer", "supporting", "id"}
"""Fields of the section `data` that are options of the reader of tables."""

_SHOWN = 3


class LoadedStories(NamedTuple):
    """Questions to train on, those of files for other parts, the source, and notes."""

    cases: Stories
    validation: Stories | None
    test: Stories | None
    source: str
    notes: list[str]


def load_stories(data: Any, *, seed: int, texts: bool = False) -> LoadedStories:
    """Read the files of a section `data`, or make its stories up.

    The questions to train on know the answers of the other files (`with_elsewhere`).

    Parameters:
        data: the section.
        seed: random seed of stories that are made up.
        texts: whether answers are texts and not classes.
    """
    if data.kind == "arrays":
        raise DataError("data.kind: arrays come from Python; train on files")
    if data.kind == "rooms":
        made = data.model_dump(include={"stories", "questions", "longest"})
        return LoadedStories(rooms(**made, seed=seed), None, None, "rooms", [])
    cases, validation, test = (_read(data, name, texts) for name in ("", "validation_", "test_"))
    assert cases is not None
    notes = [*cases.notes]
    for name, part in (("validation", validation), ("test", test)):
        notes += [f"{name} file: {note}" for note in (part.notes if part else ())]
    return LoadedStories(
        with_elsewhere(cases, validation, test), validation, test, data.path, notes
    )


def with_elsewhere(cases: Stories, *parts: Stories | None) -> Stories:
    """Cases to train on that know the answers of other parts that none of them has.

    A model cannot give them, and its answer counts as wrong.
    """
    given = [each.labels for each in parts if each is not None and each.labels is not None]
    if cases.labels is None or not given:
        return cases
    found = np.setdiff1d(np.concatenate(given), cases.labels)
    return replace(cases, elsewhere=tuple(found.tolist()))


def unseen_notes(cases: Stories, parts: Mapping[str, Stories | None]) -> list[str]:
    """How many questions of a part have an answer that no question to train on has."""
    notes = []
    for name, part in parts.items():
        if part is None or part.labels is None or cases.labels is None:
            continue
        where = ~np.isin(part.labels, cases.labels)
        if count := int(where.sum()):
            found = np.unique(part.labels[where]).tolist()
            shown = ", ".join(map(repr, found[:_SHOWN])) + ", ..." * (len(found) > _SHOWN)
            has, are = ("has", "counts") if count == 1 else ("have", "count")
            notes.append(
                f"{count} of {len(part)} questions of the {name} part {has} an answer that no "
                f"question to train on has ({shown}), and {are} as wrong"
            )
    return notes


def _read(data: Any, part: str, texts: bool) -> Stories | None:
    """The questions of a part, if it has a file; `part` is what its field begins with."""
    path = getattr(data, f"{part}path")
    if path is None:
        return None
    options = data.model_dump(include={"encoding", "missing"}) | {"texts": texts}
    if data.kind == "babi":
        return read_babi(Path(path), **options)
    return read_stories(Path(path), **options, **data.model_dump(include=COLUMNS))
