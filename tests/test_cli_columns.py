"""Training and prediction of a CSV of series whose columns have names."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commands import Regard

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
    assert regard.out.startswith("29 predictions, 1 with missing values: ")
    assert gap[:7] + gap[8:] == whole[:7] + whole[8:]
    assert set(gap[7].values()) == {"press 7", ""}

    picture = tmp_path / "case.svg"
    new = tmp_path / "new.csv"
    assert regard("explain", run, new, "--case", "press 8", "--out", picture) == 0
    assert "press 8" in picture.read_text()
    said = regard.fails("explain", run, new, "--case", "press 7", "--out", tmp_path / "b.svg")
    assert "case press 7 is with missing values" in said


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
