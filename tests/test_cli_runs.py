"""What is said of runs: list, show, evaluate, the model card, `regard.load`."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import regard as package
from commands import TINY, Regard
from regard import SeriesClassifier, jobs
from regard.data import sine
from regard.errors import RunError


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    jobs.train(TINY, folder / "one")
    jobs.train({**TINY, "seed": 1}, folder / "group" / "two")
    shutil.copytree(folder / "one", folder / "broken")
    (folder / "broken" / "config.json").write_text("{")
    return folder


def _labelled(path: Path, labels: list[Any]) -> Path:
    values = sine(series=len(labels), steps=41, seed=1).values[:, 0].round(4).tolist()
    rows = [[label, *row] for label, row in zip(labels, values, strict=True)]
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def test_list_sorts_by_the_figure(regard: Regard, runs: Path) -> None:
    assert regard("list", runs) == 0
    names = [line.split()[0] for line in regard.out.splitlines()[1:]]
    figures = [jobs.list_runs(runs)[at].value or 0.0 for at in range(2)]
    assert sorted(names) == [str(runs / "group" / "two"), str(runs / "one")]
    assert figures == sorted(figures, reverse=True)
    assert f"broken: {runs / 'broken' / 'config.json'}" in regard.err


def test_list_as_json(regard: Regard, runs: Path) -> None:
    assert regard("list", runs, "--json") == 0
    found = json.loads(regard.out)
    assert [bool(each["fault"]) for each in found] == [False, False, True]
    assert {each["task"] for each in found[:2]} == {"classify"}


def test_list_of_no_folder_is_one_line(regard: Regard, tmp_path: Path) -> None:
    assert regard.fails("list", tmp_path / "none").endswith("there is no such folder")


def test_show_has_the_figures_first_and_reads_no_weights(
    regard: Regard, runs: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(runs / "one", copy)
    (copy / "model.safetensors").write_bytes(b"no weights")
    assert regard("show", copy) == 0
    assert regard.out.startswith("cases ")
    assert regard.out.index("accuracy") < regard.out.index('"task": "classify"')
    assert regard("show", copy, "--json") == 0
    content = json.loads(regard.out)
    assert content["metrics"] == json.loads((copy / "metrics.json").read_text())
    assert content["config"]["task"] == "classify"


def test_evaluate_takes_the_figures_of_another_file(
    regard: Regard, runs: Path, tmp_path: Path
) -> None:
    source = _labelled(tmp_path / "new.csv", [0, 1] * 6)
    out = tmp_path / "out"
    assert regard("evaluate", runs / "one", source, "-o", out) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    model = SeriesClassifier.load(runs / "one")
    values = np.loadtxt(source, delimiter=",")
    right = model.predict(values[:, 1:]) == values[:, 0]
    assert metrics["cases"] == 12
    assert metrics["accuracy"] == pytest.approx(right.mean())
    scores = np.loadtxt(out / "scores.csv", delimiter=",", skiprows=1)
    assert scores[:, 2].tolist() == right.astype(float).tolist()
    assert "one on new.csv" in (out / "report.html").read_text()
    assert "--overwrite" in regard.fails("evaluate", runs / "one", source, "-o", out)
    assert regard("evaluate", runs / "one", source, "--json") == 0
    assert json.loads(regard.out)["accuracy"] == metrics["accuracy"]


def test_evaluate_leaves_out_cases_without_a_label(
    regard: Regard, runs: Path, tmp_path: Path
) -> None:
    source = _labelled(tmp_path / "new.csv", [0, 1, "", 0])
    assert regard("evaluate", runs / "one", source) == 0
    assert "note: left out: 1 without a label" in regard.out
    assert regard.out.splitlines()[0].split() == ["cases", "3"]


def test_evaluate_refuses_labels_that_were_not_trained_on(
    regard: Regard, runs: Path, tmp_path: Path
) -> None:
    assert "up" in regard.fails("evaluate", runs / "one", _labelled(tmp_path / "n.csv", ["up"] * 3))


def test_evaluate_a_forecast(regard: Regard, tmp_path: Path) -> None:
    values = np.sin(np.arange(90) / 3).round(4).tolist()
    rows = [f"{at},{value}" for at, value in enumerate(values)]
    (tmp_path / "tide.csv").write_text("\n".join(["ds,y", *rows]))
    config = {
        "task": "forecast",
        "data": {"kind": "table", "path": str(tmp_path / "tide.csv"), "horizon": 3, "window": 9},
        "training": {"epochs": 1, "updates_per_epoch": 1},
    }
    jobs.train(config, tmp_path / "run")
    (tmp_path / "later.csv").write_text("\n".join(["ds,y", *rows[:40]]))
    assert regard("evaluate", tmp_path / "run", tmp_path / "later.csv", "--json") == 0
    assert json.loads(regard.out)["windows"] == 40 // 5 - 3 + 1
    (tmp_path / "short.csv").write_text("\n".join(["ds,y", *rows[:8]]))
    message = regard.fails("evaluate", tmp_path / "run", tmp_path / "short.csv")
    assert "window 9 + horizon 3 need 12" in message


def test_the_card_says_what_the_run_is(runs: Path) -> None:
    text = (runs / "one" / "README.md").read_text()
    metrics = json.loads((runs / "one" / "metrics.json").read_text())
    assert text.startswith("# one\n")
    assert "- cases: 48 to train on, 12 for the figures" in text
    assert f"| F1 | {metrics['f1']:.4g} |" in text
    assert 'regard.load("PATH")' in text


def test_load_opens_any_run(runs: Path) -> None:
    model = package.load(runs / "one")
    assert isinstance(model, SeriesClassifier)
    cases = sine(series=3, steps=41, seed=1)
    own = SeriesClassifier.load(runs / "one")
    assert model.predict(cases).tolist() == own.predict(cases).tolist()
    with pytest.raises(RunError, match="no such run folder"):
        package.load(runs / "none")
