"""`regard audit`: verdicts in the run folder and in its report."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands import Regard
from regard import SeriesClassifier, jobs
from regard.data import sine
from regard.runs import read_audit, read_figures

WAVES: dict[str, Any] = {
    "data": {"kind": "sine", "series": 500, "steps": 100, "validation_share": 0},
    "model": {"encoder": "conv-bilstm", "pooling": "attention", "hidden": 16, "stride": 4},
    "training": {"epochs": 12, "device": "cpu", "augmentation": "none", "label_smoothing": 0},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "waves"
    jobs.train(WAVES, out)
    return out


def test_verdicts_are_printed_kept_and_in_the_report(regard: Regard, run: Path) -> None:
    before = {file.name for file in run.iterdir()}
    weights = (run / "model.safetensors").read_bytes()
    assert regard("audit", run, "--cases", "60") == 0
    assert {file.name for file in run.iterdir()} == before | {"audit.json"}
    assert (run / "model.safetensors").read_bytes() == weights
    assert [file.name for file in run.parent.iterdir()] == [run.name]
    kept = json.loads((run / "audit.json").read_text())
    assert kept["cases"] == 60
    verdicts = {(each["map"], each["label"]): each for each in kept["verdicts"]}
    assert set(verdicts) == {(name, n) for name in ("attention", "evidence") for n in "01"}
    for (name, label), each in verdicts.items():
        assert f"{name} for {label}: " in regard.out
        assert each["sentence"] in regard.out
    report = (run / "report.html").read_text()
    assert "Are the maps to be believed?" in report
    assert report.count('class="strip"') == report.count('class="trust"') > 3
    assert regard("show", run) == 0
    assert verdicts["attention", "1"]["sentence"] in regard.out
    assert regard("audit", run, "--cases", "60") == 0  # again, in place of what was there
    assert json.loads((run / "audit.json").read_text()) == kept


def test_pages_of_new_cases_say_it(regard: Regard, run: Path, tmp_path: Path) -> None:
    regard("audit", run, "--cases", "60")
    rows = sine(series=3, steps=100, seed=5).values[:, 0].round(4).tolist()
    new = tmp_path / "new.csv"
    new.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    assert regard("explain", run, new, "--out", tmp_path / "one.html") == 0
    assert "its map: " in regard.out
    sentences = [each["sentence"] for each in read_audit(run)["verdicts"]]
    page = (tmp_path / "one.html").read_text()
    assert any(sentence in page for sentence in sentences)
    for method in ("occlusion", "integrated-gradients", "evidence"):
        out = tmp_path / f"{method}.png"
        assert regard("explain", run, new, "--method", method, "--out", out) == 0
        assert f"by {method}" in regard.out
        assert out.exists()
    assert regard("explain", run, new, "--all", "--out", tmp_path / "all") == 0
    by = ("--method", "occlusion", "--all", "--out", tmp_path / "occluded")
    assert regard("explain", run, new, *by) == 0
    assert "3 pictures, by occlusion" in regard.out
    assert (tmp_path / "occluded" / "index.html").exists()
    said = regard.fails("explain", run, new, "--method", "shap", "--out", tmp_path / "none.png")
    assert "--method: wanted one of attention" in said


def test_each_channel_is_drawn(regard: Regard, tmp_path: Path) -> None:
    waves = sine(series=30, steps=40, seed=0)
    both = np.concatenate([waves.values, waves.values[::-1]], 1)
    model = SeriesClassifier(encoder="conv-bilstm", pooling="attention", epochs=1, device="cpu")
    model.fit(both, waves.labels).save(tmp_path / "run")
    np.savez(tmp_path / "new.npz", X=both[:3])
    given: tuple[Any, ...] = ("explain", tmp_path / "run", tmp_path / "new.npz", "--method")
    for method, drawn in (("occlusion", True), ("evidence", False)):
        page = tmp_path / f"{method}.html"
        assert regard(*given, method, "--out", page) == 0
        assert ("the highest weight of each step" in page.read_text()) is drawn


def test_training_audits_where_there_is_time(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "waves.json"
    training = WAVES["training"] | {"epochs": 2}
    config.write_text(json.dumps({**WAVES, "training": training}))
    quick, patient = tmp_path / "quick", tmp_path / "patient"
    assert regard("train", config, "--out", quick) == 0
    assert not (quick / "audit.json").exists()
    assert "attention for 1: " not in regard.out
    monkeypatch.setattr("regard.jobs.training._AUDIT", 1e4)
    assert regard("train", config, "--out", patient) == 0
    assert "attention for 1: " in regard.out
    kept = read_audit(patient)  # of the weights that are there
    assert 50 <= kept["cases"] <= 200
    assert "Are the maps to be believed?" in (patient / "report.html").read_text()


def test_progress_is_shown_at_a_terminal(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, int]] = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("regard.cli.using._OFTEN", 0.0)
    monkeypatch.setattr("regard.cli.using.print_progress", lambda *given: shown.append(given))
    assert regard("audit", run, "--cases", "20", "--quiet") == 0
    assert not shown
    assert "report: " not in regard.out
    assert regard("audit", run, "--cases", "20") == 0
    [steps] = {steps for _, steps in shown}
    assert [done for done, _ in shown] == list(range(1, steps + 1))


def test_other_cases_with_labels_may_be_named(regard: Regard, run: Path, tmp_path: Path) -> None:
    waves = sine(series=60, steps=100, seed=7)
    assert waves.labels is not None
    rows = zip(waves.values[:, 0].round(4).tolist(), waves.labels.tolist(), strict=True)
    new = tmp_path / "labelled.csv"
    new.write_text("\n".join(",".join(map(str, [label, *row])) for row, label in rows) + "\n")
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    assert regard("audit", run, new) == 0
    assert "attention for 1: " in regard.out
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before
    assert "--retrain: compares models" in regard.fails("audit", run, new, "--retrain", "1")
    assert "none.csv" in regard.fails("audit", run, tmp_path / "none.csv")


def test_it_may_train_again(regard: Regard, run: Path, tmp_path: Path) -> None:
    assert regard("audit", run, "--cases", "40", "--retrain", "1") == 0
    kept = read_audit(run)
    assert all(len(each["figures"]["seeds"]) == 3 for each in kept["verdicts"])
    even = jobs.train({**WAVES, "model": WAVES["model"] | {"attention": "none"}}, tmp_path / "even")
    own = read_figures(run)[1]
    assert kept["uniform"] == {
        "figure": "F1",
        "value": own["f1"],
        "uniform": even["f1"],
    }
    assert "of a model trained alike with equal weights" in regard.out
    assert "trained alike" in (run / "report.html").read_text()


def test_what_cannot_be_audited_is_one_line(regard: Regard, run: Path, tmp_path: Path) -> None:
    assert "--cases: wanted at least 10, not 2" in regard.fails("audit", run, "--cases", "2")
    assert "no such run folder" in regard.fails("audit", tmp_path / "none")
    fitted = tmp_path / "fitted"
    waves = sine(series=30, steps=40, seed=0)
    SeriesClassifier(encoder="conv-bilstm", pooling="attention", epochs=1, device="cpu").fit(
        waves
    ).save(fitted)
    assert "model.audit" in regard.fails("audit", fitted)


def test_verdicts_are_of_the_weights_that_are_there(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    regard("audit", run, "--cases", "20")
    other = tmp_path / "other"
    jobs.train({**WAVES, "seed": 1, "training": WAVES["training"] | {"epochs": 1}}, other)
    (other / "audit.json").write_bytes((run / "audit.json").read_bytes())
    assert read_audit(run)
    assert not read_audit(other)
    assert regard("show", other) == 0
    assert "erasing" not in regard.out


def test_a_run_without_figures_is_one_line(regard: Regard, run: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in run.iterdir():
        (bare / file.name).write_bytes(file.read_bytes())
    (bare / "metrics.json").write_text("{}")
    assert "has no figures in metrics.json" in regard.fails("audit", bare)
    assert regard("show", bare) == 0


def test_other_data_are_refused(regard: Regard, run: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in run.iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
    config = json.loads((changed / "config.json").read_text())
    config["seed"] += 1  # of the waves as well
    config["data"]["noise"] = 1.0
    (changed / "config.json").write_text(json.dumps(config))
    assert "are not those of its training" in regard.fails("audit", changed)


def _of_another_kind(kept: dict[str, Any], where: str, value: Any) -> str:
    """The verdicts with one field changed."""
    *path, last = where.split(".")
    content = json.loads(json.dumps(kept))
    inner = content
    for key in path:
        inner = inner[int(key) if key.isdigit() else key]
    inner[last] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "{",
        lambda _: "[]",
        lambda _: '{"cases": 3}',
        lambda kept: json.dumps(kept)[:-20],
        lambda kept: _of_another_kind(kept, "verdicts", [1]),
        lambda kept: _of_another_kind(kept, "verdicts", {}),
        lambda kept: _of_another_kind(kept, "verdicts.0.map", "shap"),
        lambda kept: _of_another_kind(kept, "drawn", "shap"),
        lambda kept: _of_another_kind(kept, "verdicts.0.verdict", "believe me"),
        lambda kept: _of_another_kind(kept, "verdicts.0.sentence", 3),
        lambda kept: _of_another_kind(kept, "verdicts.0.figures.gain", [float("nan")] * 3),
        lambda kept: _of_another_kind(kept, "verdicts.0.figures.best", 10**400),
        lambda kept: _of_another_kind(kept, "verdicts.0.figures.share", [0.0]),
        lambda kept: _of_another_kind(kept, "weights", None),
    ],
)
def test_a_damaged_audit_is_one_line(
    regard: Regard, run: Path, tmp_path: Path, damage: Callable[[dict[str, Any]], str]
) -> None:
    if not (run / "audit.json").exists():
        regard("audit", run, "--cases", "20")
    damaged, new = tmp_path / "damaged", tmp_path / "new.csv"
    shutil.copytree(run, damaged)
    (damaged / "audit.json").write_text(damage(json.loads((run / "audit.json").read_text())))
    new.write_text(",".join(map(str, range(100))) + "\n")
    said = "audit.json: is truncated or damaged"
    assert said in regard.fails("show", damaged)
    assert said in regard.fails("explain", damaged, new, "--out", tmp_path / "one.png")
    assert said in regard.fails("explain", damaged, new, "--all", "--out", tmp_path / "all")
    assert not (tmp_path / "one.png").exists()
    assert regard("audit", damaged, "--cases", "20") == 0  # is what mends it
    assert regard("show", damaged) == 0


def test_an_audit_beside_weights_that_are_gone_is_one_line(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    regard("audit", run, "--cases", "20")
    gone = tmp_path / "gone"
    shutil.copytree(run, gone)
    (gone / "model.safetensors").unlink()
    assert "model.safetensors" in regard.fails("show", gone)
