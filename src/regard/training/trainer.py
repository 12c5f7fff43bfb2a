"""Train a model on Lightning's trainer."""

import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from lightning.pytorch import Callback, LightningModule, Trainer, callbacks
from lightning.pytorch.trainer.states import TrainerStatus
from torch import Tensor, nn

from regard.config import TrainingConfig
from regard.errors import RegardError
from regard.training.batches import Part, load_batches
from regard.training.callbacks import BestWeights, Checkpoint, History, LastWeights, ProgressLine
from regard.training.checkpoints import CheckpointFile, damaged
from regard.training.judge import judge
from regard.training.module import TrainingModule
from regard.training.objectives import Objective
from regard.training.seeds import seed_all, seeded

__all__ = ["Fitted", "fit"]

_SHORT = 200  # characters of what the trainer says of a checkpoint
_NARROW = 128  # of recurrent networks, in units of one direction


class _SeedEpoch(Callback):
    """Seeds every epoch by its number, so that a resumed run has the same random numbers.

    Attributes:
        begun: whether training has begun, and not just been restored.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.begun = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.begun = True

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        seed_all(self._seed, trainer.current_epoch)


class _Stopping(callbacks.EarlyStopping):
    """Early stopping that also stops a training resumed after the decision to stop."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.wait_count >= max(1, self.patience):
            trainer.should_stop = True


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the trainer's messages for its own users."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        try:
            yield
        finally:
            logger.setLevel(level)


class Fitted(NamedTuple):
    """What is known of a training.

    Attributes:
        history: one row of figures per epoch.
        notes: what the user should know of it.
    """

    history: list[dict[str, float]]
    notes: list[str]


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
    tuning: bool = False,
) -> Fitted:
    """Train the model in place.

    With a validation part, training stops once the figure that the objective watches has not been
    better for `patience` epochs, and the model gets the weights of the best epoch. Once its loss is
    within 0.01 of the lowest there is (`Objective.floor`), a third of the planned epochs follows,
    over which the learning rate falls to zero. Without a validation part all epochs are run. With
    `average` above 1 the model gets the mean of the weights of so many epochs, the best or the
    last.

    Parameters:
        model: its `forward(*inputs, mask)` returns a `Predicted`.
        train: the training part.
        validation: the part for early stopping, or None.
        objective: the loss.
        settings: the section `training` of the configuration.
        seed: random seed of the order of the cases and of all randomness in training.
        augment: changes the first input [B, ...] of a batch, given its mask [B, T] or None, in
            training.
        checkpoint: where to save the state of the training after every epoch. Where the file
            exists, training resumes from it, with the same result as without interruption.
        progress: whether to show a bar.
        tuning: whether the weights at the start are kept, too, where no epoch is better.

    Raises:
        KeyboardInterrupt: interrupted by the user; the checkpoint stays.
        RegardError: a loss or weight became infinite or NaN, or the model is far worse than none.
        RunError: the checkpoint is damaged, or of another training.
    """
    module = TrainingModule(model, objective, settings, augment).train()
    history = History()
    kept = (LastWeights if validation is None else BestWeights)(settings.average)
    begun = _SeedEpoch(seed)
    watchers: list[Callback] = [begun, history, kept]
    if validation is not None:
        # Decide at validation, so that the checkpoint at the end of the epoch has the decision.
        name, mode = objective.watched
        stopping = _Stopping(
            f"validation_{name}",
            mode=mode,
            patience=settings.patience,
            check_on_train_epoch_end=False,
        )
        watchers.append(stopping)
    if progress:
        watchers.append(ProgressLine(history))
    if checkpoint is not None:
        watchers.append(Checkpoint(checkpoint))
    with seeded(seed), _quiet(), _threads_of(model):
        trainer = Trainer(
            accelerator=settings.device,
            devices=1,
            max_epochs=settings.epochs_of(len(train)),
            gradient_clip_val=settings.gradient_clip or None,
            callbacks=watchers,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            plugins=[CheckpointFile()],
        )
        tokens: int | None = getattr(settings, "batch_tokens", None)
        batches = load_batches(
            train,
            batch_size=settings.batch_size,
            batch_tokens=tokens,
            seed=seed,
            at_least=settings.updates_per_epoch,
        )
        others = None
        if validation is not None:
            others = load_batches(validation, batch_size=256, batch_tokens=tokens)
        resume = checkpoint if checkpoint is not None and os.path.lexists(checkpoint) else None
        with _interruptible(trainer):
            if tuning and others is not None and resume is None:
                trainer.validate(module, others, verbose=False)  # ranks the weights at the start
            try:
                trainer.fit(module, batches, others, ckpt_path=resume, weights_only=True)
            except RegardError:
                raise
            except Exception as error:
                if resume is None or begun.begun:
                    raise
                why = " ".join(str(error).split())[:_SHORT] or type(error).__name__
                raise damaged(resume, f"not of this training: {why}") from error
    kept.restore(module)
    module.to("cpu").eval()
    return Fitted(history.rows, judge(model, train, objective, settings, history.rows))


@contextmanager
def _threads_of(model: nn.Module) -> Iterator[None]:
    """One thread for a narrow recurrent network, the user's number for others.

    The steps of such a network are too short to share: a second thread hardly shortens a training,
    and lengthens it many times beside other programs, as the threads meet after every step.
    """
    threads = torch.get_num_threads()
    recurrent = [each for each in model.modules() if isinstance(each, nn.RNNBase)]
    if any(each.hidden_size <= _NARROW for each in recurrent):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _interruptible(trainer: Trainer) -> Iterator[None]:
    """Raise KeyboardInterrupt on Ctrl-C, on which the trainer calls `sys.exit`."""
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
