"""The Lightning module: loss, optimiser and schedule."""

import math
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from regard.attention import Reinforce
from regard.config import TrainingConfig
from regard.training.batches import Batch
from regard.training.divergence import diverged, refuse_inputs, refuse_weights
from regard.training.objectives import Objective

__all__ = ["TrainingModule"]

_WARMUP = 0.25  # share of all updates


class TrainingModule(LightningModule):
    """Trains a model whose `forward(*inputs, mask)` returns a `Predicted`.

    Parameters:
        model: what to train.
        objective: the loss.
        settings: the section `training` of the configuration.
        augment: changes the first input of a training batch, given its mask; or None.

    An epoch's figures are the mean loss of its updates and, with a validation part, the
    objective's figures on it.
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

    def training_step(self, batch: Batch, _: int) -> Tensor:
        if self.augment is not None:
            first, *others = batch.inputs
            batch = batch._replace(inputs=(self.augment(first, batch.mask), *others))
        self.objective.progress = self.trainer.global_step / self._updates
        predicted = self.objective.run(self.model, batch)
        loss: Tensor = self.objective(predicted.values, batch.targets)
        self._losses.append(loss.detach())
        if predicted.log_prob is not None:  # hard attention: a lower loss is a higher reward
            assert batch.targets is not None
            reward = -self.objective.losses(predicted.values, batch.targets)
            loss = loss + self.reinforce(predicted.log_prob, predicted.entropy, reward)
        if not torch.isfinite(loss):
            refuse_inputs(batch)
        self._refuse(float(loss.detach()))
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        self._validated.append(self.objective.validated(self.model, batch))

    def on_validation_epoch_end(self) -> None:
        figures = self.objective.figures(self._validated)
        self._validated.clear()
        self._refuse(figures["loss"])
        self._validation = {f"validation_{name}": value for name, value in figures.items()}
        watched, _ = self.objective.watched
        self.log(f"validation_{watched}", figures[watched])  # read by early stopping

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

    def _refuse(self, loss: float) -> None:
        """Refuse a loss that is not finite."""
        if not math.isfinite(loss):
            raise diverged(f"the loss is {loss} {self._now}", self.settings)

    def configure_optimizers(self) -> Any:
        """AdamW; "cosine" warms up linearly, then follows half a cosine down to zero."""
        settings = self.settings
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.parameters() if p.dim() > 1]},
            {"params": [p for p in self.parameters() if p.dim() <= 1], "weight_decay": 0.0},
        ]
        options: dict[str, Any] = {"betas": (0.9, 0.99), "weight_decay": settings.weight_decay}
        optimizer = torch.optim.AdamW(groups, settings.learning_rate, fused=True, **options)
        if settings.schedule == "constant":
            return optimizer
        updates = self._updates
        warmup = int(_WARMUP * updates)

        def factor(update: int) -> float:
            if update < warmup:
                return (update + 1) / warmup
            return 0.5 * (1 + math.cos(math.pi * (update - warmup) / (updates - warmup)))

        scheduler = LambdaLR(optimizer, factor)
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]
