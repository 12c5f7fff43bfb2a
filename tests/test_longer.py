"""A further test part, of sources longer than any trained on, in figures and a comparison."""

import json
from pathlib import Path
from typing import Any

import pytest

from regard.config import resolve_config
from regard.jobs import compare
from regard.jobs.comparison_table import comparison_table
from regard.jobs.trained import Trained
from regard.outputs.sides import sides_of

DATES: dict[str, Any] = {
    "task": "translate",
    "data": {"kind": "dates", "cases": 60, "longer": 7, "test_share": 0.2},
    "model": {"tokens": "character", "hidden": 8, "embedding_dim": 8, "beam": 1},
    "training": {"epochs": 1, "updates_per_epoch": 2},
}


def test_runs_and_their_table_have_the_figures_of_longer_sources(tmp_path: Path) -> None:
    compared = compare(DATES, ["none", "local-m"], tmp_path / "out", seeds=1)
    heading, *rows = compared.table
    assert [row[0] for row in rows] == ["none", "local-m"]
    for one, row in zip(compared.trained, rows, strict=True):
        assert one.failure == ""
        run = tmp_path / "out" / f"{one.attention}-seed0"
        written = json.loads((run / "metrics.json").read_text())
        assert written["cases"] == 12
        for title, name in (("BLEU, longer", "longer_bleu"), ("fit seconds", "fit_seconds")):
            assert float(row[heading.index(title)]) == pytest.approx(written[name], abs=0.05)


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
