"""Files read a second, beside a torch DataLoader with the transforms of torchvision and torchaudio.

Their wheels need torch built for CUDA, so that beside torch for CPU the same steps are written out
here with what they call: Pillow's bilinear resize for pictures; soundfile, `torch.stft`, a product
with the mel filters, decibels and a cosine transform for recordings, with changes by convolution.
The loader takes the better of no and two worker processes.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.race import Run, median_time, race, ratio
from benchmarks.table import Row
from regard.inputs.image.files import read_paths
from regard.inputs.sound.features import Features, mel_filters
from regard.inputs.sound.readers import as_recordings

__all__ = ["run"]

_SIZE = 80
_RATE = 8_000
_MELS, _COEFFICIENTS, _WIDTH, _STEP = 40, 13, 200, 80


def run(*, quick: bool = False) -> list[Row]:
    """Both kinds of files; quick: 100 of each."""
    data = Path(os.environ["REGARD_DATA"])
    pictures = _paths(data / "captioning" / "fashion_photos" / "captions.csv")
    recordings = _paths(data / "voice_commands" / "arabic" / "commands.csv")
    count = 100 if quick else 3_000
    return [
        _race(f"pictures of 60 x 80 to {_SIZE} x {_SIZE}", pictures[:count], _read, _Pictures),
        _race("recordings of a second to MFCC", recordings[:count], _hear, _Recordings),
    ]


def _paths(table: Path) -> list[Path]:
    return [table.parent / path for path in pl.read_csv(table)["path"]]


def _race(
    what: str,
    paths: list[Path],
    ours: Callable[[list[Path]], Tensor],
    theirs: Callable[[list[Path]], Dataset[Tensor]],
) -> Row:
    def loaded(workers: int) -> Run:
        loader: DataLoader[Tensor] = DataLoader(
            theirs(paths), batch_size=64, num_workers=workers, collate_fn=_padded
        )
        return lambda: tuple(islice(loader, len(paths)))

    runs: dict[str, Run] = {"regard": lambda: (ours(paths),)}
    runs |= {f"{workers} workers": loaded(workers) for workers in (0, 2)}
    times = race(runs, agree=False, budget=30.0)
    best = min((name for name in times if name != "regard"), key=lambda name: min(times[name]))
    faster = ratio(times[best], times["regard"])
    return Row(
        f"{len(paths)} {what}, reading included, times as fast",
        f"DataLoader, {best}: {median_time(times[best])}",
        "not slower",
        f"{faster}; {median_time(times['regard'])}",
        faster.median >= 1,
    )


def _padded(rows: list[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def _read(paths: list[Path]) -> Tensor:
    names = [str(path) for path in paths]
    found = read_paths(paths, ids=np.array(names), size=_SIZE)
    return torch.from_numpy(found.values).permute(0, 3, 1, 2).float() / 255


def _hear(paths: list[Path]) -> Tensor:
    found = as_recordings(paths, rate=_RATE)
    features = Features(kind="mfcc", rate=_RATE, deltas=2)
    return _padded([torch.from_numpy(features(wave)).T for wave in found.waves])


class _Pictures(Dataset[Tensor]):
    """As torchvision's Resize of a Pillow image, to_tensor and Pad do."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, at: int) -> Tensor:
        from PIL import Image

        with Image.open(self._paths[at]) as image:
            scale = _SIZE / max(image.size)
            wanted = round(image.width * scale), round(image.height * scale)
            small = image.convert("RGB").resize(wanted, Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1).float().div(255)
        room = 0, _SIZE - pixels.shape[2], 0, _SIZE - pixels.shape[1]
        return torch.nn.functional.pad(pixels, room)


class _Recordings(Dataset[Tensor]):
    """As torchaudio's MFCC and ComputeDeltas, twice, do."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, at: int) -> Tensor:
        import soundfile

        wave, _ = soundfile.read(self._paths[at], dtype="float32")
        filters, cosines, window = _constants()
        size = 2 * (len(filters) - 1)
        found = torch.stft(torch.from_numpy(wave), size, _STEP, _WIDTH, window, return_complex=True)
        energies = filters.T @ found.abs().square()
        features = cosines.T @ (10 * energies.clamp(min=1e-10).log10())
        changes = _slopes(features)
        return torch.cat([features, changes, _slopes(changes)]).T


@lru_cache
def _constants() -> tuple[Tensor, Tensor, Tensor]:
    places = torch.arange(_MELS) + 0.5
    angles = torch.pi / _MELS * places[:, None] * torch.arange(_COEFFICIENTS)
    filters = torch.from_numpy(mel_filters(_RATE, _WIDTH, _MELS))
    return filters, angles.cos() * (2 / _MELS) ** 0.5, torch.hann_window(_WIDTH)


def _slopes(features: Tensor) -> Tensor:
    """[C, S], over two frames on either side."""
    kernel = torch.arange(-2.0, 3).expand(len(features), 1, -1) / 10
    ends: Any = torch.nn.functional.pad(features, (2, 2), mode="replicate")
    return torch.nn.functional.conv1d(ends, kernel, groups=len(features))
