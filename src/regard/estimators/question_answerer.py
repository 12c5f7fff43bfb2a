"""The answerer of questions about a story."""

from __future__ import annotations

from regard.estimators.classifier import AttentionClassifier
from regard.estimators.texts import TextEstimator
from regard.inputs.text.tokenizer import Tokenizer

__all__ = ["QuestionAnswerer"]


class QuestionAnswerer(AttentionClassifier, TextEstimator):
    """Answers questions about stories with hops of attention, and shows where each hop looked.

    X is a list of pairs, each of a story and a question about it. A story is a text, which is
    divided into its sentences, or a list of sentences. y are the answers, of which a model gives
    those that it was trained on.

    Parameters:
        {parameters}

    Attributes:
        classes_: [N] answers, sorted.
        tokenizer_: fitted on the training part.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import rooms
    >>> cases = rooms(stories=20)
    >>> model = QuestionAnswerer(epochs=2, random_state=0).fit(cases)
    >>> asked = [("Anna went to the hall. Ben took the lamp.", "Where is Anna?")]
    >>> model.predict(asked).shape, model.attend(asked)[0].shape  # three hops, two sentences
    ((1,), (3, 2))
    """

    task = "answer"

    tokenizer_: Tokenizer
