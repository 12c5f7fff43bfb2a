"""Headers, indexes, and columns by name of files with one series a row."""

import csv
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from regard.config import resolve_config
from regard.data import Cases, load, read_csv
from regard.errors import DataError
from regard.inputs.series.new import Columns, read_new
from regard.jobs import load_parts, predict, train

STEPS = 7
VALUES = np.random.default_rng(0).normal(size=(11, STEPS)).round(3)
CLASSES = ["up", "down"] * 5 + ["up"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waves.csv"


def written(file: Path, names: list[Any], labels: list[Any] | None, **options: Any) -> Path:
    frame = pd.DataFrame(VALUES, columns=names)
    if labels is not None:
        frame.insert(0, options.pop("label", "kind"), labels)
    frame.to_csv(file, **{"index": False, **options})
    return file


def labels_of(cases: Cases) -> list[str]:
    assert cases.labels is not None
    return [str(each) for each in cases.labels.tolist()]


def refusal(file: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_csv(file, **options)
    return str(caught.value).replace(str(file), "waves.csv")


WAVELENGTHS = [1100.5 + 2.5 * at for at in range(STEPS)]
SQUARES = [at**2 for at in range(STEPS)]


@pytest.mark.parametrize("names", [range(STEPS), range(1, STEPS + 1), WAVELENGTHS, SQUARES])
@pytest.mark.parametrize("label", ["label", "class", "kind", ""])
def test_a_header_of_numbers_is_no_case(file: Path, names: Any, label: str) -> None:
    cases = read_csv(written(file, list(names), CLASSES, label=label))
    np.testing.assert_array_equal(cases.values[:, 0], VALUES)
    assert labels_of(cases) == CLASSES
    assert "the first row is read as a header" in cases.notes[0]


def test_columns_that_pandas_counts(file: Path) -> None:
    """Labels 0 and 1 in the column 0: only the order of the values shows the header."""
    labels = [int(label == "up") for label in CLASSES]
    frame = pd.DataFrame(np.column_stack([labels, VALUES]))
    frame.astype({0: int}).to_csv(file, index=False)
    cases = read_csv(file)
    np.testing.assert_array_equal(cases.values[:, 0], VALUES)
    assert labels_of(cases) == [str(each) for each in labels]


@pytest.mark.parametrize("names", [list(range(STEPS)), [f"t{at}" for at in range(STEPS)]])
def test_the_index_of_pandas_is_left_out(file: Path, names: list[Any]) -> None:
    cases = read_csv(written(file, names, CLASSES, index=True))
    np.testing.assert_array_equal(cases.values[:, 0], VALUES)
    assert labels_of(cases) == CLASSES
    assert cases.notes[-1] == "the first column counts the rows and is left out"
    again = pd.read_csv(file).to_csv(index=False)
    file.write_text(again)
    cases = read_csv(file)
    assert labels_of(cases) == CLASSES
    assert cases.notes[-1] == "the first column 'Unnamed: 0' counts the rows and is left out"


def test_an_index_of_numbers_to_predict_is_left_out(file: Path) -> None:
    targets = VALUES[:, 0].tolist()
    cases = read_csv(written(file, list(range(STEPS)), targets, index=True), targets=1)
    assert cases.labels is not None
    assert cases.labels.tolist() == targets


def test_a_first_series_in_order_is_asked_about(file: Path) -> None:
    rows = [[1, 0.0, 0.5, 1.0, 1.5, 2.0]]
    rows += [[n % 2, *VALUES[n, :5]] for n in range(11)]
    file.write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert refusal(file) == (
        "waves.csv, row 1 may be a header, as its numbers are in order (1, 0.0, 0.5, 1.0, 1.5, "
        "2.0), or the first series, labelled '1'; pass header=True, or pass header=False"
    )
    assert len(read_csv(file, header=False)) == 12
    assert len(read_csv(file, header=True)) == 11


def test_series_that_all_rise_have_no_header(file: Path) -> None:
    steps = np.arange(STEPS)
    rows = [["ab"[n % 2], *(steps * (n + 1)).tolist()] for n in range(11)]
    file.write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert len(read_csv(file)) == 11


def test_a_first_series_that_begins_with_a_gap_is_no_header(file: Path) -> None:
    file.write_text(",3,1,2\n4,1,2,1\n,2,1,2\n")
    cases = read_csv(file, label="none", missing="interpolate")
    assert cases.values[:, 0].tolist() == [[3, 3, 1, 2], [4, 1, 2, 1], [2, 2, 1, 2]]


def test_a_class_of_one_case_is_no_header(file: Path) -> None:
    file.write_text("left,3,1,2\n" + "up,1,2,1\ndown,2,1,2\n" * 3)
    assert len(read_csv(file)) == 7


def test_a_header_named_by_hand_is_one(file: Path) -> None:
    file.write_text("a,5,1\nb,2,3\n")
    assert len(read_csv(file, header=True)) == 1
    file.write_text("a,x,y\nb,2,3\n")
    assert "'x' is not a number" in refusal(file, header=False)


NAMES = [f"t{at}" for at in range(STEPS)]
COLUMNS = Columns(tuple(NAMES), ("kind",))
IDS = [f"machine {at}" for at in range(11)]


def whole(file: Path) -> pd.DataFrame:
    frame = pd.DataFrame(VALUES, columns=NAMES)
    frame.insert(2, "comment", "fine, so far")
    frame.insert(0, "machine", IDS)
    frame["kind"] = CLASSES
    frame.to_csv(file, index=False)
    return frame


def test_columns_by_name(file: Path) -> None:
    whole(file)
    cases = read_csv(file, label="kind", id="machine", ignore=["comment"])
    np.testing.assert_array_equal(cases.values[:, 0], VALUES)
    assert labels_of(cases) == CLASSES
    assert cases.ids.tolist() == IDS
    assert (cases.columns, cases.targets) == (tuple(NAMES), ("kind",))


def test_labels_at_the_end(file: Path) -> None:
    file.write_text("1,2,up\n3,4,down\n")
    assert labels_of(read_csv(file, label="last")) == ["up", "down"]
    assert refusal(file) == (
        "waves.csv, row 1, column 3: 'up' is not a number; the first column was taken as label; "
        "pass label='last'"
    )


def test_columns_of_text_are_told_once_with_what_was_assumed(file: Path) -> None:
    whole(file)
    said = refusal(file)
    assert "row 2, column 4: 'fine, so far' is not a number; the first column was taken as" in said
    assert "row 2, column 10: 'up' is not a number" in said
    assert "label='kind'" in said
    assert "ignore=['comment']" in said


def test_a_column_called_label_is_not_passed_over(file: Path) -> None:
    written(file, NAMES, None)
    frame = pd.read_csv(file).assign(label=[n % 2 for n in range(11)])
    frame.to_csv(file, index=False)
    assert refusal(file) == (
        "waves.csv has a column 'label', but 't0' is taken as label by its place; "
        "pass label='label'"
    )


def test_names_that_do_not_exist(file: Path) -> None:
    whole(file)
    assert "has no column 'kinds' (label); did you mean 'kind'?" in refusal(file, label="kinds")
    file.write_text("kind,a,a\nup,1,2\n")
    assert refusal(file, label="kind", ignore=["a"]) == (
        "waves.csv has 2 columns 'a' (ignore); rename one"
    )


def test_what_is_left_out_of_a_test_file_is_said(file: Path, tmp_path: Path) -> None:
    whole(file)
    test = tmp_path / "test.csv"
    pd.read_csv(file).replace({"t3": {VALUES[4, 3]: np.nan}}).to_csv(test, index=False)
    data = {"kind": "csv", "path": str(file), "test_path": str(test), "missing": "skip"}
    named = {"label": "kind", "id": "machine", "ignore": ["comment"]}
    parts = load_parts(resolve_config({"data": data | named}))
    assert parts.test.ids.tolist() == IDS[:4] + IDS[5:]
    assert parts.notes == ("test file: 1 of 11 cases is left out: missing values (row 6)",)


def new(file: Path, labelled: bool | None = None, columns: Columns = COLUMNS, **data: Any) -> Cases:
    options = {"label": "kind", "id": "machine", "ignore": ("comment",), "header": None, **data}
    section = SimpleNamespace(kind="csv", model_dump=lambda include: options, missing="refuse")
    return read_new(
        file,
        section,
        targets=None,
        channels=("channel 0",),
        columns=columns,
        steps=(STEPS, STEPS),
        labelled=labelled,
    )


def test_new_files_are_read_by_names(file: Path) -> None:
    frame = whole(file)
    for columns in (frame.columns, frame.columns[::-1], [*NAMES, "machine"], NAMES):
        frame[columns].to_csv(file, index=False)
        cases = new(file)
        np.testing.assert_array_equal(cases.values[:, 0], VALUES)
        assert (cases.labels is not None) == ("kind" in columns)
        assert cases.ids.tolist() == (IDS if "machine" in columns else list(range(11)))
    frame.drop(columns="t3").to_csv(file, index=False)
    with pytest.raises(DataError, match=r"has no column 't3' \(a step of the series trained on\)"):
        new(file)


def test_an_empty_column_of_labels_is_none_unless_the_user_says_so(file: Path) -> None:
    whole(file).assign(kind="").to_csv(file, index=False)
    assert new(file).labels is None
    assert labels_of(new(file, labelled=True)) == [""] * 11


def test_ids_are_not_counted_where_names_of_steps_are_the_same(file: Path) -> None:
    written(file, ["v"] * STEPS, CLASSES)
    rows = zip(["machine", *IDS], file.read_text().splitlines(), strict=True)
    file.write_text("\n".join(",".join(row) for row in rows))
    cases = new(file, columns=Columns((), ("kind",)), label="first", ignore=())
    assert cases.columns == ()
    np.testing.assert_array_equal(cases.values[:, 0], VALUES)
    assert labels_of(cases) == CLASSES
    assert cases.ids.tolist() == IDS


def test_new_files_without_a_header_are_read_by_their_width(file: Path) -> None:
    np.savetxt(file, VALUES, delimiter=",", fmt="%.3f")
    cases = new(file)
    np.testing.assert_array_equal(cases.values[:, 0], VALUES)
    assert cases.labels is None


def test_a_test_file_in_another_order_is_put_in_order(file: Path, tmp_path: Path) -> None:
    frame = whole(file)
    other = tmp_path / "test.csv"
    frame[[*NAMES[::-1], "kind", "machine", "comment"]].to_csv(other, index=False)
    given: Any = {"label": "kind", "id": "machine", "ignore": ["comment"]}
    _, test = load("csv", path=file, test_path=other, **given)
    assert test is not None
    np.testing.assert_array_equal(test.values[:, 0], VALUES)
    frame.rename(columns={"t3": "t33"}).to_csv(other, index=False)
    with pytest.raises(DataError, match=r"has no column 't3', which .* has"):
        load("csv", path=file, test_path=other, **given)


def test_cases_with_gaps_are_left_out(file: Path) -> None:
    file.write_text("a,1,2\nb,,4\n,5,6\nNaN,7,8\nb,9,10\n<NA>,,1\n")
    cases = read_csv(file, missing="skip")
    assert cases.values[:, 0].tolist() == [[1, 2], [9, 10]]
    assert cases.ids.tolist() == [0, 4]
    assert cases.notes == (
        "3 of 6 cases are left out: no label (row 3; row 4; row 6)",
        "1 of 6 cases is left out: missing values (row 2)",
    )
    assert refusal(file) == (
        "waves.csv, row 3: the label is missing; also row 4 and row 6; row 2, column 2: the value "
        "is missing (NaN); also row 6, column 2; pass missing='skip', or pass "
        "missing='interpolate'"
    )


def test_rows_of_another_width_get_no_answer_and_the_others_do(tmp_path: Path) -> None:
    heading = ",".join(["trace", *(f"t{step}" for step in range(9))])
    rows = [
        [f"P{n}", *(str(n % 2 + step / 10) for step in range(9)), "ab"[n % 2]] for n in range(20)
    ]
    lines = [f"{heading},state", *map(",".join, rows)]
    (tmp_path / "train.csv").write_text("\n".join(lines), encoding="utf-8")
    columns = {"id": "trace", "label": "state"}
    config: dict[str, Any] = {
        "data": {"kind": "csv", "path": str(tmp_path / "train.csv"), **columns},
        "model": {"hidden": 4, "layers": 1, "convolutions": False},
        "training": {"epochs": 1, "updates_per_epoch": 1},
    }
    train(config, tmp_path / "run")
    new = [row[:-1] for row in rows[:6]]
    new[0], new[2], new[4] = new[0][:4], new[2][:1], [*new[4], "7", "8"]
    lines = [heading, *map(",".join, new)]
    (tmp_path / "new.csv").write_text("\n".join(lines), encoding="utf-8")
    out = StringIO()
    said = predict(tmp_path / "run", tmp_path / "new.csv", out)
    found = list(csv.DictReader(out.getvalue().splitlines()))
    assert [row["case"] for row in found] == ["P0", "P1", "P2", "P3", "P4", "P5"]
    assert [bool(row["label"]) for row in found] == [False, True] * 3
    assert "row 2: 4 cells, the header has 10" in said
    assert "row 6: 12 cells, the header has 10" in said
    assert said.startswith("3 predictions, 3 with a value that is no number")
