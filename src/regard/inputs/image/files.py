"""Readers of pictures: one file, a folder for each class, a table with paths."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import walk
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.image.decode import Header, decode, read_header, resize_to
from regard.inputs.image.pictures import Pictures
from regard.inputs.labels import left_out
from regard.inputs.split_parts import split_parts
from regard.inputs.target_texts import column_texts
from regard.tables.cells import tidy_labels
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.problems import Problems

__all__ = [
    "LARGEST",
    "MISSING",
    "Faulty",
    "read_folder",
    "read_paths",
    "read_pictures",
    "without_faults",
]

LARGEST = 128
"""Longest side of pictures after resizing, where no size is given."""

MISSING = "the path is missing"

_THREADS = 4  # large pictures are decoded without Python's lock
_LARGE = 256  # pixels of the longer side, from which headers are read first and threads decode

Faulty = Literal["refuse", "skip", "keep"]
"""What to do with pictures that cannot be read or have no label."""


def read_pictures(
    path: FilePath,
    *,
    picture: str = "path",
    label: str | None = "label",
    id: str | None = None,  # noqa: A002 - the name that tables give it
    split: str | None = None,
    texts: bool = False,
    size: int | None = None,
    channels: int | None = None,
    faulty: Faulty = "refuse",
) -> Pictures:
    """Read a table with the path of a picture in each row.

    Parameters:
        path: a CSV, TSV, Parquet or Feather file with a header.
        picture: the column with the paths, relative to the table's folder.
        label: the column with the classes; None for a table without.
        id: the column that names the cases; None names them by their paths.
        split: the column with the part that each belongs to: train, valid or test.
        texts: whether the labels are texts to write, such as captions, and not classes.
        size: of the longer side after resizing, the ratio kept; None takes the longest side of
            all, at most 128.
        channels: 1 for grey, 3 for RGB; None is 3 if any picture has colours.
        faulty: "refuse"; "skip" leaves out pictures that cannot be read or have no label, with a
            note; "keep" has them, blank, and missing labels, for cases to predict.

    Raises:
        DataError: the table cannot be read, a label or path is missing, a picture cannot be read;
            names the rows.
    """
    table = Table.open(path, keep_blank=faulty == "keep")
    table.need(picture, "picture")
    for name, parameter in ((label, "label"), (id, "id")):
        if name is not None:
            table.need(name, parameter)
    problems = Problems(path)
    given = [None if cell is None else str(cell).strip() for cell in table.values(picture)]
    places = [table.cell(row, picture) for row in range(len(given))]
    labels: NDArray[Any] | None = None
    if label is not None and texts:
        labels = column_texts(table, label, problems, keep_missing=faulty != "refuse")
    elif label is not None:
        found = table.labels(label)
        gaps = [row for row, one in enumerate(found) if one is None or not one.strip()]
        if faulty == "refuse" and gaps:
            problems.add("the label is missing", [table.cell(row, label) for row in gaps])
        labels = tidy_labels([one or "" for one in found])
    parts = None if split is None else split_parts(table, split, problems)
    folder = Path(path).parent
    paths = [folder / each if each else None for each in given]
    names = [each or str(row) for row, each in enumerate(given)]
    ids = np.array(names) if id is None else table.ids(id)
    pictures = read_paths(
        paths,
        places=places,
        problems=problems,
        ids=ids,
        labels=labels,
        size=size,
        channels=channels,
        faulty=faulty,
    )
    pictures = replace(pictures, parts=parts)
    return without_faults(pictures, path) if faulty == "skip" else pictures


def without_faults(pictures: Pictures, source: object) -> Pictures:
    """The pictures that can be read and have a label, where they have labels.

    Raises:
        DataError: none is left; names the source.
    """
    unread = pictures.faults != ""
    bare = np.zeros(len(pictures), bool)
    if pictures.labels is not None:
        bare = np.array([each == "" for each in pictures.labels.tolist()]) & ~unread
    reasons = {
        reason: pictures.faults == reason for reason in dict.fromkeys(pictures.faults[unread])
    }
    notes = left_out(len(pictures), {**reasons, "no text": bare})
    kept = np.flatnonzero(~(unread | bare))
    if not kept.size:
        raise DataError(f"{source}: no picture is left; {', '.join(notes)}")
    return replace(pictures.take(kept), notes=(*pictures.notes, *notes))


def read_folder(
    path: FilePath,
    *,
    size: int | None = None,
    channels: int | None = None,
    faulty: Faulty = "refuse",
    labelled: bool = True,
) -> Pictures:
    """Read a folder with a folder of pictures for each class, which their names are.

    Parameters:
        path: the folder. Hidden files are left out.
        size, channels, faulty: as for `read_pictures`.
        labelled: False reads all files in the folder, and in those inside, as pictures without
            labels.

    Raises:
        DataError: there is no folder, it holds no pictures, a file is no picture; names the files.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{path}: {'is a file' if folder.exists() else 'there is no such folder'}")
    files = sorted(
        Path(inside, name).relative_to(folder)
        for inside, _, names in walk(folder)
        for name in names
        if not any(part.startswith(".") for part in Path(inside, name).relative_to(folder).parts)
    )
    if labelled and files and all(len(file.parts) == 1 for file in files):
        raise DataError(f"{path}: wanted a folder of pictures for each class, given files")
    if labelled:
        files = [file for file in files if len(file.parts) > 1]
    if not files:
        raise DataError(f"{path}: holds no pictures")
    names = [file.as_posix() for file in files]
    return read_paths(
        [folder / file for file in files],
        places=names,
        problems=Problems(path),
        ids=np.array(names),
        labels=np.array([file.parts[0] for file in files]) if labelled else None,
        size=size,
        channels=channels,
        faulty=faulty,
    )


def read_paths(
    paths: Sequence[Path | None],
    *,
    places: Sequence[str],
    problems: Problems,
    ids: NDArray[Any],
    labels: NDArray[Any] | None = None,
    size: int | None = None,
    channels: int | None = None,
    faulty: Faulty = "refuse",
) -> Pictures:
    """Read files; None is a path that is missing.

    Parameters:
        paths: B files.
        places: [B] what errors call each.
        problems: of their source, so far.
        ids, labels: of the cases.
        size, channels, faulty: as for `read_pictures`.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        warnings.filterwarnings("ignore", module="PIL")  # of sizes and metadata; not for threads
        headers = [_tried_header(path) for path in paths]
        if faulty == "refuse":
            _refuse(problems, headers, places)
        known = [each for each in headers if isinstance(each, Header)]
        size = size or min(LARGEST, max((each.longest for each in known), default=1))
        channels = channels or (1 if all(each.grey for each in known) else 3)
        blank = np.zeros((size, size, channels), np.uint8), (size, size)

        def pixels(at: int) -> Any:
            header, path = headers[at], paths[at]
            if isinstance(header, str) or path is None:
                return header
            try:
                if header.image is not None:
                    return resize_to(header.image, size=size, channels=channels)
                return decode(path, size=size, channels=channels)
            except DataError as error:
                return str(error)

        large = any(each.image is None for each in known)
        found = list((pool.map if large else map)(pixels, range(len(paths))))
    if faulty == "refuse":
        _refuse(problems, found, places)
    faults = np.array([each if isinstance(each, str) else "" for each in found], np.str_)
    read = [blank if isinstance(each, str) else each for each in found]
    animated = sum(each.animated for each in known)
    notes = (f"{animated} animated or of several pages: its first frame is used",) * (animated > 0)
    return Pictures(
        np.stack([canvas for canvas, _ in read]),
        np.array([extent for _, extent in read], np.int64),
        labels,
        ids=ids,
        faults=faults,
        notes=notes,
    )


def _tried_header(path: Path | None) -> Header | str:
    """The header of a picture, or why it has none."""
    if path is None:
        return MISSING
    try:
        return read_header(path, small=_LARGE)
    except DataError as error:
        return str(error)


def _refuse(problems: Problems, found: Sequence[Any], places: Sequence[str]) -> None:
    for place, each in zip(places, found, strict=True):
        if isinstance(each, str):
            problems.add(each, [place])
    problems.refuse()
