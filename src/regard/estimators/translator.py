"""The translator of texts."""

from __future__ import annotations

from regard.estimators.text_to_text import TextToText
from regard.estimators.writer import TextWriter

__all__ = ["Translator"]


class Translator(TextToText):
    """Writes a text for each text with an attention model, and shows where each word looked.

    X is a list of strings, y the list of what to write for each.

    Parameters:
        {parameters}

    Attributes:
        vocabulary_: of the sources, and of the targets where it is joint.
        target_vocabulary_: of the targets.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> sources, targets = ["one two", "two one", "two two", "one one"] * 3, ["1 2", "2 1"] * 6
    >>> model = Translator(tokens="word", epochs=1, random_state=0).fit(sources, targets)
    >>> len(model.predict(["two one", "one"]))
    2
    >>> model.align(["two one"], ["2 1"])[0].weights.shape
    (3, 3)
    """

    task = "translate"

    translate = TextWriter.predict
