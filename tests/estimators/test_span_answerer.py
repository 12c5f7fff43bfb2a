"""The answerer that points: what it returns, saves, measures and refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from regard import ConfigError, DataError, RegardWarning, SpanAnswerer, jobs
from regard.config import resolve_config
from regard.data import Stories, as_stories, rooms

TINY: dict[str, Any] = {
    "epochs": 1,
    "hidden": 6,
    "embedding_dim": 5,
    "updates_per_epoch": 2,
    "device": "cpu",
    "random_state": 0,
}
ASKED = [
    ("Anna went to the hall. Ben took the lamp.", "Where is Anna?"),
    (["Ben ran to the attic."], "Where is Ben?"),
    ("Qua qued qui. Quo quem!", "?"),  # unknown words everywhere, a question mark alone
]


@pytest.fixture(scope="module")
def model() -> SpanAnswerer:
    return SpanAnswerer(**TINY).fit(rooms(stories=20, seed=1))


def test_it_answers_with_words_of_the_story(model: SpanAnswerer) -> None:
    spans = model.predict_spans(ASKED)
    texts = [text if isinstance(text, str) else " ".join(text) for text, _ in ASKED]
    for span, text in zip(spans, texts, strict=True):
        assert span.text in text
        assert 0 <= span.start < span.stop
        assert span.stop - span.start <= model.longest_ == 1
        assert 0 < span.probability <= 1
    assert model.predict(ASKED).tolist() == [span.text for span in spans]
    looks = model.attend(ASKED)
    assert [each.shape for each in looks] == [(2, 11), (2, 6), (2, 7)]
    for each in looks:
        np.testing.assert_allclose(each.sum(1), 1, atol=1e-6)


def test_a_probability_is_that_of_all_places_of_a_text(model: SpanAnswerer) -> None:
    story = "Ben ran to the hall. Anna ran to the hall."
    asked = [(story, "Where is Ben?")]
    [span], [[start, end]] = model.predict_spans(asked), model.attend(asked)
    words = story.replace(".", " .").split()
    places = [at for at, word in enumerate(words) if word == span.text]
    assert span.start == max(range(len(words)), key=lambda at: start[at] * end[at])
    assert span.probability == pytest.approx(sum(start[at] * end[at] for at in places), rel=1e-4)


def test_a_case_is_answered_alike_alone_and_among_others(model: SpanAnswerer) -> None:
    together = model.attend(ASKED)
    for at, one in enumerate(ASKED):
        np.testing.assert_allclose(model.attend([one])[0], together[at], atol=1e-6)


def test_a_saved_model_answers_alike(model: SpanAnswerer, tmp_path: Path) -> None:
    model.save(tmp_path / "run")
    loaded = SpanAnswerer.load(tmp_path / "run")
    assert loaded.predict_spans(ASKED) == model.predict_spans(ASKED)


def test_it_learns_from_pairs_and_answers() -> None:
    cases = rooms(stories=20, seed=1)
    pairs = list(zip(cases.stories, cases.questions, strict=True))
    assert cases.labels is not None
    answers = cases.labels.tolist()
    unsupported = Stories(cases.stories, cases.questions, cases.labels)
    fitted = SpanAnswerer(**TINY).fit(pairs, answers)
    again = clone(fitted).fit(unsupported)
    assert fitted.predict_spans(ASKED) == again.predict_spans(ASKED)
    assert 0 <= fitted.score(pairs, answers) <= 1


def test_it_learns_words_that_it_never_saw() -> None:
    """A few seconds of training, stories with other people and rooms."""
    asked: Any = {"questions": 3, "longest": 3}
    model = SpanAnswerer(
        epochs=6, hidden=24, embedding_dim=24, learning_rate=0.02, device="cpu", random_state=0
    ).fit(rooms(stories=150, seed=1, **asked))
    unseen = rooms(stories=60, unseen=True, seed=2, **asked)
    assert unseen.labels is not None
    predicted = model.predict(unseen)
    assert (predicted == unseen.labels).mean() > 0.9


def test_answers_that_are_not_in_the_story_are_refused_or_left_out() -> None:
    pairs = [(f"{name} went to the hall.", f"Where is {name}?") for name in ("Anna", "Ben", "Cy")]
    answers = ["hall", "The Hall", "attic"]
    message = "1 of 3 answers is not in the story, word for word: 'attic' of case 2"
    with pytest.raises(DataError) as caught:
        SpanAnswerer(**TINY).fit(pairs, answers)
    assert str(caught.value).startswith(message)
    note = "1 of 3 questions is left out of the training: their answer is not in the story"
    with pytest.warns(RegardWarning, match=note):
        fitted = SpanAnswerer(**TINY, absent="skip").fit(pairs, answers)
    assert fitted.longest_ == 2
    with pytest.warns(RegardWarning, match=note):
        fitted = SpanAnswerer(**TINY, absent="skip").fit(pairs, [*answers[:2], "up in the attic"])
    assert fitted.longest_ == 2  # of the answers that are there
    with pytest.raises(DataError, match="none of 1 questions has its answer in the story"):
        SpanAnswerer(**TINY, absent="skip").fit(pairs[2:], answers[2:])


def test_an_answer_that_is_cut_off_is_left_out() -> None:
    story = ["Anna went to the hall.", "Ben ran to the attic.", "It rained."]
    pairs = [(story, "Where is Anna?"), (story, "Where is Ben?")]
    with pytest.warns(RegardWarning) as caught:
        SpanAnswerer(**TINY, max_sentences=2).fit(pairs, ["hall", "attic"])
    notes = [str(each.message) for each in caught]
    assert any("1 of 2 questions is left out of the training" in note for note in notes)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([("", "Where?")], "X, case 0: the story has no sentence; leave it out"),
        ([("Anna left.", " ")], "X, case 0: the question is empty; leave it out"),
    ],
)
def test_what_cannot_be_answered_is_refused(model: SpanAnswerer, X: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        model.predict(X)
    assert str(caught.value) == message


def test_an_empty_answer_is_missing() -> None:
    pairs = [("Anna left.", "Who left?"), ("Ben left.", "Who left?")]
    with pytest.raises(DataError, match="the text is missing"):
        SpanAnswerer(**TINY).fit(pairs, ["Anna", " "])
    with pytest.raises(DataError, match="y to be passed"):
        SpanAnswerer(**TINY).fit(pairs)
    with pytest.warns(RegardWarning, match="no answer"):
        SpanAnswerer(**TINY, missing="skip").fit(pairs, ["Anna", ""])


@pytest.mark.parametrize(
    "attention", ["entmax15", "local-m", {"align": "hard"}, {"window": {"sliding": 3}}]
)
def test_weights_of_pointers_are_probabilities_of_all_words(attention: Any) -> None:
    with pytest.raises(ConfigError, match="wanted a score alone, such as additive"):
        SpanAnswerer(attention=attention).resolve(0)


def test_a_pointer_needs_a_score() -> None:
    with pytest.raises(ConfigError, match="a pointer without a score points nowhere"):
        SpanAnswerer(attention="none").resolve(0)


@pytest.mark.parametrize("score", ["dot", "location", "coverage"])
def test_any_score_points(score: str) -> None:
    fitted = SpanAnswerer(**TINY, attention=score).fit(rooms(stories=5, seed=1))
    assert len(fitted.predict(ASKED)) == len(ASKED)


BABI = """\
1 Mary moved to the hall.
2 Where is Mary?\thall\t1
3 John went to the attic.
4 Where is John?\tattic\t3
"""


def _train(folder: Path, test: str, **data: Any) -> dict[str, Any]:
    for name, content in (("train", BABI * 3), ("test", test)):
        (folder / f"{name}.txt").write_text(content, encoding="utf-8")
    paths = {"path": str(folder / "train.txt"), "test_path": str(folder / "test.txt")}
    config = {
        "task": "answer-span",
        "data": {"kind": "babi", **paths, **data},
        "model": {"hidden": 6, "embedding_dim": 5},
        "training": {"epochs": 1, "device": "cpu"},
    }
    return jobs.train(config, folder / "run")


def test_an_answer_of_the_test_part_that_is_not_in_the_story_is_counted(tmp_path: Path) -> None:
    metrics = _train(tmp_path, BABI + "1 Mary flew away.\n2 Is Mary here?\tno\t1\n")
    assert (metrics["cases"], metrics["absent"]) == (3, 1)
    assert metrics["exact_match"] <= metrics["f1"] <= 2 / 3
    note = (
        "1 of 3 test questions has an answer that is not in the story, as far as that is read, "
        "and counts as wrong"
    )
    assert note in metrics["notes"]
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "they count as wrong" in report


def test_a_run_has_baselines_and_says_where_it_looked(tmp_path: Path) -> None:
    metrics = _train(tmp_path, BABI)
    assert metrics["frequent_exact_match"] == 0.5
    assert metrics["last_exact_match"] == 1.0  # the room named last is the answer
    assert metrics["absent"] == 0
    for name in ("pointing_game", "pointing_game_start", "pointing_game_end"):
        assert 0 <= metrics[name] <= 1
    assert metrics["localisation_chance"] == pytest.approx((1 + 1 / 2) / 2)
    assert any("the story names last would reach" in note for note in metrics["notes"]) or (
        metrics["exact_match"] > 1.0 - 1e-9 and metrics["last_exact_match"] < 1
    )
    kept = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert kept["exact_match"] == metrics["exact_match"]


def test_a_training_file_with_an_answer_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(
        "story,question,answer\nAnna left.,Who left?,Anna\nBen left.,Did he?,yes\n", "utf-8"
    )
    data = {"kind": "table", "path": str(tmp_path / "new.csv")}
    with pytest.raises(DataError) as caught:
        jobs.train({"task": "answer-span", "data": data}, tmp_path / "run")
    assert str(caught.value) == (
        f"{tmp_path / 'new.csv'}: 1 of 2 answers is not in the story, word for word: 'yes' of "
        'case 1; set "absent": "skip" in "training"'
    )
    assert not (tmp_path / "run").exists()


def test_numbers_are_answers_as_they_are_written() -> None:
    cases = as_stories(
        [("The bag weighs 2.50 kg.", "How much?"), ("It weighs 7 kg.", "How much?")],
        ["2.50", "7"],
        texts=True,
    )
    assert cases.labels is not None
    assert cases.labels.tolist() == ["2.50", "7"]
    SpanAnswerer(**TINY).fit(cases)


def test_the_parts_of_made_up_stories() -> None:
    data = {"kind": "rooms", "stories": 30, "unseen": 7}
    parts = jobs.load_parts(resolve_config({"task": "answer-span", "data": data}))
    assert len(parts.further["unseen"]) == 35
    assert not set(parts.further["unseen"].labels) & set(parts.train.labels)
    data["unseen"] = 0
    assert not jobs.load_parts(resolve_config({"task": "answer-span", "data": data})).further
