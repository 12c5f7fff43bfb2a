"""The regressor of series."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from regard.estimators.base import Floats
from regard.estimators.series import SeriesEstimator
from regard.inputs.series.scaling import Scaler

__all__ = ["SeriesRegressor"]


class SeriesRegressor(RegressorMixin, SeriesEstimator):  # type: ignore[misc]
    """Predicts one or several numbers of a series, and shows where each prediction looked.

    X is [cases, channels, steps], [cases, steps] for univariate series, or a list of
    [channels, steps] arrays where lengths differ; y is [cases] or [cases, targets]. Targets are
    scaled inside; predictions are in the units of the data.

    Parameters:
        {parameters}

    Attributes:
        targets_: names of the predicted numbers.
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

    targets_: tuple[str, ...]
    target_scaler_: Scaler
    flat_: bool

    def predict(self, X: Any) -> Floats:
        """The numbers of each case, in the units of the data: [cases] or [cases, targets]."""
        seen = self.infer(X)
        output: Any = self.output_
        numbers: Floats = output.predicted(seen)
        return numbers[:, 0] if self.flat_ else numbers

    def evidence(self, X: Any) -> Floats:
        """What each step added to each number: [cases, targets, steps], in the units of the data.

        It sums over the steps to the prediction less the mean of the training part.

        Raises:
            ConfigError: the pooling is not linear in the states, so that there is no exact one.
        """
        scaled, output = super().evidence(X), self.output_
        unit: Floats = getattr(output, "unit")  # noqa: B009 - of this output alone
        return np.asarray(scaled * unit[:, None])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
