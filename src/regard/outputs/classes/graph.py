"""Classes as an exported model says them."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from regard.inference import Inference
from regard.models import Predicted
from regard.outputs.classes.calibration import softmax
from regard.outputs.graph import Expected, GraphOutput, OutputGraph

__all__ = ["ClassesGraph"]


class ClassesGraph(OutputGraph):
    """Calibrated probabilities.

    Parameters:
        classes: N names.
    """

    def __init__(self, classes: list[Any]) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, predicted: Predicted, arrays: tuple[Tensor, ...]) -> dict[str, Tensor]:
        return {"probabilities": predicted.values.softmax(1), **predicted.maps}

    def gives(self, over: tuple[int | str, ...]) -> dict[str, GraphOutput]:
        count = len(self.classes)
        return {
            "probabilities": GraphOutput(("batch", count), "of each class, calibrated"),
            "attention": GraphOutput(("batch", *over), "how the model looked; sums to one"),
            "evidence": GraphOutput(
                ("batch", count, *over),
                "what each place added to the logit of each class; the softmax of its sums are the "
                "probabilities",
            ),
        }

    def expected(self, seen: Inference) -> dict[str, Expected]:
        return {"probabilities": Expected(softmax(seen.values), np.ones(1))}

    def about(self) -> dict[str, Any]:
        return {"classes": self.classes}
