"""Tables of predictions, read again by polars and by Python."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.errors import ConfigError
from regard.runs import TABLES, check_suffix, print_table, write_lines, write_table

COLUMNS: dict[str, Any] = {
    "case": np.array(["T-1", "ü, 2", "3"]),
    "share": np.array([0.25, np.nan, 1.0]),
    "n": [np.int64(3), None, 5],
    "day": np.array(["2024-05-30", "2024-05-31", "2024-06-01"], "datetime64[D]"),
}
ROWS: list[dict[str, Any]] = [
    {"case": "T-1", "share": 0.25, "n": 3, "day": date(2024, 5, 30)},
    {"case": "ü, 2", "share": None, "n": None, "day": date(2024, 5, 31)},
    {"case": "3", "share": 1.0, "n": 5, "day": date(2024, 6, 1)},
]
TEXTS = [{k: "" if v is None else str(v) for k, v in row.items()} for row in ROWS]


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ","), ("a.TSV", "\t")])
def test_delimited(tmp_path: Path, name: str, mark: str) -> None:
    write_table(tmp_path / name, COLUMNS)
    with (tmp_path / name).open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file, delimiter=mark)) == TEXTS


def test_a_printed_table_is_csv() -> None:
    file = io.StringIO()
    print_table(file, COLUMNS)
    assert list(csv.DictReader(file.getvalue().splitlines())) == TEXTS
    assert "\r" not in file.getvalue()


def test_parquet_has_types_and_nulls(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", COLUMNS)
    frame = pl.read_parquet(tmp_path / "a.parquet")
    assert frame.schema == {"case": pl.String, "share": pl.Float64, "n": pl.Int64, "day": pl.Date}
    assert frame.to_dicts() == ROWS


def test_json_lines(tmp_path: Path) -> None:
    write_table(tmp_path / "a.jsonl", COLUMNS)
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{**row, "day": str(row["day"])} for row in ROWS]
    assert "ü" in lines[1]


def test_lines_are_as_many_as_texts(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.txt", ["Zwei Hunde.", None, "", "über\nzwei  Zeilen", "x"])
    written = (tmp_path / "a.txt").read_bytes().decode()
    assert written == "Zwei Hunde.\n\n\nüber zwei Zeilen\nx\n"


@pytest.mark.parametrize("name", ["p.xlsx", "p", "p.csv.gz", "p.json"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    given = f"'{Path(name).suffix}'" if "." in name else "no ending"
    with pytest.raises(ConfigError) as caught:
        write_table(tmp_path / name, COLUMNS)
    assert str(caught.value) == (
        f"{tmp_path / name}: wanted a name that ends in .csv, .tsv, .parquet or .jsonl, "
        f"given {given}"
    )
    assert not list(tmp_path.iterdir())
    assert check_suffix(Path("a/b.PARQUET"), TABLES) == ".parquet"
