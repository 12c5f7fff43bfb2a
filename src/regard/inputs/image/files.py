"""Readers of pictures: one file, a folder for each class, a table with paths."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.faults import Missing, settled
from regard.inputs.file_rows import NO_PATH, read_file_rows
from regard.inputs.folders import files_in
from regard.inputs.image.decode import Header, decode, read_header, resize_to
from regard.inputs.image.pictures import Pictures
from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.jsonl import JsonLines
from regard.tables.problems import Problems

__all__ = [
    "LARGEST",
    "read_folder",
    "read_paths",
    "read_pictures",
]

LARGEST = 128
"""Longest side of pictures after resizing, where no size is given."""

_THREADS = 4  # large pictures are decoded without Python's lock
_LARGE = 256  # pixels of the longer side, from which headers are read first and threads decode


def read_pictures(
    path: FilePath | Table | JsonLines,
    *,
    picture: str = "path",
    label: str | None = "label",
    id: str | None = None,  # noqa: A002 - the name that tables give it
    split: str | None = None,
    texts: bool = False,
    folder: FilePath | None = None,
    encoding: str = "utf-8",
    size: int | None = None,
    channels: int | None = None,
    missing: Missing = "refuse",
) -> Pictures:
    """Read a table with the path of a picture in each row.

    Parameters:
        path: a CSV file (tab, semicolon or comma, with a header), a Parquet or Feather file, or
            JSON lines (one object a line) in a file named .jsonl; or a table that is open already.
        picture: the column with the paths.
        label: the column with the classes; None for a table without.
        id: the column that names the cases; None names them by their paths.
        split: the column with the part that each belongs to: train, valid or test.
        texts: whether the labels are texts to write, such as captions, and not classes.
        folder: the folder that the paths are relative to; None for that of the table.
        encoding: character encoding of the table, such as "utf-8" or "cp1252".
        size: of the longer side after resizing, the ratio kept; None takes the longest side of
            all, at most 128.
        channels: 1 for grey, 3 for RGB; None is 3 if any picture has colours.
        missing: "refuse"; "skip" leaves out pictures that cannot be read or have no label, with a
            note; "keep" has them, blank, and missing labels, for cases to predict.

    Raises:
        DataError: the table cannot be read, a label or path is missing, a picture cannot be read;
            names the rows.
    """
    rows = read_file_rows(
        path,
        column=picture,
        parameter="picture",
        label=label,
        id=id,
        split=split,
        texts=texts,
        folder=folder,
        encoding=encoding,
        missing=missing,
    )
    found = read_paths(
        rows.paths, ids=rows.ids, size=size, channels=channels, strict=missing == "refuse"
    )
    faults, fixes = rows.explain(found.faults.tolist())
    return settled(
        replace(found, labels=rows.labels, parts=rows.parts, faults=np.array(faults, np.str_)),
        rows.problems,
        missing=missing,
        place=rows.place,
        unlabelled=rows.unlabelled,
        noun="text" if texts else "label",
        what="picture",
        fixes=fixes,
    )


def read_folder(
    path: FilePath,
    *,
    size: int | None = None,
    channels: int | None = None,
    missing: Missing = "refuse",
    labelled: bool = True,
) -> Pictures:
    """Read a folder with a folder of pictures for each class, which their names are.

    Parameters:
        path: the folder. Hidden files and those of systems, such as Thumbs.db, are left out.
        size, channels, missing: as for `read_pictures`.
        labelled: False reads all files in the folder, and in those inside, as pictures without
            labels.

    Raises:
        DataError: there is no folder, it holds no pictures, a file is no picture; names the files.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{path}: {'is a file' if folder.exists() else 'there is no such folder'}")
    files = files_in(folder)
    if labelled and files and all(len(file.parts) == 1 for file in files):
        raise DataError(f"{path}: wanted a folder of pictures for each class, given files")
    if labelled:
        files = [file for file in files if len(file.parts) > 1]
    if not files:
        raise DataError(f"{path}: holds no pictures")
    names = [file.as_posix() for file in files]
    found = read_paths(
        [folder / file for file in files],
        ids=np.array(names),
        size=size,
        channels=channels,
        strict=missing == "refuse",
    )
    labels = np.array([file.parts[0] for file in files]) if labelled else None
    return settled(
        replace(found, labels=labels),
        Problems(path),
        missing=missing,
        place=names.__getitem__,
        what="picture",
    )


def read_paths(
    paths: Sequence[Path | None],
    *,
    ids: NDArray[Any],
    size: int | None = None,
    channels: int | None = None,
    strict: bool = False,
) -> Pictures:
    """Read files, those that cannot be read as blank pictures with their faults.

    Parameters:
        paths: B files, None where a path is missing.
        ids: [B] names of the cases.
        size, channels: as for `read_pictures`.
        strict: whether a fault is refused, so that nothing is decoded where a header shows one.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        warnings.filterwarnings("ignore", module="PIL")  # of sizes and metadata; not for threads
        headers = [_tried_header(path) for path in paths]
        known = [each for each in headers if isinstance(each, Header)]
        size = size or min(LARGEST, max((each.longest for each in known), default=1))
        channels = channels or (1 if all(each.grey for each in known) else 3)
        blank = np.zeros((size, size, channels), np.uint8), (size, size)
        futile = strict and len(known) < len(headers)

        def pixels(at: int) -> Any:
            header, path = headers[at], paths[at]
            if isinstance(header, str) or path is None:
                return header
            if futile:
                return blank
            try:
                if header.image is not None:
                    return resize_to(header.image, size=size, channels=channels)
                return decode(path, size=size, channels=channels)
            except DataError as error:
                return str(error)

        large = any(each.image is None for each in known)
        found = list((pool.map if large else map)(pixels, range(len(paths))))
    faults = np.array([each if isinstance(each, str) else "" for each in found], np.str_)
    read = [blank if isinstance(each, str) else each for each in found]
    animated = sum(each.animated for each in known)
    notes = (f"{animated} animated or of several pages: its first frame is used",) * (animated > 0)
    return Pictures(
        np.stack([canvas for canvas, _ in read]),
        np.array([extent for _, extent in read], np.int64),
        ids=ids,
        faults=faults,
        notes=notes,
    )


def _tried_header(path: Path | None) -> Header | str:
    """The header of a picture, or why it has none."""
    if path is None:
        return NO_PATH
    try:
        return read_header(path, small=_LARGE)
    except DataError as error:
        return str(error)
