"""The command line on recordings: the jobs end to end, and one clear line for what goes wrong."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from commands import Regard
from regard.config import resolve_config
from regard.jobs import load_parts
from reports import whole_reports
from sounds import tone, write_table, write_tones

MODEL = {"encoder": "conv", "pooling": "attention", "hidden": 8, "layers": 1}
TRAINING = {"epochs": 4, "updates_per_epoch": 4, "learning_rate": 0.02, "device": "cpu"}


def _config(folder: Path, data: dict[str, Any]) -> Path:
    path = folder / "tones.json"
    content = {"task": "classify-sound", "data": data, "model": MODEL, "training": TRAINING}
    path.write_text(json.dumps(content))
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _in_folders(folder: Path) -> Path:
    """The recordings in a folder for each class."""
    for n, (name, label) in enumerate(write_tones(folder, 20)):
        (folder / label).mkdir(exist_ok=True)
        (folder / name).rename(folder / label / f"{n:02}.wav")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tones")


def _data(folder: Path) -> dict[str, Any]:
    path = str(folder / "tones.csv")
    return {"kind": "recordings", "path": path, "label": "word", "split": "part"}


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    """A run of a table with a column for the parts."""
    from regard import jobs

    rows = write_tones(folder / "wav", 30)
    parts = ["train"] * 18 + ["valid"] * 6 + ["test"] * 6
    full = [(f"wav/{name}", label, part) for (name, label), part in zip(rows, parts, strict=True)]
    write_table(folder / "tones.csv", full, header="path,word,part")
    config = json.loads(_config(folder, _data(folder)).read_text())
    with whole_reports():
        metrics = jobs.train(config, folder / "run")
    assert metrics["cases"] == 6
    return folder / "run"


def test_a_table_with_parts_is_trained_on_and_heard_in_the_report(
    trained: Path, folder: Path
) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["accuracy"] == 1.0
    assert metrics["calibration"]["cases"] == 6  # the part valid
    page = (trained / "report.html").read_text()
    assert page.count("<audio controls") == 6
    assert "<script" not in page
    assert "media-src data:" in page
    assert "wav/low-24.wav" in page


def test_the_part_valid_is_for_early_stopping_or_trained_on(trained: Path, folder: Path) -> None:
    def counts(**changes: Any) -> list[int | None]:
        data = _data(folder) | changes
        content = {"task": "classify-sound", "data": data}
        parts = load_parts(resolve_config(content))
        return [None if part is None else len(part) for part in parts[:3]]

    assert counts() == [18, 6, 6]
    assert counts(validation_share=0.0) == [24, None, 6]
    # Of a column that names no test part, a share is.
    rows = (folder / "tones.csv").read_text().replace("test", "train")
    (folder / "two.csv").write_text(rows)
    assert counts(path=str(folder / "two.csv"), test_share=0.25) == [18, 6, 6]


def test_a_file_a_folder_and_a_table_are_predicted(
    trained: Path, tmp_path: Path, regard: Regard
) -> None:
    new = tmp_path / "new"
    rows = write_tones(new, 4)
    one, out = new / rows[1][0], tmp_path / "p.csv"
    assert regard("predict", trained, one, "--out", out) == 0
    assert regard.out.strip() == f"1 prediction: {out}"
    [row] = _rows(out)
    assert (row["case"], row["label"]) == ("high-01.wav", "high")
    assert 0 <= float(row["from"]) < float(row["to"]) <= 0.3

    assert regard("predict", trained, new, "--out", out, "--overwrite") == 0
    assert [row["label"] for row in _rows(out)] == ["high", "high", "low", "low"]  # by name

    (new / "text.wav").write_text("no sound")
    rows += [("none.wav", "low"), ("text.wav", "high")]
    table = write_table(new / "t.csv", rows, header="path,word")
    assert regard("predict", trained, table, "--out", out, "--overwrite") == 0
    assert regard.out.strip() == (
        "4 predictions, 4 right, 1 without an answer: there is no such file relative to the folder "
        "of the table (first: none.wav), 1 without an answer: it is no sound file, such as wav or "
        "flac (first: text.wav): "
        f"{out}"
    )
    assert [row["label"] for row in _rows(out)] == ["low", "high", "low", "high", "", ""]


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_file_is_explained(
    ending: str, trained: Path, folder: Path, tmp_path: Path, regard: Regard
) -> None:
    out = tmp_path / f"map.{ending}"
    assert regard("explain", trained, folder / "wav" / "low-00.wav", "--out", out) == 0
    assert regard.out.startswith("case low-00.wav: low (0.")
    if ending == "html":
        page = out.read_text()
        assert page.count("<audio controls") == 1
        assert "0.30 seconds, 8,000 Hz." in page
        assert "<script" not in page
    elif ending == "svg":
        text = out.read_text()
        assert ">time (s)<" in text
        assert ">kHz<" in text


def test_all_are_explained_on_a_page_and_one_by_its_name(
    trained: Path, tmp_path: Path, regard: Regard
) -> None:
    new = tmp_path / "new"
    write_tones(new, 2)
    assert regard("explain", trained, new, "--all", "--out", tmp_path / "all") == 0
    page = (tmp_path / "all" / "index.html").read_text()
    assert page.count("<audio controls") == 2
    assert (tmp_path / "all" / "high-01.wav.png").exists()
    words = ("--case", "high-01.wav", "--out", tmp_path / "one.svg")
    assert regard("explain", trained, new, *words) == 0
    assert regard.out.startswith("case high-01.wav: high")


def test_a_folder_for_each_class_is_trained_on_and_predicted(
    tmp_path: Path, regard: Regard
) -> None:
    classes = _in_folders(tmp_path / "classes")
    config = _config(tmp_path, {"kind": "folder", "path": str(classes)})
    assert regard("train", config, "--out", tmp_path / "run") == 0
    assert regard("predict", tmp_path / "run", classes, "--out", tmp_path / "p.csv") == 0
    assert "20 predictions, 20 right" in regard.out
    words = ("--unlabelled", "--overwrite", "--out", tmp_path / "p.csv")
    assert regard("predict", tmp_path / "run", classes, *words) == 0
    assert "right" not in regard.out


def test_attentions_are_compared(
    trained: Path, folder: Path, tmp_path: Path, regard: Regard
) -> None:
    config = folder / "tones.json"
    words = ("--attention", "additive,dot", "--seeds", "1", "--set", "training.epochs=1")
    assert regard("compare", config, *words, "--out", tmp_path / "c") == 0
    assert (tmp_path / "c" / "compare.md").read_text().count("\n") > 3


def _fails(folder: Path, regard: Regard, data: dict[str, Any]) -> str:
    said = regard.fails("train", _config(folder, data), "--out", folder / "run")
    assert not (folder / "run").exists()
    return said


def test_bad_recordings_are_one_line_and_nothing_is_written(tmp_path: Path, regard: Regard) -> None:
    rows = write_tones(tmp_path, 6)

    def table(*more: tuple[str, str]) -> dict[str, Any]:
        return {"kind": "recordings", "path": str(write_table(tmp_path / "t.csv", [*rows, *more]))}

    def says(row: tuple[str, str]) -> str:
        return _fails(tmp_path, regard, table(row)).removeprefix(f"error: {tmp_path / 't.csv'}, ")

    skip = '; set "missing": "skip" in "data"'
    assert says(("none.wav", "low")) == (
        f"row 8 (none.wav): there is no such file relative to the folder of the table{skip}"
    )
    assert says(("low-00.wav", "")) == f"row 8 (low-00.wav): the label is missing{skip}"
    (tmp_path / "x.wav").write_text("no sound")
    wanted = f"row 8 (x.wav): it is no sound file, such as wav or flac{skip}"
    assert says(("x.wav", "low")) == wanted
    (tmp_path / "x.wav").write_bytes((tmp_path / "low-00.wav").read_bytes()[:999])
    assert says(("x.wav", "low")) == f"row 8 (x.wav): it is truncated{skip}"
    soundfile.write(tmp_path / "x.wav", np.zeros(0), 8000)
    assert says(("x.wav", "low")) == f"row 8 (x.wav): it has no samples{skip}"
    soundfile.write(tmp_path / "x.wav", np.zeros(800), 8000)
    silent = f"row 8 (x.wav): it is silent: all samples are the same{skip}"
    assert says(("x.wav", "low")) == silent
    soundfile.write(tmp_path / "x.wav", tone(300.0, seconds=1.5), 8000)
    said = _fails(tmp_path, regard, {**table(("x.wav", "low")), "max_seconds": 1.0})
    assert f"row 8 (x.wav): it is longer than 1 s (max_seconds){skip}" in said


def test_bad_tables_and_folders_are_one_line(tmp_path: Path, regard: Regard) -> None:
    rows = write_tones(tmp_path, 6)
    low = [row for row in rows if row[1] == "low"]
    path = str(write_table(tmp_path / "t.csv", low))
    data: dict[str, Any] = {"kind": "recordings", "path": path}
    assert f"{path}: has only one class, low; classify needs" in _fails(tmp_path, regard, data)
    assert "has no column 'file' (recording)" in _fails(
        tmp_path, regard, {**data, "recording": "file"}
    )
    both = {**data, "split": "label", "test_path": path}
    assert "data: split and test_path exclude each other" in _fails(tmp_path, regard, both)
    parts = write_table(tmp_path / "p.csv", [(*row, "test") for row in rows], header="path,label,p")
    said = _fails(tmp_path, regard, {**data, "path": str(parts), "split": "p"})
    assert "no row of column 'p' (split) is of part train" in said
    said = _fails(tmp_path, regard, {"kind": "folder", "path": str(tmp_path / "t.csv")})
    assert "t.csv: is a file; wanted a folder" in said
    assert "arrays come from Python" in _fails(tmp_path, regard, {"kind": "arrays"})


def test_bad_new_recordings_are_one_line(trained: Path, tmp_path: Path, regard: Regard) -> None:
    out = tmp_path / "p.csv"
    text = tmp_path / "x.wav"
    text.write_text("no sound")
    said = regard.fails("predict", trained, text, "--out", out)
    assert said == f"error: {text}: it is no sound file, such as wav or flac"
    said = regard.fails("predict", trained, tmp_path / "none.wav", "--out", out)
    assert said.endswith("none.wav: there is no such file")
    (tmp_path / "empty").mkdir()
    said = regard.fails("predict", trained, tmp_path / "empty", "--out", out)
    assert "empty: holds no sound file" in said
    said = regard.fails("predict", trained, tmp_path, "--out", out)
    assert "none of its cases can be predicted: 1 without an answer: it is no sound" in said
    assert not out.exists()


def test_recordings_in_both_parts_are_counted(tmp_path: Path) -> None:
    rows = write_tones(tmp_path / "wav", 8)
    again = (tmp_path / "wav" / rows[2][0]).read_bytes()
    (tmp_path / "wav" / "again.wav").write_bytes(again)
    parts = ["train"] * 4 + ["valid"] * 2 + ["test"] * 2
    full = [(*row, part) for row, part in zip(rows, parts, strict=True)]
    full.append(("again.wav", rows[2][1], "valid"))
    table = write_table(tmp_path / "t.csv", full, header="path,label,part")
    data = {"kind": "recordings", "path": str(table), "split": "part"}
    content = {"task": "classify-sound", "data": {**data, "folder": str(tmp_path / "wav")}}
    assert load_parts(resolve_config(content)).notes[-1] == (
        "1 of 3 recordings of the validation part also occur in the training part: the metrics are "
        "too optimistic"
    )


def test_a_new_table_of_recordings_has_a_folder_and_an_encoding(
    trained: Path, tmp_path: Path, regard: Regard
) -> None:
    soundfile.write(tmp_path / "tief.wav", tone(300.0), 8000)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "t.csv").write_bytes("path,für\ntief.wav,\n".encode("cp1252"))
    words: list[str | Path] = [
        "predict",
        trained,
        tmp_path / "new" / "t.csv",
        "--out",
        tmp_path / "p.csv",
    ]
    assert regard.fails(*words).endswith("is not UTF-8 text; use --encoding latin-1")
    words += ["--encoding", "latin-1"]
    assert "none of its cases can be predicted: 1 without an answer" in regard.fails(*words)
    assert regard(*words, "--folder", tmp_path) == 0
    sound = tmp_path / "tief.wav"
    said = regard.fails("predict", trained, sound, "--folder", tmp_path)
    assert said.endswith(f"folder: is for tables of files; {sound} is none")
    assert [row["case"] for row in _rows(tmp_path / "p.csv")] == ["tief.wav"]
    (tmp_path / "new.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    said = regard.fails("predict", trained, tmp_path / "new.xls", "--out", tmp_path / "q.csv")
    assert said.endswith("new.xls is an Excel workbook (.xls); save its sheet as CSV")


def test_different_rates_are_said_once(tmp_path: Path, regard: Regard) -> None:
    rows = write_tones(tmp_path, 10)
    soundfile.write(tmp_path / rows[3][0], tone(1500.0, rate=11025), 11025)
    table = write_table(tmp_path / "t.csv", rows)
    config = _config(tmp_path, {"kind": "recordings", "path": str(table)})
    assert regard("train", config, "--out", tmp_path / "run") == 0
    notes = json.loads((tmp_path / "run" / "metrics.json").read_text())["notes"]
    said = [note for note in notes if "resampled" in note]
    assert said == ["recordings have rates of 8000 and 11025 Hz: they are resampled to 11025 Hz"]
