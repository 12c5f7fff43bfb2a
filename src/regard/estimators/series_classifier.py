"""The classifier of series."""

from __future__ import annotations

from regard.estimators.classifier import AttentionClassifier
from regard.estimators.series import SeriesEstimator

__all__ = ["SeriesClassifier"]


class SeriesClassifier(AttentionClassifier, SeriesEstimator):
    """Classifies series with an attention model, and shows where each prediction looked.

    X is [cases, channels, steps], [cases, steps] for univariate series, or a list of
    [channels, steps] arrays where lengths differ.

    Parameters:
        {parameters}

    Attributes:
        classes_: [N] labels, sorted.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import sine
    >>> cases = sine(series=60, steps=50)
    >>> model = SeriesClassifier(encoder="conv", epochs=2, random_state=0).fit(cases)
    >>> model.attend(cases).shape
    (60, 50)
    """

    task = "classify"
