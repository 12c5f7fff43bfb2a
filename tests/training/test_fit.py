"""Training: best weights, early stopping, seeds, resuming and errors."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from torch import Tensor, nn

from regard.attention import sample_one
from regard.config import TrainingConfig
from regard.models import Predicted
from regard.training import (
    BatchOrder,
    CrossEntropy,
    SequencePart,
    fit,
    load_batches,
    seeded,
)

SETTINGS = TrainingConfig(
    epochs=7,
    patience=3,
    batch_size=5,
    learning_rate=0.01,
    weight_decay=0.01,
    schedule="cosine",
    gradient_clip=1.0,
    updates_per_epoch=3,
    device="cpu",
)


def _replace(settings: TrainingConfig, **changes: Any) -> TrainingConfig:
    return TrainingConfig(**{**settings.model_dump(), **changes})


class _Toy(nn.Module):
    """Means over the true steps, dropout, a linear layer: enough to learn a shift."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Any:
        mean = series.mean(2) if mask is None else (series * mask[:, None]).sum(2)
        features = nn.functional.dropout(self.norm(mean), 0.3, self.training)
        return Predicted(self.linear(features), {})


def _toy() -> _Toy:
    with seeded(3):
        return _Toy()


def _part(cases: int, seed: int = 0, *, equal: bool = True) -> SequencePart:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(cases) % 2
    series = torch.randn(cases, 2, 11, generator=generator) + targets[:, None, None]
    lengths = torch.full((cases,), 11) if equal else 1 + torch.arange(cases) % 11
    return SequencePart([series], lengths, targets)


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_the_same_seed_gives_the_same_weights() -> None:
    models = [_toy(), _toy(), _toy()]
    for model, seed in zip(models, [0, 0, 1], strict=True):
        fit(model, _part(23), None, CrossEntropy(), SETTINGS, seed=seed)
    first, second, other = (_weights(model)["linear.weight"] for model in models)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert not torch.equal(first, other)


def test_the_global_generator_is_restored() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(_toy(), _part(23), None, CrossEntropy(), SETTINGS, seed=0)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_without_validation_every_epoch_is_run() -> None:
    history, _ = fit(_toy(), _part(23), None, CrossEntropy(), SETTINGS, seed=0)
    assert [row["epoch"] for row in history] == list(range(1, 8))
    assert set(history[0]) == {"epoch", "loss", "learning_rate"}
    assert history[-1]["loss"] < history[0]["loss"]


def test_training_stops_early_and_restores_the_best_weights() -> None:
    model, validation = _toy(), _part(13, seed=1)
    settings = _replace(SETTINGS, epochs=60, learning_rate=0.3, schedule="constant")
    history, _ = fit(model, _part(11), validation, CrossEntropy(), settings, seed=0)
    losses = [row["validation_loss"] for row in history]
    best = int(np.argmin(losses))
    assert len(history) == best + 1 + settings.patience < 60
    assert isinstance(validation.targets, torch.Tensor)
    with torch.no_grad():
        logits = model(validation.inputs[0]).values
    loss = nn.functional.cross_entropy(logits, validation.targets).item()
    assert loss == pytest.approx(losses[best], rel=1e-5)
    assert loss != pytest.approx(losses[-1], rel=1e-3)


@pytest.mark.parametrize("with_validation", [False, True])
@pytest.mark.parametrize("stop_after", [1, 4])
def test_resumed_training_ends_with_the_same_weights(
    tmp_path: Path,
    stop_after: int,
    with_validation: bool,
    monkeypatch: pytest.MonkeyPatch,
    updates_before: list[int],
) -> None:
    validation = _part(13, seed=1) if with_validation else None
    settings = _replace(SETTINGS, patience=100)
    whole, cut = _toy(), _toy()
    history, _ = fit(whole, _part(23), validation, CrossEntropy(), settings, seed=0)
    path = tmp_path / "last.ckpt"
    steps = 0
    forward = _Toy.forward

    def interrupted(self: _Toy, series: Tensor, mask: Tensor | None = None) -> Any:
        nonlocal steps
        steps += self.training
        if steps > stop_after * 5 + 2:  # in the middle of an epoch of 5 updates
            raise KeyboardInterrupt
        return forward(self, series, mask)

    monkeypatch.setattr(_Toy, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(cut, _part(23), validation, CrossEntropy(), settings, seed=0, checkpoint=path)
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]

    resumed = _toy()
    resumed_history, _ = fit(
        resumed, _part(23), validation, CrossEntropy(), settings, seed=0, checkpoint=path
    )
    assert updates_before == [0, 0, stop_after * 5]
    assert resumed_history == history
    torch.testing.assert_close(_weights(resumed), _weights(whole), rtol=0, atol=0)


def _easy(cases: int, seed: int = 0) -> SequencePart:
    targets = torch.arange(cases) % 2
    series = 3 * (2.0 * targets[:, None, None] - 1) + torch.zeros(cases, 2, 11)
    generator = torch.Generator().manual_seed(seed)
    series += torch.randn(series.shape, generator=generator)
    return SequencePart([series], torch.full((cases,), 11), targets)


EASY = _replace(SETTINGS, epochs=24, patience=100, learning_rate=0.1)


def test_training_ends_soon_once_little_is_left_to_learn() -> None:
    objective, parts = CrossEntropy(smoothing=0.1), (_easy(23), _easy(13, seed=1))
    history, _ = fit(_toy(), *parts, objective, EASY, seed=0)
    smoothed = torch.tensor([0.95, 0.05])
    floor = float(-(smoothed * smoothed.log()).sum())
    near = [row["validation_loss"] < floor + 0.01 for row in history].index(True)
    assert near > 0
    assert len(history) == near + 1 + 8 < 24
    first, *rest = [row["learning_rate"] for row in history[near:]]
    halves = [first * (1 + math.cos(math.pi * part / 8)) / 2 for part in range(1, 9)]
    assert rest == pytest.approx(halves, abs=1e-9)
    whole, _ = fit(_toy(), parts[0], None, objective, EASY, seed=0)
    assert len(whole) == 24  # there is nothing to tell it by
    constant = _replace(EASY, schedule="constant", learning_rate=0.03)
    assert len(fit(_toy(), *parts, objective, constant, seed=0).history) == 24


@pytest.mark.parametrize("stop_after", [-2, 0, 3, 8])
def test_an_ending_survives_an_interruption(
    tmp_path: Path, stop_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective, parts = CrossEntropy(smoothing=0.1), (_easy(23), _easy(13, seed=1))
    whole, cut, resumed = _toy(), _toy(), _toy()
    history, _ = fit(whole, *parts, objective, EASY, seed=0)
    stop, path = len(history) - 8 + stop_after, tmp_path / "last.ckpt"
    saved, save = 0, Trainer.save_checkpoint

    def interrupted(self: Trainer, *args: Any, **options: Any) -> None:
        nonlocal saved
        save(self, *args, **options)
        saved += 1
        if saved == stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "save_checkpoint", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(cut, *parts, objective, EASY, seed=0, checkpoint=path)
    monkeypatch.undo()
    again, _ = fit(resumed, *parts, objective, EASY, seed=0, checkpoint=path)
    assert again == history
    torch.testing.assert_close(_weights(resumed), _weights(whole), rtol=0, atol=0)


def test_resuming_after_early_stopping_trains_no_further(
    tmp_path: Path, updates_before: list[int]
) -> None:
    settings = _replace(SETTINGS, epochs=60, learning_rate=0.3, schedule="constant")
    parts = _part(11), _part(13, seed=1)
    model, again = _toy(), _toy()
    path = tmp_path / "last.ckpt"
    history, _ = fit(model, *parts, CrossEntropy(), settings, seed=0, checkpoint=path)
    again_history, _ = fit(again, *parts, CrossEntropy(), settings, seed=0, checkpoint=path)
    assert updates_before == [0, len(history) * 3]  # batches of 5 of 11 cases
    assert again_history == history
    torch.testing.assert_close(_weights(again), _weights(model), rtol=0, atol=0)


def test_without_patience_training_stops_at_the_first_epoch_that_is_no_better() -> None:
    settings = _replace(SETTINGS, epochs=60, patience=0, learning_rate=0.3, schedule="constant")
    history, _ = fit(_toy(), _part(11), _part(13, seed=1), CrossEntropy(), settings, seed=0)
    losses = [row["validation_loss"] for row in history]
    assert all(later < earlier for earlier, later in pairwise(losses[:-1]))
    assert losses[-1] >= losses[-2]


def test_tuning_keeps_the_weights_at_the_start_where_no_epoch_is_better() -> None:
    model, validation = _toy(), _part(13, seed=1)
    fit(model, _part(23), validation, CrossEntropy(), SETTINGS, seed=0)
    before = _weights(model)
    wrong = _part(23)
    wrong.targets = 1 - torch.arange(23) % 2
    fit(model, wrong, validation, CrossEntropy(), SETTINGS, seed=0, tuning=True)
    torch.testing.assert_close(_weights(model), before, rtol=0, atol=0)
    fit(model, _part(97), validation, CrossEntropy(), SETTINGS, seed=1, tuning=True)
    assert any((one != before[name]).any() for name, one in _weights(model).items())


def test_tuning_trains_with_dropout_again() -> None:
    model, modes = _toy(), set()
    fit(model, _part(23), None, CrossEntropy(), SETTINGS, seed=0)
    assert not model.training
    model.register_forward_pre_hook(lambda module, _: modes.add(module.training))
    fit(model, _part(23), None, CrossEntropy(), SETTINGS, seed=0, tuning=True)
    assert modes == {True, False}  # in evaluation it is judged


def test_class_weights_change_the_loss() -> None:
    part = _part(23)
    plain, weighted = _toy(), _toy()
    fit(plain, part, None, CrossEntropy(), SETTINGS, seed=0)
    fit(weighted, part, None, CrossEntropy(torch.tensor([0.1, 5.0])), SETTINGS, seed=0)
    with torch.no_grad():
        chosen = [model(part.inputs[0]).values.argmax(1).sum() for model in (plain, weighted)]
    assert chosen[1] > chosen[0]


def test_an_epoch_passes_over_a_small_part_several_times() -> None:
    order = BatchOrder(_part(11), batch_size=4, seed=0, at_least=7)
    batches = list(order)
    assert len(batches) == len(order) == 9  # three passes of three batches
    assert np.bincount(np.concatenate(batches)).tolist() == [3] * 11
    order.set_epoch(1)
    assert not all(np.array_equal(a, b) for a, b in zip(batches, order, strict=True))
    order.set_epoch(0)
    assert all(np.array_equal(a, b) for a, b in zip(batches, order, strict=True))


def test_a_part_knows_which_pass_its_batches_are_of(monkeypatch: pytest.MonkeyPatch) -> None:
    part = _part(11)
    told: list[int] = []
    monkeypatch.setattr(part, "set_pass", told.append)
    order = BatchOrder(part, batch_size=4, seed=0, at_least=7)
    seen = []
    for _ in order:
        seen += told[-1:]
    assert (told, seen) == ([0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2])
    order.set_epoch(2)
    list(order)
    assert told == [0, 1, 2, 6, 7, 8]


def test_batches_of_unequal_lengths_have_a_mask_and_little_padding() -> None:
    part = _part(23, equal=False)
    for batch in load_batches(part, batch_size=4, seed=0):
        longest = batch.inputs[0].shape[2]
        lengths = torch.full((len(batch.targets),), longest)
        if batch.mask is not None:
            lengths = batch.mask.sum(1)
        assert lengths.max() == longest
    [whole] = load_batches(_part(7), batch_size=7)
    assert whole.mask is None


def test_seeded_restores_the_generator() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    with seeded(7):
        inside = torch.rand(1)
    assert torch.equal(torch.random.get_rng_state(), before)
    with seeded(7):
        assert torch.equal(torch.rand(1), inside)


class _Drawing(_Toy):
    """A toy model that samples one of its steps, and returns log-probability and entropy."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(11))

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Any:
        classified = super().forward(series, mask)
        if not self.training:
            return classified
        weights, log_prob, entropy = sample_one(self.scores.expand(len(series), -1))
        drawn = (series * weights[:, None]).sum(2)
        return Predicted(classified.values + self.linear(drawn), {}, log_prob, entropy)


@pytest.mark.parametrize("stopped_after", [1, 4])
def test_hard_attention_is_trained_and_resumed(tmp_path: Path, stopped_after: int) -> None:
    def drawing() -> _Drawing:
        with seeded(3):
            return _Drawing()

    whole, cut = drawing(), drawing()
    fit(whole, _part(60), None, CrossEntropy(), SETTINGS, seed=0)
    assert (whole.scores != 0).any()  # only REINFORCE has a gradient for them
    checkpoint = tmp_path / "last.ckpt"
    short = _replace(SETTINGS, schedule="constant", epochs=stopped_after)
    long = _replace(short, epochs=7)
    fit(cut, _part(60), None, CrossEntropy(), short, seed=0, checkpoint=checkpoint)
    cut = drawing()
    fit(cut, _part(60), None, CrossEntropy(), long, seed=0, checkpoint=checkpoint)
    uncut = drawing()
    fit(uncut, _part(60), None, CrossEntropy(), long, seed=0)
    torch.testing.assert_close(cut.scores, uncut.scores, rtol=0, atol=0)


class _Counting(nn.Module):
    """A recurrent network that notes how many threads it trains on."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 2)
        self.threads: set[int] = set()

    def forward(self, x: Tensor, mask: Tensor | None) -> Predicted:
        if self.training:
            self.threads.add(torch.get_num_threads())
        return Predicted(self.out(self.rnn(x.transpose(1, 2))[0][:, -1]), {})


@pytest.mark.parametrize(("hidden", "wanted"), [(128, 1), (129, 2)])
def test_narrow_recurrent_networks_train_on_one_thread(hidden: int, wanted: int) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model = _Counting(hidden)
        fit(model, _part(8), None, CrossEntropy(), _replace(SETTINGS, epochs=1), seed=0)
        assert model.threads == {wanted}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
