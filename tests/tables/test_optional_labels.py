"""Labels that a file of new cases may have or not, told while it is read once."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.errors import ConfigError, DataError
from regard.inputs.series.cases import Cases
from regard.inputs.series.new import Columns, read_new
from regard.inputs.text.files import read_new_texts
from regard.inputs.text.texts import Texts
from regard.tables.frames import Table


class _Data:
    kind, case, time, label, missing = "csv", "case", "time", "label", "interpolate"

    def model_dump(self, include: set[str]) -> dict[str, Any]:
        return {}


def _series(path: Path, text: str, labelled: bool | None = None) -> Cases:
    path.write_text(text)
    return read_new(
        path,
        _Data(),
        targets=None,
        channels=("channel 0",),
        columns=Columns(),
        steps=(3, 3),
        labelled=labelled,
    )


def _texts(path: Path, labelled: bool | None = None, encoding: str = "utf-8") -> Texts:
    options: dict[str, Any] = {"text": "text", "label": "label", "id": None}
    return read_new_texts(path, **options, encoding=encoding, labelled=labelled)


def _labels(found: Cases | Texts) -> list[Any] | None:
    return None if found.labels is None else found.labels.tolist()


def test_columns_with_something_in_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("case,label,x\na,,1\nb,,\n")
    assert Table.open(path).filled == {"case", "x"}
    frame = pl.DataFrame({"text": ["a", "b"], "label": [None, None], "half": [None, "c"]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert Table.open(tmp_path / "a.parquet").filled == {"text", "half"}


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        (['{"text": "a", "label": null}', "", '{"text": "b", "more": 0}'], None),
        (['{"text": "a"}', '{"text": "b"}'], None),
        (['{"text": "a", "label": 1}', '{"text": "b", "label": "x"}'], ["1", "x"]),
    ],
)
def test_lines_of_json(tmp_path: Path, rows: list[str], labels: list[str] | None) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(rows))
    found = _texts(path)
    assert found.texts == ("a", "b")
    assert _labels(found) == labels
    assert _texts(path, labelled=False).labels is None


def test_lines_of_json_of_which_some_have_a_label(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "label": "x"}\n{"text": "b"}\n')
    assert _labels(_texts(path)) == ["x", ""]


def test_tables_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\ncafé,\n".encode("latin-1"))
    assert _texts(path, encoding="latin-1").labels is None
    with pytest.raises(ConfigError, match="encoding: no 'latn'"):
        _texts(path, encoding="latn")
    assert _labels(_texts(path, labelled=True, encoding="latin-1")) == [""]
    with pytest.raises(DataError, match=r"b.csv: there is no such file"):
        _texts(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a,1,2,3\nb,4,5,6\n", ["a", "b"]),
        ("label,t0,t1,t2\na,1,2,3\nb,4,5,6\n", ["a", "b"]),
        ("label,0,1,2\na,1,2,3\nb,4,5,6\n", ["a", "b"]),
        ("1,2,3\n4,5,6\n", None),
        ("t0,t1,t2\n1,2,3\n4,5,6\n", None),
        ("what was,measured\n1,2,3\n4,5,6\n", None),  # two cells, above three columns
    ],
)
def test_rows_of_series(tmp_path: Path, text: str, labels: list[str] | None) -> None:
    found = _series(tmp_path / "a.csv", text)
    np.testing.assert_array_equal(found.values[:, 0], [[1, 2, 3], [4, 5, 6]])
    assert _labels(found) == labels


def test_a_first_value_that_is_missing_is_no_label(tmp_path: Path) -> None:
    found = _series(tmp_path / "a.csv", "nan,2,3\n4,5,6\n")
    assert found.labels is None
    np.testing.assert_array_equal(found.values[:, 0], [[np.nan, 2, 3], [4, 5, 6]])


def test_a_single_row(tmp_path: Path) -> None:
    assert _series(tmp_path / "a.csv", "1,2,3\n").labels is None
    assert _labels(_series(tmp_path / "b.csv", "a,1,2,3\n")) == ["a"]
    with pytest.raises(DataError, match="has 2 columns; .* or 4 with a label first; pass"):
        _series(tmp_path / "c.csv", "1,2\n")
    assert _series(tmp_path / "c.csv", "1,2\n", labelled=False).labels is None
