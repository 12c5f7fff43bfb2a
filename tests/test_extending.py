"""An input and an output from outside, and encoders and scores of the user's own, all by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from commands import Regard

HERE = Path(__file__).parent


@pytest.fixture
def regard(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Regard:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(HERE)
    return Regard(capsys, monkeypatch)


def _beads(path: Path, cases: int, seed: int) -> Path:
    """Strings of 3 to 9 beads, in which x is marked."""
    generator = np.random.default_rng(seed)
    rows = ["".join(generator.choice(list("abx"), generator.integers(3, 10))) for _ in range(cases)]
    marks = ["".join("1" if bead == "x" else "0" for bead in row) for row in rows]
    path.write_text("".join(f"{row} {mark}\n" for row, mark in zip(rows, marks, strict=True)))
    return path


def test_a_pair_from_outside_is_short() -> None:
    lines = (HERE / "toy_pair.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 80


def test_a_pair_from_outside_trains_predicts_and_explains(regard: Regard, tmp_path: Path) -> None:
    _beads(tmp_path / "beads.txt", 200, seed=0)
    config = {
        "task": "mark-beads",
        "data": {"kind": "lines", "path": "beads.txt", "validation_share": 0.2},
        "model": {"encoder": "conv", "hidden": 16},
        "training": {"epochs": 4, "device": "cpu"},
    }
    (tmp_path / "beads.json").write_text(json.dumps(config))
    plugin = ("--plugin", "toy_pair")
    assert regard("train", "beads.json", "--out", "run", *plugin) == 0, regard.err
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["accuracy"] > 0.95  # x can be told from a and b by itself
    assert "accuracy" in regard.out

    new = _beads(tmp_path / "new.txt", 7, seed=1)
    assert regard("predict", "run", new, "--out", "marks.csv", *plugin) == 0, regard.err
    truth = [line.split()[1] for line in new.read_text().splitlines()]
    marks = [line.split(",")[1] for line in Path("marks.csv").read_text().splitlines()[1:]]
    assert [len(mark) for mark in marks] == [len(mark) for mark in truth]
    right = [a == b for a, b in zip("".join(marks), "".join(truth), strict=True)]
    assert np.mean(right) > 0.9
    assert regard("explain", "run", new, "--case", "3", "--out", "case.svg", *plugin) == 0
    assert marks[3] in Path("case.svg").read_text()
    assert "Examples" in Path("run/report.html").read_text()
