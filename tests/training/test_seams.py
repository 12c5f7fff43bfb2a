"""An objective of its own: how the model is run, what is kept, watched and known of progress."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from regard.attention import sample_one
from regard.config import TrainingConfig
from regard.errors import DataError
from regard.models import Predicted
from regard.training import Batch, Objective, SequencePart, fit, load_batches, seeded

V = 5  # tokens of the vocabulary, of which 0 is padding
SETTINGS = TrainingConfig(
    epochs=5, patience=9, batch_size=4, learning_rate=0.02, updates_per_epoch=3, device="cpu"
)


class _Tokens(SequencePart):
    """Sequences of tokens to copy, counted by their lengths."""

    def __init__(self, cases: int, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        lengths = 1 + torch.arange(cases) % 7
        tokens = torch.randint(1, V, (cases, 7), generator=generator)
        tokens[torch.arange(7) >= lengths.unsqueeze(1)] = 0
        super().__init__([tokens], lengths, tokens)
        self.sizes = lengths


class _Copier(nn.Module):
    """Logits [B, T, V] of each token, given the token before too; a position is sampled."""

    def __init__(self) -> None:
        super().__init__()
        self.source = nn.Embedding(V, V)
        self.before = nn.Embedding(V, V)
        self.scores = nn.Parameter(torch.zeros(7))

    def forward(self, tokens: Tensor, before: Tensor, *, mask: Tensor | None) -> Predicted:
        values = self.source(tokens) + self.before(before)
        if not self.training:
            return Predicted(values, {})
        scores = self.scores[: tokens.shape[1]].expand(*tokens.shape, -1)  # of each target token
        _, log_prob, entropy = sample_one(scores)
        return Predicted(values, {}, log_prob, entropy)


class _Copying(Objective):
    """Teacher forcing; the values are [tokens, V] of the true tokens of a batch alone."""

    watched = ("right", "max")

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []
        self.shapes: list[tuple[int, ...]] = []

    def run(self, model: nn.Module, batch: Batch) -> Predicted:
        assert batch.targets is not None
        if model.training:
            self.seen.append(self.progress)
        targets = batch.targets[:, : batch.inputs[0].shape[1]]
        before = nn.functional.pad(targets, (1, -1))
        predicted: Predicted = model(*batch.inputs, before, mask=batch.mask)
        true = targets > 0
        chosen = [None if x is None else x[true] for x in (predicted.log_prob, predicted.entropy)]
        return Predicted(predicted.values[true], {}, *chosen)

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(values, targets[targets > 0], reduction="none")

    def summary(self, values: Tensor, targets: Tensor) -> Any:
        return self.losses(values, targets)

    def figures(self, batches: Any) -> dict[str, float]:
        losses = torch.cat(list(batches))
        self.shapes.append(tuple(losses.shape))
        # Best in the third of the epochs, by what is not the loss.
        right = 1.0 - abs(len(self.shapes) - 3) / 10
        return {"loss": float(losses.mean()), "right": right}


def _copier() -> _Copier:
    with seeded(3):
        return _Copier()


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_an_objective_runs_the_model_and_says_what_is_watched() -> None:
    model, objective, held = _copier(), _Copying(), _Tokens(11, seed=1)
    settings = SETTINGS.model_copy(update={"patience": 2, "epochs": 30, "schedule": "constant"})
    history, notes = fit(model, _Tokens(23), held, objective, settings, seed=0)
    assert [row["validation_right"] for row in history] == pytest.approx([0.8, 0.9, 1.0, 0.9, 0.8])
    assert set(objective.shapes) == {(int(held.lengths.sum()),)}  # one loss for each token
    assert (model.scores != 0).any()  # REINFORCE, with one log-probability for each token
    assert notes == []
    third = _copier()
    shorter = settings.model_copy(update={"epochs": 3})
    fit(third, _Tokens(23), None, _Copying(), shorter, seed=0)
    torch.testing.assert_close(_weights(model), _weights(third), rtol=0, atol=0)


def test_progress_is_the_share_of_updates_done_and_right_after_resuming(tmp_path: Path) -> None:
    objective, rest = _Copying(), _Copying()
    path = tmp_path / "last.ckpt"
    part = _Tokens(23)  # six batches
    fit(_copier(), part, None, objective, SETTINGS, seed=0)
    assert objective.seen == pytest.approx([update / 30 for update in range(30)])

    def interrupted(model: nn.Module, batch: Batch) -> Predicted:
        if rest.progress > 0.5:
            raise KeyboardInterrupt
        return _Copying.run(rest, model, batch)

    rest.run = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        fit(_copier(), part, None, rest, SETTINGS, seed=0, checkpoint=path)
    resumed = _Copying()
    fit(_copier(), part, None, resumed, SETTINGS, seed=0, checkpoint=path)
    assert resumed.seen == pytest.approx([update / 30 for update in range(12, 30)])


def test_an_objective_may_decode_in_validation() -> None:
    class Decoding(_Copying):
        def validated(self, model: nn.Module, batch: Batch) -> Any:
            assert not model.training
            assert not torch.is_grad_enabled()
            return super().validated(model, batch), len(batch.inputs[0])

        def figures(self, batches: Any) -> dict[str, float]:
            summaries, decoded = zip(*batches, strict=True)
            assert sum(decoded) == 11
            return super().figures(summaries)

    fit(_copier(), _Tokens(23), _Tokens(11), Decoding(), SETTINGS, seed=0)


class _Scored(_Copying):
    """The values are the losses of the tokens."""

    def run(self, model: nn.Module, batch: Batch) -> Predicted:
        assert batch.targets is not None
        predicted = super().run(model, batch)
        losses = super().losses(predicted.values, batch.targets)
        return Predicted(losses, {}, predicted.log_prob, predicted.entropy)

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        return values


def test_a_model_is_held_against_what_knows_nothing_by_the_objective() -> None:
    class Told(_Scored):
        def ignorant(self, model: nn.Module, values: Tensor) -> Tensor:
            return torch.full_like(values, 5 * np.log(V))

    def notes(objective: Objective) -> list[str]:
        model = _copier()
        with torch.no_grad():  # probabilities that are far off: a loss of about 6
            for embedding in (model.source, model.before):
                embedding.weight.mul_(4)
        settings = SETTINGS.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
        return fit(model, _Tokens(23), None, objective, settings, seed=0).notes

    [note] = notes(_Scored())
    assert "0 if every case gets the same answer" in note
    assert notes(Told()) == []


def test_inputs_of_the_validation_part_must_be_finite() -> None:
    class Echo(Objective):
        def run(self, model: nn.Module, batch: Batch) -> Predicted:
            return Predicted(batch.inputs[0], {})

    batch = Batch((torch.tensor([1.0, torch.nan]),), None, torch.zeros(2))
    with pytest.raises(DataError, match="^training: an input is not finite"):
        Echo().validated(nn.Identity(), batch)


class _ByTokens(TrainingConfig):
    batch_tokens: int = 12


def test_training_takes_batches_by_tokens_where_its_section_has_them() -> None:
    class Counting(_Copying):
        def __init__(self) -> None:
            super().__init__()
            self.padded: list[int] = []

        def run(self, model: nn.Module, batch: Batch) -> Predicted:
            if model.training:
                self.padded.append(batch.inputs[0].numel())
            return super().run(model, batch)

    objective = Counting()
    settings = _ByTokens(**SETTINGS.model_dump())
    fit(_copier(), _Tokens(23), _Tokens(11), objective, settings, seed=0)
    lengths = sorted((1 + np.arange(23) % 7).tolist())
    assert max(objective.padded) <= 12
    assert len(objective.padded) == 5 * _greedy(lengths, 12)


def _greedy(lengths: list[int], budget: int) -> int:
    """The number of batches, filled one case after the other."""
    batches, cases = 1, 0
    for length in lengths:
        if cases and (cases + 1) * length > budget:
            batches, cases = batches + 1, 0
        cases += 1
    return batches


def test_a_loader_by_tokens_passes_over_a_small_part_several_times() -> None:
    loader = load_batches(_Tokens(7), batch_size=99, batch_tokens=7, seed=0, at_least=10)
    assert len(list(loader)) == len(loader) == 12  # (1, 2, 3), 4, 5, 6, 7 would be 5
