"""The writer of texts from series: words and their places, choices, what is kept and refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gestures import CHANNELS, WORDS, gesture, gestures
from regard.data import as_cases
from regard.errors import ConfigError, DataError, RegardWarning
from regard.estimators import SeriesTranscriber

SMALL: dict[str, Any] = {
    "tokens": "word",
    "stride": 2,
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
SHORT: dict[str, Any] = {**SMALL, "epochs": 1, "updates_per_epoch": 1, "beam": 2}


@pytest.fixture(scope="module")
def model() -> SeriesTranscriber:
    return SeriesTranscriber(**SMALL, epochs=12).fit(*gestures(60))


def test_it_writes_what_follows_in_time(model: SeriesTranscriber) -> None:
    """ "left" and "right" differ in nothing but the order of their steps."""
    X, y = gestures(30, first=100)
    assert model.score(X, y) > 0.85
    assert model.score(X, y, metric="exact_match") > 0.7
    assert model.score(X, y, metric="character_accuracy") > 0.85
    seen = model.infer(as_cases(X, y, texts=True))
    metrics = model.output_.metrics(seen)
    assert metrics["wer"] == pytest.approx(1 - model.score(X, y))
    assert metrics["baseline_wer"] > 0.5  # one of the words for every case


def test_words_look_in_order_at_their_gestures(model: SeriesTranscriber) -> None:
    words = ["wave", "left", "right"]
    found = []
    for seed in range(6):
        series = gesture(words, seed=1000 + seed)
        [looks] = model.attend([series])
        assert looks.target[-1] == "[END]"
        assert looks.weights.shape == (len(looks.target), series.shape[1])
        np.testing.assert_allclose(looks.weights.sum(1), 1, rtol=1e-6)
        if looks.target[:-1] == words:
            found.append(looks.weights[:3] @ np.arange(series.shape[1]))
    assert len(found) >= 3
    assert (np.diff(found, axis=1) > 0).mean() > 0.8


def test_padding_beside_longer_ones_changes_no_text(model: SeriesTranscriber) -> None:
    X, _ = gestures(9, first=200)
    assert model.predict(X) == [model.predict([one])[0] for one in X]


def test_a_saved_one_writes_the_same(model: SeriesTranscriber, tmp_path: Path) -> None:
    X, _ = gestures(6, first=100)
    model.save(tmp_path / "run")
    loaded = SeriesTranscriber.load(tmp_path / "run")
    assert loaded.predict(X) == model.predict(X)
    assert loaded.channels_ == model.channels_
    for ranked in loaded.predict_nbest(X, 2):
        assert len({text for text, _ in ranked}) == len(ranked) == 2


def test_one_step_and_one_channel_are_enough() -> None:
    model = SeriesTranscriber(**{**SHORT, "ctc_weight": 0.0})
    X = [np.arange(1.0 + n) for n in range(8)]
    model.fit(X, ["a", "a b"] * 4)
    assert len(model.predict([[5.0], [1.0, 2.0]])) == 2
    assert model.attend([[5.0]])[0].weights.shape[1] == 1


@pytest.mark.parametrize(
    "options",
    [
        {"tokens": "character"},
        {"tokens": "bpe", "ctc_weight": 0.0},
        {"encoder": "gru", "decoder": "transformer", "heads": 2, "embedding_dim": 24},
        {"encoder": "transformer", "ctc_weight": 0.5, "embedding_dim": 24, "layers": 1},
        {"attention": "additive", "stride": 1},
        {"attention": "monotonic", "beam": 1},
        {"attention": "hard", "stop_on": "wer", "validation_share": 0.2},
        {"augmentation": "specaugment", "scaling": "series"},
        {"augmentation": "none", "encoder": "conv-bilstm", "missing": "interpolate"},
    ],
    ids=str,
)
def test_other_choices_train_and_write(options: dict[str, Any]) -> None:
    X, y = gestures(12)
    model = SeriesTranscriber(**{**SHORT, **options}).fit(X, y)
    assert len(model.predict(X[:3])) == 3
    assert model.model_.encoder.stride == options.get("stride", 2)


def test_the_defaults_are_those_of_speech_and_of_series() -> None:
    resolved = SeriesTranscriber().resolve(0)
    assert resolved.model.tokens == "character"
    assert resolved.model.ctc_weight == 0.3
    assert resolved.model.encoder == "conv"
    assert resolved.model.stride == 3
    assert resolved.model.attention.score == "location-sensitive"
    assert resolved.data.scaling == "auto"
    assert resolved.training.augmentation == "warp"


def test_gaps_and_missing_texts_are_left_out_or_filled() -> None:
    X, y = gestures(12)
    X[3][1, 5] = np.nan
    y[7] = ""
    with pytest.warns(RegardWarning, match="left out") as told:
        SeriesTranscriber(**SHORT, missing="skip").fit(X, y)
    assert [str(each.message) for each in told] == [
        "1 of 12 cases is left out: no text (case 7)",
        "1 of 12 cases is left out: missing values (case 3)",
    ]
    y[7] = "wave"
    assert len(SeriesTranscriber(**SHORT, missing="interpolate").fit(X, y).predict(X)) == 12


def test_a_short_series_is_said_and_all_short_ones_are_refused() -> None:
    X, y = gestures(6)
    y[0] = "left " * 40
    with pytest.warns(RegardWarning, match="1 of 6 training cases has a target of more tokens"):
        SeriesTranscriber(**SHORT).fit(X, y)
    short, texts = [one[:, :4] for one in X], ["left left right", "left right wave"] * 3
    message = (
        "all 6 training cases have targets of more tokens than there are positions to spell them "
        "at, one for 2 of at most 4 steps; pass stride=1, or pass ctc_weight=0.0"
    )
    with pytest.raises(DataError) as caught:
        SeriesTranscriber(**SHORT).fit(short, texts)
    assert str(caught.value) == message
    SeriesTranscriber(**{**SHORT, "ctc_weight": 0.0}).fit(short, texts)
    SeriesTranscriber(**{**SHORT, "stride": 1}).fit(short, texts)
    with pytest.raises(DataError, match="one for 1 of at most 2 steps; pass ctc_weight=0.0$"):
        SeriesTranscriber(**{**SHORT, "stride": 1}).fit([one[:, :2] for one in X], texts)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (["a", "b"], "y has 2 texts, X has 3 cases; wanted one for each"),
        (["a", "", "b"], "y, case 1: the text is missing; pass missing='skip'"),
        (["a", None, " "], "y, case 1: the text is missing; also case 2; pass missing='skip'"),
        (["a", 3, "b"], "y, case 1: wanted text, given int"),
        (np.arange(3.0), "y, case 0: wanted text, given float64; also case 1 and case 2"),
        ("abc", "y: Iterable over raw text documents expected, string object received; for one "
         "text write [text]"),
        (["a", "a", "a"], "all 3 texts to learn from are the same ('a'); there is nothing to "
         "learn"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(y: Any, message: str) -> None:
    X, _ = gestures(3)
    with pytest.raises(DataError) as caught:
        SeriesTranscriber(**SHORT).fit(X, y)
    assert str(caught.value) == message


def test_cases_must_have_texts(model: SeriesTranscriber) -> None:
    X, y = gestures(4)
    cases = as_cases(X)
    with pytest.raises(DataError, match="^the cases have no targets$"):
        SeriesTranscriber(**SHORT).fit(cases)
    with pytest.raises(DataError, match="^requires y to be passed"):
        model.score(cases, None)
    for labels, what in (([1, 0, 1, 0], "given int64"), (["a", "", "b", "b"], "is missing")):
        with pytest.raises(DataError, match=f"^y, case [01]: .*{what}"):
            SeriesTranscriber(**SHORT).fit(replace(cases, labels=np.array(labels)))
    named = SeriesTranscriber(**SHORT).fit(as_cases(X, y))  # strings are texts, too
    assert len(named.predict(cases)) == 4


def test_series_that_lie_on_their_side_are_told() -> None:
    X, y = gestures(6)
    turned = [one.T for one in X]
    with pytest.raises(DataError) as caught:
        SeriesTranscriber(**SHORT).fit(turned, y)
    assert str(caught.value) == (
        f"X: case 1 has {len(turned[1])} channels, case 0 has {len(turned[0])}, and all have 3 "
        "steps; if these are the channels, transpose each case: wanted [channels, steps]"
    )
    # Of one length nothing contradicts, but so few steps are odd.
    same = np.stack([one[:20] for one in turned])
    with pytest.warns(RegardWarning) as told:
        SeriesTranscriber(**{**SHORT, "stride": 1, "ctc_weight": 0.0}).fit(same, y)
    assert str(told[0].message) == (
        "all series have fewer steps (3 at most) than channels (20); a series is [channels, steps]"
    )


def test_new_series_must_be_like_those_fitted(model: SeriesTranscriber) -> None:
    X, _ = gestures(2)
    with pytest.raises(DataError, match=f"^X has 2 channels; the model was fitted on {CHANNELS}$"):
        model.predict([one[:2] for one in X])
    with pytest.raises(DataError) as caught:
        model.predict([X[0].T])
    assert str(caught.value) == (
        f"X has {X[0].shape[1]} channels; the model was fitted on 3, as many as there are steps: "
        "wanted [channels, steps]; transpose each case"
    )
    gap = X[1].copy()
    gap[2, 7] = np.nan
    with pytest.raises(DataError, match="^X, case 1, channel 2, step 7: .*missing"):
        model.predict([X[0], gap])


def test_wrong_choices_are_refused(model: SeriesTranscriber) -> None:
    X, y = gestures(3)
    with pytest.raises(ConfigError, match="metric: no 'bleu'; choose one of word_accuracy, char"):
        model.score(X, y, metric="bleu")
    with pytest.raises(ConfigError, match="evidence: a decoder is not linear"):
        model.evidence(X)
    with pytest.raises(ConfigError, match="augmentation: .*warp"):
        SeriesTranscriber(**SHORT, augmentation="shift").fit(X, y)


def test_the_view_shows_each_word_above_its_place(model: SeriesTranscriber, tmp_path: Path) -> None:
    X, y = gestures(3, first=102)
    seen = model.infer(as_cases(X, y, texts=True), maps=("weights",))
    view: Any = model.input_.view(seen, 0, model.output_.outcome(seen, 0))
    words = model.predict(X)[0].split()
    assert words
    assert set(words) <= set(WORDS)
    at = [int(row.argmax()) for row in seen.maps["weights"][0]][: len(words)]
    places = ", ".join(f"{word} {place}" for word, place in zip(words, at, strict=True))
    assert view.label.endswith(f"steps of 3 channels with the attention of each word that was "
                               f"written, highest at: {places}.")  # fmt: skip
    assert [text.get_text() for text in view.draw().texts] == words
    view.save(tmp_path / "case.html")
    page = (tmp_path / "case.html").read_text()
    assert "has a row below the series" in page
    assert "<script" not in page
    nothing = replace(view, words=[], weights=np.zeros((0, X[0].shape[1])), rate=10.0)
    assert nothing.label.endswith("highest at: no word was written.")
    nothing.save(tmp_path / "none.png")
