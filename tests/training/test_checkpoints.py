"""Checkpoints: whole, checked before they are opened, and nothing in them runs."""

import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from damages import instead
from regard.config import TrainingConfig
from regard.errors import RunError
from regard.models import Predicted
from regard.training import CrossEntropy, SequencePart, fit
from regard.training.checkpoints import read_checkpoint, write_checkpoint

SETTINGS = TrainingConfig(epochs=2, batch_size=5, updates_per_epoch=1, device="cpu")
DAMAGED = "last.ckpt: the checkpoint is damaged"


class _Linear(nn.Module):
    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Predicted:
        return Predicted(self.linear(series.mean(2)), {})


def _fit(model: nn.Module, checkpoint: Path, *, channels: int = 2, epochs: int = 2) -> nn.Module:
    part = SequencePart([torch.ones(6, channels, 5)], torch.full((6,), 5), torch.arange(6) % 2)
    settings = SETTINGS.model_copy(update={"epochs": epochs})
    fit(model, part, None, CrossEntropy(), settings, seed=0, checkpoint=checkpoint)
    return model


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "last.ckpt"
    _fit(_Linear(), path, epochs=1)
    return path


def test_nothing_is_written_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, lambda *_, **__: pytest.fail("a temporary file"))
    monkeypatch.chdir(tmp_path)
    _fit(_Linear(), tmp_path / "last.ckpt")
    assert [each.name for each in tmp_path.iterdir()] == ["last.ckpt"]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"0"),
    "one bit": lambda file: file.write_bytes(bytes([*file.read_bytes()[:-9], 1, *[0] * 8])),
    "junk": lambda file: file.write_bytes(b"junk"),
    "folder": instead(Path.mkdir),
    "pipe": instead(os.mkfifo),
    "link": instead(lambda file: file.symlink_to(__file__)),
    "link to nowhere": instead(lambda file: file.symlink_to("none")),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_checkpoint_is_refused_before_it_is_opened(
    checkpoint: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    DAMAGES[damage](checkpoint)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(RunError, match=DAMAGED) as caught:
        _fit(_Linear(), checkpoint)
    assert "\n" not in str(caught.value)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["REGARD_BOMB"],)


@pytest.mark.parametrize("how", ["torch", "pickle", "state"])
def test_nothing_in_a_checkpoint_runs(
    checkpoint: Path, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGARD_BOMB", str(tmp_path / "bang"))
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    state: Any = {**read_checkpoint(checkpoint), "callbacks": _Bomb()}
    if how == "pickle":
        monkeypatch.setattr(torch, "save", pickle.dump)
    write_checkpoint(checkpoint, state if how == "state" else _Bomb())  # type: ignore[arg-type]
    with pytest.raises(RunError, match=DAMAGED) as caught:
        _fit(_Linear(), checkpoint)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "bang").exists()


@pytest.mark.parametrize("change", ["weights", "optimizer", "missing", "list"])
def test_a_checkpoint_of_another_training_is_one_line(checkpoint: Path, change: str) -> None:
    state: Any = read_checkpoint(checkpoint)
    if change == "weights":
        state["state_dict"] = _fit(_Linear(3), checkpoint.with_name("b"), channels=3).state_dict()
    elif change == "optimizer":
        state["optimizer_states"] = [{"state": {}, "param_groups": []}]
    elif change == "missing":
        del state["state_dict"], state["loops"]
    else:
        state = [1]
    write_checkpoint(checkpoint, state)
    with pytest.raises(RunError, match=DAMAGED) as caught:
        _fit(_Linear(), checkpoint)
    assert "\n" not in str(caught.value)
