"""The answerer of questions that writes its answers."""

from __future__ import annotations

from regard.estimators.texts import TextEstimator
from regard.estimators.writer import TextWriter
from regard.tokens import Vocabulary

__all__ = ["TextAnswerer"]


class TextAnswerer(TextWriter, TextEstimator):
    """Answers questions about stories word by word; a word is written, or copied from the story.

    X is a list of pairs, each of a story and a question about it. A story is a text, which is
    divided into its sentences, or a list of sentences. y are the answers, of any number of words,
    such as lists of things. A map of `attend` is over the words of the story, as far as it is
    read, and the end mark.

    Parameters:
        {parameters}

    Attributes:
        vocabulary_: of stories, questions and answers of the training part.
        target_vocabulary_: the same.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import rooms
    >>> model = TextAnswerer(epochs=1, random_state=0).fit(rooms(stories=20))
    >>> [looks] = model.attend([("Anna went to the hall. Ben took the lamp.", "Where is Anna?")])
    >>> len(looks.target) == len(looks.weights), looks.weights.shape[1]  # 11 words and the end
    (True, 12)
    """

    task = "answer-text"

    vocabulary_: Vocabulary
