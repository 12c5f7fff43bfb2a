"""The mark between cells, and files whose cells contain the other marks."""

from pathlib import Path

import numpy as np
import pytest

from regard.data import read_csv, read_texts
from regard.tables.frames import Table
from regard.tables.separators import find_separator


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a,b\n1,2\n", ","),
        ("\n\na\tb\n1,5\t2;5\n", "\t"),
        ("a;b\n1,5;2,5\n3;4\n", ";"),
        ("1,5;2,5\n3,5;4,5\n", ";"),  # both divide all rows: decimal commas
        ("heat (C; mean),load\n1,2\n3,4\n", ","),
        ('"a;b;c",d\n"1;2",3\n', ","),
        ('"a,b",c;d\n"1,2";3\n4;5\n', ";"),
        ("text,label\nfine; good; so,up\nbad,down\n", ","),
        ("text;label\nfine, good, so;up\nbad;down\n", ";"),
        ('text,label\n"two\nlines; here",up\n', ","),
        ("a,b,c\n1,2\n3\n", ","),  # ragged rows, which readers refuse
        ("1 2 3\n4 5 6\n", None),
        ("text\nno, not\n", None),
        ("", None),
    ],
)
def test_the_mark(text: str, mark: str | None) -> None:
    assert find_separator(text) == mark


def test_a_row_that_no_reader_takes_ends_the_look(tmp_path: Path) -> None:
    assert find_separator('a;b\n1;2\n"' + "x," * 140_000) == ";"


def test_a_semicolon_in_the_header_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("heat (C; mean),load\n21.5,3\n22.5,4\n")
    assert Table.open(path).numbers(["heat (C; mean)"]).tolist() == [[21.5], [22.5]]
    path.write_text("text,label (a; b)\nfine; good,up\nbad,down\n")
    assert read_texts(path, label="label (a; b)").texts == ("fine; good", "bad")


def test_a_semicolon_in_the_header_of_series(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,heat (C; mean),load\nup,1,2\ndown,3,4\n")
    np.testing.assert_array_equal(read_csv(path).values[:, 0], [[1, 2], [3, 4]])
