"""The recogniser of speech: words and their places, scores, what is kept and refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from regard.errors import ConfigError, DataError, RegardWarning
from regard.estimators import Transcriber
from regard.inputs.sound.recordings import Recordings, Word
from sounds import WORDS, spoken

SMALL: dict[str, Any] = {
    "rate": 8000,
    "tokens": "word",
    "stride": 4,
    "hidden": 24,
    "embedding_dim": 16,
    "attention_dim": 16,
    "dropout": 0.1,
    "embedding_dropout": 0.1,
    "learning_rate": 0.01,
    "batch_size": 12,
    "updates_per_epoch": 10,
    "device": "cpu",
    "random_state": 0,
}


def _strings(cases: int, *, first: int = 0) -> tuple[list[Any], list[str], list[Any]]:
    X, y, places = [], [], []
    for n in range(first, first + cases):
        generator = np.random.default_rng([5, n])
        words = generator.choice(list(WORDS), size=1 + n % 3).tolist()
        wave, where = spoken(words, seed=n)
        X.append(wave)
        y.append(" ".join(words))
        places.append(tuple(Word(*each) for each in where))
    return X, y, places


@pytest.fixture(scope="module")
def model() -> Transcriber:
    X, y, _ = _strings(60)
    return Transcriber(**SMALL, epochs=12, augmentation="none").fit(X, y)


def test_it_writes_what_is_said_and_hears_where(model: Transcriber) -> None:
    X, y, places = _strings(24, first=100)
    assert model.score(X, y) > 0.7
    assert model.score(X, y, metric="exact_match") > 0.5
    cases = Recordings(tuple(X), 8000, np.array(y, object), words=tuple(places))
    seen = model.infer(cases, maps=("weights",))
    found = model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    assert found["localisation_ap"] > found["localisation_chance"] + 0.1
    metrics = model.output_.metrics(seen)
    assert metrics["wer"] == pytest.approx(1 - model.score(X, y))
    assert metrics["baseline_wer"] > 0.5  # one of the words for every recording


def test_maps_have_a_row_for_each_word(model: Transcriber) -> None:
    X, _, _ = _strings(3, first=100)
    for wave, looks in zip(X, model.attend(X), strict=True):
        assert looks.target[-1] == "[END]"
        assert looks.weights.shape == (len(looks.target), -(-len(wave) // 80))
        np.testing.assert_allclose(looks.weights.sum(1), 1, rtol=1e-6)


def test_several_transcripts_have_falling_scores(model: Transcriber) -> None:
    X, _, _ = _strings(3, first=100)
    for ranked in model.predict_nbest(X, 3):
        scores = [score for _, score in ranked]
        assert len({text for text, _ in ranked}) == len(ranked)
        assert all(np.isfinite(scores))


def test_a_saved_one_takes_files_of_any_rate(model: Transcriber, tmp_path: Path) -> None:
    X, _, _ = _strings(2, first=101)
    model.save(tmp_path / "run")
    loaded = Transcriber.load(tmp_path / "run")
    assert loaded.predict(X) == model.predict(X)
    soundfile.write(tmp_path / "a.flac", np.repeat(X[0], 2), 16000)
    assert len(loaded.predict([tmp_path / "a.flac"])) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"tokens": "character"},
        {"tokens": "bpe", "ctc_weight": 0.0},
        {"encoder": "gru", "decoder": "transformer", "heads": 2, "embedding_dim": 24},
        {"encoder": "transformer", "ctc_weight": 0.5, "embedding_dim": 24, "layers": 1},
        {"attention": "location-sensitive"},
        {"attention": "monotonic"},
        {"attention": "hard", "stop_on": "wer", "validation_share": 0.2},
        {"augmentation": "none", "stride": 2, "features": "log-mel"},
        {"encoder": "conv-bilstm", "attention": "additive"},
    ],
    ids=str,
)
def test_other_choices_train_and_write(options: dict[str, Any]) -> None:
    X, y, _ = _strings(12)
    short = {**SMALL, **options, "epochs": 1, "updates_per_epoch": 1, "beam": 2}
    model = Transcriber(**short).fit(X, y)
    assert len(model.predict(X[:3])) == 3
    assert model.model_.encoder.stride == options.get("stride", 4)


@pytest.mark.parametrize(
    ("given", "score"),
    [
        ({}, "location-sensitive"),
        ({"decoder": "transformer", "embedding_dim": 128}, "scaled-dot"),
        ({"attention": "dot"}, "dot"),
        ({"attention": "monotonic"}, "additive"),
    ],
)
def test_the_attention_goes_on_from_where_it_was(given: dict[str, Any], score: str) -> None:
    assert Transcriber(rate=8000, **given).resolve(0).model.attention.score == score


def test_texts_of_more_tokens_than_positions_are_said() -> None:
    X, _, _ = _strings(4)
    y = ["low " * 40, "low", "low", "low"]
    with pytest.warns(RegardWarning, match=r"1 of 4 training cases has a target of more tokens"):
        Transcriber(**{**SMALL, "epochs": 1}).fit(X, y)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "y"),
        (["a", "b"], "y has 2 texts, X has 3 cases"),
        (["a", "", "b"], "case 1: the text is missing"),
        (["a", None, "b"], "case 1: the text is missing"),
        (["a", 3, "b"], "case 1"),
    ],
)
def test_what_cannot_be_written_is_refused(y: Any, words: str) -> None:
    X, _, _ = _strings(3)
    with pytest.raises(DataError, match=words):
        Transcriber(**SMALL).fit(X, y)


def test_wrong_choices_are_refused(model: Transcriber) -> None:
    X, y, _ = _strings(3)
    with pytest.raises(ConfigError, match="metric: no 'bleu'; choose one of word_accuracy, char"):
        model.score(X, y, metric="bleu")
    with pytest.raises(ConfigError, match="ctc_weight: wanted less than 1, not 1.0"):
        Transcriber(**SMALL, ctc_weight=1.0).fit(X, y)
    with pytest.raises(ConfigError, match="evidence: a decoder is not linear"):
        model.evidence(X)
    with pytest.raises(ConfigError, match="rate: arrays do not say"):
        Transcriber(**{**SMALL, "rate": None}).fit(X, y)
