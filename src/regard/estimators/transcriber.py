"""The recogniser of speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regard.estimators.writer import TextWriter
from regard.inputs.series.scaling import Scaler

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["Transcriber"]


class Transcriber(TextWriter):
    """Writes what is said in recordings with an attention model, and shows where each word is.

    X is a list of paths of sound files, or of arrays [samples] with their `rate`; y the list of
    what to write for each.

    Parameters:
        {parameters}

    Attributes:
        target_vocabulary_: of the transcripts.
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
    >>> model = Transcriber(rate=8000, hidden=8, epochs=1, random_state=0)
    >>> model = model.fit(X, ["low", "low", "high", "high"] * 5)
    >>> [word.shape for word in model.attend(X)[0].weights[:1]]
    [(20,)]
    """

    task = "transcribe"

    rate_: int
    channels_: tuple[str, ...]
    scaler_: Scaler

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
