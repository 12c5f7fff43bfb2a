"""`regard export`: a run as a file, compared with its test part."""

import json
from pathlib import Path
from typing import Any

import pytest

from commands import Regard
from regard import jobs

WAVES: dict[str, Any] = {
    "data": {"kind": "sine", "series": 60, "steps": 41},
    "model": {"encoder": "conv", "pooling": "attention", "hidden": 8, "layers": 1},
    "training": {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "waves"
    jobs.train(WAVES, out)
    return out


def test_a_run_is_exported_and_compared_with_its_test_part(
    regard: Regard, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert regard("export", run, "--to", "pt2") == 0
    first, *files = regard.out.splitlines()
    assert first.startswith("largest difference to the run on 12 cases of the test part: prob")
    assert files == ["model: waves.pt2", "what goes in and comes out: waves.pt2.json"]
    assert (
        json.loads(Path("waves.pt2.json").read_text())["compared"]["source"] == "of the test part"
    )
    assert regard("export", run, "--to", "pt2") == 2
    assert regard.err == ("error: waves.pt2: exists; choose another name or use --overwrite\n")
    assert regard("export", run, "-o", "waves.pt2", "--overwrite", "-q") == 0
    assert not regard.out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("none",), "none: no such run folder"),
        (("RUN", "--to", "tflite"), "--to: wanted onnx or pt2, given 'tflite'"),
        (("RUN", "-o", "x.pb"), "x.pb: wanted a name that ends in .onnx or .pt2, given '.pb'"),
        (("RUN", "-o", "x.pt2", "--to", "onnx"), "--to: onnx goes with a name that ends in .onnx"),
    ],
)
def test_what_is_wrong_is_one_line(
    regard: Regard, run: Path, words: tuple[str, ...], error: str
) -> None:
    given = [run if word == "RUN" else word for word in words]
    assert regard("export", *given) == 2
    assert regard.err.startswith(f"error: {error}")
    assert regard.err.count("\n") == 1


def test_cases_are_drawn_where_the_data_are_gone(regard: Regard, run: Path, tmp_path: Path) -> None:
    rows = [f"{n % 2},{n},{n + 1},{n * n % 7},{n},{n}" for n in range(40)]
    data = tmp_path / "rows.csv"
    data.write_text("label,a,b,c,d,e\n" + "\n".join(rows) + "\n")
    config = {**WAVES, "data": {"kind": "csv", "path": str(data)}}
    jobs.train(config, tmp_path / "rows")
    data.unlink()
    out = tmp_path / "rows.pt2"
    assert regard("export", tmp_path / "rows", "-o", out) == 0
    assert "on 12 cases drawn at random, since the data cannot be read (" in regard.out
