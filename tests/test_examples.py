"""Every example runs, cut down to a moment."""

import json
import os
from pathlib import Path

import pytest

from regard import jobs
from regard.config import read_config

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.json"))
QUICK = {
    "training.epochs": "1",
    "training.updates_per_epoch": "2",
    "training.device": "cpu",
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs(path: Path, tmp_path: Path) -> None:
    content = json.loads(path.read_text())
    if "REGARD_DATA" in path.read_text() and "REGARD_DATA" not in os.environ:
        pytest.skip("REGARD_DATA is not set")
    changes = QUICK | ({"data.series": "200"} if content["data"]["kind"] == "sine" else {})
    metrics = jobs.train(read_config(path, changes), tmp_path / "run")
    assert metrics["cases"] == {"sine.json": 40, "ecg200.json": 100}[path.name]
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
