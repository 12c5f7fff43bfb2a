"""The summariser of texts."""

from __future__ import annotations

from regard.estimators.text_to_text import TextToText
from regard.estimators.writer import TextWriter

__all__ = ["Summarizer"]


class Summarizer(TextToText):
    """Writes a short text for each long one; words are written, or copied from where they stand.

    X is a list of strings, y the list of what to write for each. It is a `Translator` whose
    defaults suit texts of one language: words that the vocabulary lacks are copied, long texts are
    truncated, and figures are ROUGE.

    Parameters:
        {parameters}

    Attributes:
        vocabulary_: of texts and summaries.
        target_vocabulary_: the same, where it is joint.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import requests
    >>> cases = requests(cases=60)
    >>> model = Summarizer(hidden=16, epochs=1, random_state=0).fit(cases)
    >>> found = model.align(["Please call Ms Xyz today."])[0]
    >>> found.source
    ['Please', 'call', 'Ms', 'Xyz', 'today', '.', '[END]']
    >>> found.copied.shape == found.weights.shape == (len(found.target), 7)
    True
    """

    task = "summarize"

    summarize = TextWriter.predict
