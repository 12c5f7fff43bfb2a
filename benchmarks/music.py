"""Music: chorales as a piano-roll, voices to a soprano, and chords of jazz standards.

All have the settings of the examples, which were chosen on validation parts.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.table import Row
from regard.config import resolve_config
from regard.jobs import train

__all__ = ["run"]

_EXAMPLES = Path(__file__).parent.parent / "examples"
_TESTED = 140  # tunes
_QUICK = {"epochs": 1, "updates_per_epoch": 1}


def run(*, quick: bool = False) -> list[Row]:
    """The three examples on real data; quick: one epoch."""
    roll = _train("chorales", {}, quick)
    written = _train("harmonise", {}, quick)
    chords = _chords(quick)
    voices = ("alto", "tenor", "bass")
    right = [written[f"right_{voice}"] for voice in voices]
    counted = "/".join(f"{written[f'trigram_right_{voice}']:.3f}" for voice in voices)
    return [
        Row(
            "chorales, negative log-likelihood of a quarter note, official split",
            f"interpolated trigram {roll['trigram_nll_per_step']:.2f}; deep Markov model 6.87 "
            "(published)",
            "≤ 6.8",
            f"{roll['nll_per_step']:.3f} ({roll['fit_seconds']:.0f} s)",
            roll["nll_per_step"] <= 6.8,
        ),
        Row(
            "voices to a soprano, share of notes right: alto, tenor, bass",
            f"counting {counted}",
            "≥ .50 each",
            "/".join(f"{each:.3f}" for each in right) + f" ({written['fit_seconds']:.0f} s)",
            min(right) >= 0.5,
        ),
        Row(
            f"chords of {_TESTED} jazz standards, perplexity; next chord right",
            f"interpolated trigram {chords['trigram_perplexity']:.1f}; "
            f"{chords['trigram_next_right']:.3f}",
            "≤ 30; ≥ .42",
            f"{chords['perplexity']:.2f}; {chords['next_right']:.3f} "
            f"({chords['fit_seconds']:.0f} s)",
            chords["perplexity"] <= 30 and chords["next_right"] >= 0.42,
        ),
    ]


def _train(name: str, data: Mapping[str, Any], quick: bool) -> dict[str, Any]:
    """The figures of an example with other data."""
    content = json.loads((_EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    content["data"] |= data
    if quick:
        content["training"] |= _QUICK
    with tempfile.TemporaryDirectory() as folder:
        return train(resolve_config(content), Path(folder, "run"))


def _chords(quick: bool) -> dict[str, Any]:
    """Trained without the tunes that are tested, which are drawn by the seed 0."""
    path = Path(os.environ["REGARD_DATA"], "music", "jazz_standards", "JazzStandards.json")
    tunes = json.loads(path.read_text(encoding="utf-8"))
    order = np.random.default_rng(0).permutation(len(tunes))
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for field, index in (("path", order[_TESTED:]), ("test_path", order[:_TESTED])):
            files[field] = str(Path(folder, f"{field}.json"))
            Path(files[field]).write_text(json.dumps([tunes[at] for at in index]), encoding="utf-8")
        return _train("chords", files, quick)
