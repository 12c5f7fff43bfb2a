"""The classifier of recordings: features in the model, maps in time, rates, what is kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from regard.data import Recordings, as_recordings
from regard.errors import ConfigError, DataError, RunError
from regard.estimators import SoundClassifier
from regard.inputs.sound.input import SoundInput
from regard.inputs.sound.view import SoundView
from sounds import PITCHES, tone, write_tones

SMALL: dict[str, Any] = {
    "encoder": "conv",
    "pooling": "attention",
    "hidden": 8,
    "layers": 2,
    "attention_dim": 8,
    "mels": 20,
    "features": "log-mel",
    "epochs": 8,
    "learning_rate": 0.02,
    "updates_per_epoch": 4,
    "batch_size": 16,
    "device": "cpu",
    "random_state": 0,
}


def _input(model: SoundClassifier) -> SoundInput:
    assert isinstance(model.input_, SoundInput)
    return model.input_


def _tones(cases: int = 24, *, rate: int = 8000, first: int = 0) -> tuple[list[Any], list[str]]:
    y = [list(PITCHES)[n % 2] for n in range(cases)]
    return [tone(PITCHES[label], rate=rate, seed=first + n) for n, label in enumerate(y)], y


@pytest.fixture(scope="module")
def model() -> SoundClassifier:
    return SoundClassifier(**SMALL, rate=8000).fit(*_tones())


def test_it_hears_which_tone_and_when(model: SoundClassifier) -> None:
    X, y = _tones(first=100)
    assert model.score(X, y) == 1.0
    spans = [[0.1, 0.2]] * len(X)
    cases = as_recordings(X, y, rate=8000, spans=spans)
    seen = model.infer(cases, maps=("weights",))
    found = model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    assert found["localisation_chance"] == pytest.approx(1 / 3)
    assert found["localisation_ap"] > 0.6
    assert model.attend(X).shape == (24, 30)


def test_maps_and_spans_are_over_frames_of_the_hop(model: SoundClassifier) -> None:
    X, y = _tones(3)
    X[1] = X[1][:1211]  # 15 frames and 11 samples of the sixteenth
    cases = as_recordings(X, y, rate=8000, spans=[[0.1, 0.2], [0.151, 0.2], [0.0, 0.0]])
    series = _input(model).series(cases)
    assert series.lengths.tolist() == [30, 16, 30]
    assert series.spans is not None
    assert series.spans.tolist() == [[10, 20], [15, 16], [0, 0]]
    weights = model.attend(X)
    assert (weights[1, 16:] == 0).all()
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
    columns = model.input_.columns(model.infer(cases, maps=("weights",)))
    starts, stops = np.array(columns["from"]), np.array(columns["to"])
    assert (starts < stops).all()
    assert (stops <= cases.seconds + 1e-4).all()


def test_new_recordings_of_another_rate_are_resampled(
    model: SoundClassifier, tmp_path: Path
) -> None:
    X, y = _tones(6, rate=22050, first=50)
    for n, wave in enumerate(X):
        soundfile.write(tmp_path / f"{n}.flac", wave, 22050)
    paths = [tmp_path / f"{n}.flac" for n in range(6)]
    assert model.predict(paths).tolist() == y
    given = as_recordings(X, rate=22050)
    np.testing.assert_allclose(model.predict_proba(given), model.predict_proba(paths), atol=1e-3)


def test_the_rate_and_features_are_kept(model: SoundClassifier, tmp_path: Path) -> None:
    X, _ = _tones(4, first=9)
    model.save(tmp_path / "run")
    again = SoundClassifier.load(tmp_path / "run")
    assert (again.rate_, _input(again).features) == (8000, _input(model).features)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    (tmp_path / "run" / "preprocess.json").write_text("{}")
    with pytest.raises(RunError, match="is damaged"):
        SoundClassifier.load(tmp_path / "run")


def test_features_are_scaled_by_channel_of_the_training_part() -> None:
    X, y = _tones(8)
    model = SoundClassifier(**{**SMALL, "features": "mfcc", "epochs": 1}, rate=8000).fit(X, y)
    assert len(model.channels_) == 39
    series, scaled = model.input_.encode(as_recordings(X, rate=8000))
    assert scaled.shape == (8, 39, 30)
    np.testing.assert_allclose(scaled.mean((0, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std((0, 2)), 1, atol=1e-3)
    assert series.channels == model.channels_


def test_paths_from_python_name_the_cases(tmp_path: Path) -> None:
    rows = write_tones(tmp_path, 12)
    paths, y = [tmp_path / name for name, _ in rows], [label for _, label in rows]
    model = SoundClassifier(**{**SMALL, "epochs": 1}).fit(paths, y)
    assert model.rate_ == 8000
    seen = model.infer(paths, maps=("weights",))
    view = model.input_.view(seen, 3, model.output_.outcome(seen, 3))
    assert isinstance(view, SoundView)
    assert view.id == str(paths[3])
    assert view.weights.shape == (30,)
    assert view.energies.shape == (20, 30)
    np.testing.assert_allclose(view.wave, tone(1500.0, seed=3), atol=1e-4)


@pytest.mark.parametrize("augmentation", ["none", "specaugment"])
def test_augmentation_is_by_name(augmentation: str) -> None:
    X, y = _tones(8)
    model = SoundClassifier(**{**SMALL, "epochs": 1}, augmentation=augmentation, rate=8000)
    model.fit(X, y)
    assert (model.input_.augment() is None) == (augmentation == "none")


def test_what_cannot_be_learned_from_or_predicted_is_refused(model: SoundClassifier) -> None:
    X, y = _tones(6)
    with pytest.raises(ConfigError, match="rate: arrays do not say .*; pass rate$"):
        SoundClassifier(**SMALL).fit(X, y)
    with pytest.raises(DataError, match="y has only one class, low; a classifier needs at least"):
        SoundClassifier(**SMALL, rate=8000).fit(X, ["low"] * 6)
    with pytest.raises(DataError, match="X, case 1: it is silent: .*; leave it out$"):
        model.predict([X[0], 0 * X[1]])
    with pytest.raises(ConfigError, match='augmentation: "warp" is not one of specaugment, none'):
        SoundClassifier(**SMALL, rate=8000, augmentation="warp").fit(X, y)
    with pytest.raises(ConfigError, match="rate: wanted greater than or equal to 1000, not 8"):
        SoundClassifier(**SMALL, rate=8).fit(X, y)


def test_what_cannot_be_used_can_be_skipped() -> None:
    X, y = _tones(10)
    X[3] = 0 * X[3]
    model = SoundClassifier(**{**SMALL, "epochs": 1}, rate=8000, missing="skip")
    with pytest.warns(UserWarning, match="1 of 10 cases is left out: it is silent"):
        model.fit(X, y)


def test_recordings_of_another_rate_are_resampled_in_fitting_too() -> None:
    X, y = _tones(8, rate=16000)
    cases = Recordings(tuple(X), 16000, np.array(y))
    model = SoundClassifier(**{**SMALL, "epochs": 1}, rate=8000).fit(cases)
    assert model.rate_ == 8000
    assert SoundClassifier(**{**SMALL, "epochs": 1}).fit(cases).rate_ == 16000
