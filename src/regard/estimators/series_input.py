"""What estimators of series have in common, whatever they predict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from regard.config import Config
from regard.errors import ConfigError, DataError
from regard.estimators.base import AttentionEstimator, Floats
from regard.explain import lay_over_steps
from regard.inputs.series.arrays import as_cases
from regard.inputs.series.cases import Cases
from regard.inputs.series.scaling import Scaler, choose_scaling
from regard.runs import Run
from regard.training import Part, SequencePart, warp

__all__ = ["SeriesEstimator"]


class SeriesEstimator(AttentionEstimator):
    """An estimator whose X are series: [cases, channels, steps], or a list of unequal ones.

    Attributes:
        channels_: C names.
        scaler_: fitted on the training part.
        shortest_, longest_: fewest and most steps of the training part.
    """

    _numeric: ClassVar[bool] = False  # whether the targets are numbers

    keep_size: ClassVar[bool] = False
    missing: Literal["refuse", "interpolate"]
    pooling: str | None
    channels_: tuple[str, ...]
    scaler_: Scaler
    shortest_: int
    longest_: int

    def attend(self, X: Any) -> Floats:
        """The attention that each step got: [cases, steps], each row summing to one."""
        return self._map(X, "attention")

    def evidence(self, X: Any) -> Floats:
        """What each step added to each value: [cases, N, steps].

        For a classifier the values are the logits, whose softmax are the probabilities; positive
        evidence speaks for the class. It sums over the steps to the values.

        Raises:
            ConfigError: the pooling is not linear in the states, so that there is no exact one.
        """
        return self._map(X, "evidence")

    def _read(self, X: Any, y: Any = None, *, reset: bool = False) -> Cases:
        if isinstance(X, Cases):
            cases = X
        else:
            y = self._check_targets(y) if reset else y
            cases = as_cases(X, y, missing=self.missing, targets=self._numeric)
            if cases.values.shape[1] == 1 and _is_table(X):
                validate_data(self, X, reset=reset, skip_check_array=True)
        if not reset and len(cases.channels) != len(self.channels_):
            raise DataError(
                f"X has {len(cases.channels)} channels; "
                f"{type(self).__name__} was fitted on {len(self.channels_)}"
            )
        return cases

    def _check_targets(self, y: Any) -> Any:
        """What can be learned as y, worded as scikit-learn does."""
        raise NotImplementedError

    def _targets(self, cases: Cases) -> NDArray[Any]:
        """The targets of cases that must have them, as the objective takes them."""
        raise NotImplementedError

    def _prepare(self, cases: Cases, config: Config) -> None:
        super()._prepare(cases, config)
        self.channels_ = cases.channels
        self.shortest_, self.longest_ = int(cases.lengths.min()), int(cases.lengths.max())
        kind = config.data.scaling
        self.scaler_ = Scaler(
            choose_scaling(cases, keep_size=self.keep_size) if kind == "auto" else kind
        ).fit(cases)

    def _part(self, cases: Cases, *, targets: bool) -> Part:
        return SequencePart(
            [torch.from_numpy(self.scaler_.transform(cases))],
            torch.from_numpy(cases.lengths),
            torch.from_numpy(self._targets(cases) if targets else np.arange(len(cases))),
        )

    def _augment(self, config: Config) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        # Numbers to predict may change with a series' speed and scale: nothing is varied for them.
        kind = getattr(config.training, "augmentation", "none")
        return warp if kind == "warp" else None

    def _kept(self) -> dict[str, Any]:
        return {
            **super()._kept(),
            "channels": list(self.channels_),
            "steps": [self.shortest_, self.longest_],
            "scaler": self.scaler_.to_dict(),
        }

    def _restore(self, run: Run) -> None:
        super()._restore(run)
        self.channels_ = tuple(run.preprocess["channels"])
        self.shortest_, self.longest_ = map(int, run.preprocess["steps"])
        self.scaler_ = Scaler.from_dict(run.preprocess["scaler"])

    def _map(self, X: Any, name: str) -> Floats:
        check_is_fitted(self)
        cases = self._read(X)
        steps = cases.values.shape[2]
        result: Floats | None = None
        for index, predicted in self._forward(cases):
            if name not in predicted.maps:
                raise ConfigError(
                    f"{name}: this pooling is not linear in the encoder's states, so that no step "
                    "adds a part of its own; use attend, or attention or conjunctive pooling"
                )
            over_positions: Tensor = predicted.maps[name]
            encoder: Any = self.model_.encoder
            over_steps = lay_over_steps(
                over_positions.double().numpy(),
                cases.lengths[index],
                stride=encoder.stride,
                steps=steps,
            )
            if result is None:
                result = np.zeros((len(cases), *over_steps.shape[1:]))
            result[index] = over_steps
        assert result is not None
        return result

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "interpolate"
        tags.input_tags.three_d_array = True
        return tags


def _is_table(X: Any) -> bool:
    """Whether X is [cases, steps], and so has columns that must stay the same."""
    try:
        return len(X.shape if hasattr(X, "shape") else np.asarray(X).shape) == 2
    except ValueError:  # a list of arrays of different lengths
        return False
