"""The regressor of series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regard.estimators.base import Floats
from regard.estimators.contract import check_is_fitted
from regard.estimators.series import SeriesEstimator
from regard.inputs.series.scaling import Scaler

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["SeriesRegressor"]


class SeriesRegressor(SeriesEstimator):
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

    def predict_interval(self, X: Any, *, coverage: float = 0.8) -> Floats:
        """Both ends of an interval around each prediction: [cases, 2] or [cases, targets, 2].

        The truth of a new case lies within with a probability of at least `coverage`, if the case
        is of the same kind as those of the validation part, on whose errors the interval is
        calibrated (split conformal prediction). It is as wide for all cases.

        Parameters:
            X: as for `predict`.
            coverage: between 0 and 1.

        Raises:
            ConfigError: fit had no validation part, see `validation_share`, or too small a one.
        """
        check_is_fitted(self)
        output: Any = self.output_
        margins: Floats = output.margins(coverage)
        numbers: Floats = output.predicted(self.infer(X))
        intervals = np.stack([numbers - margins, numbers + margins], -1)
        return intervals[:, 0] if self.flat_ else intervals

    def evidence(self, X: Any) -> Floats:
        """What each step added to each number: [cases, targets, steps], in the units of the data.

        It sums over the steps to the prediction less the mean of the training part.

        Raises:
            ConfigError: the pooling is not linear in the states, so that there is no exact one.
        """
        scaled, output = super().evidence(X), self.output_
        unit: Floats = getattr(output, "unit")  # noqa: B009 - of this output alone
        return np.asarray(scaled * unit[:, None])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R², as scikit-learn's regressors have it."""
        from sklearn.metrics import r2_score

        return float(r2_score(y, self.predict(X), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
