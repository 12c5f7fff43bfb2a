"""Numbers to predict: from labels of every kind, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import Cases, as_cases, read_csv, read_npz, read_table
from regard.errors import ConfigError, DataError
from regard.outputs.numbers.targets import target_names, targets_of


def _cases(labels: Any, **options: Any) -> Cases:
    return Cases(np.zeros((len(labels), 1, 5)), np.full(len(labels), 5), labels, **options)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.array([1.5, -2.0, 7.0]), [[1.5], [-2.0], [7.0]]),
        (np.array([3, 4, 5]), [[3.0], [4.0], [5.0]]),
        (np.array(["1.5", "-2", "1e3"]), [[1.5], [-2.0], [1000.0]]),
        (np.array([1, 2.5, True], dtype=object), [[1.0], [2.5], [1.0]]),
        (np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    ],
)
def test_labels_become_numbers(labels: Any, expected: list[list[float]]) -> None:
    numbers = targets_of(_cases(labels))
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, expected)


def test_targets_are_called_as_the_source_calls_them() -> None:
    assert target_names(_cases(np.zeros(3))) == ("target",)
    assert target_names(_cases(np.zeros((3, 1)))) == ("target",)
    assert target_names(_cases(np.zeros((3, 2)))) == ("target 0", "target 1")
    assert target_names(_cases(np.zeros((3, 2)), targets=("a", "b"))) == ("a", "b")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array(["1", "left"]), r"case 1: the target 'left' is not a number; for classes take"),
        (np.array([1.0, np.nan]), r"case 1: the target is nan; wanted a finite number"),
        (np.array(["1", "inf"]), r"case 1: the target is inf; wanted a finite number"),
        (np.array([[1.0, 2.0], [3.0, -np.inf]]), r"case 1: the target is \[  ?3. -inf\]; wanted"),
    ],
)
def test_what_is_no_number_is_named(labels: Any, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        targets_of(_cases(labels))
    with pytest.raises(DataError, match="^a.csv, " + message):
        targets_of(_cases(labels), source="a.csv")


def test_no_targets() -> None:
    cases = Cases(np.zeros((2, 1, 3)), np.full(2, 3))
    with pytest.raises(DataError, match="^the cases have no targets$"):
        targets_of(cases)
    with pytest.raises(DataError, match="^a.csv: has no targets$"):
        targets_of(cases, source="a.csv")


# From Python.


def test_targets_from_python() -> None:
    X = np.zeros((3, 1, 5))
    assert as_cases(X, [1, 2, 3], targets=True).labels.dtype == np.float64  # type: ignore[union-attr]
    several = as_cases(X, [[1, 2], [3, 4], [5, 6]], targets=True).labels
    np.testing.assert_array_equal(several, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b", "c"], "y: could not convert string to float: 'a'"),
        ([1.0, np.nan, 2.0], "y, case 1: the target is missing"),
        ([1.0, np.inf, 2.0], "y: Input y contains infinity"),
        ([1.0, 2.0], "y has 2 labels, X has 3 cases; wanted one for each"),
        (np.zeros((3, 2, 2)), "y: Found array with dim 3"),
    ],
)
def test_targets_from_python_that_cannot_be_learned(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_cases(np.zeros((3, 1, 5)), y, targets=True)


# From files.


@pytest.mark.parametrize(
    "header", ["", "price,a,b,c\n", "price,0,1,2\n", "y,1,2,3\n", "target,t0,t1,t2\n"]
)
def test_a_csv_with_a_number_first(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}1.5,1,2,4\n-2e3,4,5,6\n")
    cases = read_csv(path, targets=1)
    np.testing.assert_array_equal(cases.labels, [1.5, -2000.0])
    np.testing.assert_array_equal(cases.values[:, 0], [[1, 2, 4], [4, 5, 6]])


@pytest.mark.parametrize("header", ["", "low,high,a,b,c\n", "low,high,0,1,2\n"])
def test_a_csv_with_several_numbers_first(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}1.5,7,1,2,4\n-2e3,8,4,5,6\n")
    cases = read_csv(path, targets=2)
    np.testing.assert_array_equal(cases.labels, [[1.5, 7], [-2000.0, 8]])
    np.testing.assert_array_equal(cases.values[:, 0], [[1, 2, 4], [4, 5, 6]])
    assert read_csv(path, targets=2, label="none").labels is None if not header else True


def test_a_row_that_counts_is_no_header_where_its_target_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("5,0,1,2\n6,1,2,3\n")
    assert len(read_csv(path, targets=1)) == 2


@pytest.mark.parametrize(
    ("rows", "targets", "message"),
    [
        ("1,2,3\nlow,5,6\n", 1, "a.csv, row 2, column 1: 'low' is not a number"),
        ("1,2,3\n,5,6\n", 1, "a.csv, row 2: the target is missing"),
        ("1,2,3,4\n1,inf,5,6\n", 2, "a.csv, row 2, column 2: the target is infinite"),
        ("1,2\n3,4\n", 2, "a.csv, row 1 has targets and no values"),
        ("1,2,3\n", -1, "targets"),
    ],
)
def test_a_csv_without_its_numbers(tmp_path: Path, rows: str, targets: int, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(rows)
    with pytest.raises((ConfigError, DataError), match=message):
        read_csv(path, targets=targets)


@pytest.mark.parametrize(
    "y", [np.array([1, 2, 3]), np.array([1.5, 2, 3]), np.arange(6).reshape(3, 2)]
)
def test_an_archive_with_numbers(tmp_path: Path, y: Any) -> None:
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 2, 5)), y=y)
    labels = read_npz(tmp_path / "a.npz", targets=True).labels
    assert labels is not None
    assert labels.dtype == np.float64
    np.testing.assert_array_equal(labels, y)


def test_an_archive_with_whole_numbers_has_classes_where_none_are_to_predict(
    tmp_path: Path,
) -> None:
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 2, 5)), y=[1, 2, 3])
    labels = read_npz(tmp_path / "a.npz").labels
    assert labels is not None
    assert labels.tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array(["a", "b", "c"]), "y holds <U1; wanted numbers to predict"),
        (np.array([1, 2]), r"y has the shape \[2\]; wanted \[3\] or \[3, targets\], as X"),
        (np.zeros((3, 0)), r"y has the shape \[3, 0\]; wanted \[3\] or \[3, targets\], as X"),
        (np.array([[1.0], [2.0], [np.inf]]), r"y\[2\] is \[inf\]; wanted a finite number"),
    ],
)
def test_an_archive_without_its_numbers(tmp_path: Path, y: Any, message: str) -> None:
    np.savez(tmp_path / "a.npz", X=np.zeros((3, 2, 5)), y=y)
    with pytest.raises(DataError, match="a.npz: " + message):
        read_npz(tmp_path / "a.npz", targets=True)


TABLE = "case,time,low,high,x\na,0,1,2,7\na,1,1,2,8\nb,0,3,4,9\n"


def test_a_table_with_columns_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    cases = read_table(path, label=("high", "low"))
    np.testing.assert_array_equal(cases.labels, [[2, 1], [4, 3]])
    assert cases.targets == target_names(cases) == ("high", "low")
    assert cases.channels == ("x",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a,1,1", "a,1,5", "row 3, column 'low': case a has 5 here and 1 in its first row; wanted"),
        ("b,0,3", "b,0,", "row 4, column 'low': the target is missing"),
        ("b,0,3", "b,0,x", "row 4, column 'low': 'x' is not a number"),
        ("low", "lo", "has no column 'low'.*did you mean 'lo'"),
    ],
)
def test_a_table_without_its_numbers(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(DataError, match="a.csv.*" + message):
        read_table(path, label=["low"])
