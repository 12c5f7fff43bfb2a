"""What an exported model says: an output's part of the graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.inference import Inference
from regard.models import Predicted

__all__ = ["Expected", "GraphOutput", "OutputGraph"]


class GraphOutput(NamedTuple):
    """An array that an exported model returns.

    Attributes:
        axes: as of `inputs.graph.GraphInput`.
        says: what it holds.
    """

    axes: tuple[int | str, ...]
    says: str


class Expected(NamedTuple):
    """What a run says of some cases.

    Attributes:
        values: [cases, ...].
        unit: by which a difference is divided to be compared with those of other arrays, such as
            a standard deviation; of a shape that can be broadcast to theirs.
    """

    values: NDArray[np.float64]
    unit: NDArray[np.float64]


class OutputGraph(nn.Module):
    """From what a model predicts to the user's terms."""

    def forward(self, predicted: Predicted, arrays: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """Arrays by name, the prediction first, then the maps.

        Parameters:
            predicted: of an `InputGraph`, as `Output.scaled` returns it.
            arrays: what that was given.
        """
        raise NotImplementedError

    def gives(self, over: tuple[int | str, ...]) -> dict[str, GraphOutput]:
        """The arrays of `forward` that are no maps, and the axes of maps, which the model may lack.

        Parameters:
            over: the axes that maps are over.
        """
        raise NotImplementedError

    def expected(self, seen: Inference) -> dict[str, Expected]:
        """The arrays that are no maps, as the run has them."""
        raise NotImplementedError

    def evidence(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """The evidence of a case, as `infer` has it, in the terms of `forward`."""
        return row

    def about(self) -> dict[str, Any]:
        """What who uses the model has to know beside the arrays, for JSON."""
        return {}
