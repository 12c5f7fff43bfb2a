"""Series as an input whose targets are texts, such as what is said in features of speech."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from regard.inference import Inference
from regard.inputs.series.cases import Cases
from regard.inputs.series.input import SeriesInput
from regard.inputs.series.transcribed_view import TranscribedView
from regard.inputs.target_texts import given_texts
from regard.inputs.word_maps import word_maps
from regard.plots import Outcome

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TranscribedInput"]


class TranscribedInput(SeriesInput):
    """Series, from each of which a text is to be written in order."""

    writes = "transcript"

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Any:
        cases = super().take(X, y, fitting=fitting)
        if not fitting or cases.labels is None or cases is not X:
            return cases
        return replace(cases, labels=given_texts(cases.labels, len(cases)))

    def fit(self, cases: Cases) -> Any:
        encoded = super().fit(cases)
        if self.longest_ < len(self.channels_):
            self.notes.append(
                f"all series have fewer steps ({self.longest_} at most) than channels "
                f"({len(self.channels_)}); a series is [channels, steps]"
            )
        return encoded

    def augment(self) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        from regard.training import specaugment

        if self.config.training.augmentation == "specaugment":
            return partial(specaugment, bands=len(self.channels_))
        return super().augment()

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        return {}  # it is not known where in a series a word is

    def view(self, seen: Inference, n: int, outcome: Any) -> TranscribedView:
        cases: Cases = seen.encoded[0]
        written = word_maps(outcome.predicted, outcome.units, seen.maps["weights"][n])
        return TranscribedView(
            id=str(cases.ids[n]),
            outcome=outcome,
            series=cases.values[n, :, : cases.lengths[n]],
            channels=cases.channels,
            words=written.words,
            weights=written.weights,
            rate=self.config.data.rate,
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}
