"""Reading bAbI's format: stories that go on after a question, and one clear line for a slip."""

import os
from pathlib import Path

import pytest

from regard.errors import DataError
from regard.inputs.story.babi import read_babi
from regard.inputs.story.stories import Stories

FILE = """\
1 Mary moved to the hall.
2 John went out.
3 Where is Mary? \thall\t1
4 Mary took the ball.
5 Where is the ball? \thall\t1 4
1 Sandra slept.
2 Who slept?\tSandra\t1
"""


def _read(folder: Path, content: str, **options: object) -> Stories:
    path = folder / "qa.txt"
    path.write_text(content, encoding="utf-8")
    return read_babi(path, **options)  # type: ignore[arg-type]


def test_a_question_is_about_all_sentences_before_it(tmp_path: Path) -> None:
    cases = _read(tmp_path, FILE)
    assert cases.stories == (
        ("Mary moved to the hall.", "John went out."),
        ("Mary moved to the hall.", "John went out.", "Mary took the ball."),
        ("Sandra slept.",),
    )
    assert cases.questions == ("Where is Mary?", "Where is the ball?", "Who slept?")
    assert cases.labels is not None
    assert cases.labels.tolist() == ["hall", "hall", "Sandra"]
    assert cases.supporting is not None  # line 4 is the third sentence
    assert [each.tolist() for each in cases.supporting] == [[0], [0, 2], [0]]
    assert cases.ids.tolist() == ["3", "5", "7"]
    assert cases.groups.tolist() == [1, 1, 2]


def test_new_questions_need_no_answers(tmp_path: Path) -> None:
    content = "1 Mary left.\n2 Who left?\n3 Where is Mary?\n"
    cases = _read(tmp_path, content, labelled=None, missing="keep")
    assert cases.questions == ("Who left?", "Where is Mary?")
    assert cases.labels is None
    assert cases.supporting is None
    some = _read(tmp_path, content.replace("left?", "left?\tMary"), labelled=None, missing="keep")
    assert some.labels is not None
    assert some.labels.tolist() == ["Mary", ""]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "1 Mary left.\n3 Who left?\tMary\t1\n",
            "line 2: its number is 3, wanted 2, or 1 for a new story",
        ),
        ("2 Mary left.\n3 Who left?\tMary\n", "line 1: its number is 2, wanted 1"),
        (
            "1 Mary left.\n2 Who left?\tMary\t7\n",
            "line 2: the supporting line 7 is no line before it",
        ),
        (
            "1 Mary left.\n2 Who left?\tMary\t1\n3 Who?\tMary\t2\n",
            "line 3: the supporting line 2 is a question",
        ),
        (
            "1 Mary left.\n2 Who left?\tMary\tone\n",
            "line 2: the supporting line one is no line before it",
        ),
        ("1 Mary left.\n2 Who left?\n", "line 2: the answer is missing; pass missing='skip'"),
        ("1 Who left?\tMary\t\n", "line 1: the story has no sentence; pass missing='skip'"),
        (
            "story,question\nMary left,Who?\n",
            "line 1: wanted a number and a sentence, such as 1 Mary moved to the hall., given "
            "'story,question'; also line 2",
        ),
    ],
)
def test_a_slip_is_one_clear_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        _read(tmp_path, content)
    assert str(caught.value) == f"{tmp_path / 'qa.txt'}, {message}"


def test_a_file_without_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"qa\.txt: has no question; wanted lines such as 3 Where"):
        _read(tmp_path, "1 Mary left.\n2 John came.\n")


def test_questions_without_answers_may_be_left_out(tmp_path: Path) -> None:
    cases = _read(tmp_path, FILE.replace("\thall\t1 4", ""), missing="skip")
    assert cases.questions == ("Where is Mary?", "Who slept?")
    assert cases.notes == ("1 of 3 cases is left out: no answer (line 5)",)


@pytest.mark.skipif("REGARD_DATA" not in os.environ, reason="REGARD_DATA is not set")
@pytest.mark.parametrize(("task", "supporting"), [(1, 1), (2, 2), (3, 3)])
def test_the_published_files_are_read(task: int, supporting: int) -> None:
    folder = Path(os.environ["REGARD_DATA"], "question_answering", "babi_en")
    for part, cases in (("train", 900), ("valid", 100), ("test", 1000)):
        found = read_babi(folder / f"qa{task}_{part}.txt")
        assert len(found) == cases
        assert found.supporting is not None
        assert {len(places) for places in found.supporting} == {supporting}
        assert found.labels is not None
        for story, places, answer in zip(
            found.stories, found.supporting, found.labels.tolist(), strict=True
        ):  # of these tasks the answer stands in a supporting sentence
            assert any(answer in story[at] for at in places)


def test_answers_may_be_texts_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    lines = "1 It weighs 2.0 kg.\n2 How much?\t2.0\t1\n3 What?\t\t1\n4 Who?\tAnna,Ben\t1\n"
    path.write_text(lines, encoding="utf-8")
    found = read_babi(path, texts=True, missing="skip")
    assert found.labels is not None
    assert found.labels.tolist() == ["2.0", "Anna, Ben"]  # as a class the first is 2
    assert len(found.notes) == 1
