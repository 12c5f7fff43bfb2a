"""The pieces that a configuration names, and new ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regard.errors import DataError, FileKindError
from regard.inputs.music.canons import canons
from regard.inputs.music.charts import read_charts, read_progressions
from regard.inputs.music.json_pieces import read_json_pieces
from regard.inputs.music.pieces import Kind, Pieces
from regard.inputs.music.scores import SCORES, read_scores
from regard.inputs.music.take import as_pieces
from regard.tables.files import read_text

__all__ = ["LoadedPieces", "divided_pieces", "load_pieces", "read_new", "reads"]


class LoadedPieces(NamedTuple):
    """Pieces to train on, those of other parts, and the source."""

    cases: Pieces
    validation: Pieces | None
    test: Pieces | None
    source: str


def load_pieces(data: Any, *, seed: int) -> LoadedPieces:
    """Read the files of a section `data`, or make its pieces up."""
    if data.kind == "arrays":
        raise DataError("data.kind: arrays come from Python; train on files")
    if data.kind == "canons":
        made = data.model_dump(include={"pieces", "steps", "voices", "delay"})
        return LoadedPieces(canons(**made, seed=seed), None, None, "canons")
    parts = _read(Path(data.path), data, data.missing)
    train = parts.get("train", parts.get(""))
    if train is None:
        raise DataError(f"{data.path}: has the parts {', '.join(parts)}, and none to train on")
    test = parts.get("test")
    if data.test_path is not None:
        test = _joined(_read(Path(data.test_path), data, data.missing))
    return LoadedPieces(train, parts.get("valid"), test, data.path)


def read_new(
    path: Path,
    data: Any,
    *,
    kind: Kind,
    per_quarter: float,
    encoding: str = "utf-8",
) -> Pieces:
    """Pieces of a file of the form trained on, of MIDI or MusicXML, or of text, a piece a line.

    Parameters:
        path: a file, or a folder of MIDI or MusicXML files.
        data: the section `data` of the training.
        kind, per_quarter: of the pieces trained on.
        encoding: of text files.
    """
    suffix = path.suffix.lower()
    if path.is_dir() or suffix in SCORES:
        if kind == "chords":
            what = "a folder" if path.is_dir() else "a score, which has notes and no chord symbols"
            raise FileKindError(path, what, reads(kind))
        form: Any = kind
        return read_scores(path, kind=form, per_quarter=per_quarter, missing="keep")
    lined = suffix == ".txt" or data.kind in ("arrays", "canons")
    if lined and kind != "chords":
        lines = read_text(path, encoding=encoding).splitlines()
        return as_pieces(lines, kind=kind, missing="keep")
    if lined:
        return read_progressions(path, encoding=encoding, missing="keep")
    return _joined(_read(path, data, "keep"))


def reads(kind: Kind) -> str:
    """What `read_new` reads, but for the form trained on."""
    if kind == "chords":
        return "a text file (.txt) with a chord progression a line, such as Dm7 G7 Cmaj7"
    return "a MIDI (.mid) or MusicXML file, or a text file (.txt) with a piece a line"


def divided_pieces(cases: Pieces, max_steps: int) -> tuple[Pieces, list[str]]:
    """Pieces of at most so many steps, and a note if some were divided."""
    events, source, names = [], [], []
    for at, piece in enumerate(cases.events):
        starts = range(0, max(len(piece), 1), max_steps)
        for part, start in enumerate(starts):
            events.append(piece[start : start + max_steps])
            source.append(at)
            names.append(f"{cases.ids[at]} ({part + 1})" if len(starts) > 1 else cases.ids[at])
    if len(events) == len(cases):
        return cases, []
    index = np.array(source)
    divided = replace(
        cases,
        events=tuple(events),
        ids=np.array(names),
        faults=cases.faults[index],
        groups=cases.groups[index],
    )
    longer = int((cases.lengths > max_steps).sum())
    return divided, [
        f"{longer} of {len(cases)} pieces have more than {max_steps} steps (max_steps) and are "
        "divided"
    ]


def _read(path: Path, data: Any, missing: Any) -> dict[str, Pieces]:
    """The pieces of a file by part, "" where it names none."""
    how: dict[str, Any]
    if data.kind == "json":
        how = {"voices": data.voices or None, "per_quarter": data.per_quarter}
        return read_json_pieces(path, **how, missing=missing)
    if data.kind == "charts":
        return {"": read_charts(path, missing=missing)}
    if data.kind == "progressions":
        return {"": read_progressions(path, encoding=data.encoding, missing=missing)}
    how = {"kind": data.form, "per_quarter": data.per_quarter}
    return {"": read_scores(path, **how, missing=missing)}


def _joined(parts: dict[str, Pieces]) -> Pieces:
    """All parts of a file as one."""
    first, *others = parts.values()
    if not others:
        return first
    every = [first, *others]
    return replace(
        first,
        events=tuple(piece for each in every for piece in each.events),
        ids=np.concatenate([each.ids.astype(str) for each in every]),
        faults=np.concatenate([each.faults for each in every]),
        groups=np.empty(0, np.int64),
    )
