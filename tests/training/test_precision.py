"""Training in bfloat16: the model's products alone, and only where the processor has it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from regard.config import TrainingConfig
from regard.errors import ConfigError
from regard.estimators import SeriesClassifier, SeriesForecaster, SeriesRegressor, TextClassifier
from regard.models import Predicted
from regard.training import CrossEntropy, SequencePart, check_device, fit, seeded

SETTINGS = TrainingConfig(
    epochs=3, batch_size=8, updates_per_epoch=1, weight_decay=0, device="cpu", precision="bf16"
)


class _Toy(nn.Module):
    """A linear layer that notes the dtype of what it returns."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.dtypes: list[torch.dtype] = []

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Predicted:
        values = self.linear(series.mean(2))
        self.dtypes.append(values.dtype)
        return Predicted(values, {})


class _Single(CrossEntropy):
    """Cross-entropy that wants single precision."""

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        assert values.dtype == torch.float32
        return super().losses(values, targets)

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        assert values.dtype == torch.float32
        return super().forward(values, targets)


def _toy() -> _Toy:
    with seeded(3):
        return _Toy()


def _part() -> SequencePart:
    targets = torch.arange(8) % 2
    series = torch.randn(8, 2, 11, generator=torch.Generator().manual_seed(0))
    return SequencePart([series + targets[:, None, None]], torch.full((8,), 11), targets)


def test_training_multiplies_in_bfloat16_and_the_rest_is_in_single_precision() -> None:
    model, part, start = _toy(), _part(), _toy().linear.requires_grad_(False)
    history = fit(model, part, part, _Single(), SETTINGS, seed=0).history
    assert model.dtypes[:2] == [torch.bfloat16, torch.float32]  # training, validation
    assert {each.dtype for each in model.state_dict().values()} == {torch.float32}
    assert isinstance(part.targets, torch.Tensor)
    sides = part.inputs[0].mean(2), start.weight, start.bias
    rounded = nn.functional.linear(*(side.bfloat16() for side in sides))
    loss = float(cross_entropy(rounded.float(), part.targets))
    assert history[0]["loss"] == pytest.approx(loss, rel=1e-6)
    exact = float(cross_entropy(nn.functional.linear(*sides), part.targets))
    assert loss != pytest.approx(exact, rel=1e-5)


def test_resuming_in_bfloat16_gives_the_same_weights(
    tmp_path: Path, updates_before: list[int]
) -> None:
    settings = SETTINGS.model_copy(update={"schedule": "constant"})
    whole, cut, resumed = _toy(), _toy(), _toy()
    fit(whole, _part(), None, CrossEntropy(), settings, seed=0)
    options: dict[str, Any] = {"seed": 0, "checkpoint": tmp_path / "last.ckpt"}
    first = settings.model_copy(update={"epochs": 1})
    fit(cut, _part(), None, CrossEntropy(), first, **options)
    fit(resumed, _part(), None, CrossEntropy(), settings, **options)
    assert updates_before[-1] > 0
    torch.testing.assert_close(resumed.state_dict(), whole.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("task", [SeriesClassifier, SeriesRegressor, SeriesForecaster])
def test_series_train_in_bfloat16(task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _has_bfloat16(monkeypatch, True)
    options = {"epochs": 1, "updates_per_epoch": 2, "hidden": 4, "random_state": 0}
    model = task(**options, device="cpu", precision="bf16")
    labels = np.arange(24) % 2
    series = np.random.default_rng(0).normal(size=(24, 1, 17)) + labels[:, None, None]
    if task is SeriesForecaster:
        found = model.set_params(window=8, horizon=3).fit(series.ravel()).predict()
    else:
        found = model.fit(series, labels).predict(series)
    assert np.isfinite(np.asarray(found, dtype=float)).all()


@pytest.mark.skipif(
    not torch.cpu._is_avx512_bf16_supported() and not torch.cpu._is_amx_tile_supported(),
    reason="this processor has no bfloat16, which its recurrent networks need",
)
def test_texts_train_in_bfloat16() -> None:
    model = TextClassifier(epochs=1, updates_per_epoch=2, precision="bf16", device="cpu")
    texts = ["it goes up and up again", "down it falls all day"] * 12
    assert set(model.fit(texts, ["up", "down"] * 12).predict(texts)) <= {"up", "down"}


def _has_bfloat16(monkeypatch: pytest.MonkeyPatch, has: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)


def test_a_processor_without_bfloat16_is_refused_before_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _has_bfloat16(monkeypatch, False)
    check_device(SETTINGS.model_copy(update={"precision": "float32"}))
    message = "^precision: bf16 is slower than float32 on this processor, which has no bfloat16; p"
    with pytest.raises(ConfigError, match=message + "ass precision='?float32'?$"):
        SeriesClassifier(precision="bf16", device="cpu").fit(np.ones((4, 1, 7)), [0, 1, 0, 1])
    _has_bfloat16(monkeypatch, True)
    check_device(SETTINGS)
