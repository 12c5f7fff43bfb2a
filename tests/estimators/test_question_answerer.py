"""The answerer of questions: what it returns, saves and measures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from regard import ConfigError, DataError, QuestionAnswerer, RegardWarning, jobs
from regard.config import resolve_config
from regard.data import as_stories, rooms
from regard.inputs.story.located import located
from reports import whole_reports

TINY: dict[str, Any] = {"epochs": 2, "hidden": 6, "device": "cpu", "random_state": 0}
ASKED = [
    ("Anna went to the hall. Ben took the lamp.", "Where is Anna?"),
    (["Ben ran to the attic."], "Where is Ben?"),
    ("Ben took the ball. Ben ran to the hall. Anna went to the study.", "Where is the ball?"),
]


@pytest.fixture(scope="module")
def model() -> QuestionAnswerer:
    return QuestionAnswerer(**TINY).fit(rooms(stories=20, seed=1))


def test_it_answers_with_a_map_of_each_hop(model: QuestionAnswerer) -> None:
    answers = model.predict(ASKED)
    assert set(answers) <= set(model.classes_)
    np.testing.assert_allclose(model.predict_proba(ASKED).sum(1), 1)
    looks = model.attend(ASKED)
    assert [each.shape for each in looks] == [(3, 2), (3, 1), (3, 3)]
    for each in looks:
        np.testing.assert_allclose(each.sum(1), 1, atol=1e-6)


def test_a_case_is_answered_alike_alone_and_among_others(model: QuestionAnswerer) -> None:
    together = model.predict_proba(ASKED)
    for at, one in enumerate(ASKED):
        np.testing.assert_allclose(model.predict_proba([one])[0], together[at], atol=1e-6)


def test_a_saved_model_answers_alike(model: QuestionAnswerer, tmp_path: Path) -> None:
    model.save(tmp_path / "run")
    loaded = QuestionAnswerer.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(ASKED), model.predict_proba(ASKED))


def test_it_learns_from_pairs_and_answers() -> None:
    cases = rooms(stories=20, seed=1)
    pairs = list(zip(cases.stories, cases.questions, strict=True))
    assert cases.labels is not None
    fitted = QuestionAnswerer(**TINY).fit(pairs, cases.labels.tolist())
    again = clone(fitted).fit(cases)
    np.testing.assert_array_equal(fitted.predict_proba(ASKED), again.predict_proba(ASKED))


def test_of_a_long_story_the_last_sentences_are_read() -> None:
    cases = rooms(stories=20, seed=1)
    with pytest.warns(RegardWarning, match=r"training stories have more than 3 sentences"):
        fitted = QuestionAnswerer(**TINY, max_sentences=3).fit(cases)
    story = [f"Anna went to the {room}." for room in ("hall", "attic", "study", "hall", "garden")]
    [look] = fitted.attend([(story, "Where is Anna?")])
    assert look.shape == (3, 5)
    assert not look[:, :2].any()
    np.testing.assert_allclose(look.sum(1), 1, atol=1e-6)
    short = fitted.predict_proba([(story[2:], "Where is Anna?")])
    np.testing.assert_array_equal(fitted.predict_proba([(story, "Where is Anna?")]), short)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([("", "Where?")], "X, case 0: the story has no sentence; leave it out"),
        ([("Anna left.", "")], "X, case 0: the question is empty; leave it out"),
    ],
)
def test_what_cannot_be_answered_is_refused(model: QuestionAnswerer, X: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        model.predict(X)
    assert str(caught.value) == message


def test_one_answer_alone_cannot_be_learned() -> None:
    cases = as_stories([("Anna left.", "Who?"), ("Ben left.", "Who?")], ["Anna", "Anna"])
    with pytest.raises(DataError, match="only one class, Anna"):
        QuestionAnswerer(**TINY).fit(cases)


def test_the_query_is_the_question() -> None:
    with pytest.raises(
        ConfigError, match=r"attention\.query: the queries are those of the model; leave it"
    ):
        QuestionAnswerer(attention={"query": "last"}).resolve(0)


def test_what_an_attention_leaves_open_is_as_in_the_default() -> None:
    for given, score, align in (
        ("additive", "additive", "entmax15"),
        ("softmax", "dot", "softmax"),
        ({"score": "general", "align": "sparsemax"}, "general", "sparsemax"),
        ({"window": {"sliding": 3}}, "dot", "entmax15"),
    ):
        attention = QuestionAnswerer(attention=given).resolve(0).model.attention
        assert (attention.score, attention.align) == (score, align)


def test_all_questions_on_a_story_are_in_one_part() -> None:
    data = {"kind": "rooms", "stories": 30, "validation_share": 0.2}
    parts = jobs.load_parts(resolve_config({"task": "answer", "data": data}))
    assert parts.validation is not None
    seen = [set(part.groups.tolist()) for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 30


BABI = """\
1 Mary moved to the hall.
2 Where is Mary?\thall\t1
3 John went to the attic.
4 Where is John?\tattic\t3
"""


def _train(folder: Path, test: str, *, more: str = "") -> dict[str, Any]:
    for name, content in (("train", BABI * 3 + more), ("test", test)):
        (folder / f"{name}.txt").write_text(content, encoding="utf-8")
    paths = {"path": str(folder / "train.txt"), "test_path": str(folder / "test.txt")}
    config = {
        "task": "answer",
        "data": {"kind": "babi", **paths},
        "model": {"hidden": 6, "hops": 2},
        "training": {"epochs": 1, "device": "cpu"},
    }
    return jobs.train(config, folder / "run")


def test_an_answer_of_the_test_part_alone_counts_as_wrong(tmp_path: Path) -> None:
    metrics = _train(tmp_path, BABI + "1 Mary flew to the moon.\n2 Where is Mary?\tmoon\t1\n")
    assert metrics["cases"] == 3
    assert metrics["accuracy"] <= 2 / 3
    note = (
        "1 of 3 questions of the test part has an answer that no question to train on has "
        "('moon'), and counts as wrong"
    )
    assert note in metrics["notes"]


def test_an_answer_may_be_that_of_one_question(tmp_path: Path) -> None:
    once = "1 Mary flew to the moon.\n2 Where is Mary?\tmoon\t1\n"
    assert _train(tmp_path, BABI, more=once)["cases"] == 2


def test_a_run_says_how_well_the_sentences_are_found(tmp_path: Path) -> None:
    with whole_reports():
        metrics = _train(tmp_path, BABI)
    for name in ("pointing_game", "pointing_game_hop_1", "pointing_game_hop_2"):
        assert 0 <= metrics[name] <= 1
    assert metrics["localisation_chance"] == pytest.approx((1 + 1 / 2) / 2)
    kept = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert kept["supporting_found"] == metrics["supporting_found"]
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Where is Mary?" in report
    assert "the share of sentences that are supporting" in report


def test_the_figures_of_localisation_by_hand() -> None:
    weights = [
        np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]),  # looks at 0, then at 2
        np.array([[0.2, 0.8], [0.3, 0.7]]),  # twice at 1
        np.array([[1.0], [1.0]]),  # nothing is known of this one
    ]
    found = located(weights, [np.array([0, 1]), np.array([1]), np.array([], np.int64)])
    assert found["pointing_game"] == pytest.approx(3 / 4)
    assert found["pointing_game_hop_1"] == 1.0
    assert found["pointing_game_hop_2"] == 0.5
    assert found["supporting_found"] == pytest.approx(2 / 3)
    assert found["localisation_chance"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # mean weights .35 .25 .4: sentence 0 is second, sentence 1 third
    assert found["localisation_ap"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)
