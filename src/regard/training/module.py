"""The Lightning module: loss, optimiser and schedule of a classifier."""

import math
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

from regard.attention import Reinforce
from regard.errors import RegardError
from regard.training.augment import warp
from regard.training.batches import Batch
from regard.training.settings import Settings

__all__ = ["ClassifierModule"]


_WARMUP = 0.25  # share of all updates


class ClassifierModule(LightningModule):
    """Trains a model whose `forward(series, mask)` returns a `Classified`.

    Parameters:
        model: what to train.
        settings: how.
        class_weights: [N] factors on the loss of each class, or None.

    An epoch's figures are the mean loss of its updates and, where there is a validation part, that
    part's loss (without label smoothing) and accuracy.
    """

    def __init__(self, model: nn.Module, settings: Settings, class_weights: Tensor | None) -> None:
        super().__init__()
        self.model = model
        self.settings = settings
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.reinforce = Reinforce()
        self._validation: dict[str, float] = {}
        self._losses: list[Tensor] = []
        self._validated: list[tuple[Tensor, Tensor]] = []

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss of one batch."""
        series = batch.series
        if self.settings.augmentation == "warp":
            series = warp(series, batch.mask)
        classified = self.model(series, batch.mask)
        loss = cross_entropy(
            classified.logits,
            batch.targets,
            self.class_weights,
            label_smoothing=self.settings.label_smoothing,
        )
        self._losses.append(loss.detach())
        if classified.log_prob is not None:  # hard attention: the likelihood is the reward
            reward = -cross_entropy(classified.logits, batch.targets, reduction="none")
            loss = loss + self.reinforce(classified.log_prob, classified.entropy, reward)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """Keep the batch's logits: the figures are of the whole part."""
        self._validated.append((self.model(batch.series, batch.mask).logits, batch.targets))

    def on_validation_epoch_end(self) -> None:
        """Loss and accuracy of the validation part."""
        logits, targets = (torch.cat(parts) for parts in zip(*self._validated, strict=True))
        self._validated.clear()
        loss = cross_entropy(logits, targets, self.class_weights)
        self.log("validation_loss", loss)  # what early stopping watches
        accuracy = (logits.argmax(1) == targets).float().mean()
        self._validation = {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}

    def take_figures(self) -> dict[str, float]:
        """The figures of the epoch that has ended; asked for once an epoch.

        Raises:
            RegardError: the loss is not finite.
        """
        loss = float(torch.stack(self._losses).mean())
        self._losses.clear()
        if not math.isfinite(loss):
            raise RegardError(
                f"training diverged: the loss of epoch {self.current_epoch + 1} is {loss}; "
                f"try a learning_rate below {self.settings.learning_rate}"
            )
        return {"loss": loss, **self._validation}

    def configure_optimizers(self) -> Any:
        """AdamW; "cosine" warms up linearly, then follows half a cosine down to zero."""
        settings = self.settings
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.parameters() if p.dim() > 1]},
            {"params": [p for p in self.parameters() if p.dim() <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(
            groups,
            settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        if settings.schedule == "constant":
            return optimizer
        updates = int(self.trainer.estimated_stepping_batches)
        warmup = int(_WARMUP * updates)

        def factor(update: int) -> float:
            if update < warmup:
                return (update + 1) / warmup
            return 0.5 * (1 + math.cos(math.pi * (update - warmup) / (updates - warmup)))

        scheduler = LambdaLR(optimizer, factor)
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]
