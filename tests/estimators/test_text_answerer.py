"""The answerer that writes: what it returns, saves, measures and refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard import DataError, TextAnswerer, jobs
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


def _carrying(cases: int, seed: int = 0) -> Stories:
    """Who takes what, and lists of what they have."""
    rng = np.random.default_rng(seed)
    stories, answers, questions = [], [], []
    for _ in range(cases):
        things = rng.permutation(["lamp", "key", "coin", "rope"])[: int(rng.integers(4))]
        told = [f"Anna took the {thing}." for thing in things] + ["Ben sat down."]
        stories.append(told)
        questions.append("What does Anna have?")
        answers.append(", ".join(things) or "nothing")
    return as_stories(list(zip(stories, questions, strict=True)), answers, texts=True)


@pytest.fixture(scope="module")
def model() -> TextAnswerer:
    return TextAnswerer(**TINY).fit(rooms(stories=20, seed=1))


def test_every_word_of_an_answer_has_a_map_over_the_story(model: TextAnswerer) -> None:
    looks = model.attend(ASKED)
    assert [each.weights.shape[1] for each in looks] == [12, 7, 8]  # with the end mark
    for each, text in zip(looks, model.predict(ASKED), strict=True):
        assert each.weights.shape[0] == len(each.target)
        assert "".join(each.target).removesuffix("[END]") == "".join(text.split())
        np.testing.assert_allclose(each.weights.sum(1), 1, atol=1e-5)


def test_a_case_is_answered_alike_alone_and_among_others(model: TextAnswerer) -> None:
    together = model.attend(ASKED)
    for at, one in enumerate(ASKED):
        [alone] = model.attend([one])
        assert alone.target == together[at].target
        np.testing.assert_allclose(alone.weights, together[at].weights, atol=1e-5)


def test_a_saved_model_answers_alike(model: TextAnswerer, tmp_path: Path) -> None:
    model.save(tmp_path / "run")
    loaded = TextAnswerer.load(tmp_path / "run")
    assert loaded.predict_nbest(ASKED, 3) == model.predict_nbest(ASKED, 3)


def test_lists_are_learned_and_read_from_the_sentences_that_name_their_things() -> None:
    made = _carrying(400)
    sizes: dict[str, Any] = {"hidden": 24, "embedding_dim": 24, "word_dropout": 0.2}
    how: dict[str, Any] = {"epochs": 16, "batch_size": 16, "learning_rate": 0.01}
    fitted = TextAnswerer(**sizes, **how, device="cpu", random_state=0).fit(made)
    fresh = _carrying(60, seed=7)
    asked = list(zip(fresh.stories, fresh.questions, strict=True))
    assert fresh.labels is not None
    assert fitted.score(asked, fresh.labels.tolist()) >= 0.9
    new = [(["Anna took the sextant.", "Ben sat down."], "What does Anna have?")]
    assert fitted.predict(new) == ["sextant"]  # copied: no story to learn from has it
    [looks] = fitted.attend(new)
    assert looks.weights[0, :5].argmax() == 3


def test_figures_have_those_of_unseen_names_and_of_one_answer_for_all(tmp_path: Path) -> None:
    config = {
        "task": "answer-text",
        "data": {"kind": "rooms", "stories": 20, "unseen": 4},
        "model": {"hidden": 6, "embedding_dim": 5},
        "training": {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"},
    }
    found = jobs.train(resolve_config(config), tmp_path / "run")
    for name in ("exact_match", "f1", "constant_exact_match", "unseen_exact_match"):
        assert 0 <= found[name] <= 1
    assert 0 < found["localisation_chance"] < 1


def test_bad_input_gets_one_line() -> None:
    pairs = [("Anna left.", "Who left?"), ("Ben came.", "Who came?")]
    with pytest.raises(DataError, match="requires y to be passed"):
        TextAnswerer(**TINY).fit(pairs)
    with pytest.raises(DataError, match="all 2 texts to learn from are the same"):
        TextAnswerer(**TINY).fit(pairs, ["Anna", "Anna"])
    with pytest.raises(DataError, match="case 1"):
        TextAnswerer(**TINY).fit(pairs, ["Anna", ""])
    with pytest.raises(DataError, match="the story has no sentence"):
        TextAnswerer(**TINY).fit([("", "Who?"), pairs[1]], ["Anna", "Ben"])
