"""Stories from Python and from tables, and made-up ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.errors import DataError
from regard.inputs.story.files import read_stories
from regard.inputs.story.rooms import rooms
from regard.inputs.story.stories import Stories, as_stories

TWO = "Mary left. John came!"


def test_a_story_is_divided_into_its_sentences() -> None:
    cases = as_stories([(TWO, "Who left? "), (["Dr. No slept. He woke.", " "], "Who slept?")])
    assert cases.stories == (("Mary left.", "John came!"), ("Dr. No slept. He woke.",))
    assert cases.questions == ("Who left?", "Who slept?")
    assert cases.labels is None
    assert cases.groups.tolist() == [0, 1]


def test_taking_cases_takes_all_that_belongs_to_them() -> None:
    cases = rooms(stories=5, questions=3, longest=7, seed=2)
    some = cases.take(np.array([11, 2]))
    for at, own in enumerate((11, 2)):
        assert some.stories[at] == cases.stories[own]
        assert some.questions[at] == cases.questions[own]
        assert some.ids[at] == own
        assert some.groups[at] == own // 3
        assert cases.labels is not None
        assert some.labels is not None
        assert some.labels[at] == cases.labels[own]
        assert cases.supporting is not None
        assert some.supporting is not None
        assert some.supporting[at].tolist() == cases.supporting[own].tolist()


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ("Mary left.", None, "X: wanted a list of pairs, each of a story and a question, given a"),
        (["Mary left."], None, "given 'Mary left.' in case 0"),
        ([(TWO, "Who?"), (TWO,)], None, "given 1 of them in case 1"),
        ([], None, "0 sample"),
        ([("  ", "Who?")], None, "X, case 0: the story has no sentence; pass missing='skip'"),
        ([([], "Who?")], None, "X, case 0: the story has no sentence"),
        ([(TWO, " ")], None, "X, case 0: the question is empty; pass missing='skip'"),
        ([(TWO, 3)], None, "X, case 0: wanted text, given int"),
        ([(TWO, "Who?")], ["a", "b"], "y has 2 labels, X has 1 cases; wanted one for each"),
    ],
)
def test_bad_arrays_are_refused(X: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        as_stories(X, y)
    assert message in str(caught.value)


def test_cases_may_be_left_out() -> None:
    X = [(TWO, "Who?"), ("", "Who?"), (TWO, ""), (TWO, "Who left?")]
    cases = as_stories(X, ["Mary", "Mary", "Mary", None], missing="skip")
    assert len(cases) == 1
    assert cases.notes == (
        "1 of 4 cases is left out: the story has no sentence (case 1)",
        "1 of 4 cases is left out: the question is empty (case 2)",
        "1 of 4 cases is left out: no answer (case 3)",
    )


def _table(path: Path, **changes: Any) -> Path:
    rows: dict[str, Any] = {
        "story": [TWO, "It rained.\nIt snowed."],
        "question": ["Who left?", "What fell?"],
        "answer": ["Mary", "snow"],
        "facts": ["1", "1 2"],
        **changes,
    }
    pl.DataFrame(rows).write_csv(path)
    return path


def test_a_table_has_a_story_and_a_question_in_each_row(tmp_path: Path) -> None:
    path = _table(tmp_path / "a.csv")
    cases = read_stories(path, supporting="facts")
    assert cases.stories == (("Mary left.", "John came!"), ("It rained.", "It snowed."))
    assert cases.labels is not None
    assert cases.labels.tolist() == ["Mary", "snow"]
    assert cases.supporting is not None
    assert [each.tolist() for each in cases.supporting] == [[0], [0, 1]]


def test_json_lines_may_have_lists_of_sentences(tmp_path: Path) -> None:
    row = {"story": ["Mary left. At last.", "John came."], "question": "Who?", "facts": [2]}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    cases = read_stories(path, supporting="facts", labelled=None, missing="keep")
    assert cases.stories == (("Mary left. At last.", "John came."),)
    assert cases.labels is None
    assert cases.supporting is not None
    assert cases.supporting[0].tolist() == [1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"story": [TWO, None]}, "row 3, column 'story': the story has no sentence"),
        ({"question": [" ", "What?"]}, "row 2, column 'question': the question is empty"),
        ({"answer": ["Mary", None]}, "the answer is missing"),
        (
            {"facts": ["1", "3"]},
            "row 3, column 'facts': supporting sentence 3: the story's are numbered from 1 to 2",
        ),
        ({"facts": ["0", "1"]}, "supporting sentence 0: the story's are numbered from 1 to 2"),
        ({"facts": ["x", "1"]}, "supporting sentence x: the story's are numbered from 1 to 2"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, changes: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_stories(_table(tmp_path / "a.csv", **changes), supporting="facts")
    assert message in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="quest"):
        read_stories(_table(tmp_path / "a.csv"), question="quest")


def _walk(cases: Stories, at: int) -> tuple[str, tuple[int, ...]]:
    """The answer and the supporting sentences, read from the sentences themselves."""
    rooms_of: dict[str, tuple[str, int]] = {}
    holders: dict[str, tuple[str, int]] = {}
    left: dict[str, tuple[str, tuple[int, ...]]] = {}
    for n, sentence in enumerate(cases.stories[at]):
        person, *verb, _, last = sentence.rstrip(".").split()
        if verb[0] in ("went", "walked", "ran"):
            rooms_of[person] = last, n
        elif verb[0] in ("picked", "took"):
            holders[last] = person, n
        else:
            assert holders.pop(last)[0] == person
            room, since = rooms_of[person]
            left[last] = room, (since, n)
    wanted = cases.questions[at].removeprefix("Where is ").removeprefix("the ").rstrip("?")
    if wanted in rooms_of:
        room, since = rooms_of[wanted]
        return room, (since,)
    if wanted in holders:
        person, taken = holders[wanted]
        room, since = rooms_of[person]
        return room, tuple(sorted((taken, since)))
    room, places = left[wanted]
    return room, tuple(sorted(places))


def test_the_answers_of_made_up_stories_follow_from_their_sentences() -> None:
    cases = rooms(stories=60, questions=5, longest=20, seed=7)
    assert len(cases) == 300
    assert cases.labels is not None
    assert cases.supporting is not None
    about = set()
    for at in range(len(cases)):
        assert 1 <= len(cases.stories[at]) <= 20
        answer, places = _walk(cases, at)
        assert cases.labels[at] == answer
        assert tuple(cases.supporting[at].tolist()) == places
        about.add(len(places))
    assert about == {1, 2}


def test_the_seed_makes_the_stories() -> None:
    assert rooms(stories=3, seed=1).stories == rooms(stories=3, seed=1).stories
    assert rooms(stories=3, seed=1).stories != rooms(stories=3, seed=2).stories
