"""Options that commands share: standard input and output, several cases, help, completion."""

import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import polars as pl
import pytest

from commands import Regard
from regard import jobs
from regard.cli import app
from regard.cli.completing import field_names, mechanism_names, task_names

WORDS = {"up": "a good and bright film", "down": "a bad and dark film"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    path = folder / "films.csv"
    rows = [f"f{n},{WORDS[label]} {n},{label}" for n, label in enumerate(["up", "down"] * 12)]
    path.write_text("\n".join(["id,text,label", *rows]))
    data = {"kind": "table", "path": str(path), "id": "id"}
    config = {"task": "classify-text", "data": data, "training": {"epochs": 1}}
    jobs.train(config, folder / "films")
    return folder / "films"


def test_predict_reads_standard_input_and_writes_standard_output(
    regard: Regard, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (run.parent / "films.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text)))
    assert regard("predict", run, "-") == 0
    from_input = regard.out
    assert regard.err.startswith("24 predictions")
    assert regard("predict", run, run.parent / "films.csv", "-q") == 0
    assert regard.out == from_input
    assert regard.err == ""
    assert from_input.splitlines()[0].startswith("case,label,true,")


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
def test_predict_takes_other_tables(regard: Regard, run: Path, tmp_path: Path, ending: str) -> None:
    frame = pl.read_csv(run.parent / "films.csv")
    path = tmp_path / f"new{ending}"
    (frame.write_parquet if ending == ".parquet" else frame.write_ndjson)(path)
    assert regard("predict", run, path) == 0
    assert len(regard.out.splitlines()) == 25


def test_a_prediction_as_json(regard: Regard, run: Path) -> None:
    assert regard("predict", run, "--text", "a good film", "--json") == 0
    found = json.loads(regard.out)
    assert found["label"] in ("up", "down")
    assert found["probability up"] + found["probability down"] == pytest.approx(1, abs=1e-5)
    assert "--json: is of --text" in regard.fails("predict", run, "new.csv", "--json")


def test_explain_draws_several_cases(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = run.parent / "films.csv"
    out = tmp_path / "two"
    words: list[str | Path] = ["explain", run, source, "--case", "f1", "--case", "f3", "-o", out]
    assert regard(*words) == 0
    assert sorted(path.name for path in out.iterdir()) == ["f1.png", "f3.png", "index.html"]
    assert "has no case f99" in regard.fails(*words[:5], "--case", "f99", "-o", tmp_path / "x")


def test_explain_draws_the_worst(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = tmp_path / "films.csv"
    rows = (run.parent / "films.csv").read_text().splitlines()
    assert regard("predict", run, run.parent / "films.csv", "-q") == 0
    said = {line.split(",")[0]: line.split(",")[1] for line in regard.out.splitlines()[1:]}
    other = {"up": "down", "down": "up"}
    turned = [row.rpartition(",")[0] + "," + said[row.split(",")[0]] for row in rows[1:]]
    turned[4] = turned[4].rpartition(",")[0] + "," + other[said["f4"]]
    source.write_text("\n".join([rows[0], *turned]))
    out = tmp_path / "worst"
    assert regard("explain", run, source, "--worst", "1", "-o", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["f4.png", "index.html"]
    source.write_text("id,text\na,a good film\n")
    assert "has no labels" in regard.fails("explain", run, source, "--worst", "1", "-o", "x")


def test_explain_has_a_default_name(
    regard: Regard, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert regard("explain", run, run.parent / "films.csv", "-q") == 0
    assert regard.out == ""
    assert (tmp_path / "films.png").exists()


def test_a_method_that_is_misspelt(regard: Regard, run: Path, tmp_path: Path) -> None:
    words = ("--method", "ocluson", "-o", tmp_path / "x.png")
    message = regard.fails("explain", run, run.parent / "films.csv", *words)
    assert message.endswith("did you mean 'occlusion'?")


def test_epochs_are_told_where_there_is_no_terminal(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    words = ("train", run.parent / "films.csv", "--set", "training.epochs=2", "--seed", "3")
    assert regard(*words, "-o", tmp_path / "told") == 0
    assert [line.split("  ")[0] for line in regard.epochs] == ["epoch 1/2", "epoch 2/2"]
    assert json.loads((tmp_path / "told" / "config.json").read_text())["seed"] == 3
    assert regard(*words, "-o", tmp_path / "quiet", "-q") == 0
    assert (regard.epochs, regard.out) == ([], "")


def test_help_is_whole_and_has_an_example(regard: Regard) -> None:
    assert regard("-h") == 0
    assert "..." not in regard.out.partition("Commands:")[2]
    for command in app.registered_commands:
        assert regard(str(command.name), "-h") == 0
        assert "Example: regard " in regard.out.replace("\n", " ").replace("  ", " "), command.name


def test_doctor_says_what_is_used(regard: Regard) -> None:
    assert regard("doctor") == 0
    assert "kernel of large inputs" in regard.out
    assert regard("doctor", "--json") == 0
    assert json.loads(regard.out)["threads"] >= 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(regard: Regard, shell: str) -> None:
    assert regard("completion", shell) == 0
    assert "_REGARD_COMPLETE" in regard.out
    assert "wanted bash, zsh or fish" in regard.fails("completion", "tcsh")


def test_what_is_completed() -> None:
    assert task_names("forec") == ["forecast"]
    assert mechanism_names("dot,spars") == ["dot,sparsemax"]
    assert field_names("training.epo") == ["training.epochs="]


def test_a_file_that_is_not_there_says_from_where_it_is_looked_for(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.json").write_text(json.dumps({"data": {"kind": "csv", "path": "moved.csv"}}))
    assert regard.fails("train", "c.json").endswith(f"in the current folder, {tmp_path}")
