"""The answerer of questions that points at words of the story."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.estimators.texts import TextEstimator
from regard.inputs.text.tokenizer import Tokenizer
from regard.outputs.span.metrics import answer_metrics
from regard.outputs.span.output import Span

__all__ = ["SpanAnswerer"]


class SpanAnswerer(TextEstimator):
    """Answers questions about stories with words of the story, which it points at.

    X is a list of pairs, each of a story and a question about it. A story is a text, which is
    divided into its sentences, or a list of sentences. y are the answers, which are in the stories
    word for word. An answer may consist of words that were never seen in training.

    Parameters:
        {parameters}

    Attributes:
        tokenizer_: of words, fitted on the training part.
        longest_: words of an answer at most.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import rooms
    >>> model = SpanAnswerer(epochs=1, random_state=0).fit(rooms(stories=20))
    >>> asked = [("Anna went to the hall. Ben took the lamp.", "Where is Anna?")]
    >>> model.predict(asked).shape, model.attend(asked)[0].shape  # start and end, 11 words
    ((1,), (2, 11))
    """

    task = "answer-span"

    tokenizer_: Tokenizer
    longest_: int

    def predict(self, X: Any) -> NDArray[Any]:
        """The answers: [cases] texts."""
        return np.array([each.text for each in self.predict_spans(X)], object)

    def predict_spans(self, X: Any) -> list[Span]:
        """The answers with their places in the stories and their probabilities."""
        spans: list[Span] = self.infer(X).values
        return spans

    def score(self, X: Any, y: Any) -> float:
        """The share of answers that are exact, but for case, punctuation and articles."""
        predicted = self.predict(X).tolist()
        return answer_metrics(predicted, [str(each) for each in y])["exact_match"]
