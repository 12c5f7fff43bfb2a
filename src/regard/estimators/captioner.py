"""The captioner of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regard.estimators.base import Floats
from regard.estimators.writer import TextWriter
from regard.inference import Inference

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["Captioner"]


class Captioner(TextWriter):
    """Describes pictures with an attention model, and shows where each word looked.

    X is [cases, rows, columns] or [cases, rows, columns, 3], a list of such pictures of any sizes,
    or a list of paths of files; y the list of what to write for each. Maps are over the pixels of
    a picture after resizing.

    Parameters:
        {parameters}

    Attributes:
        target_vocabulary_: of the captions.
        size_: rows and columns of the canvas that every picture is put on, at its top left.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> from regard.data import scenes
    >>> cases = scenes(pictures=40, size=28, objects=1)
    >>> model = Captioner(hidden=8, epochs=1, random_state=0).fit(cases)
    >>> looks = model.attend(cases)[0]
    >>> len(looks.target) == len(looks.weights), looks.weights.shape[1:]
    (True, (28, 28))
    """

    task = "caption"

    size_: int
    channels_: int

    def _laid(self, seen: Inference, n: int) -> Floats:
        incoming: Any = self.input_
        laid: Floats = incoming.over_pixels(seen, n, "attention")
        return laid

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
