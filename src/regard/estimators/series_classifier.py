"""The classifier of series."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

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
        dropout: float = 0.1,
        validation_share: float | Literal["auto"] = "auto",
        scaling: str = "auto",
        missing: Literal["refuse", "interpolate"] = "refuse",
        epochs: int = 50,
        patience: int = 5,
        batch_size: int = 32,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        schedule: str = "cosine",
        gradient_clip: float = 1.0,
        updates_per_epoch: int = 10,
        device: str = "auto",
        class_weight: str | dict[Any, float] | None = None,
        label_smoothing: float = 0.1,
        augmentation: str = "warp",
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self._set(locals())
