"""The writer of texts from series."""

from __future__ import annotations

from regard.estimators.series import SeriesEstimator
from regard.estimators.writer import TextWriter

__all__ = ["SeriesTranscriber"]


class SeriesTranscriber(TextWriter, SeriesEstimator):
    """Writes a text from a series with an attention model, and shows where each word is.

    Such series are ready features of speech, gestures, pen strokes or traces of sensors, whose text
    follows them in time. X is a list of [channels, steps] arrays of any lengths, or [cases,
    channels, steps]; y the list of what to write for each.

    Parameters:
        {parameters}

    Attributes:
        target_vocabulary_: of the texts.
        channels_: C names.
        scaler_: fitted on the training part.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> import numpy as np
    >>> up, down = np.linspace([0, 5], [1, 5], 20).T, np.linspace([1, 5], [0, 5], 30).T
    >>> X, y = [up, down, np.hstack([up, down])] * 7, ["up", "down", "up down"] * 7
    >>> model = SeriesTranscriber(hidden=8, epochs=1, random_state=0).fit(X, y)
    >>> [word.shape for word in model.attend(X)[1].weights[:1]]
    [(30,)]
    """

    task = "transcribe-series"
