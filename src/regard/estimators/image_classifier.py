"""The classifier of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regard.estimators.classifier import AttentionClassifier

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["ImageClassifier"]


class ImageClassifier(AttentionClassifier):
    """Classifies pictures with an attention model, and shows where each prediction looked.

    X is [cases, rows, columns] or [cases, rows, columns, 3], a list of such pictures of any sizes,
    or a list of paths of files. Maps are over the pixels after resizing: [size_, size_], zero
    outside a picture that is not square.

    Parameters:
        {parameters}

    Attributes:
        classes_: [N] labels, sorted.
        size_: rows and columns of the canvas that every picture is put on, at its top left.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import clutter
    >>> cases = clutter(pictures=60, size=32)
    >>> model = ImageClassifier(hidden=16, epochs=1, random_state=0).fit(cases)
    >>> model.attend(cases).shape
    (60, 32, 32)
    """

    task = "classify-image"

    size_: int
    channels_: int

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
