"""Numbers as an exported model says them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard.inference import Inference
from regard.models import Predicted
from regard.outputs.graph import Expected, GraphOutput, OutputGraph

__all__ = ["NumbersGraph"]


class NumbersGraph(OutputGraph):
    """Numbers in the units of the data.

    Parameters:
        names: M targets.
        mean, std: [M] of the targets in training.
    """

    def __init__(
        self, names: tuple[str, ...], mean: NDArray[np.float64], std: NDArray[np.float64]
    ) -> None:
        super().__init__()
        self.names = names
        self.mean, self.std = (nn.Buffer(torch.from_numpy(each)) for each in (mean, std))

    def forward(self, predicted: Predicted, arrays: tuple[Tensor, ...]) -> dict[str, Tensor]:
        said = {"numbers": predicted.values * self.std + self.mean, **predicted.maps}
        if "evidence" in said:
            unit = self.std.to(predicted.values.dtype)
            said["evidence"] = said["evidence"] * unit.reshape(
                -1, *[1] * (said["evidence"].dim() - 2)
            )
        return said

    def gives(self, over: tuple[int | str, ...]) -> dict[str, GraphOutput]:
        count = len(self.names)
        return {
            "numbers": GraphOutput(("batch", count), "each target, in the units of the data"),
            "attention": GraphOutput(("batch", *over), "how the model looked; sums to one"),
            "evidence": GraphOutput(
                ("batch", count, *over),
                "what each place added to each number; its sums are the numbers less `mean`",
            ),
        }

    def expected(self, seen: Inference) -> dict[str, Expected]:
        std = self.std.numpy()
        return {"numbers": Expected(seen.values * std + self.mean.numpy(), std)}

    def evidence(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(row * self.std.numpy()[:, None])

    def about(self) -> dict[str, Any]:
        return {"targets": list(self.names), "mean": self.mean.tolist()}
