"""The regressor of series, as scikit-learn knows estimators."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from regard.config import Config
from regard.errors import DataError
from regard.estimators.base import Floats
from regard.estimators.series_input import SeriesEstimator
from regard.inputs.series.cases import Cases
from regard.inputs.series.scaling import Scaler
from regard.models import Ensemble, SeriesModel, build_ensemble
from regard.outputs.numbers.targets import target_names, targets_of
from regard.runs import Run
from regard.splits import split
from regard.training import Objective, SquaredError

__all__ = ["SeriesRegressor"]


class SeriesRegressor(RegressorMixin, SeriesEstimator):  # type: ignore[misc]
    """Predicts one or several numbers of a series, and shows where each prediction looked.

    X is [cases, channels, steps], [cases, steps] for univariate series, or a list of
    [channels, steps] arrays where lengths differ; y is [cases] or [cases, targets]. Targets are
    scaled inside; predictions are in the units of the data.

    Parameters:
        encoder: "inception", "conv", "conv-bilstm", "bilstm", "gru", "lstm" or "transformer".
        attention: the mechanism by which the encoder's states are looked at: the name of a score
            ("additive", "dot", "general"...), a window ("causal", "local-p"...) or an alignment
            ("sparsemax", "hard"...), as `regard mechanisms` lists them; or a table such as
            {"score": "general", "window": {"local-p": 10}, "align": "sparsemax", "heads": 4}.
        pooling: "attention" (weigh the states, then a linear layer on the context), "conjunctive"
            (a linear layer on every state, gate each by a sigmoid of its score, average) or
            "stacked" (the states attend to each other, an LSTM reads what they found, and that is
            attended to); None takes "conjunctive" where the mechanism can.
        form: a published model, which decides encoder, pooling and who asks: "lstm-attention",
            "lstm-bahdanau" or "lstm-hierarchical".
        hidden: width inside the encoder; None takes what suits it.
        layers: of the encoder; None takes what suits it.
        attention_dim: width of the space in which additive attention compares, shared among its
            heads.
        heads: of the pooling attention, each with a query to learn; their weights are averaged.
        dropout: share of the columns of the encoder's states, and between recurrent or Transformer
            layers, that is dropped in training.
        members: networks trained side by side, whose predictions are averaged; by default 3, or 1
            where a form is named.
        validation_share: share of the cases that training is stopped by; "auto" is 0.1 from 1,000
            cases up and none below.
        scaling: to zero mean and unit variance: "series" (each case by itself), "channel" (with the
            training part's figures), "log" (the same of logarithms, signs kept), "none", or "auto":
            "channel", unless the sizes of the cases differ tenfold or more between their quartiles,
            then "series", or, to predict numbers, "log".
        missing: "refuse" or "interpolate" missing values.
        epochs: at the most; without a validation part, exactly.
        patience: epochs without a lower validation loss after which training stops.
        batch_size: cases in an update.
        learning_rate: of AdamW, at its highest.
        weight_decay: of AdamW.
        schedule: of the learning rate: "cosine" (to zero, after a short warm-up) or "constant".
        gradient_clip: largest norm of an update's gradient; 0 does not clip.
        updates_per_epoch: a training part of fewer batches is passed over several times an epoch.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        verbose: whether to show a progress bar.
        random_state: the same number gives the same model.

    Attributes:
        targets_: names of the numbers that are predicted.
        target_scaler_: fitted on the training part.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import sine
    >>> cases = sine(series=60, steps=50)
    >>> heights = cases.values.max((1, 2))
    >>> model = SeriesRegressor(encoder="conv", epochs=2, random_state=0)
    >>> model.fit(cases.values, heights).predict(cases.values).shape
    (60,)
    """

    task = "regress"
    keep_size = True
    _numeric = True

    targets_: tuple[str, ...]
    target_scaler_: Scaler
    flat_: bool

    def __init__(
        self,
        *,
        encoder: str = "inception",
        attention: str | dict[str, Any] = "additive",
        pooling: str | None = None,
        form: str | None = None,
        hidden: int | None = None,
        layers: int | None = None,
        attention_dim: int = 64,
        heads: int = 1,
        dropout: float = 0.0,
        members: int | None = None,
        validation_share: float | Literal["auto"] = "auto",
        scaling: str = "auto",
        missing: Literal["refuse", "interpolate"] = "refuse",
        epochs: int = 50,
        patience: int = 5,
        batch_size: int = 32,
        learning_rate: float = 0.004,
        weight_decay: float = 0.01,
        schedule: str = "cosine",
        gradient_clip: float = 1.0,
        updates_per_epoch: int = 10,
        device: str = "auto",
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self._set(locals())

    def predict(self, X: Any) -> Floats:
        """The numbers of each case, in the units of the data: [cases] or [cases, targets]."""
        check_is_fitted(self)
        numbers = self.target_scaler_.invert(self._values(self._read(X)))
        return numbers[:, 0] if self.flat_ else numbers

    def evidence(self, X: Any) -> Floats:
        """What each step added to each number: [cases, targets, steps], in the units of the data.

        It sums over the steps to the prediction less the mean of the training part.

        Raises:
            ConfigError: the pooling is not linear in the states, so that there is no exact one.
        """
        scaled = super().evidence(X)
        assert self.target_scaler_.std is not None
        return np.asarray(scaled * self.target_scaler_.std[:, None])

    def _check_targets(self, y: Any) -> Any:
        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        return y

    def _hold_out(self, cases: Cases, config: Config) -> tuple[Cases, Cases | None]:
        share = config.data.validation_share
        if share == "auto":
            share = 0.1 if len(cases) >= 1000 else 0.0
        if share == 0:
            return cases, None
        one = np.zeros(len(cases), np.int64)
        train, validation = split(one, shares=(1 - share, share), seed=config.seed)
        return cases.take(train), cases.take(validation)

    def _prepare(self, cases: Cases, config: Config) -> None:
        super()._prepare(cases, config)
        numbers = targets_of(cases)
        constant = np.ptp(numbers, axis=0) == 0
        self.targets_ = target_names(cases)
        if constant.any() and len(cases) > 1:
            name = self.targets_[int(constant.argmax())]
            raise DataError(
                f"{name}: is {numbers[0, constant.argmax()]:g} for every case to train on"
            )
        assert cases.labels is not None
        self.flat_ = cases.labels.ndim == 1
        self.target_scaler_ = Scaler("channel").fit(_as_cases(numbers))

    def _targets(self, cases: Cases) -> NDArray[np.float32]:
        numbers = targets_of(cases)
        if numbers.shape[1] != len(self.targets_):
            raise DataError(
                f"the cases have {numbers.shape[1]} targets, the training part has "
                f"{len(self.targets_)}"
            )
        return self.target_scaler_.transform(_as_cases(numbers))[:, :, 0]

    def _objective(self, cases: Cases, config: Config) -> Objective:
        return SquaredError(torch.tensor(self.target_scaler_.std, dtype=torch.float32))

    def _build(self, config: Config) -> SeriesModel | Ensemble:
        return build_ensemble(
            channels=len(self.channels_),
            outputs=len(self.targets_),
            steps=self.longest_,
            **config.model.model_dump(),
        )

    def _kept(self) -> dict[str, Any]:
        return {
            **super()._kept(),
            "targets": list(self.targets_),
            "flat": self.flat_,
            "target_scaler": self.target_scaler_.to_dict(),
        }

    def _restore(self, run: Run) -> None:
        super()._restore(run)
        self.targets_, self.flat_ = tuple(run.preprocess["targets"]), run.preprocess["flat"]
        if not isinstance(self.flat_, bool):
            raise TypeError(f"flat: wanted true or false, given {self.flat_!r}")
        self.target_scaler_ = Scaler.from_dict(run.preprocess["target_scaler"])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _as_cases(numbers: NDArray[np.float64]) -> Cases:
    """[B, M] numbers as cases of one step, which is what a scaler takes."""
    return Cases(numbers[:, :, None], np.ones(len(numbers), np.int64))
