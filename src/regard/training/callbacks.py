"""Callbacks: the history, the best weights, checkpoints to resume from, a progress bar."""

import os
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from torch import Tensor

from regard.training.module import TrainingModule

__all__ = ["BestWeights", "Checkpoint", "History", "ProgressLine"]


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


class BestWeights(Callback):
    """Keeps the weights of the epoch with the best figure that the objective watches."""

    def __init__(self) -> None:
        self._best = float("inf")  # the figure, or its negative where a higher one is better
        self._weights: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        name, mode = pl_module.objective.watched
        figure = float(trainer.callback_metrics[f"validation_{name}"])
        if mode == "max":
            figure = -figure
        if figure < self._best:
            self._best = figure
            self._weights = {
                name: tensor.clone() for name, tensor in pl_module.model.state_dict().items()
            }

    def restore(self, module: TrainingModule) -> None:
        """Load the best weights into the model, if there was a validation."""
        if self._weights:
            module.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._best, self._weights = state_dict["best"], state_dict["weights"]


class Checkpoint(Callback):
    """Saves the state of the training after every epoch, atomically.

    A process that is killed leaves the checkpoint of the last or the previous epoch, never a
    partial file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        beside = self._path.with_suffix(".new")
        trainer.save_checkpoint(beside)
        os.replace(beside, self._path)


class ProgressLine(Callback):
    """A progress bar over all updates, with the metrics of the last epoch from the history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
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
        self._bar.update(self._task, figures=figures)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._bar.stop()  # restores the terminal, also after an error
