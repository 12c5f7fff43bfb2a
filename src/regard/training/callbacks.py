"""Callbacks: the history, the weights to keep, checkpoints to resume from, a progress bar."""

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from torch import Tensor

from regard.training.module import TrainingModule

__all__ = ["BestWeights", "Checkpoint", "History", "LastWeights", "ProgressLine"]


class History(Callback):
    """One row of figures per epoch, in `rows`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        figures = pl_module.take_figures()
        self.rows.append({"epoch": trainer.current_epoch + 1, **figures, "learning_rate": rate})

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = state_dict["rows"]


class _KeptWeights(Callback):
    """Keeps the weights of a number of epochs, and in the end gives the model their mean.

    A subclass says which epochs. Whole numbers, such as the count of batches that batch
    normalisation has seen, are those of the first of them.

    Parameters:
        number: of epochs to keep.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._kept: list[tuple[float, dict[str, Tensor]]] = []  # by rank, the first the lowest

    def _keep(self, rank: float, module: LightningModule) -> None:
        """Keep the weights as they are now, if their rank is among the lowest so far."""
        assert isinstance(module, TrainingModule)
        if len(self._kept) == self._number and rank >= self._kept[-1][0]:
            return
        weights = module.model.state_dict()
        self._kept.append((rank, {name: each.cpu().clone() for name, each in weights.items()}))
        self._kept.sort(key=itemgetter(0))
        del self._kept[self._number :]

    def restore(self, module: TrainingModule) -> None:
        """Load the mean of the kept weights into the model."""
        states = [weights for _, weights in self._kept]
        first, *others = states
        if others:
            first = {name: _mean([state[name] for state in states]) for name in first}
        module.model.load_state_dict(first)

    def state_dict(self) -> dict[str, Any]:
        return {"kept": self._kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._kept = state_dict["kept"]


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    """The mean of floating point numbers, summed in double precision; the first of others."""
    first = tensors[0]
    if not first.is_floating_point():
        return first
    return torch.stack([each.double() for each in tensors]).mean(0).to(first.dtype)


class BestWeights(_KeptWeights):
    """Keeps the weights of the epochs with the best figures that the objective watches."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        name, mode = pl_module.objective.watched
        figure = float(trainer.callback_metrics[f"validation_{name}"])
        self._keep(-figure if mode == "max" else figure, pl_module)


class LastWeights(_KeptWeights):
    """Keeps the weights of the last epochs."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._keep(-trainer.current_epoch, pl_module)


class Checkpoint(Callback):
    """Saves the state of the training after every epoch, as `checkpoints` writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        trainer.save_checkpoint(self._path)


class ProgressLine(Callback):
    """A progress bar over all updates, with the metrics of the last epoch from the history.

    It is on the standard error; where that is no terminal, there is a line for each epoch.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = TaskID(0)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        total, done = trainer.estimated_stepping_batches, trainer.global_step
        self._bar.start()
        self._task = self._bar.add_task("", total=total, completed=done, epoch="1", figures="")

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        epoch = f"{trainer.current_epoch + 1}/{trainer.max_epochs}"
        self._bar.update(self._task, completed=trainer.global_step, epoch=epoch)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        row = self._history.rows[-1]
        figures = f"loss {row['loss']:.4f}"
        if "validation_loss" in row:
            figures += f"  validation {row['validation_loss']:.4f}"
        if "validation_accuracy" in row:
            figures += f" ({100 * row['validation_accuracy']:.1f} %)"
        assert isinstance(pl_module, TrainingModule)
        watched, _ = pl_module.objective.watched
        if watched != "loss":
            figures += f"  {watched} {row[f'validation_{watched}']:.4g}"
        if not self._console.is_terminal:
            line = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  {figures}"
            self._console.out(line, highlight=False)
        total = trainer.estimated_stepping_batches  # less once the ending is planned
        self._bar.update(self._task, total=total, figures=figures)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._bar.stop()  # restores the terminal, also after an error
