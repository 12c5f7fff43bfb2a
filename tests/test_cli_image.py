"""The command line on pictures: the jobs end to end, and one clear line for what goes wrong."""

import csv
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from commands import Regard
from regard.config import config_of, resolve_config
from regard.jobs import load_parts
from regard.runs import read_run
from reports import whole_reports

MODEL = {"hidden": 8, "layers": 1, "attention_dim": 8}
TRAINING = {"epochs": 1, "updates_per_epoch": 2, "device": "cpu", "calibration": "none"}


def _folder(folder: Path, cases: int = 20) -> Path:
    """Pictures of several sizes, in a folder for each class."""
    generator = np.random.default_rng(0)
    for n in range(cases):
        kind = ("across", "down")[n % 2]
        rows, columns = ((12, 12), (12, 8))[n % 3 % 2]
        lines = np.arange(rows)[:, None] if n % 2 else np.arange(columns)[None]
        pixels = np.broadcast_to(200 * (lines % 4 < 2), (rows, columns))
        noisy = (pixels + generator.integers(0, 50, (rows, columns))).astype(np.uint8)
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(folder / kind / f"{n}.png")
    return folder


def _config(folder: Path, data: dict[str, Any], **sections: Any) -> Path:
    path = folder / "config.json"
    content = {"task": "classify-image", "data": data, "model": MODEL, "training": TRAINING}
    path.write_text(json.dumps(content | sections), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, and a run of them."""
    from regard import jobs
    from regard.config import read_config

    folder = tmp_path_factory.mktemp("pictures")
    _folder(folder / "pictures")
    config = _config(folder, {"kind": "folder", "path": str(folder / "pictures")})
    with whole_reports():
        jobs.train(read_config(config), folder / "run")
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_has_figures_and_a_report_with_its_pictures(trained: Path) -> None:
    run = read_run(trained / "run")
    assert run.metrics["cases"] == 4
    assert run.preprocess["size"] == 12
    report = (trained / "run" / "report.html").read_text(encoding="utf-8")
    assert report.count("data:image/png;base64,") >= 8  # each case, and its light
    assert report.count("<script") == 2  # the data of the cases, and what shows them


def test_a_single_picture_is_predicted_and_drawn(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    picture = trained / "pictures" / "down" / "1.png"
    assert regard("predict", trained / "run", picture, "--out", tmp_path / "p.csv") == 0
    [row] = _rows(tmp_path / "p.csv")
    assert row["case"] == "1.png"
    assert 0 < float(row["row"]) < 1
    assert 0 < float(row["column"]) < 1
    for name in ("map.png", "map.svg", "map.html"):
        assert regard("explain", trained / "run", picture, "--out", tmp_path / name) == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert "data:image/png;base64," in (tmp_path / "map.html").read_text(encoding="utf-8")


def test_a_folder_is_predicted_with_and_without_classes(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    pictures = trained / "pictures"
    assert regard("predict", trained / "run", pictures, "--out", tmp_path / "a.csv") == 0
    rows = _rows(tmp_path / "a.csv")
    assert len(rows) == 20
    assert {row["true"] for row in rows} == {"across", "down"}
    flat = trained / "pictures" / "down"
    assert regard("predict", trained / "run", flat, "--out", tmp_path / "b.csv") == 0
    assert "true" not in _rows(tmp_path / "b.csv")[0]
    assert regard("explain", trained / "run", flat, "--all", "--out", tmp_path / "all") == 0
    assert len(list((tmp_path / "all").glob("*.png"))) == 10


def test_a_table_is_predicted_though_a_picture_is_bad(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_text("no picture")
    Image.new("L", (5, 5)).save(tmp_path / "good.png")
    (tmp_path / "new.csv").write_text("path\ngood.png\nbad.png\nnone.png\n")
    new = tmp_path / "new.csv"
    assert regard("predict", trained / "run", new, "--out", tmp_path / "p.csv") == 0
    assert "1 without an answer: is no picture that can be read, such as JPEG" in regard.out
    assert "1 without an answer: there is no such file relative to the folder" in regard.out
    assert "(first: none.png)" in regard.out
    rows = _rows(tmp_path / "p.csv")
    assert [row["case"] for row in rows] == ["good.png", "bad.png", "none.png"]
    assert [bool(row["label"]) for row in rows] == [True, False, False]


def test_a_table_is_trained_on(regard: Regard, tmp_path: Path) -> None:
    _folder(tmp_path / "pictures")
    lines = [f"pictures/{('across', 'down')[n % 2]}/{n}.png,{('x', 'y')[n % 2]}" for n in range(20)]
    (tmp_path / "train.csv").write_text("\n".join(["path,label", *lines]) + "\n")
    config = _config(tmp_path, {"kind": "table", "path": str(tmp_path / "train.csv"), "size": 9})
    assert regard("train", config, "--out", tmp_path / "run") == 0
    assert read_run(tmp_path / "run").preprocess["size"] == 9


BAD = {
    "missing path": ("a.png,x\nnone.png,y\n", "row 3 (none.png): there is no such file"),
    "no picture": ("a.png,x\nbad.png,y\n", "row 3 (bad.png): is no picture that can"),
    "cut": ("a.png,x\ncut.png,y\n", "row 3 (cut.png): is damaged or truncated"),
    "empty label": ("a.png,x\na.png,\n", "row 3 (a.png): the label is missing"),
    "one class": ("a.png,x\na.png,x\n", "has only one class, x"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_get_one_line_and_nothing_is_written(
    name: str, regard: Regard, tmp_path: Path
) -> None:
    rows, words = BAD[name]
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    (tmp_path / "bad.png").write_text("no picture")
    (tmp_path / "train.csv").write_text(f"path,label\n{rows}")
    config = _config(tmp_path, {"kind": "table", "path": str(tmp_path / "train.csv")})
    assert words in regard.fails("train", config, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_bad_new_pictures_get_one_line(regard: Regard, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no picture")
    (tmp_path / "empty").mkdir()
    for source, words in (
        ("bad.png", "bad.png: is no picture that can be read"),
        ("none.png", "none.png: there is no such file"),
        ("empty", "empty: holds no pictures"),
    ):
        given = tmp_path / source
        said = regard.fails("predict", trained / "run", given, "--out", tmp_path / "p.csv")
        assert words in said
    assert not (tmp_path / "p.csv").exists()


def test_a_workbook_is_named_and_the_columns_of_a_table(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    with ZipFile(tmp_path / "new.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "")
    out = tmp_path / "p.csv"
    said = regard.fails("predict", trained / "run", tmp_path / "new.xlsx", "--out", out)
    assert said.endswith("new.xlsx is an Excel workbook; save its sheet as CSV")
    (tmp_path / "new.csv").write_text("photo\na.png\n")
    said = regard.fails("predict", trained / "run", tmp_path / "new.csv", "--out", out)
    assert "new.csv has no column 'path' (picture); choose one of photo" in said


def test_a_new_table_has_an_encoding_and_a_folder_of_its_own(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    Image.new("L", (5, 5), 9).save(tmp_path / "in" / "für.png")
    (tmp_path / "new.csv").write_bytes("path\nfür.png\n".encode("cp1252"))
    words: list[str | Path] = [
        "predict",
        trained / "run",
        tmp_path / "new.csv",
        "--out",
        tmp_path / "p.csv",
    ]
    assert regard.fails(*words).endswith("is not UTF-8 text; use --encoding latin-1")
    words += ["--encoding", "latin-1"]
    said = regard.fails(*words)
    assert "relative to the folder of the table (in/für.png is there) (first: für.png)" in said
    assert regard.fails(*words, "--folder", tmp_path / "no").endswith("; use --folder")
    assert regard(*words, "--folder", tmp_path / "in") == 0
    [row] = _rows(tmp_path / "p.csv")
    assert row["case"] == "für.png"
    drawn = [*words[1:3], "--out", tmp_path / "map.svg", *words[5:], "--folder", tmp_path / "in"]
    assert regard("explain", *drawn) == 0
    for source, option in ((tmp_path / "in", words[5:]), (tmp_path / "in" / "für.png", words[5:])):
        said = regard.fails("predict", words[1], source, *option)
        assert said.endswith(f"encoding: is for tables of files; {source} is none")


def test_pictures_that_cannot_be_read_are_left_out_of_a_folder(
    regard: Regard, tmp_path: Path
) -> None:
    folder = _folder(tmp_path / "pictures")
    (folder / "Thumbs.db").write_bytes(b"\0")
    whole = (folder / "down" / "1.png").read_bytes()
    (folder / "down" / "cut.png").write_bytes(whole[: len(whole) // 2])
    config = _config(tmp_path, {"kind": "folder", "path": str(folder)})
    said = regard.fails("train", config, "--out", tmp_path / "run")
    assert "down/cut.png: is damaged or truncated" in said
    assert said.endswith('set "missing": "skip" in "data"')
    words = ("--set", "data.missing=skip", "--out", tmp_path / "run")
    assert regard("train", config, *words) == 0
    [note] = [each for each in read_run(tmp_path / "run").metrics["notes"] if "left out" in each]
    assert note.startswith("1 of 21 cases is left out: is damaged or truncated")
    assert note.endswith("(down/cut.png)")
    data = {"kind": "folder", "path": str(folder), "test_path": str(folder), "missing": "skip"}
    parts = load_parts(resolve_config({"task": "classify-image", "data": data}))
    assert f"test part: {note}" in parts.notes
    assert parts.notes[-1].startswith("20 of 20 pictures of the test part also occur in the train")


def test_pictures_in_both_parts_are_counted(regard: Regard, tmp_path: Path) -> None:
    _folder(tmp_path / "pictures")
    (tmp_path / "again.png").write_bytes((tmp_path / "pictures/across/0.png").read_bytes())
    names = [f"pictures/{('across', 'down')[n % 2]}/{n}.png" for n in range(20)]
    lines = [f"{name},{n % 2},{'train' if n < 18 else 'test'}" for n, name in enumerate(names)]
    table = "\n".join(["path,label,part", *lines, "again.png,0,test"])
    (tmp_path / "t.csv").write_text(table)
    config = _config(tmp_path, {"kind": "table", "path": str(tmp_path / "t.csv"), "split": "part"})
    assert regard("train", config, "--out", tmp_path / "run") == 0
    assert (
        "note: 1 of 3 pictures of the test part also occur in the training part: the metrics are "
        "too optimistic\n"
    ) in regard.out


def test_a_folder_is_no_file_for_other_inputs(regard: Regard, tmp_path: Path) -> None:
    from regard import jobs
    from regard.config import resolve_config

    data = {"kind": "sine", "series": 20, "steps": 20}
    content = {"data": data, "model": MODEL, "training": TRAINING}
    jobs.train(resolve_config(content), tmp_path / "run")
    (tmp_path / "folder").mkdir()
    folder, out = tmp_path / "folder", tmp_path / "p.csv"
    said = regard.fails("predict", tmp_path / "run", folder, "--out", out)
    assert "is a folder; wanted a file" in said


def test_attentions_are_compared_by_what_they_find(regard: Regard, tmp_path: Path) -> None:
    config = _config(tmp_path, {"kind": "clutter", "pictures": 40, "size": 28, "pieces": 2})
    words = ["--attention", "additive,none", "--seeds", "1"]
    assert regard("compare", config, *words, "--out", tmp_path / "out") == 0
    table = (tmp_path / "out" / "compare.md").read_text()
    assert "pointing game" in table
    assert "localisation" in table


def test_idx_needs_the_labels_of_its_test_file(regard: Regard, tmp_path: Path) -> None:
    head = bytes((0, 0, 8, 3)) + np.array([6, 4, 4], ">u4").tobytes()
    (tmp_path / "X").write_bytes(head + bytes(range(96)))
    (tmp_path / "y").write_bytes(bytes((0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 0, 1, 0, 1)))
    data = {"kind": "idx", "path": str(tmp_path / "X"), "labels_path": str(tmp_path / "y")}
    said = regard.fails("train", _config(tmp_path, data | {"test_path": str(tmp_path / "X")}))
    assert "test_labels_path: wanted the labels of test_path" in said


def test_the_schema_names_the_encoders_of_pictures() -> None:
    schema = config_of("classify-image").model_json_schema()
    assert schema["$defs"]["Model"]["properties"]["encoder"]["enum"] == ["conv", "transformer"]
    schema = config_of("classify").model_json_schema()
    assert "inception" in schema["$defs"]["Model"]["properties"]["encoder"]["enum"]
