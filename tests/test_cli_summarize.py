"""The command line on summaries: the jobs end to end, and one clear line for what goes wrong."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from commands import Regard
from regard import jobs
from regard.data import requests
from reports import whole_reports

TINY: dict[str, Any] = {
    "task": "summarize",
    "model": {"hidden": 16, "embedding_dim": 16, "attention_dim": 16, "beam": 2},
    "training": {"epochs": 2, "updates_per_epoch": 8, "learning_rate": 0.02, "device": "cpu"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("requests") / "run"
    with whole_reports():
        jobs.train({**TINY, "data": {"kind": "requests", "cases": 150}}, out)
    return out


def _mails(path: Path, count: int = 40) -> Path:
    """A gzipped table of messages with their subjects."""
    cases = requests(cases=count, seed=5)
    assert cases.labels is not None
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for text, label in zip(cases.texts, cases.labels, strict=True):
            file.write(json.dumps({"body": text, "subject": label}) + "\n")
    return path


def test_a_run_has_rouge_beside_that_of_the_first_sentence(run: Path) -> None:
    figures = json.loads((run / "metrics.json").read_text())
    assert figures["cases"] == 30
    for name in ("rouge_1", "rouge_2", "rouge_l"):
        assert 0 <= figures[name] <= 100
        assert figures[f"lead_{name}"] > 0
    assert figures["beyond"] == 30  # a new name in every subject
    assert 0 <= figures["beyond_written"] <= 1
    report = (run / "report.html").read_text(encoding="utf-8")
    assert "ROUGE-L" in report
    assert "New words copied" in report


def test_a_table_is_summarised(run: Path, regard: Regard, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    texts = ["Please call Ms Xyz about the plan.", "", 'The "report" is late.']
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], *([text] for text in texts)])
    assert regard("predict", run, path, "--out", tmp_path / "out.csv") == 0
    assert "1 without a text" in regard.out
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert {"target", "score", "copied"} <= {*rows[0]}
    assert rows[1]["target"] == ""
    for row in (rows[0], rows[2]):
        assert {*row["copied"].split()} <= {*row["target"].split()}


def test_options_of_files_are_refused_beside_a_typed_text(run: Path, regard: Regard) -> None:
    for options in (["--encoding", "utf-8"], ["--folder", "."], ["--labelled"]):
        said = regard.fails("predict", run, "--text", "Please call.", *options)
        assert said == f"error: {options[0]}: is of a file, and none is read here"
        said = regard.fails("explain", run, "--text", "Please call.", "--out", "a.png", *options)
        assert said == f"error: {options[0]}: is of a file, and none is read here"
    said = regard.fails("explain", run, "--text", "Please.", "--case", "2", "--out", "a.png")
    assert said == "error: --case: names a case of a file; use it without --text"


def test_a_typed_text_that_is_truncated_is_said(run: Path, regard: Regard) -> None:
    assert regard("predict", run, "--text", "Please call Ms Xyz. " * 60) == 0
    assert "truncated to 200 tokens (max_tokens)" in regard.out


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_case_is_explained(run: Path, regard: Regard, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"case.{ending}"
    long = " ".join(["Please call Ms Xyz about the plan on Friday."] * 6)
    for text in ("Please call Ms Xyz about the plan.", long):
        assert regard("explain", run, "--text", text, "--out", out) == 0
        assert out.stat().st_size > 2_000
        out.unlink()


def test_a_table_of_mails_trains_and_compares(regard: Regard, tmp_path: Path) -> None:
    path = _mails(tmp_path / "mails.jsonl.gz")
    data = {"kind": "table", "path": str(path), "source": "body", "target": "subject"}
    config = tmp_path / "mails.json"
    config.write_text(json.dumps({**TINY, "data": data}))
    assert regard("train", config, "--out", tmp_path / "run") == 0
    given: list[Any] = [
        config,
        "--attention",
        "none,additive",
        "--seeds",
        "1",
        "--out",
        tmp_path / "compared",
    ]
    assert regard("compare", *given) == 0
    assert "ROUGE-L" in regard.out


def test_a_wrong_column_is_named(regard: Regard, tmp_path: Path) -> None:
    path = _mails(tmp_path / "mails.jsonl.gz")
    config = tmp_path / "mails.json"
    config.write_text(json.dumps({**TINY, "data": {"kind": "table", "path": str(path)}}))
    said = regard.fails("train", config, "--out", tmp_path / "run")
    assert "mails.jsonl.gz" in said
    assert "has no 'text' (source); choose one of body, subject" in said
    assert not (tmp_path / "run").exists()


def test_rows_without_a_summary_are_refused_or_left_out(regard: Regard, tmp_path: Path) -> None:
    path = tmp_path / "mails.csv"
    cases = requests(cases=30)
    assert cases.labels is not None
    rows = [list(each) for each in zip(cases.texts, cases.labels, strict=True)]
    rows[3][1] = " "
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", "summary"], *rows])
    data = {"kind": "table", "path": str(path)}
    config = tmp_path / "mails.json"
    config.write_text(json.dumps({**TINY, "data": data}))
    said = regard.fails("train", config, "--out", tmp_path / "run")
    assert "row 5" in said
    assert regard("train", config, "--out", tmp_path / "run", "--set", "data.missing=skip") == 0
    figures = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert any("left out" in note and "row 5" in note for note in figures["notes"])
