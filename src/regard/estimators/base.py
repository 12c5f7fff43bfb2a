"""What every estimator does alike: fit, save, load, and run its model over cases."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from regard.config import TASKS, Config, resolve_config
from regard.errors import RegardWarning, RunError
from regard.models import Predicted
from regard.runs import Run, read_run, write_run, writing
from regard.training import (
    Objective,
    Part,
    Settings,
    check_device,
    fit,
    load_batches,
    seeded,
)

__all__ = ["AttentionEstimator", "Floats"]

Floats = NDArray[np.float64]

_PREDICT_BATCH = 256


class AttentionEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator of a task: what is learned from differs, what is done with it does not.

    A task says how its data is read, divided and made ready, what is built, and what is lowered;
    the parameters are the fields of the task's configuration.

    Attributes:
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.
        seed_: what was drawn with.
        notes_: what was warned of.
    """

    task: ClassVar[str]
    device: str
    verbose: bool
    random_state: int | np.random.RandomState | None
    model_: nn.Module
    history_: list[dict[str, float]]
    fit_seconds_: float
    seed_: int
    notes_: list[str]

    def _set(self, given: dict[str, Any]) -> None:
        """Keep the parameters of `__init__`, given its `locals()`."""
        for name in self._get_param_names():
            setattr(self, name, given[name])

    # What a task says of itself.

    @abstractmethod
    def _read(self, X: Any, y: Any = None, *, reset: bool = False) -> Any:
        """X (and, when fitting, y) as cases that go with those that were fitted."""

    @abstractmethod
    def _hold_out(self, cases: Any, config: Config) -> tuple[Any, Any | None]:
        """The cases to train on, and those to stop by or None."""

    def _prepare(self, cases: Any, config: Config) -> None:
        """Take from the training part, and from nothing else, what prediction needs."""

    @abstractmethod
    def _build(self, config: Config) -> nn.Module:
        """The model, with fresh weights."""

    @abstractmethod
    def _part(self, cases: Any, *, targets: bool) -> Part:
        """The cases as tensors; without `targets`, their positions take the targets' place."""

    @abstractmethod
    def _objective(self, cases: Any, config: Config) -> Objective:
        """What training lowers."""

    def _kept(self) -> dict[str, Any]:
        """What `preprocess.json` holds of the fitted estimator."""
        return {}

    def _restore(self, run: Run) -> None:
        """Take back what `to_run` gave; a KeyError, TypeError or ValueError: it is damaged."""

    def _begin(self, cases: Any, validation: Any | None) -> None:
        """Where the fresh model begins, if it is not at random."""

    def _finish(self, cases: Any, validation: Any | None) -> None:
        """What is done with the trained model."""

    def _augment(self, config: Config) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        """What varies the first input in training."""
        return None

    # What all of them do.

    @classmethod
    def from_config(cls, config: Config, *, verbose: bool = False) -> Self:
        """The estimator that a configuration describes, not yet fitted."""
        return cls(
            **config.model.model_dump(),
            **config.training.model_dump(),
            **config.data.model_dump(include=set(cls.data_fields())),
            verbose=verbose,
            random_state=config.seed,
        )

    @classmethod
    def data_fields(cls) -> tuple[str, ...]:
        """The names of the parameters that stand in the configuration's section `data`."""
        names = TASKS[cls.task].kinds()["arrays"].model_fields
        return tuple(name for name in names if name != "kind")

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: Any = None,
        checkpoint: Path | None = None,
    ) -> Self:
        """Train.

        Parameters:
            X: what to learn from, as the class says, or the cases that `regard.data` reads, with
                their labels.
            y: [cases] labels or targets; None where X has them.
            validation: cases that training is stopped by, instead of a share of X.
            checkpoint: where to keep the state of the training, and to go on from where it exists.

        Returns:
            The fitted estimator.

        Raises:
            DataError: X or y cannot be learned from.
            ConfigError: a parameter is wrong.
        """
        start = perf_counter()
        seed = self._seed()
        config = self.resolve(seed)
        check_device(config.training.device)
        self.notes_ = []
        cases = self._read(X, y, reset=True)
        if validation is None:
            cases, validation = self._hold_out(cases, config)
        self._prepare(cases, config)
        self.seed_ = seed
        with seeded(seed):
            self.model_ = self._build(config)
        self._begin(cases, validation)
        names = {field.name for field in fields(Settings)}
        self.history_ = fit(
            self.model_,
            self._part(cases, targets=True),
            None if validation is None else self._part(validation, targets=True),
            self._objective(cases, config),
            Settings(**config.training.model_dump(include=names)),
            seed=seed,
            augment=self._augment(config),
            checkpoint=checkpoint,
            progress=self.verbose,
        )
        self._finish(cases, validation)
        self.fit_seconds_ = perf_counter() - start
        return self

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a run folder that `load` opens; nothing in it can execute anything.

        Raises:
            RunError: the path exists, or cannot be written.
        """
        check_is_fitted(self)
        with writing(Path(path), overwrite=overwrite) as folder:
            write_run(folder, self.to_run(self.resolve(self.seed_)))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Open what `save` or `regard train` has written.

        Raises:
            RunError: the folder is missing, foreign, truncated, of another task, or holds a pickle.
        """
        return cls.from_run(read_run(Path(path)), source=str(path))

    def to_run(self, config: Config) -> Run:
        """What a run folder keeps of the fitted estimator."""
        weights = {name: tensor.contiguous() for name, tensor in self.model_.state_dict().items()}
        return Run(config, weights, self._kept(), history=self.history_)

    @classmethod
    def from_run(cls, run: Run, *, source: str) -> Self:
        """The fitted estimator of a run; `source` is what to call it in errors."""
        if run.config.task != cls.task:
            raise RunError(
                f"{source}: was trained to {run.config.task}; {cls.__name__} does {cls.task}"
            )
        estimator = cls.from_config(run.config)
        try:
            estimator._restore(run)
        except KeyError as error:
            raise RunError(f"{source}/preprocess.json: is damaged: it has no {error}") from None
        except (TypeError, ValueError) as error:
            raise RunError(f"{source}/preprocess.json: is damaged: {error}") from None
        estimator.seed_ = run.config.seed
        estimator.notes_ = []
        estimator.history_ = list(run.history)
        estimator.model_ = estimator._build(run.config)
        try:
            estimator.model_.load_state_dict(dict(run.weights))
        except RuntimeError:
            raise RunError(
                f"{source}/model.safetensors: the weights are not those of its config.json"
            ) from None
        estimator.model_.eval()
        return estimator

    def resolve(self, seed: int) -> Config:
        """The parameters as a configuration, checked."""
        given = {name: _plain(value) for name, value in self.get_params(deep=False).items()}
        config = TASKS[self.task]
        sections: dict[str, Any] = {
            name: {field: given[field] for field in _fields(config, name)}
            for name in ("model", "training")
        }
        data = {"kind": "arrays", **{name: given[name] for name in self.data_fields()}}
        return resolve_config(
            {"task": self.task, "seed": seed, "data": data, **sections},
            source=type(self).__name__,
        )

    def _note(self, text: str) -> None:
        """Say what the user should know of how it was fitted."""
        self.notes_.append(text)
        warnings.warn(text, RegardWarning, stacklevel=4)

    def fitted_figures(self) -> dict[str, Any]:
        """What training took: seconds, epochs, parameters."""
        return {
            "fit_seconds": round(self.fit_seconds_, 3),
            "epochs": len(self.history_),
            "parameters": sum(p.numel() for p in self.model_.parameters()),
        }

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def _forward(self, cases: Any) -> Iterator[tuple[NDArray[np.int64], Predicted]]:
        """Batches of cases through the model, each with the positions of its cases."""
        cuda = self.device != "cpu" and torch.cuda.is_available()
        device = torch.device("cuda" if cuda else "cpu")
        self.model_.to(device)
        with torch.inference_mode():
            for batch in load_batches(self._part(cases, targets=False), batch_size=_PREDICT_BATCH):
                mask = None if batch.mask is None else batch.mask.to(device)
                values, maps = self.model_(*(x.to(device) for x in batch.inputs), mask=mask)
                yield (
                    batch.targets.numpy(),
                    Predicted(values.cpu(), {name: x.cpu() for name, x in maps.items()}),
                )
        self.model_.to("cpu")

    def _values(self, cases: Any) -> Floats:
        """[cases, ...] what the model says of each, in the order of the cases."""
        result: Floats | None = None
        for index, predicted in self._forward(cases):
            values = predicted.values.double().numpy()
            if result is None:
                result = np.empty((len(cases), *values.shape[1:]))
            result[index] = values
        assert result is not None
        return result


def _fields(config: type[Config], section: str) -> list[str]:
    annotation: Any = config.model_fields[section].annotation
    return list(annotation.model_fields)


def _plain(value: Any) -> Any:
    """A parameter as JSON has it: grid searches give NumPy's numbers, class weights any label."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value
