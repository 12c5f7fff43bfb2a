"""The Lightning module: loss, optimiser and schedule."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from regard.attention import Reinforce
from regard.config import TrainingConfig
from regard.training.batches import Batch
from regard.training.device import multiplies_bf16
from regard.training.divergence import diverged, refuse_inputs, refuse_weights
from regard.training.objectives import Objective
from regard.training.schedule import Ending, rate_factor

__all__ = ["TrainingModule"]

_NEAR = 0.01  # nats above the lowest validation loss: little is left to learn
_REST = 3  # of the planned epochs one in so many follows


class TrainingModule(LightningModule):
    """Trains a model whose `forward(*inputs, mask)` returns a `Predicted`.

    Parameters:
        model: what to train.
        objective: the loss.
        settings: the section `training` of the configuration.
        augment: changes the first input of a training batch, given its mask; or None.

    An epoch's figures are the mean loss of its updates and, with a validation part, the
    objective's figures on it. Once its loss is nearly the lowest there is, a third of the planned
    epochs follows, over which the learning rate falls to zero.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        settings: TrainingConfig,
        augment: Callable[[Tensor, Tensor | None], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.settings = settings
        self.augment = augment
        self.reinforce = Reinforce()
        self._validation: dict[str, float] = {}
        self._losses: list[Tensor] = []
        self._validated: list[Any] = []
        self._ending: Ending | None = None

    def training_step(self, batch: Batch, _: int) -> Tensor:
        if self.augment is not None:
            first, *others = batch.inputs
            batch = batch._replace(inputs=(self.augment(first, batch.mask), *others))
        self.objective.progress = self.trainer.global_step / self._updates
        bf16 = multiplies_bf16(self.settings)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            predicted = self.objective.run(self.model, batch)
        values = predicted.values.float() if bf16 else predicted.values
        loss: Tensor = self.objective(values, batch.targets)
        self._losses.append(loss.detach())
        if predicted.log_prob is not None:  # hard attention: a lower loss is a higher reward
            assert batch.targets is not None
            reward = -self.objective.losses(values, batch.targets)
            drawn = predicted.log_prob, predicted.entropy
            loss = loss + self.reinforce(*drawn, reward, predicted.baseline)
        if not torch.isfinite(loss):
            refuse_inputs(batch)
        self._refuse("loss", float(loss.detach()))
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        self._validated.append(self.objective.validated(self.model, batch))

    def on_validation_epoch_end(self) -> None:
        figures = self.objective.figures(self._validated)
        floor = self.objective.floor(self._validated)
        self._validated.clear()
        watched, _ = self.objective.watched
        for name in ("loss", watched):
            self._refuse(name, figures[name])
        self._validation = {f"validation_{name}": value for name, value in figures.items()}
        self.log(f"validation_{watched}", figures[watched])  # read by early stopping
        fitting = self.trainer.state.fn == TrainerFn.FITTING
        if fitting and floor is not None and figures["loss"] < floor + _NEAR:
            self._end_soon()

    def _end_soon(self) -> None:
        """Plan the ending, unless there is one or the schedule ends as soon."""
        planned, done = self.trainer.max_epochs or 0, self.trainer.current_epoch + 1
        rest = math.ceil(planned / _REST)
        if self._ending is None and done + rest < planned and self.settings.schedule != "constant":
            each = int(self.trainer.num_training_batches)
            self._ending = Ending(done * each, rest * each)
            self._shorten(self._ending)

    def _shorten(self, ending: Ending) -> None:
        last = ending.start + ending.updates
        self.trainer.fit_loop.max_epochs = last // int(self.trainer.num_training_batches)

    def on_train_start(self) -> None:
        if self._ending is not None:  # planned before an interruption
            self._shorten(self._ending)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["ending"] = self._ending and tuple(self._ending)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if (ending := checkpoint.get("ending")) is not None:
            self._ending = Ending(*ending)

    def take_figures(self) -> dict[str, float]:
        """The figures of the epoch that has ended; called once an epoch.

        Raises:
            RegardError: a weight is not finite.
        """
        refuse_weights(self.model, self._now, self.settings)
        loss = float(torch.stack(self._losses).mean())
        self._losses.clear()
        return {"loss": loss, **self._validation}

    @property
    def _now(self) -> str:
        return f"in epoch {self.current_epoch + 1}"

    @property
    def _updates(self) -> int:
        """The number of updates if training does not stop early."""
        return int(self.trainer.estimated_stepping_batches)

    def _refuse(self, name: str, figure: float) -> None:
        """Refuse a figure that is not finite."""
        if not math.isfinite(figure):
            raise diverged(f"the {name} is {figure} {self._now}", self.settings)

    def _factor(self, update: int, *, updates: int) -> float:
        return rate_factor(self.settings, update, updates, self._ending)

    def configure_optimizers(self) -> Any:
        """AdamW, with the learning rate of the schedule."""
        settings = self.settings
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.parameters() if p.dim() > 1]},
            {"params": [p for p in self.parameters() if p.dim() <= 1], "weight_decay": 0.0},
        ]
        options: dict[str, Any] = {"betas": (0.9, 0.99), "weight_decay": settings.weight_decay}
        optimizer = torch.optim.AdamW(groups, settings.learning_rate, fused=True, **options)
        if settings.schedule == "constant":
            return optimizer
        scheduler = LambdaLR(optimizer, partial(self._factor, updates=self._updates))
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]
