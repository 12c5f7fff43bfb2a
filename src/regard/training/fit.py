"""Training, from a model and its data to the trained model."""

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer, callbacks
from lightning.pytorch.trainer.states import TrainerStatus
from torch import Tensor, nn

from regard.config import TrainingConfig
from regard.errors import ConfigError
from regard.training.batches import Part, load_batches
from regard.training.callbacks import BestWeights, Checkpoint, History, ProgressLine
from regard.training.module import TrainingModule
from regard.training.objectives import Objective

__all__ = ["check_device", "fit", "seeded"]


def check_device(device: str) -> None:
    """Refuse a GPU that is not there before anything is begun."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "training.device: cuda is asked for, but there is no GPU; say auto or cpu"
        )


@contextmanager
def seeded(*seeds: int) -> Iterator[None]:
    """Seed torch's global generator inside the block, and leave it outside as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(int(np.random.SeedSequence(seeds).generate_state(1, np.uint64)[0]))
        yield


class _SeedEpoch(Callback):
    """Seeds every epoch by its number, so that a resumed run draws what the whole one drew."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        state = np.random.SeedSequence((self._seed, trainer.current_epoch))
        torch.manual_seed(int(state.generate_state(1, np.uint64)[0]))


class _Stopping(callbacks.EarlyStopping):
    """Early stopping that, resumed after it had already decided to stop, does stop."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.wait_count >= max(1, self.patience):
            trainer.should_stop = True


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the trainer's announcements and advice for its own users from ours."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        try:
            yield
        finally:
            logger.setLevel(level)


def fit(
    model: nn.Module,
    train: Part,
    validation: Part | None,
    objective: Objective,
    settings: TrainingConfig,
    *,
    seed: int,
    augment: Callable[[Tensor, Tensor | None], Tensor] | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> list[dict[str, float]]:
    """Train the model in place.

    With a validation part, training stops once its loss has not fallen for `patience` epochs, and
    the weights of the best epoch are restored; without one it runs all its epochs.

    Parameters:
        model: its `forward(*inputs, mask)` returns a `Predicted`.
        train: what to learn from.
        validation: what to stop by, or None.
        objective: what to lower.
        settings: how to train.
        seed: of the order of the cases and of everything drawn while training.
        augment: changes the first input [B, ...] of a batch, given its mask [B, T] or None, in
            training.
        checkpoint: where to save the state of the training after every epoch. Where the file
            exists, training goes on from it, to the same end as if it had never stopped.
        progress: whether to show a bar.

    Returns:
        One row of figures per epoch.

    Raises:
        KeyboardInterrupt: interrupted by the user; the checkpoint stays.
        RegardError: the loss became infinite or NaN.
    """
    module = TrainingModule(model, objective, settings, augment)
    history, best = History(), BestWeights()
    watchers: list[Callback] = [_SeedEpoch(seed), history]
    if validation is not None:
        # Decided at validation, so that the checkpoint at the epoch's end knows of it.
        stopping = _Stopping(
            "validation_loss", patience=settings.patience, check_on_train_epoch_end=False
        )
        watchers += [best, stopping]
    if progress:
        watchers.append(ProgressLine(history))
    if checkpoint is not None:
        watchers.append(Checkpoint(checkpoint))
    with _quiet(), seeded(seed):
        trainer = Trainer(
            accelerator=settings.device,
            devices=1,
            max_epochs=settings.epochs,
            gradient_clip_val=settings.gradient_clip or None,
            callbacks=watchers,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        batches = load_batches(
            train,
            batch_size=settings.batch_size,
            seed=seed,
            at_least=settings.updates_per_epoch,
        )
        others = None if validation is None else load_batches(validation, batch_size=256)
        resume = checkpoint if checkpoint is not None and checkpoint.exists() else None
        with _interruptible(trainer):
            trainer.fit(module, batches, others, ckpt_path=resume, weights_only=True)
    best.restore(module)
    model.to("cpu").eval()
    return history.rows


@contextmanager
def _interruptible(trainer: Trainer) -> Iterator[None]:
    """On Ctrl-C the trainer disables Ctrl-C and calls `sys.exit`; make that Python's own way."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit:
        if trainer.state.status != TrainerStatus.INTERRUPTED:
            raise
        raise KeyboardInterrupt from None
    finally:
        if in_main_thread:
            signal.signal(signal.SIGINT, handler)
