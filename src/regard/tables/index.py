"""The index of a data frame among the columns of a table: it counts the rows and says nothing.

Where rows are sorted by class, it even gives the class away.
"""

from collections.abc import Iterable

__all__ = ["counts_rows", "index_note", "is_index_name"]


def is_index_name(name: str) -> bool:
    """Whether a column with this name may be the row numbers of a data frame.

    >>> [name for name in ("", "Unnamed: 0", "index", "x") if is_index_name(name)]
    ['', 'Unnamed: 0', 'index']
    """
    stripped = name.strip().lower()
    return stripped in ("", "index", "__index_level_0__") or stripped.startswith("unnamed: ")


def counts_rows(cells: Iterable[object]) -> bool:
    """Whether cells, as text, are 0, 1, 2, ... or 1, 2, 3, ...

    >>> counts_rows(["0", "1", "2"]), counts_rows([1, 2]), counts_rows(["0", "2"])
    (True, True, False)
    """
    texts = [str(cell).strip() for cell in cells]
    start = texts[0] if texts else ""
    return start in ("0", "1") and texts == [str(at + int(start)) for at in range(len(texts))]


def index_note(name: str) -> str:
    """What to tell the user of a first column that is left out."""
    return f"the first column {f'{name!r} ' if name else ''}counts the rows and is left out"
