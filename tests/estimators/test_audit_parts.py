"""Verdicts on maps of answers of several parts, such as words that are written, and of stories."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gestures import gestures
from regard import Captioner, SeriesForecaster, Translator
from regard.data import rooms, scenes
from regard.errors import ConfigError, DataError
from regard.estimators import (
    AttentionEstimator,
    QuestionAnswerer,
    SeriesTranscriber,
    SoundClassifier,
    SpanAnswerer,
    Summarizer,
    TextAnswerer,
    Transcriber,
)
from regard.explain import Verdict
from sounds import WORDS as SAID
from sounds import spoken

QUICK: dict[str, Any] = {"device": "cpu", "random_state": 0}
TINY: dict[str, Any] = {**QUICK, "epochs": 1, "hidden": 8}
ONE_UPDATE: dict[str, Any] = {**TINY, "updates_per_epoch": 1, "embedding_dim": 8}

WORDS_SAID = list(SAID)[:2]
WORDS = [f"word{n}" for n in range(12)]


def _pairs(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Words, and the same ones in capitals."""
    generator = np.random.default_rng(seed)
    texts = [" ".join(generator.choice(WORDS, size=6)) for _ in range(count)]
    return texts, [text.upper() for text in texts]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator(
        **QUICK,
        encoder="gru",
        tokens="word",
        hidden=24,
        embedding_dim=24,
        dropout=0.0,
        embedding_dropout=0.0,
        label_smoothing=0.0,
        epochs=12,
        updates_per_epoch=25,
        learning_rate=0.01,
        precision="float32",
        beam=1,
    ).fit(*_pairs(600, 0))


def _only(model: AttentionEstimator, X: Any, y: Any = None) -> Verdict:
    """The one verdict on a model."""
    [verdict] = model.audit(X, y).verdicts.values()
    return verdict


def test_an_alignment_is_believed_and_another_word_s_is_not(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, targets = _pairs(60, 1)
    assert translator.score(sources, targets, metric="exact_match") > 0.8
    honest = _only(translator, sources, targets)
    assert honest.verdict == "believe", honest.sentence
    assert "what is written" in honest.sentence
    assert honest.figures is not None
    assert honest.figures.shuffle is not None
    assert honest.figures.shuffle > 0.3
    assert honest.figures.learned.low > 1  # nats for each token

    head: Any = translator.model_.head
    maps = head.maps

    def turned(*given: Any) -> dict[str, Tensor]:
        return {name: each.roll(2, 1) for name, each in maps(*given).items()}

    monkeypatch.setattr(head, "maps", turned)
    assert _only(translator, sources, targets).verdict == "do not"


def test_a_writer_that_does_not_read_is_guessing(translator: Translator) -> None:
    generator = np.random.default_rng(3)
    sources, targets = _pairs(60, 1)
    shuffled = generator.permutation(targets).tolist()
    verdict = _only(translator, sources, shuffled)
    assert verdict.verdict == "do not"
    assert "no better than guessing" in verdict.sentence


def test_the_words_that_single_maps_are_of_are_named(translator: Translator) -> None:
    sources, targets = _pairs(20, 2)
    rows = translator.audit(sources, targets).of(sources[:5])
    for [case], text in zip(rows, translator.predict(sources[:5]), strict=True):
        assert case.part.strip("'") in text
        assert len(case.elsewhere) == 39


def test_other_seeds_write_other_texts(translator: Translator) -> None:
    with pytest.raises(ConfigError, match="retrain: other models write other texts"):
        translator.audit(*_pairs(20, 2), others=[translator])


def test_maps_of_words_are_not_drawn_by_other_methods(translator: Translator) -> None:
    with pytest.raises(ConfigError, match="several maps"):
        translator.attributions(["word1 word2"], method="gradient")


def test_occlusion_has_a_map_for_each_word_that_is_written(translator: Translator) -> None:
    sources, _ = _pairs(20, 2)
    found = translator.attributions([*sources, "word1"], method="occlusion")
    own = translator.attributions([*sources, "word1"], method="attention")
    assert [each.shape for each in found] == [each.shape for each in own]
    assert not any(each[:, -1].any() for each in found)  # the end mark is never erased
    assert not found[-1].any()  # nothing would be left
    alike = [
        (one[:-1, :-1].argmax(1) == other[:-1, :-1].argmax(1)).mean()
        for one, other in zip(found[:-1], own, strict=False)
    ]
    assert np.mean(alike) > 0.6  # of six words


def test_occlusion_of_a_forecast_has_a_map_for_each_step() -> None:
    options: dict[str, Any] = {**QUICK, "hidden": 8, "horizon": 3, "window": 24, "refit": False}
    model = SeriesForecaster(**options, linear=True, epochs=1).fit(_panel(0)[:300])
    found = model.attributions(_panel(0)[300:400], method="occlusion")
    assert found.shape == model.attend(_panel(0)[300:400]).shape
    assert not found[..., -1].any()
    assert (found >= 0).all()
    assert found.any(-1).all()


def _panel(seed: int) -> Any:
    """A series that repeats, in which every value is that of 12 steps before, with noise."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal(12).tolist()
    for _ in range(900):
        values.append(values[-12] + 0.1 * generator.standard_normal())
    return np.array(values)


def test_forecasts_are_audited_by_target_and_step() -> None:
    series = _panel(0)
    options: dict[str, Any] = {**QUICK, "hidden": 16, "horizon": 4, "window": 24, "refit": False}
    model = SeriesForecaster(**options, linear=False, epochs=6).fit(series[:700])
    audit = model.audit(series[700:])
    verdict = audit.verdicts["attention", model.targets_[0]]
    assert verdict.figures is not None
    assert verdict.figures.cases == (212 - 24) // 4
    assert verdict.figures.learned.low > 0.1
    assert verdict.figures.best > 0.1
    assert verdict.figures.shuffle is not None
    assert verdict.figures.shuffle > 0.1
    with pytest.raises(ConfigError, match="several maps"):
        model.attributions(series[700:], method="gradient")
    reader: Any = model.input_
    with pytest.raises(DataError, match="the model may know nothing"):
        model.audit(reader.ahead(series[700:]))
    again = model.audit(series[700:], others=[model]).verdicts["attention", model.targets_[0]]
    assert again.figures is not None
    assert again.figures.seeds is not None
    assert again.figures.seeds.value > 0
    cases = audit.of(series[-40:-12])
    assert {case.part for [case] in cases} <= {
        f"{model.targets_[0]}, step {h}" for h in range(1, 5)
    }


def test_attention_that_a_linear_forecast_makes_needless_is_refused() -> None:
    series = _panel(0)
    options: dict[str, Any] = {**QUICK, "hidden": 16, "horizon": 4, "window": 24, "refit": False}
    model = SeriesForecaster(**options, epochs=1).fit(series[:700])
    verdict = _only(model, series[700:])
    assert verdict.figures is not None
    assert verdict.figures.learned.low > 0.5
    assert "whatever the weights" in verdict.sentence


def _recordings() -> tuple[list[Any], list[str]]:
    waves = [spoken([WORDS_SAID[n % 2]], seed=n)[0] for n in range(24)]
    return waves, WORDS_SAID * 12


def test_every_other_kind_is_audited() -> None:
    stories = rooms(stories=6, seed=1)
    pictures = scenes(pictures=16, size=28, objects=1, seed=3)
    waves, words = _recordings()
    texts = [f"{text} and some more" for text in _pairs(16, 0)[0]]
    models: list[tuple[AttentionEstimator, Any, Any]] = [
        (QuestionAnswerer(**TINY), stories, None),
        (SpanAnswerer(**ONE_UPDATE), stories, None),
        (TextAnswerer(**ONE_UPDATE), stories, None),
        (Captioner(**ONE_UPDATE, layers=1, attention_dim=8), pictures, None),
        (Summarizer(**ONE_UPDATE), texts, _pairs(16, 0)[0]),
        (SoundClassifier(**TINY, rate=8000), waves, words),
        (Transcriber(**ONE_UPDATE, rate=8000, attention_dim=8), waves, words),
        (SeriesTranscriber(**ONE_UPDATE, attention_dim=8), *gestures(16)),
    ]
    for model, X, y in models:
        audit = model.fit(X, y).audit(X, y, cases=24)
        assert {name for name, _ in audit.verdicts} <= {"attention", "evidence"}
        measured = [each.figures for each in audit.verdicts.values() if each.figures is not None]
        assert measured, type(model).__name__
        assert all(np.isfinite(each.gain.value) for each in measured)
        assert torch.isfinite(torch.tensor([each.best for each in measured])).all()


def test_stories_without_attention_to_what_is_told_are_refused() -> None:
    stories = rooms(stories=6, seed=1)
    model = QuestionAnswerer(**TINY).fit(stories)
    unanswered = replace(stories, labels=None)
    with pytest.raises(DataError, match="labels"):
        model.audit(unanswered)
