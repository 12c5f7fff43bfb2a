"""What is chosen for series by their number, length and roughness, where nothing is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from regard.config import TrainingConfig, resolve_config
from regard.data import sine
from regard.estimators import SeriesClassifier, SeriesRegressor
from regard.inputs.series.arrays import as_cases
from regard.inputs.series.input import SeriesInput
from regard.inputs.series.scaling import roughness
from regard.models import ConvolvedModel
from regard.outputs.sides import sides_of

ONE = {"epochs": 1, "updates_per_epoch": 1, "hidden": 4, "random_state": 0}


def _settled(X: NDArray[Any], **changes: Any) -> SeriesInput:
    """An input fitted on these series, half of them of either class."""
    changed = {name: dict(fields) for name, fields in changes.items()}
    data = {"kind": "arrays", "scaling": "channel"}
    config = resolve_config({"task": "classify", "data": data, **changed})
    incoming, _ = sides_of(config)
    assert isinstance(incoming, SeriesInput)
    incoming.fit(as_cases(X, np.arange(len(X)) % 2))
    return incoming


def _walks(cases: int, steps: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal((cases, steps)).cumsum(1)


@pytest.mark.parametrize(
    ("model", "convolved"),
    [
        ({}, True),
        ({"attention": "dot"}, True),
        ({"encoder": "gru"}, False),
        ({"form": "lstm-attention"}, False),
        ({"encoder": "gru", "convolutions": True}, True),
        ({"convolutions": False}, False),
        ({"convolutions": "only"}, "only"),
    ],
)
def test_convolutions_stand_beside_the_default_encoder(model: Any, convolved: Any) -> None:
    assert _settled(_walks(6, 20), model=model).convolved_ == convolved


def test_many_cases_have_a_network_alone() -> None:
    assert _settled(_walks(4000, 3)).convolved_ is True
    assert _settled(_walks(4001, 3)).convolved_ is False
    assert _settled(_walks(4001, 3), model={"convolutions": True}).convolved_ is True


@pytest.mark.parametrize(
    ("chosen", "alike"), [("auto", {"convolutions": False}), (True, {}), (False, {}), ("only", {})]
)
def test_a_comparison_of_attentions_has_convolutions_only_if_told(chosen: Any, alike: Any) -> None:
    assert _settled(_walks(6, 20), model={"convolutions": chosen}).alike() == alike


@pytest.mark.parametrize(
    ("cases", "steps", "stride"),
    [
        (50, 300, 1),  # 500 updates of 32 x 300
        (320, 1020, 1),  # 500 x 32 x 1020 / 11 million = 1.48
        (320, 1040, 2),
        (100, 1460, 3),  # 600 x 32 x 1460 / 11 million = 2.5
        (8000, 500, 3),  # 2000 updates, in 8 epochs
        (10, 9000, 4),  # 500 updates of 10: 4.1
    ],
)
def test_long_trainings_stride(cases: int, steps: int, stride: int) -> None:
    assert _settled(_walks(cases, steps)).stride_ == stride


def test_a_stride_is_as_it_is_said() -> None:
    long = _walks(100, 1460)
    assert _settled(long, model={"stride": 2}).stride_ == 2
    assert _settled(long, training={"epochs": 5}).stride_ == 1
    assert _settled(long, model={"encoder": "gru"}).stride_ is None
    assert _settled(long, model={"encoder": "conv"}).stride_ is None


@pytest.mark.parametrize("estimator", [SeriesClassifier, SeriesRegressor])
def test_what_was_chosen_is_saved(estimator: Any, tmp_path: Path) -> None:
    waves = sine(series=12, steps=40, seed=0)
    X, y = (
        waves.values,
        np.asarray(waves.labels).astype(float if estimator is SeriesRegressor else int),
    )
    model = estimator(stride=3, **ONE).fit(X, y)
    assert isinstance(model.model_, ConvolvedModel)
    assert model.model_.encoder.stride == 3
    model.save(tmp_path / "run")
    loaded = estimator.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.evidence(X), model.evidence(X))
    assert loaded.evidence(X).shape[2] == 40


def test_evidence_of_inception_is_divided_among_what_its_kernels_read() -> None:
    waves = sine(series=12, steps=50, seed=0)
    model = SeriesClassifier(convolutions=False, stride=4, **ONE).fit(waves)
    scaled = torch.from_numpy(model.input_.encode(waves)[1])
    with torch.inference_mode():
        at = model.model_(scaled).maps["evidence"].double().numpy()  # [B, N, 13] positions
    found = model.evidence(waves)
    encoder: Any = model.model_.encoder
    assert encoder.kernels == (33, 9, 17)
    for t in range(50):
        read = np.zeros((len(waves), 2))
        for width in (33, 9, 17):
            for there in range(t - width // 2, t + width // 2 + 1):
                step = there % 100
                step = min(step, 99 - step)  # mirrored at the ends
                read += at[:, :, step // 4] / (2 if step >= 48 else 4) / width / 3
        np.testing.assert_allclose(found[:, :, t], read, atol=1e-6)


def test_rough_series_are_not_warped() -> None:
    """Reading between steps that say nothing of each other would smooth them."""
    smooth, rough = _walks(6, 50), np.random.default_rng(1).standard_normal((6, 50))
    assert _settled(smooth).augment() is not None
    assert _settled(rough).augment() is None
    assert _settled(rough, training={"augmentation": "warp"}).augment() is not None
    assert _settled(smooth, training={"augmentation": "none"}).augment() is None


def test_roughness_leaves_padding_out() -> None:
    X = np.random.default_rng(0).standard_normal((3, 2, 30)).astype(np.float32)
    lengths = np.array([30, 12, 2])
    X[np.broadcast_to(np.arange(30) >= lengths[:, None, None], X.shape)] = 7.0
    off, variances = [], []
    for case, length in zip(X.astype(float), lengths, strict=True):
        for channel in case[:, :length]:
            inner = channel[1:-1] - (channel[:-2] + channel[2:]) / 2
            off.append(np.square(inner).mean() if length > 2 else 0.0)
            variances.append(channel.var())
    assert roughness(X, lengths) == pytest.approx(np.mean(off) / np.mean(variances), rel=1e-5)
    assert roughness(np.ones((2, 1, 5), np.float32), np.array([5, 5])) == 0.0


@pytest.mark.parametrize(
    ("cases", "batch_size", "epochs"), [(5, 32, 50), (1280, 32, 50), (2000, 32, 32), (10**6, 32, 1)]
)
def test_epochs_make_so_many_updates(cases: int, batch_size: int, epochs: int) -> None:
    settings = TrainingConfig(epochs=None, batch_size=batch_size)
    assert settings.epochs_of(cases) == epochs
    assert TrainingConfig(epochs=7, batch_size=batch_size).epochs_of(cases) == 7


def test_a_small_part_is_passed_over_whole() -> None:
    assert TrainingConfig(batch_size=32, updates_per_epoch=10).updates_of(90) == 12
