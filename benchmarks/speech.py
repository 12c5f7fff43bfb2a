"""Speech: strings of spoken digits, as long as those trained on and longer, by several attentions.

The longer strings, of 8 to 12 digits, are made as the others are: of one speaker's test recordings,
with up to 0.2 s of silence before each.
"""

import csv
import json
import os
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import soundfile

from benchmarks.table import Row
from regard.config import read_config
from regard.data import Recordings, read_manifest
from regard.estimators import Transcriber
from regard.jobs import load_parts

__all__ = ["longer_strings", "run"]

_EXAMPLE = Path(__file__).parent.parent / "examples" / "digits.json"
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_ATTENTIONS = {  # beside the example's own, which comes first
    "content (additive)": "additive",
    "location-sensitive": "location-sensitive",
    "monotonic": "monotonic",
}


def run(*, quick: bool = False) -> list[Row]:
    """The example, then each attention; quick: one epoch and few strings."""
    config = read_config(_EXAMPLE, {"training.epochs": "1"} if quick else {})
    fitting, held, test, *_ = load_parts(config)
    assert held is not None
    if quick:
        fitting, held, test = (part.take(np.arange(60)) for part in (fitting, held, test))
    longer = longer_strings(20 if quick else 300)
    own = config.model.attention.model_dump()
    rows: list[Row] = []
    for name, attention in _ATTENTIONS.items():
        estimator = Transcriber.from_config(config)
        start = process_time()
        estimator.set_params(attention=attention, heads=None).fit(fitting, validation=held)
        minutes = (process_time() - start) / 60
        figures, beyond = _figures(estimator, test), _figures(estimator, longer)
        if estimator.resolve(0).model.attention.model_dump() == own:
            wer, found = figures["wer"], figures["localisation_ap"]
            what = "digit strings of 3-7, official test recordings"
            rows = [
                Row(f"{what}, WER, examples/digits.json", "", "≤ .03", f"{wer:.4f}", wer <= 0.03),
                Row(f"{what}, localisation AP", "", "≥ .8", f"{found:.3f}", found >= 0.8),
                *rows,
            ]
        said = (
            f"WER {figures['wer']:.4f}, AP {figures['localisation_ap']:.3f}; longer "
            f"{beyond['wer']:.4f}, {beyond['localisation_ap']:.3f}; {minutes:.1f} min"
        )
        rows.append(Row(f"{name}; strings of 8-12 digits, longer than trained on", "", "", said))
    return rows


def longer_strings(count: int, *, seed: int = 0) -> Recordings:
    """Strings of 8 to 12 digits of test recordings, of one speaker each."""
    folder = Path(os.environ["REGARD_DATA"], "speech_recognition", "fsdd").resolve()
    files: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    with (folder / "digits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test":
                files[row["speaker"]][int(row["digit"])].append(row["path"])
    seconds: dict[str, float] = {}
    generator = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        own = files[sorted(files)[generator.integers(len(files))]]
        digits = generator.integers(10, size=generator.integers(8, 13))
        parts: list[dict[str, Any]] = []
        at = 0.0
        for digit in digits.tolist():
            path = str(folder / own[digit][generator.integers(len(own[digit]))])
            if path not in seconds:
                seconds[path] = soundfile.info(path).duration
            start = at + generator.uniform(0, 0.2)
            at = start + seconds[path]
            parts.append({"path": path, "word": _WORDS[digit], "start": start, "end": at})
        text = " ".join(_WORDS[digit] for digit in digits)
        lines.append(json.dumps({"text": text, "parts": parts}))
    with tempfile.TemporaryDirectory() as made:
        manifest = Path(made) / "longer.jsonl"
        manifest.write_text("\n".join(lines), encoding="utf-8")
        return read_manifest(manifest)


def _figures(estimator: Transcriber, cases: Recordings) -> dict[str, Any]:
    seen = estimator.infer(cases, maps=("weights",))
    output = estimator.output_
    found = estimator.input_.localisation(seen, partial(output.outcome, seen))
    return output.metrics(seen) | found
