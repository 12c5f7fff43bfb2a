"""The command line on speech: the jobs end to end, and one clear line for what goes wrong."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch import LightningModule, Trainer

from commands import Regard
from regard import jobs
from regard.training.callbacks import Checkpoint
from reports import whole_reports
from sounds import write_manifest, write_spoken, write_table

MODEL: dict[str, Any] = {
    "tokens": "word",
    "stride": 4,
    "hidden": 16,
    "embedding_dim": 8,
    "attention_dim": 8,
    "dropout": 0.1,
    "embedding_dropout": 0.1,
    "beam": 2,
}
TRAINING: dict[str, Any] = {
    "epochs": 3,
    "learning_rate": 0.01,
    "batch_size": 12,
    "updates_per_epoch": 6,
    "device": "cpu",
}


def _settings(path: Path, **data: Any) -> dict[str, Any]:
    own = {"kind": "manifest", "path": str(path), "id": "id", "split": "split", **data}
    return {"task": "transcribe", "data": own, "model": MODEL, "training": TRAINING}


def _written(folder: Path, settings: dict[str, Any]) -> Path:
    path = folder / "speech.json"
    path.write_text(json.dumps(settings))
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("speech")


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    """A run of a manifest."""
    settings = _settings(write_manifest(folder, 60))
    longer = {**TRAINING, "epochs": 12}  # until it writes something
    with whole_reports():
        jobs.train({**settings, "training": longer}, folder / "run")
    return folder / "run"


def test_a_manifest_is_trained_on_and_its_strings_are_heard_in_the_report(trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["cases"] == 12
    assert 0 < metrics["localisation_ap"] <= 1
    assert metrics["localisation_chance"] < 0.6
    errors = sum(metrics[name] for name in ("substitutions", "deletions", "insertions"))
    assert metrics["wer"] == pytest.approx(errors / metrics["words"])
    assert [row["cases"] for row in metrics["by_length"]] == [12]
    page = (trained / "report.html").read_text()
    assert page.count("<audio controls") >= 6
    assert "<script" not in page
    assert "Word error rate" in page
    assert "BLEU" not in page
    assert "highest at: " in page


def test_a_file_a_folder_a_table_and_a_manifest_are_predicted(
    trained: Path, folder: Path, tmp_path: Path, regard: Regard
) -> None:
    rows, out = write_spoken(tmp_path / "new", 4), tmp_path / "p.csv"
    one = tmp_path / "new" / rows[1][0]
    assert regard("predict", trained, one, "--out", out) == 0
    [row] = _rows(out)
    assert row["case"] == "01.wav"
    assert set(row["target"].split()) <= {"low", "mid", "high"}
    assert regard("predict", trained, tmp_path / "new", "--out", out, "--overwrite") == 0
    assert [row["case"] for row in _rows(out)] == [name for name, _ in rows]
    table = write_table(
        tmp_path / "new" / "t.csv", [*rows, ("none.wav", "low")], header="path,text"
    )
    assert regard("predict", trained, table, "--out", out, "--overwrite") == 0
    assert regard.out.startswith("4 predictions, WER ")
    assert (
        "1 without an answer: there is no such file relative to the folder of the table "
        in regard.out
    )
    assert [row["true"] for row in _rows(out)[:4]] == [text for _, text in rows]
    lines = [json.dumps({"path": name, "text": text}) for name, text in rows]
    (tmp_path / "new" / "t.jsonl").write_text("\n".join(lines))
    words = (tmp_path / "new" / "t.jsonl", "--out", out, "--overwrite")
    assert regard("predict", trained, *words) == 0
    assert len(_rows(out)) == 4
    strings = folder / "strings.jsonl"
    assert regard("predict", trained, strings, "--out", out, "--overwrite", "--nbest", "2") == 0
    assert [row["case"] for row in _rows(out)[:2]] == ["s0", "s1"]
    assert "target 2" in _rows(out)[0]


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_file_is_explained(
    ending: str, trained: Path, folder: Path, tmp_path: Path, regard: Regard
) -> None:
    out = tmp_path / f"map.{ending}"
    words = ("--case", "s50", "--out", out)
    assert regard("explain", trained, folder / "strings.jsonl", *words) == 0
    assert regard.out.startswith("case s50: ")
    if ending == "html":
        page = out.read_text()
        assert page.count("<audio controls") == 1
        assert "frames show where words are said" in page
        assert "<script" not in page
    elif ending == "svg":
        assert ">time (s)<" in out.read_text()


def test_all_are_explained_on_a_page(trained: Path, tmp_path: Path, regard: Regard) -> None:
    write_spoken(tmp_path / "new", 2)
    assert regard("explain", trained, tmp_path / "new", "--all", "--out", tmp_path / "all") == 0
    assert (tmp_path / "all" / "index.html").read_text().count("<audio controls") == 2
    assert (tmp_path / "all" / "01.wav.png").exists()


def test_attentions_are_compared(folder: Path, tmp_path: Path, regard: Regard) -> None:
    config = _written(tmp_path, _settings(write_manifest(tmp_path, 20)))
    words = ("--attention", "additive,none", "--seeds", "1", "--set", "training.epochs=1")
    assert regard("compare", config, *words, "--out", tmp_path / "c") == 0
    table = (tmp_path / "c" / "compare.md").read_text()
    assert table.startswith("| attention | WER |")
    assert "utterance WER to the best" in table


def test_a_training_that_was_cut_off_is_resumed_to_the_same_end(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, updates_before: list[int]
) -> None:
    config = _written(tmp_path, _settings(write_manifest(tmp_path, 20)))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert regard("train", config, "--out", whole) == 0
    save = Checkpoint.on_train_epoch_end

    def end(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", end)
    assert regard("train", config, "--out", cut) == 130
    monkeypatch.undo()
    assert regard("train", config, "--out", cut, "--resume") == 0
    assert updates_before[-1] > 0
    for name in ("history.csv", "model.safetensors", "preprocess.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_table_without_parts_is_divided(tmp_path: Path, regard: Regard) -> None:
    table = write_table(tmp_path / "t.csv", write_spoken(tmp_path, 20), header="path,said")
    data = {"kind": "recordings", "path": str(table), "target": "said"}
    settings = {**_settings(table), "data": data}
    assert regard("train", _written(tmp_path, settings), "--out", tmp_path / "run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["cases"] == 4
    assert "localisation_ap" not in metrics


def _fails(folder: Path, regard: Regard, settings: dict[str, Any]) -> str:
    said = regard.fails("train", _written(folder, settings), "--out", folder / "run")
    assert not (folder / "run").exists()
    return said


def test_bad_manifests_are_one_line_and_nothing_is_written(tmp_path: Path, regard: Regard) -> None:
    path = write_manifest(tmp_path, 5)
    skip = '; set "missing": "skip" in "data"'

    def says(**changes: Any) -> str:
        rows = [json.loads(line) for line in path.read_text().splitlines()[:4]]
        bad = tmp_path / "bad.jsonl"
        bad.write_text("\n".join(map(json.dumps, [*rows, {**rows[0], **changes}])))
        said = _fails(tmp_path, regard, _settings(bad))
        return said.removeprefix(f"error: {bad}, ")

    gone = [{"path": "none.wav", "word": "low", "start": 0, "end": 1}]
    assert says(parts=gone) == (
        "line 5: part 1 (none.wav): there is no such file relative to the folder of the table"
        f"{skip}"
    )
    (tmp_path / "x.wav").write_text("no sound")
    broken = [{**gone[0], "path": "x.wav"}]
    wanted = f"line 5: part 1 (x.wav): it is no sound file, such as wav or flac{skip}"
    assert says(parts=broken) == wanted
    assert says(text=" ") == f"line 5: the text is missing{skip}"
    assert says(parts=[]).startswith("line 5: it has no parts; wanted a list of objects")
    assert "line 5, 'split': 'rest' is no part" in says(split="rest")
    said = _fails(tmp_path, regard, _settings(path, target="words"))
    assert "has no 'words' (target)" in said
    text = write_table(tmp_path / "t.csv", [("low.wav", "low")], header="path,text")
    said = _fails(tmp_path, regard, _settings(text))
    assert said.endswith('the kind is "recordings"; set "kind": "recordings" in "data"')


def test_bad_tables_are_one_line(tmp_path: Path, regard: Regard) -> None:
    rows = write_spoken(tmp_path, 6)
    table = write_table(tmp_path / "t.csv", [*rows, ("00.wav", "")], header="path,text")
    data = {"kind": "recordings", "path": str(table)}
    said = _fails(tmp_path, regard, {**_settings(table), "data": data})
    wanted = f'error: {table}, row 8 (00.wav): the text is missing; set "missing": "skip" in "data"'
    assert said == wanted
    said = _fails(tmp_path, regard, {**_settings(table), "data": {**data, "target": "words"}})
    assert "has no column 'words'" in said
    risky = {**_settings(table), "data": data, "training": {"risk_epochs": 1}}
    assert "risk_epochs: minimum risk is of the decoder alone" in _fails(tmp_path, regard, risky)
