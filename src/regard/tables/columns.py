"""Which columns a table has, before it is read."""

from pathlib import Path

from regard.tables.files import FilePath
from regard.tables.frames import Table
from regard.tables.jsonl import read_objects

__all__ = ["filled_columns"]


def filled_columns(path: FilePath, *, encoding: str | None = None) -> tuple[str, ...]:
    """The columns of a table that have something in one row at least.

    Parameters:
        path: A CSV file (tab, semicolon or comma, with a header), a Parquet file, or a file of one
            JSON object a line, whose name ends in .jsonl or .ndjson.
        encoding: That of a file of text; None for UTF-8.

    Raises:
        ConfigError: There is no such encoding.
        DataError: The file cannot be read.
    """
    if Path(path).name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        objects = [found for _, found in read_objects(path, encoding or "utf-8")]
        return tuple(
            dict.fromkeys(
                name for found in objects for name, value in found.items() if value is not None
            )
        )
    frame = Table.open(path, encoding=encoding).frame
    return tuple(name for name in frame.columns if frame[name].null_count() < len(frame))
