"""Pictures as an input whose targets are texts, such as captions."""

from collections.abc import Callable
from typing import Any

from regard.inference import Inference
from regard.inputs.image.input import ImageInput
from regard.plots import Outcome

__all__ = ["CaptionedInput"]


class CaptionedInput(ImageInput):
    """Pictures, for each of which a text is to be written."""

    @property
    def by_evidence(self) -> bool:
        return False

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        return {}

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}
