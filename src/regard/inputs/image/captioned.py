"""Pictures as an input whose targets are texts, such as captions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.explain import box_ap, box_chance, lay_over_pixels, pointing_game
from regard.inference import Inference
from regard.inputs.image.caption_view import CaptionView
from regard.inputs.image.input import ImageInput
from regard.inputs.image.pictures import Pictures
from regard.inputs.image.word_boxes import Box, word_boxes
from regard.inputs.input import Maps
from regard.plots import CaseView

if TYPE_CHECKING:
    from torch import nn

__all__ = ["CaptionedInput"]

_END = "[END]"


class CaptionedInput(ImageInput):
    """Pictures, for each of which a text is to be written.

    A text has a map for every word, so that maps stay on the encoder's grid until they are looked
    at; `over_pixels` lays them over the picture.

    Attributes:
        cell_: pixels along a side of a position of the encoder.
    """

    writes = "caption"
    cell_: int

    def build(self, output: Any) -> nn.Module:
        model = super().build(output)
        encoder: Any = model.encoder
        self.cell_ = int(encoder.cell)
        return model

    @property
    def by_evidence(self) -> bool:
        return False

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Pictures, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """The maps as they are, [..., S] of each case."""
        return {name: list(each) for name, each in maps.items()}

    def over_parts(
        self, laid: NDArray[np.float64], encoded: Pictures, n: int
    ) -> NDArray[np.float64]:
        """[rows, columns] of the grid, as far as the picture reaches."""
        side = -(-self.size_ // self.cell_)
        rows, columns = -(-encoded.extents[n] // self.cell_)
        grid: NDArray[np.float64] = laid.reshape(side, side)[:rows, :columns]
        return grid

    def erased(
        self,
        encoded: Pictures,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> Pictures:
        """The pixels of positions of the grid, replaced as those of other pictures are."""
        pixels = [
            each.repeat(self.cell_, 0).repeat(self.cell_, 1)[: extent[0], : extent[1]]
            for each, extent in zip(where, encoded.extents[index], strict=True)
        ]
        return super().erased(encoded, index, pixels, how=how, generator=generator)

    def over_pixels(self, seen: Inference, n: int, name: str = "weights") -> NDArray[np.float64]:
        """[Q, rows, columns] the maps of case n, one for each word, over its pixels."""
        columns = -(-self.size_ // self.cell_)
        grid, extents = seen.maps[name][n], seen.cases.extents[[n]]
        return lay_over_pixels(grid[None], extents, cell=self.cell_, columns=columns)[0]

    def localisation(self, seen: Inference, outcome: Callable[[int], Any]) -> dict[str, Any]:
        """How well words find their boxes, where these are known.

        Of each word that is written where the true caption has it, too: the caption is the one
        that was written, so that its words were predicted from each other.
        """
        weights: list[NDArray[np.float64]] = []
        boxes: list[Box] = []
        extents: list[NDArray[np.int64]] = []
        for n, grid in enumerate(seen.maps["weights"]):
            known = self._boxes(seen, n, outcome(n)) if grid.any() else []
            where = [at for at, box in enumerate(known) if box is not None]
            if where:
                laid = self.over_pixels(seen, n)
                weights += [laid[at] for at in where]
                boxes += [box for box in known if box is not None]
                extents += [seen.cases.extents[n]] * len(where)
        if not boxes:
            return {}
        true = np.array(boxes, np.int64)
        return {
            "localisation_ap": box_ap(weights, true),
            "localisation_chance": box_chance(np.array(extents), true),
            "pointing_game": pointing_game(weights, true),
        }

    def view(self, seen: Inference, n: int, outcome: Any) -> CaseView:
        rows, columns = seen.cases.extents[n]
        words = [unit for unit in outcome.units if unit != _END]
        return CaptionView(
            id=str(seen.cases.ids[n]),
            outcome=outcome,
            pixels=seen.cases.values[n, :rows, :columns],
            words=words,
            weights=self.over_pixels(seen, n)[: len(words)],
            boxes=self._boxes(seen, n, outcome)[: len(words)],
        )

    @staticmethod
    def _boxes(seen: Inference, n: int, outcome: Any) -> list[Box | None]:
        """The box of each word of a written caption; None where it is not known."""
        if seen.cases.links is None or outcome.true is None:
            return [None] * len(outcome.units)
        links = seen.cases.links[n]
        return word_boxes(outcome.units, outcome.predicted, outcome.true, links)

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}
