"""The classifier of texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.estimators.classifier import AttentionClassifier
from regard.estimators.contract import check_is_fitted
from regard.estimators.texts import TextEstimator
from regard.inputs.text.encoded import Encoded
from regard.inputs.text.ngrams import Ngrams
from regard.inputs.text.tokenizer import Tokenizer

__all__ = ["TextClassifier"]


class TextClassifier(AttentionClassifier, TextEstimator):
    """Classifies texts with an attention model, and shows which words each prediction looked at.

    X is a list of strings.

    Parameters:
        {parameters}

    Attributes:
        classes_: [N] labels, sorted.
        tokenizer_: fitted on the training part.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> texts = ["good film", "bad film", "a good one", "so bad"] * 5
    >>> model = TextClassifier(epochs=2, random_state=0).fit(texts, ["up", "down"] * 10)
    >>> model.words(["What a good film!"])[0]
    ['What', 'a', 'good', 'film', '!']
    >>> model.attend(["What a good film!"])[0].shape
    (5,)
    """

    task = "classify-text"

    tokenizer_: Tokenizer
    ngrams_: Ngrams | None
    longest_: int
    width_: int

    def words(self, X: Any) -> list[list[str]]:
        """The words of each text, as they are written in it, up to `max_tokens` tokens."""
        encoded = self.encode(X)
        return [
            [text[start:stop] for start, stop in spans]
            for text, spans in zip(encoded.texts, encoded.word_spans, strict=True)
        ]

    def word_spans(self, X: Any) -> list[NDArray[np.int32]]:
        """[words, 2] for each text: the half-open (start, stop) characters of its words."""
        return self.encode(X).word_spans

    def encode(self, X: Any) -> Encoded:
        """The texts as tokens."""
        check_is_fitted(self)
        tokens: Encoded = self.input_.encode(self._cases(X)).tokens
        return tokens
