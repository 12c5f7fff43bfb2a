"""Divergence: told in one line, with its cause, wherever it arises; nothing infinite comes out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from regard import jobs
from regard.config import TrainingConfig
from regard.errors import ConfigError, DataError, RegardError, RunError
from regard.estimators import SeriesClassifier, SeriesRegressor
from regard.models import Predicted
from regard.training import CrossEntropy, SequencePart, SquaredError, fit

SMALL: dict[str, Any] = {
    "encoder": "conv",
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "epochs": 3,
    "updates_per_epoch": 3,
    "device": "cpu",
    "random_state": 0,
}
GENERATOR = np.random.default_rng(0)
LABELS = np.arange(24) % 2
SERIES: NDArray[np.float64] = GENERATOR.normal(size=(24, 1, 11)) + LABELS[:, None, None]


class _Toy(nn.Module):
    """A linear layer; with a given update, something happens to its weights."""

    def __init__(self, spoil: float = 1.0, at: int = -1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(2, 2)
        self.spoil, self.at, self.updates = spoil, at, 0

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Any:
        if self.training:
            self.updates += 1
            if self.updates == self.at:
                with torch.no_grad():
                    self.linear.weight.mul_(self.spoil)
        return Predicted(self.linear(series.mean(2)), {})


def _part(cases: int = 10) -> SequencePart:
    targets = torch.arange(cases) % 2
    series = torch.randn(cases, 2, 5, generator=torch.Generator().manual_seed(1))
    return SequencePart([series + targets[:, None, None]], torch.full((cases,), 5), targets)


def _settings(**changes: Any) -> TrainingConfig:
    # Two epochs of two updates.
    fixed = {"epochs": 2, "batch_size": 5, "updates_per_epoch": 2, "device": "cpu"}
    return TrainingConfig(**{**fixed, **changes})


def _fit(model: nn.Module, part: SequencePart, **changes: Any) -> list[str]:
    return fit(model, part, None, CrossEntropy(), _settings(**changes), seed=0).notes


@pytest.mark.parametrize(("at", "epoch"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_a_loss_that_is_not_finite_names_the_epoch_and_a_lower_rate(at: int, epoch: int) -> None:
    message = f"^training diverged: the loss is nan in epoch {epoch}; pass learning_rate=0.001$"
    with pytest.raises(RegardError, match=message):
        _fit(_Toy(torch.nan, at), _part(), learning_rate=0.01)


def test_the_suggested_rate_is_below_the_one_that_diverged_and_the_clip_is_named() -> None:
    message = "pass learning_rate=0.0001, or pass gradient_clip=1.0$"
    with pytest.raises(RegardError, match=message):
        _fit(_Toy(torch.nan, 1), _part(), learning_rate=0.001, gradient_clip=0.0)
    with pytest.raises(RegardError, match="pass learning_rate=0.003$"):
        _fit(_Toy(torch.nan, 1), _part(), learning_rate=7.0)


@pytest.mark.parametrize("learning_rate", [1e39, 1e300])  # beyond single precision
@pytest.mark.parametrize("updates", [1, 2])
def test_the_last_update_counts_too(learning_rate: float, updates: int) -> None:
    settings = {"epochs": 1, "updates_per_epoch": updates, "batch_size": 10, "weight_decay": 0.0}
    message = "^training diverged: the (weights linear.* not finite|loss is nan) in epoch 1; pass"
    with pytest.raises(RegardError, match=message):
        _fit(_Toy(), _part(), learning_rate=learning_rate, schedule="constant", **settings)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_inputs_that_are_not_finite_are_no_matter_of_the_rate(value: float) -> None:
    part = _part()
    part.inputs[0][3] = value
    with pytest.raises(DataError, match="^training: an input is not finite in single precision: l"):
        _fit(_Toy(), part)


def test_a_validation_loss_that_is_not_finite_raises_too() -> None:
    held = _part()
    held.inputs[0][3] = torch.nan
    with pytest.raises(DataError, match="^training: an input is not finite"):
        fit(_Toy(), _part(), held, CrossEntropy(), _settings(), seed=0)


class _Fixed(_Toy):
    """Says the same numbers of every case."""

    def __init__(self, *values: float) -> None:
        super().__init__()
        self.values = torch.tensor(values)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Any:
        return Predicted(0 * self.linear(series.mean(2)) + self.values, {})


def test_a_model_that_has_learned_nothing_says_so() -> None:
    [note] = _fit(_Fixed(0.1, 0.0), _part())
    assert note == "the model has learned nothing: it gives every case the same answer"
    # Half of the cases are of each class: (log(1 + e^z) + log(1 + e^-z)) / 2 with z = 22 is 11.
    with pytest.raises(RegardError, match="the loss is 11 on the training part, and 0.6931 if ev"):
        _fit(_Fixed(22.0, 0.0), _part())
    assert _fit(_Toy(), _part(), epochs=40, learning_rate=0.1) == []


def test_one_answer_is_right_where_all_targets_are_the_same() -> None:
    part = _part()
    part.targets = torch.zeros(10, 2)
    assert (
        fit(_Fixed(0.0, 0.0), part, None, SquaredError(torch.ones(2)), _settings(), seed=0).notes
        == []
    )


def test_a_model_far_from_its_targets_but_not_the_same_everywhere_gets_a_note() -> None:
    class Wrong(_Toy):
        score = 6.0

        def forward(self, series: Tensor, mask: Tensor | None = None) -> Any:
            moved = super().forward(series, mask).values
            return Predicted(moved * 1e-3 + torch.tensor([self.score, 0.0]), {})

    # About 6 / 2 + log(1 + e^-6) = 3.002.
    [note] = _fit(Wrong(), _part(), epochs=1, learning_rate=1e-6)
    assert note.startswith("the model has learned nothing: its loss is 3.0")
    assert note.endswith(
        "and 0.6931 if every case gets the same answer; a lower learning_rate may help"
    )
    near = Wrong()
    near.score = 3.0  # a loss of 1.549, more than twice 0.6931, which few cases may have
    assert _fit(near, _part(), epochs=1, learning_rate=1e-6) == []


@pytest.mark.parametrize("attention", ["additive", "sparsemax", "entmax15", "hard", "monotonic"])
@pytest.mark.parametrize("rate", [1e10, 1e30])
def test_a_rate_beyond_reason_is_one_line_under_every_alignment(
    attention: str, rate: float
) -> None:
    model = SeriesClassifier(**SMALL, attention=attention, learning_rate=rate, weight_decay=0.0)
    with pytest.raises(RegardError, match="^training diverged: .*; pass learning_rate=0.003$"):
        model.fit(SERIES, LABELS)
    assert not hasattr(model, "model_")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"weight_decay": 1e30}, "weight_decay is too high: learning_rate 0.003 times weight_"),
        ({"weight_decay": 1e3}, "weight_decay is too high"),
        ({"epochs": 10**400}, "epochs: wanted less than or equal to 1000000000, not"),
        ({"updates_per_epoch": 10**400}, "updates_per_epoch: wanted less than or equal to 1000000"),
        ({"learning_rate": 1e10}, "learning_rate is too high: .* wanted below 1, not 1e.08"),
    ],
)
def test_what_no_training_can_use_is_refused_by_name(changes: Any, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        SeriesClassifier(**SMALL | changes).fit(SERIES, LABELS)


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 1e-300},
        {"learning_rate": 1.0, "weight_decay": 0.99},
        {"batch_size": 10**9},
        {"batch_size": 1, "encoder": "gru"},
        {"dropout": 0.999999},
        {"gradient_clip": 1e-300},
        {"gradient_clip": 1e300},
        {"patience": 10**9},
        {"epochs": 1, "updates_per_epoch": 1},
    ],
)
@pytest.mark.filterwarnings("ignore::regard.errors.RegardWarning")
def test_extremes_give_finite_predictions(changes: Any) -> None:
    model = SeriesClassifier(**SMALL | changes).fit(SERIES, LABELS)
    assert np.isfinite(model.predict_proba(SERIES)).all()


def test_a_divergence_does_not_end_a_comparison(tmp_path: Path) -> None:
    config = {
        "data": {"kind": "sine", "series": 30, "steps": 20},
        "model": {"encoder": "conv", "hidden": 4, "layers": 1},
        "training": {"epochs": 1, "learning_rate": 1e30, "weight_decay": 0.0, "device": "cpu"},
    }
    found = jobs.compare(config, ["sparsemax", "hard"], tmp_path / "out", seeds=1)
    assert [one.failure.startswith("training diverged: ") for one in found.trained] == [True, True]
    assert all(file.suffix for file in (tmp_path / "out").iterdir())  # no folder of a run


@pytest.fixture(scope="module")
def fitted() -> dict[str, SeriesClassifier]:
    return {
        name: SeriesClassifier(**SMALL, attention=name).fit(SERIES, LABELS)
        for name in ("additive", "sparsemax")
    }


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_run_whose_weights_are_not_finite_is_refused(
    fitted: dict[str, SeriesClassifier], tmp_path: Path, value: float
) -> None:
    fitted["additive"].save(tmp_path / "run")
    file = tmp_path / "run" / "model.safetensors"
    weights = load_file(file)
    weights["head.pool.queries" if "head.pool.queries" in weights else next(iter(weights))][0] = (
        value
    )
    save_file(weights, file)
    with pytest.raises(
        RunError, match=r"run/model.safetensors: the weights \S+ are not finite: the"
    ):
        SeriesClassifier.load(tmp_path / "run")


@pytest.mark.parametrize("name", ["additive", "sparsemax"])
def test_predictions_that_are_not_finite_name_their_cases(
    fitted: dict[str, SeriesClassifier], name: str
) -> None:
    far = SERIES.copy()
    # Nearly the largest number of single precision, so that convolutions overflow to both sides.
    far[[2, 5, 7, 11]] = 3e38 * (-1.0) ** (np.arange(11) // 4)
    model = fitted[name]
    with pytest.raises(
        DataError, match="^case 2, 5, 7 and 1 more: the prediction is not finite: l"
    ):
        model.predict(far)
    with pytest.raises(DataError, match="^case 5: the prediction is not finite"):
        model.attend(far[3:6][[0, 1, 0, 1, 1, 2, 1]])
    assert np.isfinite(model.predict_proba(np.delete(far, [2, 5, 7, 11], 0))).all()


def test_a_regressor_gives_no_infinite_numbers() -> None:
    model = SeriesRegressor(**SMALL).fit(SERIES, SERIES.mean((1, 2)))
    with pytest.raises(DataError, match="case 0: the prediction is not finite"):
        model.predict(np.full((1, 1, 11), 3e38))
