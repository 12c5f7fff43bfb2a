from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import read_csv
from regard.errors import ConfigError, DataError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waves.csv"


def refusal(file: Path, content: str | bytes, **options: Any) -> str:
    """The error's message, without the folder of the file."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        read_csv(file, **options)
    return str(caught.value).replace(str(file), "waves.csv")


@pytest.mark.parametrize("mark", [",", "\t", ";", " ", "   "])
def test_every_delimiter_is_found(file: Path, mark: str) -> None:
    rows = [["up", "1", "2.5", "3e0"], ["down", "-1", "+.5", "-3E-1"]]
    file.write_text("\n".join(mark.join(row) for row in rows) + "\n")
    cases = read_csv(file)
    assert cases.values.tolist() == [[[1, 2.5, 3]], [[-1, 0.5, -0.3]]]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["up", "down"]
    assert cases.lengths.tolist() == [3, 3]
    assert cases.lengths.dtype == np.int64


def test_numbers_are_read_to_the_last_bit(file: Path) -> None:
    values = np.random.default_rng(0).normal(size=(7, 13)) * 10.0 ** np.arange(-6, 7)
    file.write_text("\n".join("x," + ",".join(map(repr, row.tolist())) for row in values))
    assert (read_csv(file).values[:, 0] == values).all()


def test_leading_blanks_of_old_archives_are_no_cells(file: Path) -> None:
    file.write_text("   1.0000000e+00  -2.0e-01   3.0e+00\n   2.0000000e+00   5.0e+00   7.0e+00\n")
    cases = read_csv(file)
    assert cases.values.tolist() == [[[-0.2, 3]], [[5, 7]]]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        # The UCR archive prints classes as it prints values.
        ("1.0000000e+00 -1.0000000e+00 1.2000000e+01", "1 -1 12"),
        ("0.000000 1.000000 10.000000", "0 1 10"),
        # A data frame writes integers with a point where one is missing.
        ("1.0 1 -1.0 fault", "1 1 -1 fault"),
        # All else is text, and two texts are two classes.
        ("1E2 100 1e2 0e1 0e2 +1 007 7", "1E2 100 1e2 0e1 0e2 +1 007 7"),
        ("1.0000000e+00 2.0e+00", "1.0000000e+00 2.0e+00"),
        ("1.50 2.00", "1.50 2.00"),
        ("1.0e+00 0.1e+01 2.0e+00", "1.0e+00 0.1e+01 2.0e+00"),
        ("1.00 1 2.00", "1.00 1 2.00"),
        ("-0.0 0.0", "-0.0 0"),
    ],
)
def test_labels_that_look_like_numbers_are_not_merged(file: Path, given: str, labels: str) -> None:
    file.write_text("\n".join(f"{label},1,2" for label in given.split()))
    found = read_csv(file).labels
    assert found is not None
    assert found.dtype.kind == "U"
    assert found.tolist() == labels.split()


def test_files_without_labels(file: Path) -> None:
    file.write_text("1,2,3\n4,5,6\n")
    cases = read_csv(file, label="none")
    assert cases.labels is None
    assert cases.values.tolist() == [[[1, 2, 3]], [[4, 5, 6]]]


def test_mark_of_order_line_endings_and_blank_rows(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfa,1,2\r\n\r\nb,3,4\rc,5,6\r\n   \r\n")
    cases = read_csv(file)
    assert cases.values.tolist() == [[[1, 2]], [[3, 4]], [[5, 6]]]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["a", "b", "c"]


def test_quoted_cells(file: Path) -> None:
    file.write_text('"left, up",1,"2"\n"say ""no""",3,4\n')
    cases = read_csv(file)
    assert cases.values.tolist() == [[[1, 2]], [[3, 4]]]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["left, up", 'say "no"']
    assert "row 2" in refusal(file, 'a,1,2\n"b,3,4\n')


@pytest.mark.parametrize("header", ["label,t0,t1", ",first,second", "Class,0,1", "y,1,2"])
def test_a_header_is_skipped(file: Path, header: str) -> None:
    file.write_text(f"{header}\na,5,6\nb,7,8\n")
    cases = read_csv(file)
    assert cases.values.tolist() == [[[5, 6]], [[7, 8]]]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["a", "b"]


@pytest.mark.parametrize("label", ["up", "1"])
def test_a_first_series_that_counts_is_no_header(file: Path, label: str) -> None:
    file.write_text(f"{label},0,1\na,5,6\n")
    assert read_csv(file).values.tolist() == [[[0, 1]], [[5, 6]]]


def test_rows_keep_the_numbers_of_the_editor_below_a_header(file: Path) -> None:
    assert "row 4, column 3" in refusal(file, "label,t0,t1\na,1,2\n\nb,3,x\n")
    assert "row 4, column 3" in refusal(file, "label,0,1\na,1,2\n\nb,3,inf\n")


def test_gaps_are_filled_when_asked(file: Path) -> None:
    file.write_text("a,1,,3\nb,NaN,5,n/a\nc,?,null,7\n")
    cases = read_csv(file, missing="interpolate")
    assert cases.values.tolist() == [[[1, 2, 3]], [[5, 5, 5]], [[7, 7, 7]]]


@pytest.mark.parametrize("mark", ["", "NaN", "nan", "NA", " ", "?", "None"])
def test_gaps_are_refused_with_their_place(file: Path, mark: str) -> None:
    assert refusal(file, f"a,1,2\nb,3,4\nc,5,{mark}\n") == (
        "waves.csv, row 3, column 3: the value is missing (NaN); pass missing='interpolate'"
    )


def test_places_have_no_label_to_count_where_there_is_none(file: Path) -> None:
    assert "row 2, column 1: " in refusal(file, "1,2\nNaN,4\n", label="none")
    assert "row 2, column 1: " in refusal(file, "1,2\nx,4\n", label="none")


@pytest.mark.parametrize("missing", ["refuse", "interpolate"])
@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e999"])
def test_infinities_are_refused(file: Path, missing: str, text: str) -> None:
    assert refusal(file, f"a,1,{text}\n", missing=missing) == (
        "waves.csv, row 1, column 3: the value is infinite (inf); wanted a finite number"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a,1,2,3\nb,4,5\n",
            "waves.csv, row 2: 2 values, row 1 has 3; "
            "series of unequal lengths belong in a .ts file or a table",
        ),
        (
            "a,1,2,3\n\nb,4,5,6,7\n",
            "waves.csv, row 3: 4 values, row 1 has 3; "
            "series of unequal lengths belong in a .ts file or a table",
        ),
        ("a,1,2\nb,3,four\n", "waves.csv, row 2, column 3: 'four' is not a number"),
        ("a,1,2\nb,3,1_000\n", "waves.csv, row 2, column 3: '1_000' is not a number"),
        ("a,one,2\n", "waves.csv, row 1, column 2: 'one' is not a number"),
        (
            "a;1;2\nb;3;0,5\n",
            "waves.csv, row 2, column 3: '0,5' is not a number; write decimals with a point",
        ),
        (
            "a,1,2\n,3,4\n",
            "waves.csv, row 2: the label is missing; pass missing='skip'",
        ),
        ("a\nb\n", "waves.csv, row 1 has a label and no values"),
        ("label,t0,t1\n", "waves.csv has a header and no series"),
        ("", "waves.csv is empty"),
        (" \n\n", "waves.csv is empty"),
        (
            b"a,1,2\nb\xe9,3,4\n",
            "waves.csv, row 2: byte 0xe9 is not UTF-8 text; pass encoding='latin-1'",
        ),
    ],
)
def test_what_cannot_be_read_is_named(file: Path, content: str | bytes, message: str) -> None:
    assert refusal(file, content) == message


def test_long_texts_are_cut_in_messages(file: Path) -> None:
    message = refusal(file, "a,1,2\nb,3," + "x" * 1000 + "\n")
    assert message.endswith("'" + "x" * 37 + "...' is not a number")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: there is no such file$"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"is a folder; wanted a file$"):
        read_csv(tmp_path)


def test_unknown_choices_are_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"^missing: no 'drop'; choose one of"):
        read_csv(file, missing="drop")  # type: ignore[arg-type]
