"""Every example in full, as a user runs it; the tests cut them down."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.table import Row
from regard.config import Config, read_config
from regard.jobs import train

__all__ = ["run"]

_EXAMPLES = Path(__file__).parent.parent / "examples"


def run(*, quick: bool = False) -> list[Row]:
    """Each once, with its own seed; quick: one epoch. Those without their data are left out."""
    rows = []
    for path in sorted(_EXAMPLES.glob("*.json")):
        if "REGARD_DATA" not in os.environ and "REGARD_DATA" in path.read_text(encoding="utf-8"):
            print(f"{path.name}: skipped, REGARD_DATA is not set", flush=True)
            continue
        config = read_config(path, {"training.epochs": "1"} if quick else None)
        start = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            metrics = train(config, Path(folder) / "run")
        seconds = perf_counter() - start
        figure = _main_figure(config, metrics)
        print(f"{path.name}: {figure} in {seconds:.0f} s", flush=True)
        what = f"examples/{path.name}, {'one epoch' if quick else 'in full'}"
        rows.append(Row(what, "", "", f"{figure} in {seconds:.0f} s"))
    return rows


def _main_figure(config: Config, metrics: Mapping[str, Any]) -> str:
    if config.task == "forecast":
        peers = metrics["baselines"].items()
        beside = ", ".join(f"{name} {figures['mae']:.4g}" for name, figures in peers)
        return f"MAE {metrics['mae']:.4g} ({beside})"
    if config.task == "regress":
        return f"RMSE {metrics['rmse']:.4g}"
    for name in ("wer", "bleu"):
        if name in metrics:
            return f"{name.upper()} {metrics[name]:.4g}, exact match {metrics['exact_match']:.4f}"
    return f"accuracy {metrics['accuracy']:.4f}, F1 {metrics['f1']:.4f}"
