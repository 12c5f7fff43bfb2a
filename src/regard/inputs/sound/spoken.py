"""Recordings as an input whose targets are texts, such as transcripts."""

from collections.abc import Callable
from typing import Any

from regard.inference import Inference
from regard.inputs.sound.input import SoundInput
from regard.plots import Outcome

__all__ = ["SpokenInput"]


class SpokenInput(SoundInput):
    """Recordings, for each of which a text is to be written."""

    @property
    def by_evidence(self) -> bool:
        return False

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        return {}

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}
