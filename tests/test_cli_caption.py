"""The command line on captions: the jobs end to end, and one clear line for what goes wrong."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commands import Regard
from regard.data import scenes
from regard.inputs.image.decode import NO_PICTURE
from regard.runs import read_run
from regard.tables.files import NO_FILE
from reports import whole_reports

MODEL = {"hidden": 8, "layers": 1, "attention_dim": 8, "embedding_dim": 8, "beam": 2}
TRAINING = {"epochs": 2, "updates_per_epoch": 2, "device": "cpu"}
PARTS = ["train"] * 20 + ["valid"] * 4 + ["test"] * 6


def _table(folder: Path) -> Path:
    """Thirty scenes as files of several sizes, in a table with captions and parts."""
    cases = scenes(pictures=30, size=28, objects=1)
    assert cases.labels is not None
    (folder / "png").mkdir(parents=True)
    lines = ["path,caption,split"]
    for n, (pixels, caption, part) in enumerate(
        zip(cases.values, cases.labels, PARTS, strict=True)
    ):
        Image.fromarray(pixels[:, : 28 - 4 * (n % 2)]).save(folder / "png" / f"{n}.png")
        lines.append(f"png/{n}.png,{caption},{part}")
    (folder / "train.csv").write_text("\n".join(lines) + "\n")
    return folder / "train.csv"


def _config(folder: Path, data: dict[str, Any], **training: Any) -> Path:
    path = folder / "config.json"
    content = {"task": "caption", "data": data, "model": MODEL, "training": TRAINING | training}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with captioned pictures, and a run of them."""
    from regard import jobs
    from regard.config import read_config

    folder = tmp_path_factory.mktemp("captions")
    data = {"kind": "table", "path": str(_table(folder)), "split": "split"}
    longer = {"updates_per_epoch": 10, "learning_rate": 0.01}
    with whole_reports():
        jobs.train(read_config(_config(folder, data, **longer)), folder / "run")
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_has_its_figures_beside_those_of_a_constant_caption(trained: Path) -> None:
    run = read_run(trained / "run")
    assert run.metrics["cases"] == 6
    assert run.metrics["constant"] in {row["caption"] for row in _rows(trained / "train.csv")[:20]}
    assert {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "chrf"} <= set(run.metrics)
    report = (trained / "run" / "report.html").read_text(encoding="utf-8")
    assert "ROUGE-L" in report
    assert "most frequent training caption" in report
    assert "<script" not in report
    assert report.count("<image id=") == 6  # each case once


def test_a_single_picture_is_described_and_drawn(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    picture = trained / "png" / "1.png"
    assert regard("predict", trained / "run", picture, "--out", tmp_path / "p.csv") == 0
    [row] = _rows(tmp_path / "p.csv")
    assert row["case"] == "1.png"
    assert row["target"]
    assert "true" not in row
    assert regard("predict", trained / "run", picture, "--out", tmp_path / "p.txt") == 0
    assert (tmp_path / "p.txt").read_text() == row["target"] + "\n"
    for name in ("map.png", "map.svg", "map.html"):
        assert regard("explain", trained / "run", picture, "--out", tmp_path / name) == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert row["target"] in regard.out


def test_a_folder_and_a_table_are_described(regard: Regard, trained: Path, tmp_path: Path) -> None:
    folder = trained / "png"
    assert regard("predict", trained / "run", folder, "--out", tmp_path / "a.csv") == 0
    assert len(_rows(tmp_path / "a.csv")) == 30
    table = trained / "train.csv"
    assert regard("predict", trained / "run", table, "--out", tmp_path / "b.csv") == 0
    assert "BLEU" in regard.out
    rows, given = _rows(tmp_path / "b.csv"), _rows(table)
    assert [row["true"] for row in rows] == [row["caption"] for row in given]
    few = tmp_path / "few.csv"
    few.write_text(f"path\n{folder}/0.png\n{folder}/none.png\n")
    assert regard("predict", trained / "run", few, "--out", tmp_path / "c.csv") == 0
    assert "1 without an answer: there is no such file" in regard.out
    assert [bool(row["score"]) for row in _rows(tmp_path / "c.csv")] == [True, False]
    assert regard("explain", trained / "run", few, "--all", "--out", tmp_path / "all") == 0
    assert len(list((tmp_path / "all").glob("*.png"))) == 1


def test_folders_in_a_folder_are_no_captions(regard: Regard, trained: Path, tmp_path: Path) -> None:
    inside = tmp_path / "all" / "inside"
    inside.mkdir(parents=True)
    (inside / "0.png").write_bytes((trained / "png" / "0.png").read_bytes())
    out = tmp_path / "p.csv"
    assert regard("predict", trained / "run", tmp_path / "all", "--out", out) == 0
    [row] = _rows(out)
    assert row["case"] == "inside/0.png"
    assert "true" not in row
    words = (
        "predict",
        trained / "run",
        tmp_path / "all",
        "--labelled",
        "--out",
        tmp_path / "q.csv",
    )
    assert "labelled: a folder has no texts" in regard.fails(*words)


def test_several_captions_of_a_picture_are_listed(
    regard: Regard, trained: Path, tmp_path: Path
) -> None:
    picture = trained / "png" / "0.png"
    out = tmp_path / "p.csv"
    assert regard("predict", trained / "run", picture, "--nbest", "2", "--out", out) == 0
    assert "target 2" in _rows(out)[0]


def test_attentions_are_compared_by_captions_and_by_what_words_find(
    regard: Regard, tmp_path: Path
) -> None:
    config = _config(tmp_path, {"kind": "scenes", "pictures": 40, "size": 28})
    words = ["--attention", "additive,none,hard", "--seeds", "1"]
    assert regard("compare", config, *words, "--out", tmp_path / "out") == 0
    table = (tmp_path / "out" / "compare.md").read_text()
    assert "BLEU-4" in table
    assert "failed" not in table


def test_a_training_that_was_cut_off_ends_as_if_it_had_not(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from regard.training.callbacks import Checkpoint

    config = _config(tmp_path, {"kind": "scenes", "pictures": 40, "size": 28}, epochs=3)
    assert regard("train", config, "--out", tmp_path / "whole") == 0
    saved = Checkpoint.on_train_epoch_end

    def interrupted(self: Checkpoint, trainer: Any, pl_module: Any) -> None:
        saved(self, trainer, pl_module)
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_train_epoch_end", interrupted)
        assert regard("train", config, "--out", tmp_path / "cut") == 130
    assert regard("train", config, "--out", tmp_path / "cut", "--resume") == 0
    whole, cut = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all((whole[name] == cut[name]).all() for name in whole)


BAD = {
    "missing caption": ("a.png,a ring\na.png,\n", "row 3 (a.png): the text is missing"),
    "blank caption": ("a.png,a ring\na.png,  \n", "row 3 (a.png): the text is missing"),
    "missing path": ("a.png,x\nnone.png,y\n", "row 3 (none.png): there is no such file"),
    "no picture": ("a.png,x\nbad.png,y\n", "row 3 (bad.png): is no picture that can"),
    "cut": ("a.png,x\ncut.png,y\n", "row 3 (cut.png): is damaged or truncated"),
}


def _bad(folder: Path, rows: str, header: str = "path,caption") -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "a.png")
    Image.fromarray(255 - noise).save(folder / "b.png")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:900])
    (folder / "bad.png").write_text("no picture")
    (folder / "train.csv").write_text(f"{header}\n{rows}")
    return folder / "train.csv"


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_get_one_line_and_nothing_is_written(
    name: str, regard: Regard, tmp_path: Path
) -> None:
    rows, words = BAD[name]
    config = _config(tmp_path, {"kind": "table", "path": str(_bad(tmp_path, rows))})
    assert words in regard.fails("train", config, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_is_missing_can_be_left_out(regard: Regard, tmp_path: Path) -> None:
    rows = "a.png,one ring\nb.png,two rings\n" * 10 + "bad.png,x\na.png,\nnone.png,\n"
    data = {"kind": "table", "path": str(_bad(tmp_path, rows)), "missing": "skip"}
    assert regard("train", _config(tmp_path, data), "--out", tmp_path / "run") == 0
    notes = read_run(tmp_path / "run").metrics["notes"]
    assert "1 of 23 cases is left out: no text (row 23 (a.png))" in notes
    where = "relative to the folder of the table"
    assert f"1 of 23 cases is left out: {NO_FILE} {where} (row 24 (none.png))" in notes
    assert f"1 of 23 cases is left out: {NO_PICTURE} (row 22 (bad.png))" in notes


def test_wrong_parts_get_one_line(regard: Regard, tmp_path: Path) -> None:
    data = {"kind": "table", "split": "split"}
    for rows, words in (
        ("a.png,x,train\nb.png,y,other\n", "row 3, column 'split': 'other' is no part"),
        ("a.png,x,test\nb.png,y,valid\n", "no row of column 'split' (split) is of part train"),
    ):
        path = str(_bad(tmp_path, rows, "path,caption,split"))
        said = regard.fails("train", _config(tmp_path, {**data, "path": path}))
        assert words in said
    both = {**data, "path": path, "test_path": path}
    assert "split and test_path exclude each other" in regard.fails(
        "train", _config(tmp_path, both)
    )


def test_classes_of_pictures_have_parts_too(regard: Regard, tmp_path: Path) -> None:
    rows = "a.png,x,train\nb.png,y,train\n" * 8 + "a.png,x,test\nb.png,y,test\n"
    table = str(_bad(tmp_path, rows, "path,label,split"))
    content = {
        "task": "classify-image",
        "data": {"kind": "table", "path": table, "split": "split"},
        "model": {"hidden": 8},
        "training": {"epochs": 1, "device": "cpu"},
    }
    (tmp_path / "config.json").write_text(json.dumps(content))
    assert regard("train", tmp_path / "config.json", "--out", tmp_path / "run") == 0
    assert read_run(tmp_path / "run").metrics["cases"] == 2
