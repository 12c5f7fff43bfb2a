"""Recordings in an exported model: features of their frames, and maps laid over these."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad

from regard.inputs.graph import FEWEST, GraphInput, true_steps
from regard.inputs.series.graph import SeriesGraph
from regard.inputs.sound.features import FLOOR, REACH, Features
from regard.inputs.sound.recordings import Recordings
from regard.models import Predicted

__all__ = ["SoundGraph"]


class SoundGraph(SeriesGraph):
    """Samples of recordings at the rate of the training part.

    Parameters:
        features: what the model hears.
        given: those of `SeriesGraph`.
    """

    over = ("frames",)

    def __init__(self, features: Features, **given: Any) -> None:
        super().__init__(**given)
        self.features = features
        self.heard = _Energies(features)
        self.least = {"samples": FEWEST * self.encoder.stride * features.step}
        self.takes = (
            GraphInput(
                "waves",
                "float32",
                ("batch", "samples"),
                "mono samples between -1 and 1 at `rate`; those after the end may be anything",
            ),
            GraphInput("lengths", "int64", ("batch",), "samples of each recording, at least 1"),
        )

    def forward(self, *arrays: Tensor) -> Predicted:
        waves, lengths = arrays
        step = self.features.step
        frames = (lengths + step - 1) // step
        heard = self.heard(waves, lengths)  # [B, C, S]
        found = [heard]
        for _ in range(self.features.deltas):
            found.append(_slopes(found[-1], frames))
        series = torch.cat(found, 1)
        return self.explained(
            self.scale(series.double(), true_steps(frames, series.shape[2])), frames
        )

    def feeds(self, cases: Any, encoded: Any, index: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        lengths = np.array([len(cases.waves[n]) for n in index])
        waves = np.zeros((len(index), max(int(lengths.max()), self.least["samples"])), np.float32)
        for row, n in zip(waves, index.tolist(), strict=True):
            row[: len(cases.waves[n])] = cases.waves[n]
        return waves, lengths

    def drawn(self, count: int, generator: np.random.Generator) -> Any:
        """Noise, as long as the recordings of the training part."""
        shortest, longest = (steps * self.features.step for steps in self.steps)
        lengths = generator.integers(shortest, longest + 1, count)
        waves = [generator.normal(0, 0.1, length).clip(-1, 1) for length in lengths]
        return Recordings(tuple(wave.astype(np.float32) for wave in waves), self.features.rate)

    def about(self) -> dict[str, Any]:
        return {
            "rate": self.features.rate,
            "hop": self.features.seconds,
            "frames": list(self.steps),
        }


class _Energies(nn.Module):
    """`Features` without changes: the Fourier transform of a frame as a convolution."""

    def __init__(self, features: Features) -> None:
        super().__init__()
        self.step, self.width = features.step, features.width
        waves, filters, cosines = features.matrices()
        self.waves = nn.Buffer(torch.from_numpy(waves).unsqueeze(1))  # [2 bins, 1, width]
        self.filters = nn.Buffer(torch.from_numpy(filters))  # [bins, mels]
        self.cosines = None if cosines is None else nn.Buffer(torch.from_numpy(cosines))

    def forward(self, waves: Tensor, lengths: Tensor) -> Tensor:
        """[B, samples] -> [B, C, S]."""
        samples = waves.shape[1]
        true = true_steps(lengths, samples)
        waves = torch.where(true, waves, 0.0)
        mean = waves.double().sum(1) / lengths
        waves = (waves - mean.float().unsqueeze(1)) * true
        frames = (samples + self.step - 1) // self.step
        before = (self.width - self.step) // 2
        after = (frames - 1) * self.step + self.width - before - samples
        padded = pad(waves, (before, after)).unsqueeze(1)
        real, imaginary = conv1d(padded, self.waves, stride=self.step).chunk(2, 1)
        power = (real.square() + imaginary.square()).transpose(1, 2)  # [B, S, bins]
        found = torch.log(power @ self.filters + FLOOR)
        if self.cosines is not None:
            found = found @ self.cosines
        return found.transpose(1, 2)


def _slopes(features: Tensor, frames: Tensor) -> Tensor:
    """`add_deltas` of [B, C, S], each case by its own last frame."""
    place = torch.arange(features.shape[2], device=features.device)
    total = torch.zeros_like(features)
    for n in range(1, REACH + 1):
        after = torch.minimum(place + n, frames.unsqueeze(1) - 1).unsqueeze(1)
        before = (place - n).clamp(min=0)
        later = features.gather(2, after.expand(-1, features.shape[1], -1))
        total = total + n * (later - features.index_select(2, before))
    return total / (2 * sum(n * n for n in range(1, REACH + 1)))
