"""Small sound files for tests: tones whose pitch says their class."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

PITCHES = {"low": 300.0, "high": 1500.0}


def tone(pitch: float, *, seconds: float = 0.3, rate: int = 8000, seed: int = 0) -> NDArray[Any]:
    """A tone in the middle third, in quiet noise: [samples] float32."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    inside = (time > seconds / 3) & (time < 2 * seconds / 3)
    pitch = pitch * generator.uniform(0.8, 1.2)
    wave = 0.4 * np.sin(2 * np.pi * pitch * time) * inside
    return (wave + 0.002 * generator.normal(size=len(time))).astype(np.float32)


def write_tones(folder: Path, cases: int = 20, *, ending: str = "wav") -> list[tuple[str, str]]:
    """Write recordings of both classes in turn, and say the path and the class of each."""
    folder.mkdir(exist_ok=True, parents=True)
    rows = []
    for n in range(cases):
        label = list(PITCHES)[n % 2]
        name = f"{label}-{n:02}.{ending}"
        soundfile.write(folder / name, tone(PITCHES[label], seed=n), 8000)
        rows.append((name, label))
    return rows


def write_table(path: Path, rows: Sequence[tuple[str, ...]], *, header: str = "path,label") -> Path:
    """A CSV of rows."""
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return path
