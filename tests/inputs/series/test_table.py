from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data import Cases, read_table
from regard.errors import ConfigError, DataError

TOY = """case,time,label,x,y
b,1,left,1,10
a,2,right,2,20
b,0,left,3,30
a,-1,right,4,40
b,10,left,5,50
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "toy.csv"


def reading(file: Path, content: str, **options: Any) -> Cases:
    file.write_text(content)
    return read_table(file, **options)


def refusal(file: Path, content: str, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        reading(file, content, **options)
    return str(caught.value).replace(str(file), "toy.csv")


def labels_of(cases: Cases) -> list[str]:
    assert cases.labels is not None
    return [str(label) for label in cases.labels]


def test_rows_are_sorted_by_case_and_time(file: Path) -> None:
    cases = reading(file, TOY)
    assert cases.values.tolist() == [[[3, 1, 5], [30, 10, 50]], [[4, 2, 0], [40, 20, 0]]]
    assert cases.lengths.tolist() == [3, 2]
    assert cases.ids.tolist() == ["b", "a"]
    assert labels_of(cases) == ["left", "right"]
    assert cases.channels == ("x", "y")


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_other_separators(file: Path, separator: str) -> None:
    assert reading(file, TOY.replace(",", separator)).values.shape == (2, 2, 3)


def test_columns_can_be_named_and_chosen(file: Path) -> None:
    content = "\ufeff" + TOY.replace("case,time,label", "machine,when,state")
    cases = reading(file, content, case="machine", time="when", label="state", channels=["y", "x"])
    assert cases.channels == ("y", "x")
    assert cases.values[0].tolist() == [[30, 10, 50], [3, 1, 5]]


def test_without_labels(file: Path) -> None:
    cases = reading(file, TOY, label=None, channels=["x"])
    assert cases.labels is None
    assert reading(file, "case,time,x\n1,0,2\n", label=None).channels == ("x",)


def test_ids_are_whole_numbers_only_when_all_are_written_so(file: Path) -> None:
    content = "case,time,label,x\n{},0,a,1\n12,0,b,2\n"
    assert reading(file, content.format("7")).ids.tolist() == [7, 12]
    assert reading(file, content.format("007")).ids.tolist() == ["007", "12"]


def test_times_are_compared_as_what_they_are(file: Path) -> None:
    def order(*times: str) -> list[float]:
        rows = "".join(f"a,{time},l,{at}\n" for at, time in enumerate(times))
        values = reading(file, "case,time,label,x\n" + rows).values
        return [float(value) for value in values.ravel()]

    assert order("10", "9", "-1") == [2, 1, 0]
    assert order("1.5", "0.25", "1e-3") == [2, 1, 0]
    assert order("1700000000000000001", "1700000000000000000") == [1, 0]
    assert order("2024-10-01", "2024-09-30") == [1, 0]
    assert order("2024-01-01 10:00:00", "2024-01-01 09:59:59") == [1, 0]
    assert order("2024-01-01T10:00:00Z", "2024-01-01T09:59:59Z") == [1, 0]
    assert order("10:00:00", "09:59:59") == [1, 0]


def test_gaps_are_named_or_filled(file: Path) -> None:
    content = "case,time,label,x\na,2,l,5\na,1,l,NA\na,0,l,1\n\na,3,l,\n"
    assert refusal(file, content) == (
        "toy.csv, row 3, column 'x': the value is missing (NaN); also row 6, column 'x'; "
        "pass missing='interpolate'"
    )
    assert reading(file, content, missing="interpolate").values.tolist() == [[[1, 3, 5, 5]]]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "y,case,time,label,",
            "toy.csv: column 5 has no name; name it, leave it out, or name the channels",
        ),
        ("x,case,time,label,x", "toy.csv: column 5 is a second one named 'x'"),
    ],
)
def test_columns_without_names_of_their_own_are_no_channels(
    file: Path, header: str, message: str
) -> None:
    content = header + "\n0,a,0,l" + ",1" * (header.count(",") - 3) + "\n"
    assert refusal(file, content) == message


def test_blank_rows_count_as_rows_of_the_file(file: Path) -> None:
    late = "\n\ncase,time,label,x\na,0,l,1\na,1,l"
    assert "row 5, column 'x': 'oops'" in refusal(file, late + ",oops\n")
    assert "row 5: 3 cells, the header has 4" in refusal(file, late + "\n")
    assert "row 4, column 'x': 'oops'" in refusal(
        file, "case,time,label,x\na,0,l,1\n\na,1,l,oops\n"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TOY + "b,2,left,oops,1\n", "row 7, column 'x': 'oops' is not a number"),
        (
            TOY.replace(",", ";") + 'b;2;left;"0,5";1\n',
            "row 7, column 'x': '0,5' is not a number; write decimals with a point",
        ),
        (
            TOY + "b,2,left,inf,1\n",
            "row 7, column 'x': the value is infinite (inf); wanted a finite number",
        ),
        (
            TOY + "b,1,left,2,1\n",
            "row 7, column 'time': '1' is already the time of row 2 of case 'b'",
        ),
        (
            TOY + "b,1.0,left,2,1\n",
            "row 7, column 'time': '1.0' is already the time of row 2 of case 'b'",
        ),
        (
            TOY + "b,2,right,2,1\n",
            "row 7, column 'label': case b has 'right' here and 'left' in its first "
            "row; wanted one label for each case",
        ),
        (TOY + "b,2,,2,1\n", "row 7, column 'label': the label is missing; pass missing='skip'"),
        (TOY + ",2,left,2,1\n", "row 7, column 'case' is empty"),
        (TOY + "b,,left,2,1\n", "row 7, column 'time' is empty"),
        (
            TOY + "b,soon,left,2,1\n",
            "row 7, column 'time': 'soon' is neither a number nor a date or time such as "
            "2024-12-31 or 2024-12-31T23:59:59",
        ),
    ],
)
def test_bad_cells_are_named(file: Path, content: str, message: str) -> None:
    assert refusal(file, content) == f"toy.csv, {message}"


def test_dates_that_could_be_read_two_ways_are_refused(file: Path) -> None:
    assert "row 2, column 'time': '01/02/2024' is neither" in refusal(
        file, "case,time,label,x\na,01/02/2024,l,1\na,13/02/2024,l,2\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"time": "tiem"},
            "toy.csv has no column 'tiem' (time); there are case, time, label, x, y; "
            "did you mean 'time'?",
        ),
        (
            {"case": "machine"},
            "toy.csv has no column 'machine' (case); choose one of case, time, label, x, y",
        ),
        (
            {"label": "klass"},
            "toy.csv has no column 'klass' (label); choose one of case, time, label, x, y",
        ),
        (
            {"channels": ["x", "z"]},
            "toy.csv has no column 'z' (channels); choose one of case, time, label, x, y",
        ),
    ],
)
def test_columns_that_are_not_there(file: Path, options: dict[str, Any], message: str) -> None:
    assert refusal(file, TOY, **options) == message


def test_channels_must_be_a_list(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"^channels: wanted a list of column names, given 'x'$"):
        reading(file, TOY, channels="x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "toy.csv is empty"),
        ("case,time,label,x\n", "toy.csv has a header and no rows"),
        ("case,time,label\na,0,l\n", "toy.csv has no columns beside 'case', 'time' and the label"),
        (
            "case,time,label,x\na,0,l,1\na,1,l\n",
            "toy.csv, row 3: 3 cells, the header has 4",
        ),
        (
            "case,time,label,x\na,0,l,1\na,1,l,2,3\n",
            "toy.csv, row 3: 5 cells, the header has 4",
        ),
    ],
)
def test_tables_of_another_shape(file: Path, content: str, message: str) -> None:
    assert refusal(file, content) == message


def shuffled_frame() -> tuple[pl.DataFrame, Any]:
    """7 cases of 3 channels and 11 steps as a table in random order, and their values."""
    generator = np.random.default_rng(5)
    values = generator.normal(size=(7, 3, 11))
    frame = pl.DataFrame(
        {
            "case": np.repeat(np.arange(7) * 3, 11),
            "time": [datetime(2024, 1, 1) + timedelta(hours=t) for t in range(11)] * 7,
            "label": np.repeat(np.arange(7) % 2 == 0, 11),
            **{name: values[:, c].ravel() for c, name in enumerate("xyz")},
        }
    )
    return frame[generator.permutation(len(frame))], values


def test_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    frame, values = shuffled_frame()
    frame.write_csv(tmp_path / "toy.csv")
    frame.write_parquet(tmp_path / "toy.parquet")
    for name in ("toy.csv", "toy.parquet"):
        cases = read_table(tmp_path / name)
        assert cases.ids.tolist() == list(dict.fromkeys(frame["case"].to_list()))
        np.testing.assert_array_equal(cases.values, values[cases.ids // 3])
        wanted = ["true" if case % 6 == 0 else "false" for case in cases.ids]
        assert labels_of(cases) == wanted


def test_parquet_labels_and_types(tmp_path: Path) -> None:
    file = tmp_path / "toy.parquet"
    frame = pl.DataFrame(
        {"case": ["a", "b"], "time": [1, 1], "label": [1.0, 2.0], "x": [3, None], "y": ["4", "5"]}
    )
    frame.write_parquet(file)
    cases = read_table(file, channels=["y"])
    assert labels_of(cases) == ["1", "2"]
    assert cases.values.ravel().tolist() == [4, 5]
    with pytest.raises(DataError, match=r"row 2, column 'x': the value is missing"):
        read_table(file)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("x", [datetime(2024, 1, 1)], r"column 'x' holds Datetime\(.*\); wanted numbers$"),
        ("case", [[1, 2]], r"column 'case' holds List\(Int64\); wanted one value a row$"),
        ("time", [True], r"column 'time' holds Boolean; wanted numbers or dates$"),
        ("time", [float("nan")], r"row 1, column 'time' is empty$"),
    ],
)
def test_parquet_columns_of_another_type(
    tmp_path: Path, column: str, values: list[Any], message: str
) -> None:
    columns: dict[str, Any] = {"case": ["a"], "time": [1], "label": ["l"], "x": [1.0]}
    pl.DataFrame({**columns, column: values}).write_parquet(tmp_path / "toy.parquet")
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "toy.parquet")


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    file = tmp_path / "toy.parquet"
    shuffled_frame()[0].write_parquet(file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"toy\.parquet cannot be read as a table: "):
        read_table(file)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["Unnamed: 0", "index", ""])
def test_the_index_of_a_data_frame_is_no_channel(tmp_path: Path, suffix: str, name: str) -> None:
    frame = pl.read_csv(TOY.encode()).with_row_index(name)
    path = tmp_path / f"toy.{suffix}"
    frame.write_csv(path) if suffix == "csv" else frame.write_parquet(path)
    cases = read_table(path)
    assert cases.channels == ("x", "y")
    shown = f"{name!r} " if name else ""
    assert cases.notes == (f"the first column {shown}counts the rows and is left out",)
    if name:
        assert read_table(path, channels=[name, "x"]).channels == (name, "x")
        assert read_table(path, time=name).channels == ("time", "x", "y")
