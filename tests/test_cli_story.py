"""The command line on stories: the jobs end to end, and one clear line for what goes wrong."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from commands import Regard
from regard import jobs

NEW = """\
1 Anna went to the hall.
2 Ben took the lamp.
3 Where is Anna?
1 Ben ran to the attic.
2 Where is Ben?
"""
CONFIG = {
    "task": "answer",
    "data": {"kind": "rooms", "stories": 20},
    "model": {"hidden": 6, "hops": 2},
    "training": {"epochs": 1, "device": "cpu"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rooms") / "run"
    jobs.train(CONFIG, out)
    return out


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_training_says_the_pointing_game_of_each_hop(regard: Regard) -> None:
    Path("rooms.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    assert regard("train", "rooms.json", "--out", "run") == 0
    assert "pointing game hop 2" in regard.out


def test_a_file_gets_answers_and_the_sentences_looked_at(regard: Regard, run: Path) -> None:
    Path("new.txt").write_text(NEW, encoding="utf-8")
    assert regard("predict", run, "new.txt") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [row["case"] for row in rows] == ["3", "5"]  # lines of the file
    assert rows[1]["hop 1"] == rows[1]["hop 2"] == "Ben ran to the attic."
    assert rows[0]["hop 1"] in NEW
    assert regard("explain", run, "new.txt", "--case", "3", "--out", "a.png") == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert regard("explain", run, "new.txt", "--out", "a.html") == 0
    page = Path("a.html").read_text(encoding="utf-8")
    assert "Ben took the lamp." in page
    assert "hop 2" in page


def test_rows_without_a_story_or_a_question_get_no_answer(regard: Regard, run: Path) -> None:
    table = "story,question\nAnna left. Ben came.,Who left?\n,Who?\nAnna left.,\n"
    Path("new.csv").write_text(table, encoding="utf-8")
    assert regard("predict", run, "new.csv") == 0
    rows = list(csv.DictReader(io.StringIO(regard.out)))
    assert [bool(row["answer"]) for row in rows] == [True, False, False]
    assert "1 without an answer: the story has no sentence (first: 1)" in regard.err
    assert "1 without an answer: the question is empty (first: 2)" in regard.err


def test_a_prompt_takes_a_story_and_questions_about_it(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "Anna ran to the hall.\nWhere is Anna?\nBen left.\nWhere is Ben?\n\nBen ran.\nWho?\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert regard("predict", run) == 0
    blocks = regard.out.split("hop 1 hop 2\n")[1:]
    sentences = [
        [line.split(maxsplit=3)[3] for line in block.splitlines() if line[:3].strip().isdigit()]
        for block in blocks
    ]
    assert sentences == [
        ["Anna ran to the hall."],
        ["Anna ran to the hall.", "Ben left."],
        ["Ben ran."],
    ]


@pytest.mark.parametrize(
    ("at_once", "next_one"),
    [
        ("Anna ran to the hall. Where is Anna?", "Where is Ben?"),
        ("アンナは玄関にいる。アンナはどこですか？", "ベンは「どこですか？」"),
        ("ذهبت آنا إلى القاعة. أين آنا؟", "أين بن؟"),
    ],
)
def test_a_story_typed_with_its_question_stays_for_the_next_one(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch, at_once: str, next_one: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{at_once}\n{next_one}\n"))
    assert regard("predict", run) == 0
    assert not regard.err
    first, second = regard.out.split("hop 1 hop 2\n")[1:]
    story = next(line for line in first.splitlines() if line.lstrip().startswith("1"))
    assert story.split(maxsplit=3)[3] in second
    assert next_one not in first


def test_a_question_without_a_story_does_not_end_the_prompt(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Where is Ben?\nBen left.\nWhere is Ben?\n"))
    assert regard("predict", run) == 0
    assert regard.err.startswith("error: ")
    assert "wanted a story and a question about it" in regard.err
    assert regard.out.count("hop 1 hop 2") == 1


def test_a_text_ends_with_its_question(regard: Regard, run: Path) -> None:
    assert regard("predict", run, "--text", "Anna ran to the hall. Where is Anna?") == 0
    assert "Anna ran to the hall." in regard.out
    said = regard.fails("predict", run, "--text", "Where is Anna?")
    assert said == (
        "error: --text: wanted a story and a question about it, such as 'Anna is in the hall. "
        "Where is Anna?', given 'Where is Anna?'"
    )


def test_files_of_another_kind_are_named(regard: Regard, run: Path) -> None:
    said = regard.fails("predict", run, run / "model.safetensors")
    assert "model.safetensors is a binary file; wanted a table or JSON lines with the" in said
    assert "columns story and question, or a text file in bAbI's format" in said


def test_attentions_are_compared(regard: Regard) -> None:
    Path("rooms.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    words = ["--attention", "dot,additive,none", "--seeds", "1", "--out", "compared"]
    assert regard("compare", "rooms.json", *words) == 0
    assert "pointing game" in regard.out
    assert "additive" in regard.out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 Anna left.\n3 Who left?\n", "new.txt, line 2: its number is 3, wanted 2, or 1 for"),
        ("Anna left.\n", "new.txt, line 1: wanted a number and a sentence, such as 1 Mary"),
        ("1 Anna left.\n", "new.txt: has no question"),
        ("1 Who left?\n", "new.txt: none of its cases can be predicted: 1 without an answer: the"),
    ],
)
def test_a_slip_in_a_file_is_one_line(
    regard: Regard, run: Path, content: str, message: str
) -> None:
    Path("new.txt").write_text(content, encoding="utf-8")
    assert message in regard.fails("predict", run, "new.txt")
