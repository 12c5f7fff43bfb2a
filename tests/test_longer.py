"""A further test part, of sources longer than any trained on, in figures and a comparison."""

import json
from pathlib import Path
from typing import Any

from regard.config import resolve_config
from regard.jobs import train
from regard.jobs.comparison_table import comparison_table
from regard.jobs.trained import Trained
from regard.outputs.sides import sides_of

DATES: dict[str, Any] = {
    "task": "translate",
    "data": {"kind": "dates", "cases": 60, "longer": 7, "test_share": 0.2},
    "model": {"tokens": "character", "hidden": 8, "embedding_dim": 8, "beam": 1},
    "training": {"epochs": 1, "updates_per_epoch": 2},
}


def test_a_run_has_the_figures_of_longer_sources(tmp_path: Path) -> None:
    metrics = train(DATES, tmp_path / "run")
    assert metrics["cases"] == 12
    assert {"longer_bleu", "longer_exact_match"} <= set(metrics)
    written = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert written["longer_bleu"] == metrics["longer_bleu"]


def test_a_comparison_has_figures_that_one_model_lacks() -> None:
    found = {"bleu": 90.0, "fit_seconds": 1.0, "parameters": 3, "longer_exact_match": 0.25}
    attends = found | {"exact_match": 0.75, "localisation_ap": 0.5}
    without = found | {"exact_match": 0.25}
    trained = [Trained("none", 0, without), Trained("additive", 0, attends)]
    _, output = sides_of(resolve_config(DATES))
    heading, *rows = comparison_table(trained, output, {})
    titles = ["exact match", "exact match, longer", "localisation", "BLEU", "lowest exact match"]
    assert heading == ["attention", *titles, "fit seconds", "parameters", "seeds"]
    assert [row[:6] for row in rows] == [
        ["none", "0.2500", "0.2500", "", "90.0000", "0.2500"],
        ["additive", "0.7500", "0.2500", "0.5000", "90.0000", "0.7500"],
    ]
