"""The command line: the main jobs end to end, and one clear line for everything that goes wrong."""

import csv
import errno
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands import TINY, Regard
from regard import SeriesClassifier, jobs
from regard.data import sine
from regard.errors import RunError
from regard.inputs.series.view import SeriesView
from regard.jobs import training
from regard.runs import partial_folder, read_run
from regard.training.checkpoints import read_checkpoint
from regard.training.module import TrainingModule

FILES = {
    "config.json",
    "model.safetensors",
    "preprocess.json",
    "metrics.json",
    "history.csv",
    "scores.csv",
    "report.html",
    "README.md",
}


def _config(folder: Path, **changes: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({**TINY, **changes}))
    return path


def _write_csv(path: Path, rows: list[list[Any]]) -> Path:
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def _rows(cases: int = 12, steps: int = 41, classes: int = 2) -> list[list[Any]]:
    values = np.random.default_rng(0).normal(size=(cases, steps)).round(3)
    return [[f"class {n % classes}", *row] for n, row in enumerate(values.tolist())]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "tiny"
    jobs.train(TINY, out)
    return out


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = sine(series=5, steps=41, seed=1).values[:, 0].round(4).tolist()
    return _write_csv(tmp_path_factory.mktemp("new") / "new.csv", values)


def test_train_writes_a_whole_run_folder(regard: Regard, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "tiny"
    assert regard("train", _config(tmp_path), "--out", out, "--set", "training.epochs=3") == 0
    assert {file.name for file in out.iterdir()} == FILES
    assert [file.name for file in out.parent.iterdir()] == ["tiny"]
    metrics = json.loads((out / "metrics.json").read_text())
    assert set(metrics) >= {
        "accuracy",
        "precision",
        "recall",
        "f1",
        "roc_auc",
        "confusion_matrix",
        "fit_seconds",
        "localisation_ap",
    }
    assert metrics["cases"] == 12
    assert np.sum(metrics["confusion_matrix"]) == 12
    assert len((out / "history.csv").read_text().splitlines()) == 4
    config = json.loads((out / "config.json").read_text())
    assert config["training"]["epochs"] == 3
    assert config["model"]["layers"] == 1
    assert config["seed"] == 0
    assert config["versions"]["regard"]
    assert f"accuracy             {metrics['accuracy']:.4f}" in regard.out
    assert f"report: {out / 'report.html'}" in regard.out


def test_the_figures_are_those_of_the_saved_model_on_the_test_part(run: Path) -> None:
    opened = read_run(run)
    test = jobs.load_parts(opened.config).test
    loaded = SeriesClassifier.load(run)
    assert opened.metrics["accuracy"] == pytest.approx(loaded.score(test, test.labels))


def test_the_same_seed_gives_the_same_run(run: Path, tmp_path: Path) -> None:
    metrics = jobs.train(TINY, tmp_path / "again")
    first = dict(read_run(run).metrics)
    assert {**metrics, "fit_seconds": 0} == {**first, "fit_seconds": 0}
    other = jobs.train({**TINY, "seed": 1}, tmp_path / "other")
    assert other["confusion_matrix"] != first["confusion_matrix"] or other["f1"] != first["f1"]


def test_the_default_output_is_named_after_the_configuration(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wave.json").write_text(json.dumps(TINY))
    assert regard("train", "wave.json") == 0
    assert {file.name for file in (tmp_path / "runs" / "wave").iterdir()} == FILES


def test_predict(regard: Regard, run: Path, new: Path, tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    assert regard("predict", run, new, "--out", out) == 0
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["0", "1", "2", "3", "4"]
    model = SeriesClassifier.load(run)
    values = np.loadtxt(new, delimiter=",")
    assert [row["label"] for row in rows] == [str(label) for label in model.predict(values)]
    for row, probabilities, weights in zip(
        rows, model.predict_proba(values), model.attend(values), strict=True
    ):
        shown = [float(row["probability 0"]), float(row["probability 1"])]
        assert shown == pytest.approx(probabilities.tolist(), abs=1e-6)
        assert weights[int(row["from"]) : int(row["to"])].sum() >= 0.5 - 1e-6


def test_a_label_column_is_recognised_by_the_number_of_columns(
    regard: Regard, run: Path, new: Path, tmp_path: Path
) -> None:
    labelled = _write_csv(
        tmp_path / "labelled.csv", [["1", line] for line in new.read_text().split()]
    )
    assert regard("predict", run, new, "--out", tmp_path / "a.csv") == 0
    assert regard.out.startswith("5 predictions: ")
    assert regard("predict", run, labelled, "--out", tmp_path / "b.csv") == 0
    with (tmp_path / "a.csv").open() as file, (tmp_path / "b.csv").open() as labelled_file:
        rows, labelled_rows = list(csv.DictReader(file)), list(csv.DictReader(labelled_file))
    assert [{**row, "true": "1"} for row in rows] == labelled_rows
    right = sum(row["label"] == "1" for row in rows)
    assert regard.out.startswith(f"5 predictions, {right} right: ")
    lines = new.read_text().split()
    numbered = _write_csv(tmp_path / "ids.csv", [[str(n), line] for n, line in enumerate(lines)])
    assert regard("predict", run, numbered, "--out", tmp_path / "d.csv") == 0
    assert (
        ", 3 labelled with no class of the run ('2', '3', '4'): " in regard.out
    )  # 0 and 1 are classes
    unlabelled = _write_csv(tmp_path / "unlabelled.csv", [row[1:] for row in _rows()])
    said = regard.fails("predict", run, unlabelled, "--labelled", "--out", tmp_path / "c.csv")
    assert "none of its labels is a class of the run" in said
    shorter = _write_csv(tmp_path / "shorter.csv", [["0", 1, 2, 3], ["1", 3, 2, 1]])
    said = regard.fails("predict", run, shorter, "--out", tmp_path / "c.csv")
    assert "shorter.csv: has 4 columns; the run was trained on series of 41 steps" in said
    assert regard("predict", run, shorter, "--out", tmp_path / "c.csv", "--labelled") == 0


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")]
)
def test_explain(
    regard: Regard, run: Path, new: Path, tmp_path: Path, suffix: str, start: bytes
) -> None:
    out = tmp_path / f"case3.{suffix}"
    assert regard("explain", run, new, "--case", "3", "--out", out) == 0
    assert out.read_bytes().lower().startswith(start.lower())
    assert f": {out}" in regard.out


def test_a_gzipped_file_is_predicted_as_it_is_unpacked(
    regard: Regard, run: Path, new: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "new.csv.gz"
    packed.write_bytes(gzip.compress(new.read_bytes()))
    assert regard("predict", run, packed) == 0
    found = regard.out
    assert regard("predict", run, new) == 0
    assert regard.out == found


def test_explain_all(regard: Regard, run: Path, new: Path, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    few = tmp_path / "few.csv"
    few.write_text("".join(new.read_text(encoding="utf-8").splitlines(True)[:3]), encoding="utf-8")
    words = ("explain", run, few, "--all", "--out", out)
    assert regard(*words) == 0
    assert regard.out == f"3 pictures: {out / 'index.html'}\n"
    assert sorted(each.name for each in out.iterdir()) == ["0.png", "1.png", "2.png", "index.html"]
    assert (out / "2.png").read_bytes().startswith(b"\x89PNG")
    said = regard.fails(*words)
    assert said == f"error: {out}: exists; choose another name or use --overwrite"
    assert regard(*words, "--overwrite") == 0
    assert len(list(tmp_path.glob("*"))) == len(list(tmp_path.glob("[!.]*")))  # nothing left over
    (out / "thesis.docx").write_bytes(b"")
    said = regard.fails(*words, "--overwrite")
    assert said == f"error: {out}: exists and holds more than pictures; choose another name"
    said = regard.fails(*words, "--case", "1")
    assert said == (
        "error: --all: draws every case; use it without --case, --worst, --text and --target"
    )
    said = regard.fails("explain", run, few, "--all", "--out", tmp_path / "a.html")
    assert said.endswith("a.html: several cases are drawn into a folder; wanted its name")


def test_explain_all_writes_everything_or_nothing(
    regard: Regard, run: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.plots import CaseView

    saved, save = [], CaseView.save

    def fail(self: CaseView, path: Path, **options: bool) -> None:
        saved.append(path)
        if len(saved) == 2:
            raise OSError(28, "No space left on device")
        save(self, path, **options)

    monkeypatch.setattr(CaseView, "save", fail)
    said = regard.fails("explain", run, new, "--all", "--out", tmp_path / "pictures")
    assert said == f"error: {tmp_path / 'pictures'}: cannot be written: no space left on device"
    assert not list(tmp_path.iterdir())


def test_show(regard: Regard, run: Path) -> None:
    assert regard("show", run) == 0
    assert '"encoder": "conv-bilstm"' in regard.out
    assert "accuracy" in regard.out


def test_help_names_every_command(regard: Regard) -> None:
    assert regard("--help") == 0
    for command in ("train", "compare", "mechanisms", "predict", "explain", "show"):
        assert command in regard.out


# What goes wrong: one line, exit code 2, nothing written.


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"trainin": {}}, "config.json: trainin: unknown key; did you mean 'training'?"),
        ({"epochs": 2}, "config.json: epochs: unknown key; did you mean 'training.epochs'?"),
        ({"training": {"epochs": "3"}}, 'config.json: training.epochs: wanted integer, not "3"'),
        ({"data": {"kind": "csv", "path": "no.csv"}}, "no.csv: there is no such file"),
        ({"data": {"kind": "arrays"}}, "arrays come from Python"),
        (
            {"data": {"kind": "sine", "frequency": [4, 1]}},
            "frequency",
        ),
    ],
)
def test_a_wrong_configuration(
    regard: Regard, tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    said = regard.fails("train", _config(tmp_path, **changes), "--out", tmp_path / "out")
    assert said.startswith("error: ")
    assert expected in said
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize("word", ["training.epoch=3", "training.epochs", "training.epochs=x"])
def test_a_wrong_change(regard: Regard, tmp_path: Path, word: str) -> None:
    said = regard.fails("train", _config(tmp_path), "--out", tmp_path / "out", "--set", word)
    assert "training.epoch" in said
    assert not (tmp_path / "out").exists()


def _ragged(rows: list[list[Any]]) -> None:
    del rows[4][-1]


def _text(rows: list[list[Any]]) -> None:
    rows[4][7] = "seven"


def _nan(rows: list[list[Any]]) -> None:
    rows[4][7] = "NaN"


def _infinity(rows: list[list[Any]]) -> None:
    rows[4][7] = "inf"


def _one_class(rows: list[list[Any]]) -> None:
    for row in rows:
        row[0] = "same"


def _single_case(rows: list[list[Any]]) -> None:
    rows[4][0] = "rare"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_ragged, "train.csv, row 5: 40 values, row 1 has 41"),
        (_text, "train.csv, row 5, column 8: 'seven' is not a number"),
        (_nan, "train.csv, row 5, column 8"),
        (_infinity, "train.csv, row 5, column 8"),
        (_one_class, "train.csv: has only one class, same"),
        (_single_case, "train.csv: class rare has only one case"),
        (list.clear, "train.csv is empty"),
    ],
)
@pytest.mark.parametrize("with_test_file", [False, True])
def test_bad_data(
    regard: Regard, tmp_path: Path, spoil: Any, expected: str, with_test_file: bool
) -> None:
    rows = _rows()
    spoil(rows)
    test = _write_csv(tmp_path / "test.csv", rows)
    data = {"kind": "csv", "path": str(_write_csv(tmp_path / "train.csv", rows))}
    if with_test_file:
        data["test_path"] = str(test)
    said = regard.fails("train", _config(tmp_path, data=data), "--out", tmp_path / "out")
    assert expected in said
    assert {file.name for file in tmp_path.iterdir()} == {"config.json", "train.csv", "test.csv"}


def test_a_test_label_unseen_in_training(regard: Regard, tmp_path: Path) -> None:
    train = _write_csv(tmp_path / "train.csv", _rows())
    test = _write_csv(tmp_path / "test.csv", _rows(classes=3))
    data = {"kind": "csv", "path": str(train), "test_path": str(test)}
    said = regard.fails("train", _config(tmp_path, data=data), "--out", tmp_path / "out")
    assert "test.csv, case 2: label 'class 2' is not in" in said
    assert not (tmp_path / "out").exists()


def test_unequal_channels(regard: Regard, tmp_path: Path) -> None:
    path = tmp_path / "train.ts"
    path.write_text("@univariate false\n@classLabel true a b\n@data\n1,2:3,4:a\n1,2:b\n")
    data = {"kind": "ts", "path": str(path)}
    said = regard.fails("train", _config(tmp_path, data=data), "--out", tmp_path / "out")
    assert "train.ts, line 5" in said
    assert not (tmp_path / "out").exists()


def test_numbers_as_targets_are_no_classes(regard: Regard, tmp_path: Path) -> None:
    path = tmp_path / "train.ts"
    path.write_text("@targetlabel true\n@data\n1,2:0.5\n1,3:1.5\n")
    data = {"kind": "ts", "path": str(path)}
    said = regard.fails("train", _config(tmp_path, data=data), "--out", tmp_path / "out")
    assert "has numbers as targets; classify needs classes" in said


def test_an_output_that_exists(regard: Regard, run: Path, new: Path, tmp_path: Path) -> None:
    before = (run / "metrics.json").read_bytes()
    said = regard.fails("train", _config(tmp_path), "--out", run)
    assert said.endswith("tiny: exists; choose another name or use --overwrite")
    assert (run / "metrics.json").read_bytes() == before
    out = tmp_path / "predictions.csv"
    out.write_text("mine")
    assert "exists" in regard.fails("predict", run, new, "--out", out)
    assert "exists" in regard.fails("explain", run, new, "--case", "0", "--out", out)
    assert out.read_text() == "mine"
    assert regard("predict", run, new, "--out", out, "--overwrite") == 0


def test_a_broken_run(regard: Regard, run: Path, new: Path, tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    assert "no such run folder" in regard.fails("predict", tmp_path / "no", new, "--out", out)
    assert "is not a run folder" in regard.fails("show", tmp_path)
    said = regard.fails("predict", run)
    assert said.endswith(
        "tiny: was trained to classify, and predicts only files; name a file to predict and --out"
    )
    assert not out.exists()


def test_weights_of_another_model(regard: Regard, run: Path, tmp_path: Path) -> None:
    other = tmp_path / "run"
    SeriesClassifier.load(run).save(other)
    config = other / "config.json"
    config.write_text(config.read_text().replace('"hidden": 8', '"hidden": 16'))
    said = regard.fails("predict", other, config, "--out", tmp_path / "predictions.csv")
    assert "model.safetensors: the weights are not those of its config.json" in said


def test_new_data_that_does_not_fit(regard: Regard, run: Path, new: Path, tmp_path: Path) -> None:
    out = tmp_path / "case.png"
    said = regard.fails("explain", run, new, "--case", "7", "--out", out)
    assert "has no case 7; its cases are 0, 1, 2, 3, 4" in said
    said = regard.fails("explain", run, new, "--case", "1", "--out", tmp_path / "case.gif")
    assert ".png" in said
    two = tmp_path / "two.npz"
    np.savez(two, X=np.zeros((3, 2, 41)))
    said = regard.fails("predict", run, two, "--out", tmp_path / "p.csv")
    assert "two.npz: its number of channels is 2; the run was trained on 1" in said
    assert list(tmp_path.iterdir()) == [two]


def test_a_full_disk_while_saving(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(training, "write_run", full)
    said = regard.fails("train", _config(tmp_path), "--out", out)
    kept = f"{partial_folder(out)} keeps the training up to its last epoch"
    assert said.startswith(f"error: {out}: cannot be written: no space left on device; {kept}; use")
    assert "--resume" in said
    assert not out.exists()
    monkeypatch.undo()
    # Nothing that was learned is lost.
    assert regard("train", _config(tmp_path), "--out", out, "--resume") == 0
    assert {file.name for file in out.iterdir()} == FILES


def test_resume_needs_the_same_configuration_and_data(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "write_run", cut)
    config = _config(tmp_path)
    assert regard("train", config, "--out", out) == 130
    assert regard.err.strip() == (
        f"interrupted; continue with: regard train {config} --out {out} --resume"
    )
    monkeypatch.undo()
    said = regard.fails("train", config, "--out", out)
    assert "out: training was interrupted; use --resume to continue, or choose another" in said
    said = regard.fails("train", config, "--out", out, "--resume", "--set", "training.epochs=5")
    assert "training was started with another training.epochs, 2 and not 5; choose" in said
    assert partial_folder(out).exists()
    assert regard("train", config, "--out", out, "--overwrite") == 0
    assert not partial_folder(out).exists()
    assert regard("train", config, "--out", out, "--resume") == 0
    assert "finished before; nothing was left to do" in regard.out
    said = regard.fails("train", config, "--out", out, "--resume", "--set", "training.epochs=5")
    assert "is finished with another training.epochs; choose" in said
    said = regard.fails("train", config, "--out", out, "--resume", "--overwrite")
    assert "--resume, --overwrite: exclude each other" in said


def test_an_overwriting_run_that_was_cut_off_is_resumed(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, config = tmp_path / "out", _config(tmp_path)
    assert regard("train", config, "--out", out) == 0

    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "write_run", cut)
    changed = ("train", config, "--out", out, "--set", "training.epochs=3")
    assert regard(*changed, "--overwrite") == 130
    monkeypatch.undo()
    assert read_run(out).config.training.epochs == 2
    assert regard(*changed, "--resume") == 0
    assert read_run(out).config.training.epochs == 3


@pytest.mark.parametrize("damage", ["junk", "folder"])
def test_a_damaged_checkpoint_is_one_line_and_overwrite_gets_out(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    out, config = tmp_path / "out", _config(tmp_path)

    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "write_run", cut)
    assert regard("train", config, "--out", out) == 130
    monkeypatch.undo()
    checkpoint = partial_folder(out) / "resume" / "last.ckpt"
    checkpoint.unlink()
    checkpoint.mkdir() if damage == "folder" else checkpoint.write_bytes(b"PK junk")
    said = regard.fails("train", config, "--out", out, "--resume")
    assert said.startswith(f"error: {checkpoint}: the checkpoint is damaged (")
    assert said.endswith("; remove it to begin again; choose another name or use --overwrite")
    assert checkpoint.exists()
    assert regard("train", config, "--out", out, "--overwrite") == 0
    assert {each.name for each in tmp_path.iterdir()} == {"out", "config.json"}


def test_a_folder_that_appears_while_training_runs_is_kept(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, fit = tmp_path / "out", SeriesClassifier.fit

    def meanwhile(self: SeriesClassifier, *words: Any, **options: Any) -> SeriesClassifier:
        out.mkdir()
        (out / "precious.txt").write_text("mine")
        return fit(self, *words, **options)

    monkeypatch.setattr(SeriesClassifier, "fit", meanwhile)
    said = regard.fails("train", _config(tmp_path), "--out", out)
    assert said == (
        f"error: {out}: exists and is not a run folder; choose another name; the run that is "
        f"finished is {tmp_path / 'out-2'}"
    )
    assert (out / "precious.txt").read_text() == "mine"
    assert {file.name for file in (tmp_path / "out-2").iterdir()} == FILES
    assert {each.name for each in tmp_path.iterdir()} == {"out", "out-2", "config.json"}


def test_links_are_refused_before_training(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "load_parts", lambda _: pytest.fail("read the data"))
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    for more in ((), ("--overwrite",)):
        said = regard.fails("train", _config(tmp_path), "--out", tmp_path / "out", *more)
        assert "out: is a link; name what it leads to, or choose another name" in said


def test_resuming_what_was_never_begun_is_said(regard: Regard, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert regard("train", _config(tmp_path), "--out", out, "--resume") == 0
    assert regard.err == f"nothing to resume at {out}: training starts from the beginning\n"
    assert regard("train", _config(tmp_path), "--out", out, "--resume") == 0
    assert regard.err == ""


def test_an_interruption_before_anything_is_kept_is_said(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "load_parts", cut)
    assert regard("train", _config(tmp_path), "--out", tmp_path / "out") == 130
    assert regard.err.strip() == "interrupted before the first epoch ended; nothing was kept"


def test_two_trainings_do_not_write_one_run(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, config = tmp_path / "out", _config(tmp_path)
    fit = SeriesClassifier.fit
    said = ""

    def meanwhile(self: SeriesClassifier, *words: Any, **options: Any) -> SeriesClassifier:
        nonlocal said
        if not said:
            said = "busy"
            for how in ("--resume", "--overwrite"):
                with pytest.raises(RunError, match="out: another training writes there"):
                    jobs.train(TINY, out, resume=how == "--resume", overwrite=how == "--overwrite")
        return fit(self, *words, **options)

    monkeypatch.setattr(SeriesClassifier, "fit", meanwhile)
    assert regard("train", config, "--out", out) == 0
    assert said == "busy"
    assert {file.name for file in out.iterdir()} == FILES


def test_training_that_fails_for_good_leaves_nothing(regard: Regard, tmp_path: Path) -> None:
    words = ("--set", "training.learning_rate=1e30", "--set", "training.weight_decay=0")
    said = regard.fails("train", _config(tmp_path), "--out", tmp_path / "out", *words)
    assert "training diverged" in said
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


def test_a_gpu_that_is_not_there(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = _config(tmp_path, training={"device": "cuda"})
    said = regard.fails("train", config, "--out", tmp_path / "out")
    assert 'device: cuda needs a GPU, and there is none; set "device": "auto" in "training"' in said
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


def test_a_full_disk_while_explaining(
    regard: Regard, run: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: SeriesView, path: Path) -> None:
        path.write_bytes(b"")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SeriesView, "save", full)
    said = regard.fails("explain", run, new, "--case", "0", "--out", tmp_path / "case.png")
    assert said.endswith("case.png: cannot be written: no space left on device")
    assert list(tmp_path.iterdir()) == []


def test_the_version(regard: Regard) -> None:
    assert regard("--version") == 0
    assert regard.out.startswith("regard 0.")


LONG = {"epochs": 8, "updates_per_epoch": 8, "batch_size": 6, "device": "cpu"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A longer run that nothing has interrupted."""
    out = tmp_path_factory.mktemp("long") / "run"
    jobs.train({**TINY, "training": LONG}, out)
    return out


def _assert_resumed_to_the_same_end(
    regard: Regard, config: Path, cut: Path, whole: Path, updates_before: list[int]
) -> None:
    checkpoint = partial_folder(cut) / "resume" / "last.ckpt"
    assert not cut.exists()
    done = read_checkpoint(checkpoint)["global_step"]
    assert done > 0
    updates_before.clear()
    assert regard("train", config, "--out", cut, "--resume") == 0
    assert updates_before == [done]
    assert "report:" in regard.out
    assert (cut / "history.csv").read_text() == (whole / "history.csv").read_text()
    assert (cut / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    figures = [json.loads((out / "metrics.json").read_text()) for out in (whole, cut)]
    assert {**figures[0], "fit_seconds": 0} == {**figures[1], "fit_seconds": 0}
    assert not partial_folder(cut).exists()


def test_a_real_run_that_is_killed_is_resumed_to_the_same_end(
    regard: Regard, whole: Path, tmp_path: Path, updates_before: list[int]
) -> None:
    config, cut = _config(tmp_path, training=LONG), tmp_path / "cut"
    command = [sys.executable, "-m", "regard.cli", "train", str(config), "--out", str(cut)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    checkpoint = partial_folder(cut) / "resume" / "last.ckpt"
    while not checkpoint.exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)
    time.sleep(0.1)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    _assert_resumed_to_the_same_end(regard, config, cut, whole, updates_before)


def test_a_run_that_is_interrupted_is_resumed_to_the_same_end(
    regard: Regard,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    updates_before: list[int],
) -> None:
    config, cut = _config(tmp_path, training=LONG), tmp_path / "cut"

    def interrupt(self: TrainingModule) -> None:
        if self.current_epoch == 3:
            signal.raise_signal(signal.SIGINT)

    # what is started in the background ignores Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with monkeypatch.context() as patch:
        patch.setattr(TrainingModule, "on_train_epoch_start", interrupt)
        assert regard("train", config, "--out", cut) == 130
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert regard.err.strip().endswith(f"--out {cut} --resume")
    _assert_resumed_to_the_same_end(regard, config, cut, whole, updates_before)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, "1000"),
        ({"GOMP_SPINCOUNT": "5"}, "5"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, None),
    ],
)
def test_waiting_threads_soon_sleep_unless_the_user_says_how(
    regard: Regard, monkeypatch: pytest.MonkeyPatch, own: dict[str, str], wanted: str | None
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that it is restored
        monkeypatch.delenv(name)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    assert regard("--version") == 0
    assert os.environ.get("GOMP_SPINCOUNT") == wanted
