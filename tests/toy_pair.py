"""A plug-in: strings of beads in, a mark for every bead out, as many as there are beads."""

from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from regard.config import Files, Sections
from regard.inputs import Input
from regard.inputs.series.cases import Cases
from regard.inputs.series.view import SeriesView
from regard.models import Predicted, SeriesModel, make_encoder
from regard.outputs import Compared, Output
from regard.plots import Outcome
from regard.plugins import register_input, register_output, register_task
from regard.training import Objective, SequencePart


class Lines(Files):
    kind: Literal["lines"]


class Beads(Input):
    case_types = (Cases,)

    def read(self, path: Any, **options: Any) -> Cases:  # lines such as "abxa 0010"
        pairs = [line.split() for line in path.read_text().splitlines()]
        marks, values = np.full((len(pairs), 9), np.nan, np.float32), np.zeros((len(pairs), 1, 9))
        for n, (beads, known) in enumerate(pairs):
            values[n, 0, : len(beads)] = [ord(bead) - 97 for bead in beads]
            marks[n, : len(beads)] = [int(mark) for mark in known]
        return Cases(values, np.array([len(beads) for beads, _ in pairs]), marks)

    def part(self, encoded: Cases, *, targets: Any, training: bool) -> SequencePart:
        beads = one_hot(torch.from_numpy(encoded.values[:, 0]).long(), 26).float().mT
        marks = None if targets is None else torch.from_numpy(targets)
        return SequencePart([beads], torch.from_numpy(encoded.lengths), marks)

    def build(self, output: Any) -> nn.Module:
        sizes = self.config.model.model_dump(include={"hidden", "layers", "dropout"})
        encoder = make_encoder(self.config.model.encoder, channels=26, steps=9, **sizes)
        return SeriesModel(encoder, output.head(encoder, steps=9), dropout=sizes["dropout"])

    def lay(self, model: nn.Module, maps: Any, encoded: Cases, index: Any) -> dict[str, list[Any]]:
        lengths = encoded.lengths[index]
        return {k: [row[:n] for row, n in zip(maps[k], lengths, strict=True)] for k in maps}

    def view(self, seen: Any, n: int, outcome: Outcome) -> SeriesView:
        weights, series = seen.maps["weights"][n], seen.cases.take(np.array([n])).values[0]
        made = {"series": series, "channels": ("bead",), "weights": weights}
        return SeriesView(id=str(seen.cases.ids[n]), outcome=outcome, **made)


class Head(nn.Linear):
    def forward(self, states: torch.Tensor, mask: Any = None) -> Predicted:  # type: ignore[override]
        scores = super().forward(states)[..., 0]
        shown = scores if mask is None else scores.masked_fill(~mask, -1e9)
        return Predicted(scores, {"attention": shown.softmax(1)})


class MarksLoss(Objective):
    def losses(self, values: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        wanted = targets[:, : values.shape[1]]
        each = binary_cross_entropy_with_logits(values, wanted.nan_to_num(), reduction="none")
        return (each * wanted.isfinite()).sum(1) / wanted.isfinite().sum(1)


class Said(Outcome):
    def __init__(self, marks: Any) -> None:
        self.marks = marks

    @property
    def answer(self) -> str:
        return "".join(map(str, self.marks))


class Marks(Output):
    def head(self, encoder: Any, *, steps: int) -> Head:
        return Head(encoder.width, 1)

    def objective(self, cases: Cases) -> MarksLoss:
        return MarksLoss()

    def gather(self, rows: Any) -> Any:
        return rows

    def said(self, seen: Any, n: int) -> Any:
        return (seen.values[n][: seen.cases.lengths[n]] > 0).astype(int)

    def outcome(self, seen: Any, n: int) -> Said:
        return Said(self.said(seen, n))

    def metrics(self, seen: Any) -> dict[str, float]:
        marks = np.concatenate([self.said(seen, n) for n in range(len(seen))])
        return {"accuracy": float((marks == seen.cases.labels[seen.cases.mask]).mean())}

    def compared(self, metrics: Any) -> list[Compared]:
        return [Compared("accuracy", "accuracy")]

    def columns(self, seen: Any) -> tuple[dict[str, Any], str]:
        marks = ["".join(map(str, self.said(seen, n))) for n in range(len(seen))]
        return {"case": seen.cases.ids, "marks": marks}, f"{len(seen)} predictions"


register_input("beads", Beads, sections=lambda target: Sections(data=(Lines,)))
register_output("marks", Marks, sections=lambda: Sections(target="marks"))
register_task("mark-beads", input="beads", output="marks")
