"""The classifier of series, as scikit-learn knows estimators."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from regard.config import Config
from regard.errors import DataError
from regard.estimators.classifying import AttentionClassifier
from regard.estimators.series_input import SeriesEstimator
from regard.models import SeriesModel, build_classifier

__all__ = ["SeriesClassifier"]


class SeriesClassifier(AttentionClassifier, SeriesEstimator):
    """Classifies series with an attention model, and shows where each prediction looked.

    X is [cases, channels, steps], [cases, steps] for univariate series, or a list of
    [channels, steps] arrays where lengths differ.

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
        class_weight: "balanced" to weigh classes inversely to their frequency, a dict from label to
            factor (1 where a label is left out), or None.
        label_smoothing: share of the target spread over all classes.
        augmentation: "warp" varies each case's speed, start and scale a little, in training; "none"
            leaves them alone.
        verbose: whether to show a progress bar.
        random_state: the same number gives the same model.

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

    def _check_targets(self, y: Any) -> Any:
        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        return y

    def _build(self, config: Config) -> SeriesModel:
        return build_classifier(
            channels=len(self.channels_),
            classes=len(self.classes_),
            steps=self.longest_,
            **config.model.model_dump(),
        )
