"""The classifier of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regard.estimators.classifier import AttentionClassifier
from regard.inputs.series.scaling import Scaler

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["SoundClassifier"]


class SoundClassifier(AttentionClassifier):
    """Classifies recordings with an attention model, and shows where in time it listened.

    X is a list of paths of sound files, or of arrays [samples] with their `rate`.

    Parameters:
        {parameters}

    Attributes:
        classes_: [N] labels, sorted.
        rate_: samples in a second, to which new recordings are resampled.
        channels_: C names of the features.
        scaler_: of the features, fitted on the training part.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    Maps are over frames, of which one starts every `hop` seconds.

    >>> import numpy as np
    >>> time = np.arange(1600) / 8000
    >>> X = [np.sin(2 * np.pi * pitch * time) for pitch in (300, 400, 1200, 1300) * 5]
    >>> model = SoundClassifier(rate=8000, encoder="conv", epochs=2, random_state=0)
    >>> model.fit(X, ["low", "low", "high", "high"] * 5).attend(X).shape
    (20, 20)
    """

    task = "classify-sound"

    rate_: int
    channels_: tuple[str, ...]
    scaler_: Scaler

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
