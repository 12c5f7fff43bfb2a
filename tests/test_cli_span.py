"""The command line on answers that are spans: the jobs end to end."""

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
MODEL = {"hidden": 6, "embedding_dim": 5}


@pytest.fixture
def regard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regard:
    return Regard(capsys, monkeypatch)


@pytest.fixture
def run(regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trained run."""
    monkeypatch.chdir(tmp_path)
    config = {
        "task": "answer-span",
        "data": {"kind": "rooms", "stories": 15, "unseen": 3},
        "model": MODEL,
        "training": {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"},
    }
    Path("rooms.json").write_text(json.dumps(config), encoding="utf-8")
    assert regard("train", "rooms.json", "--out", "run") == 0
    for name in ("exact match", "last exact match", "unseen exact match", "pointing game end"):
        assert name in regard.out
    return Path("run")


def test_a_file_gets_answers_with_their_places(regard: Regard, run: Path) -> None:
    Path("new.txt").write_text(NEW, encoding="utf-8")
    assert regard("predict", run, "new.txt") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [row["case"] for row in rows] == ["3", "5"]  # lines of the file
    words = ["Ben", "ran", "to", "the", "attic", "."]
    for row in rows:
        assert row["answer"] in row["sentence"]
        assert int(row["to"]) == int(row["from"]) + 1
        assert 0 < float(row["probability"]) <= 1
    assert rows[1]["answer"] == words[int(rows[1]["from"])]
    assert "true" not in rows[0]
    assert regard("explain", run, "new.txt", "--case", "3", "--out", "a.png") == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert regard("explain", run, "new.txt", "--out", "a.html") == 0
    page = Path("a.html").read_text(encoding="utf-8")
    assert "Where is Anna?" in page
    assert regard("explain", run, "new.txt", "--all", "--out", "all") == 0


def test_rows_that_cannot_be_answered_get_no_answer(regard: Regard, run: Path) -> None:
    table = "story,question,answer\nAnna left. Ben came.,Who left?,Zoe\n,Who?,x\nAnna left.,,\n"
    Path("new.csv").write_text(table, encoding="utf-8")
    assert regard("predict", run, "new.csv") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [bool(row["answer"]) for row in rows] == [True, False, False]
    assert rows[0]["true"] == "Zoe"  # which is not in the story
    assert "1 prediction, 0 exact" in regard.err
    assert "1 without an answer: the story has no sentence (first: 1)" in regard.err


def test_a_prompt_takes_a_story_and_questions_about_it(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "Anna ran to the hall.\nWhere is Anna?\nBen left.\nWhere is Ben?\n\n?\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert regard("predict", run) == 0
    assert regard.out.count("start: ") == regard.out.count("end: ") == 2
    assert regard.err.count("error: ") == 1  # a question mark without a story
    assert "wanted a story and a question about it" in regard.err


def test_scores_are_compared(regard: Regard, run: Path) -> None:
    words = ["--attention", "dot,additive", "--seeds", "1", "--out", "compared"]
    assert regard("compare", "rooms.json", *words) == 0
    assert "exact match" in regard.out
    said = regard.fails("compare", "rooms.json", "--attention", "dot,entmax15", "--out", "other")
    assert "weights of a pointer are the probabilities of all words" in said
