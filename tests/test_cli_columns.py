"""Training and prediction of a CSV of series whose columns have names."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commands import Regard
from regard import DataError, jobs

STEPS = [f"{1100 + 2.5 * at:g}" for at in range(11)]
IDS = [f"press {at}" for at in range(30)]


@pytest.fixture
def frame() -> pd.DataFrame:
    values = np.random.default_rng(0).normal(size=(30, len(STEPS))).round(3)
    given: Any = pd.DataFrame(values, columns=STEPS)
    given.insert(0, "machine", IDS)
    given.insert(5, "shift", "late, as ever")
    given["state"] = ["up", "down", "up"] * 10
    return given


def test_names_lead_from_training_to_pictures(
    regard: Regard, frame: pd.DataFrame, tmp_path: Path
) -> None:
    frame.to_csv(tmp_path / "train.csv")
    config = {
        "data": {
            "kind": "csv",
            "path": str(tmp_path / "train.csv"),
            "label": "state",
            "id": "machine",
            "ignore": ["shift"],
        },
        "model": {"encoder": "conv", "hidden": 4},
        "training": {"epochs": 1, "updates_per_epoch": 1},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = tmp_path / "run"
    assert regard("train", tmp_path / "config.json", "--out", run) == 0
    notes = json.loads((run / "metrics.json").read_text())["notes"]
    assert "the first column counts the rows and is left out" in notes

    def predicted(new: pd.DataFrame) -> list[dict[str, str]]:
        new.to_csv(tmp_path / "new.csv", index=False)
        out = tmp_path / "predictions.csv"
        assert regard("predict", run, tmp_path / "new.csv", "--out", out, "--overwrite") == 0
        with out.open() as file:
            return list(csv.DictReader(file))

    whole = predicted(frame)
    assert [row["case"] for row in whole] == IDS
    assert [row["true"] for row in whole] == frame["state"].tolist()
    assert predicted(frame[frame.columns[::-1]]) == whole
    for row in whole:
        del row["true"]
    assert predicted(frame[["machine", *STEPS]]) == whole

    frame.loc[7, STEPS[3]] = np.nan
    gap = predicted(frame[["machine", *STEPS]])
    filled = "filled by runs trained with missing=interpolate"
    assert regard.out.startswith(f"29 predictions, 1 with missing values ({filled}): ")
    assert gap[:7] + gap[8:] == whole[:7] + whole[8:]
    assert set(gap[7].values()) == {"press 7", ""}

    picture = tmp_path / "case.svg"
    new = tmp_path / "new.csv"
    assert regard("explain", run, new, "--case", "press 8", "--out", picture) == 0
    assert "press 8" in picture.read_text()
    said = regard.fails("explain", run, new, "--case", "press 7", "--out", tmp_path / "b.svg")
    assert "cases with missing values cannot be drawn, such as press 7" in said


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of series between 0 and 1, with the columns id, t0 to t10, state."""
    folder = tmp_path_factory.mktemp("trained")
    _series().to_csv(folder / "train.csv", index=False)
    data = {"kind": "csv", "path": str(folder / "train.csv"), "label": "state", "id": "id"}
    model = {"encoder": "conv", "hidden": 4}
    training = {"epochs": 1, "updates_per_epoch": 1}
    jobs.train({"data": data, "model": model, "training": training}, folder / "run")
    return folder / "run"


def _series() -> Any:
    names = [f"t{at}" for at in range(11)]
    frame: Any = pd.DataFrame(np.random.default_rng(0).uniform(size=(30, 11)), columns=names)
    frame.insert(0, "id", IDS)
    frame["state"] = ["ok", "bad", "ok"] * 10
    return frame.astype(dict.fromkeys(names, object))


def _predicted(run: Path, frame: Any, folder: Path) -> tuple[str, list[dict[str, str]]]:
    frame.to_csv(folder / "new.csv", index=False)
    said = jobs.predict(run, folder / "new.csv", folder / "out.csv", overwrite=True)
    with (folder / "out.csv").open() as file:
        return said, list(csv.DictReader(file))


def test_a_bad_cell_costs_its_own_row(trained: Path, tmp_path: Path) -> None:
    whole, frame = _predicted(trained, _series(), tmp_path)[1], _series()
    for row, value in ((3, "abc"), (5, "inf"), (8, "1e308")):
        frame.loc[row, "t4"] = value
    said, rows = _predicted(trained, frame, tmp_path)
    assert said.startswith("27 predictions, ")
    assert "3 with a value that is no number, infinite or too large (first: case press 3)" in said
    assert "row 5, column 6: 'abc' is not a number" in said
    for at, (after, before) in enumerate(zip(rows, whole, strict=True)):
        assert after["label"] == ("" if at in (3, 5, 8) else before["label"])


def test_a_sensor_that_is_dead_or_of_another_unit_is_counted(trained: Path, tmp_path: Path) -> None:
    said, _ = _predicted(trained, _series(), tmp_path)
    assert "constant" not in said
    assert "outside" not in said
    frame = _series()
    frame.loc[2, "t0":"t10"] = 0.5
    frame.loc[4, "t3"] = 10.9  # the range trained on is 0 to 1
    frame.loc[6, "t3"] = 1e29
    frame.loc[7, "t3"] = -12
    said, rows = _predicted(trained, frame, tmp_path)
    assert "1 constant, 2 with values far outside the range trained on" in said
    assert all(row["label"] for row in rows)


def test_columns_that_were_renamed_are_told(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'id' \(id\); did you mean 'ID'\?"):
        _predicted(trained, _series().rename(columns={"id": "ID"}), tmp_path)
    frame = _series().drop(columns="id").assign(shift=3)
    said, rows = _predicted(trained, frame.rename(columns={"state": "State"}), tmp_path)
    assert "no column 'id': cases are numbered from 0" in said
    assert "no column 'state' (label): did you mean 'State'?" in said
    assert "2 columns left out: 'State', 'shift'" in said
    assert [row["case"] for row in rows] == [str(at) for at in range(30)]


def test_labels_in_another_case_are_recognised_as_such(trained: Path, tmp_path: Path) -> None:
    frame = _series()
    frame["state"] = frame["state"].str.upper()
    with pytest.raises(DataError, match=r"'OK' is the first; did you mean 'ok'\?"):
        _predicted(trained, frame, tmp_path)


def test_a_run_saved_without_a_range_predicts(trained: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(trained, old)
    kept = json.loads((old / "preprocess.json").read_text())
    del kept["range"]
    (old / "preprocess.json").write_text(json.dumps(kept))
    frame = _series()
    frame.loc[6, "t3"] = 1e29
    said, _ = _predicted(old, frame, tmp_path)
    assert "outside" not in said


def test_a_name_of_two_cases_is_refused(trained: Path, tmp_path: Path) -> None:
    frame = _series().replace({"press 4": "press 3"})
    frame.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(DataError, match="2 cases are called press 3; make their names unique"):
        jobs.explain(trained, tmp_path / "new.csv", "press 3", tmp_path / "a.svg")


def test_what_was_assumed_is_said_with_the_fix(
    regard: Regard, frame: pd.DataFrame, tmp_path: Path
) -> None:
    frame.to_csv(tmp_path / "train.csv", index=False)
    config = {"data": {"kind": "csv", "path": str(tmp_path / "train.csv")}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    said = regard.fails("train", tmp_path / "config.json", "--out", tmp_path / "run")
    assert "row 2, column 14: 'up' is not a number; the first column was taken as label" in said
    assert 'set "label": "state" in "data"' in said


def test_a_first_step_taken_as_label_is_noticed(
    regard: Regard, frame: pd.DataFrame, tmp_path: Path
) -> None:
    values = frame[STEPS].assign(state=np.arange(30) % 2)
    np.savetxt(tmp_path / "train.csv", values, delimiter=",")
    config = {"data": {"kind": "csv", "path": str(tmp_path / "train.csv")}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    said = regard.fails("train", tmp_path / "config.json", "--out", tmp_path / "run")
    assert "its labels are numbers with fractions" in said
    assert said.endswith('is the column of the labels another?; set "label" in "data"')
