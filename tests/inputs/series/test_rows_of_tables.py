"""One series a row in Parquet, Feather and JSON lines."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data import read_csv
from regard.errors import DataError

ROWS = [
    {"name": "a", "t0": 1.5, "t1": -2.0, "t2": 3.25, "kind": "up"},
    {"name": "b", "t0": 0.1, "t1": 7.0, "t2": 1e-7, "kind": "down"},
]


def _written(folder: Path, ending: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"rows{ending}"
    if ending == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif ending == ".feather":
        pl.DataFrame(rows).write_ipc(path)
    else:
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".jsonl"])
def test_columns_are_steps(tmp_path: Path, ending: str) -> None:
    cases = read_csv(_written(tmp_path, ending, ROWS), label="last", id="name")
    assert cases.values.tolist() == [[[1.5, -2.0, 3.25]], [[0.1, 7.0, 1e-7]]]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["up", "down"]
    assert cases.ids.tolist() == ["a", "b"]
    assert cases.columns == ("t0", "t1", "t2")


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
def test_lists_are_as_many_columns(tmp_path: Path, ending: str) -> None:
    values = np.arange(15.0).reshape(3, 5)
    rows = [{"label": f"c{n}", "trace": row} for n, row in enumerate(values.tolist())]
    cases = read_csv(_written(tmp_path, ending, rows))
    assert cases.values[:, 0].tolist() == values.tolist()
    assert cases.columns[1] == "trace 1"


def test_lists_of_unequal_lengths_are_refused(tmp_path: Path) -> None:
    rows = [{"label": "a", "trace": [1, 2]}, {"label": "b", "trace": [1]}]
    with pytest.raises(DataError, match="row 2: 'trace' has 1 values, that of the first row 2"):
        read_csv(_written(tmp_path, ".jsonl", rows))


def test_missing_values_are_missing(tmp_path: Path) -> None:
    path = _written(tmp_path, ".jsonl", [{**ROWS[0], "t1": None}, ROWS[1]])
    with pytest.raises(DataError, match="missing"):
        read_csv(path, label="last", id="name")
    cases = read_csv(path, label="last", id="name", missing="interpolate")
    assert cases.values[0, 0].tolist() == [1.5, 2.375, 3.25]


def test_an_encoding_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("größe –,a,b\nklein,1,2\ngroß,3,5\n".encode("cp1252"))
    with pytest.raises(DataError, match="cp1252"):
        read_csv(path)
    cases = read_csv(path, encoding="cp1252")
    assert cases.labels is not None
    assert cases.labels.tolist() == ["klein", "groß"]


def test_a_column_of_names_is_offered_as_id(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("kind,trace,a,b\nup,x1,1,2\ndown,x2,3,5\nup,x3,3,4\n")
    with pytest.raises(DataError, match="'x1' is not a number.*pass id='trace', or pass ignore"):
        read_csv(path)
