"""A translator that is fine-tuned by minimum risk: two trainings, one history, both resumed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from regard.estimators import Translator
from regard.outputs.tokens.objective import TokenLoss
from regard.outputs.tokens.risk import MinimumRisk

WORDS = ["one", "two", "three", "four", "five"]
SOURCES = [f"{a} {b} {c} {a}" for a in WORDS for b in WORDS for c in WORDS[:2]]
TARGETS = [" ".join(str(WORDS.index(w) + 1) for w in each.split()[::-1]) for each in SOURCES]
SETTINGS: dict[str, Any] = {
    "tokens": "word",
    "hidden": 12,
    "embedding_dim": 12,
    "attention_dim": 8,
    "epochs": 2,
    "risk_epochs": 2,
    "risk_samples": 4,
    "risk_metric": "chrf",
    "risk_learning_rate": 0.01,
    "learning_rate": 0.03,
    "batch_tokens": 400,
    "updates_per_epoch": 4,
    "scheduled_sampling": "linear",
    "validation_share": 0.2,
    "random_state": 0,
}


def _fit(checkpoint: Path | None = None, **changes: Any) -> Translator:
    return Translator(**SETTINGS | changes).fit(SOURCES, TARGETS, checkpoint=checkpoint)


@pytest.fixture(scope="module")
def whole() -> Translator:
    return _fit()


def _weights(translator: Translator) -> dict[str, Tensor]:
    return dict(translator.model_.state_dict())


def test_the_history_has_both_trainings(whole: Translator) -> None:
    rows = whole.history_
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert ("loss" in row) == (row["epoch"] <= 2)
        assert ("risk" in row) == ("validation_chrf" in row) == (row["epoch"] > 2)
        assert "validation_loss" in row
    assert all(0 <= row["risk"] <= 1 for row in rows[2:])
    assert max(row["learning_rate"] for row in rows[2:]) <= 0.01


def test_the_first_training_is_that_without_fine_tuning(whole: Translator) -> None:
    plain = _fit(risk_epochs=0)
    assert plain.history_ == whole.history_[:2]


def test_without_a_validation_part_the_weights_are_those_of_the_fine_tuning() -> None:
    plain, tuned = (_fit(risk_epochs=epochs, validation_share=0.0) for epochs in (0, 2))
    assert not _alike(_weights(plain), _weights(tuned))


def _alike(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(weights, other[name]) for name, weights in one.items())


@pytest.mark.parametrize(
    ("objective", "saved"),
    [(TokenLoss, ["last.ckpt"]), (MinimumRisk, ["last.ckpt", "second.ckpt"])],
)
def test_resumed_in_either_training_it_ends_with_the_same_weights(
    whole: Translator,
    objective: type[TokenLoss],
    saved: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    updates_before: list[int],
) -> None:
    run = objective.run

    def interrupted(self: TokenLoss, model: Any, batch: Any) -> Any:
        if model.training and (tmp_path / saved[-1]).exists():  # in the second epoch
            raise KeyboardInterrupt
        return run(self, model, batch)

    monkeypatch.setattr(objective, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "last.ckpt")
    monkeypatch.undo()
    assert sorted(each.name for each in tmp_path.iterdir()) == saved
    updates_before.clear()
    resumed = _fit(tmp_path / "last.ckpt")
    assert max(updates_before) > 0
    assert resumed.history_ == whole.history_
    assert _alike(_weights(resumed), _weights(whole))


def test_a_run_keeps_the_history_of_both(whole: Translator, tmp_path: Path) -> None:
    whole.save(tmp_path / "run")
    assert Translator.load(tmp_path / "run").history_ == whole.history_
