"""The command line on answers that are written: the jobs end to end."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from commands import Regard

NEW = """\
1 Anna went to the hall.
2 Ben took the lamp.
3 Where is Anna?
1 Ben ran to the attic.
2 Where is Ben?
"""


@pytest.fixture
def regard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regard:
    return Regard(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The file of a configuration, in the working directory."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "task": "answer-text",
        "data": {"kind": "rooms", "stories": 15, "unseen": 3},
        "model": {"hidden": 6, "embedding_dim": 5},
        "training": {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"},
    }
    Path("rooms.json").write_text(json.dumps(settings), encoding="utf-8")
    return "rooms.json"


@pytest.fixture
def run(regard: Regard, config: str) -> Path:
    """A trained run."""
    assert regard("train", config, "--out", "run") == 0
    for name in ("exact match", "constant exact match", "unseen exact match", "pointing game"):
        assert name in regard.out
    report = Path("run/report.html").read_text(encoding="utf-8")
    assert "test questions were answered exactly" in report
    assert "Exact match, unseen names" in report
    return Path("run")


def test_questions_get_answers_and_pages(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("new.txt").write_text(NEW, encoding="utf-8")
    assert regard("predict", run, "new.txt") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [row["case"] for row in rows] == ["3", "5"]  # lines of the file
    assert list(rows[0]) == ["case", "answer", "score", "copied"]
    assert regard("explain", run, "new.txt", "--out", "a.html") == 0
    page = Path("a.html").read_text(encoding="utf-8")
    assert "Where is Anna?" in page
    assert "Underlined words were copied into the answer" in page
    table = "story,question,answer\nAnna left. Ben came.,Who left?,Zoe\n,Who?,x\nAnna left.,,\n"
    Path("new.csv").write_text(table, encoding="utf-8")
    assert regard("predict", run, "new.csv", "--beam", "2") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [bool(row["score"]) for row in rows] == [True, False, False]
    assert rows[0]["true"] == "Zoe"
    assert "1 without an answer: the story has no sentence (first: 1)" in regard.err
    lines = "Anna ran to the hall.\nWhere is Anna?\nBen left.\nWhere is Ben?\n\n?\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert regard("predict", run) == 0
    assert regard.out.count("Anna ran to the") == 2
    assert regard.err.count("error: ") == 1  # a question mark without a story


def test_scores_are_compared(regard: Regard, config: str) -> None:
    words = ["--attention", "dot,additive", "--seeds", "1", "--out", "compared"]
    assert regard("compare", config, *words) == 0
    assert "exact match" in regard.out
