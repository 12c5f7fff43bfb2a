"""Every example runs, cut down to a moment."""

import gzip
import json
import math
import os
import re
from itertools import islice
from pathlib import Path

import pytest

from regard import jobs
from regard.config import read_config
from reports import whole_reports

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.json"))
QUICK = {
    "training.epochs": "1",
    "training.updates_per_epoch": "2",
    "training.device": "cpu",
}
SMALL = {  # kind of data that is made to fewer cases of it
    "sine": {"data.series": "200"},
    "clutter": {"data.pictures": "100", "data.size": "32"},
    "scenes": {"data.pictures": "100", "data.size": "28", "model.beam": "1"},
    "dates": {"data.cases": "200", "data.longer": "10"},
    "rooms": {"data.stories": "40"},
    "requests": {"data.cases": "200"},
    "canons": {"data.pieces": "20", "data.steps": "8"},
}
WRITES = ("answer-text", "caption", "summarize", "transcribe", "translate")
ROWS = {
    "etth1.json": 1000,
    "fashion.json": 400,
    "stock.json": 5 * 300,
}  # of the tables that are long
# Cases, or windows, of the test part.
TESTED = {
    "airline.json": 29 - 11,  # of 144 months a fifth, where a year fits
    "canons.json": 4,
    "captions.json": 6,
    "chorales.json": 3,
    "chords.json": 4,
    "clothes.json": 40,
    "clutter.json": 20,
    "commands.json": 6,
    "dates.json": 40,
    "digits.json": 6,
    "ecg200.json": 100,
    "etth1.json": 200 - 23,
    "fashion.json": 80,
    "harmonise.json": 3,
    "requests.json": 40,
    "questions.json": 50,
    "scenes.json": 20,
    "sine.json": 40,
    "lists.json": 50,
    "spans.json": 40,
    "stock.json": 5 * (60 - 4),  # five shares of 300 days
    "stories.json": 40,
    "subjects.json": 30,
    "translate.json": 30,
}


def _cut(path: Path, rows: int, folder: Path) -> Path:
    """The first rows of a table, below its header."""
    short = folder / path.name
    with path.open(encoding="utf-8") as file:
        short.write_text("".join(islice(file, rows + 1)), encoding="utf-8")
    return short


def _cut_recordings(path: Path, folder: Path) -> Path:
    """A few rows of each class and part of a table of recordings, with absolute paths."""
    import polars as pl

    table = pl.read_csv(path)
    short = table.filter(pl.col("command").is_in(["start", "stop", "open"]))
    short = short.group_by("command", "split", maintain_order=True).head(2)
    paths = [str(path.resolve().parent / each) for each in short["path"]]
    short.with_columns(pl.Series("path", paths)).write_csv(folder / path.name)
    return folder / path.name


def _cut_manifest(path: Path, folder: Path) -> Path:
    """A few rows of each part of a manifest, with absolute paths."""
    kept: dict[str, list[str]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            lines = kept.setdefault(row["split"], [])
            if len(lines) < 6:
                for part in row["parts"]:
                    part["path"] = str(path.resolve().parent / part["path"])
                lines.append(json.dumps(row))
    text = "\n".join(line for lines in kept.values() for line in lines)
    (folder / "strings.jsonl").write_text(text, encoding="utf-8")
    return folder / "strings.jsonl"


def _cut_captions(path: Path, folder: Path) -> Path:
    """A few rows of each part of a table of pictures, with absolute paths."""
    import polars as pl

    short = pl.read_csv(path).group_by("split", maintain_order=True).head(6)
    paths = [str(path.resolve().parent / each) for each in short["path"]]
    short.with_columns(pl.Series("path", paths)).write_csv(folder / path.name)
    return folder / path.name


def _cut_pairs(data: dict[str, str], folder: Path) -> dict[str, str]:
    """Changes to the first lines of every file of texts; most to train on."""
    changes = {}
    for field, given in data.items():
        if field.endswith("path"):
            path = Path(os.path.expandvars(given))
            short = folder / f"{field}{path.suffixes[0]}"
            lines = 30 if field.startswith(("test", "validation")) else 200
            with gzip.open(path, "rt", encoding="utf-8") as file:
                short.write_text("".join(islice(file, lines)), encoding="utf-8")
            changes[f"data.{field}"] = str(short)
    return changes


def _cut_stories(data: dict[str, str], folder: Path) -> dict[str, str]:
    """Changes to the first stories of every file of them, of five questions each."""
    changes = {}
    for field, given in data.items():
        if field.endswith("path"):
            text = Path(os.path.expandvars(given)).read_text(encoding="utf-8")
            stories = re.split(r"^(?=1 )", text, flags=re.MULTILINE)[1:11]
            (folder / field).write_text("".join(stories), encoding="utf-8")
            changes[f"data.{field}"] = str(folder / field)
    return changes


def _cut_idx(data: dict[str, str], folder: Path) -> dict[str, str]:
    """Changes to the first pictures and labels of every idx file; most to train on."""
    changes = {}
    for field, given in data.items():
        if field.endswith("path"):
            cases = 40 if field.startswith("test") else 200
            with gzip.open(os.path.expandvars(given)) as file:
                axes = file.read(4)[3]
                shape = [int.from_bytes(file.read(4)) for _ in range(axes)]
                content = file.read(cases * math.prod(shape[1:]))
            head = bytes((0, 0, 8, axes))
            head += b"".join(each.to_bytes(4) for each in (cases, *shape[1:]))
            (folder / field).write_bytes(head + content)
            changes[f"data.{field}"] = str(folder / field)
    return changes


def _cut_pieces(path: Path, folder: Path) -> Path:
    """A few pieces of a JSON file, or of each of its parts; of chorales, their beginnings."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        short: object = {part: [piece[:8] for piece in content[part][:3]] for part in content}
    else:
        short = content[:40]
    (folder / path.name).write_text(json.dumps(short), encoding="utf-8")
    return folder / path.name


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs(path: Path, tmp_path: Path) -> None:
    content = json.loads(path.read_text())
    if "REGARD_DATA" in path.read_text() and "REGARD_DATA" not in os.environ:
        pytest.skip("REGARD_DATA is not set")
    changes = QUICK | SMALL.get(content["data"]["kind"], {})
    if content.get("task") in WRITES:
        changes |= {"model.max_length": "8"}  # what is hardly trained seldom ends by itself
    if path.name in ROWS:
        table = Path(read_config(path).data.path)
        changes["data.path"] = str(_cut(table, ROWS[path.name], tmp_path))
    if content["data"]["kind"] == "recordings":
        table = Path(read_config(path).data.path)
        changes["data.path"] = str(_cut_recordings(table, tmp_path))
    if content["data"]["kind"] == "manifest":
        manifest = Path(read_config(path).data.path)
        changes |= {"data.path": str(_cut_manifest(manifest, tmp_path)), "model.beam": "2"}
    if path.name == "captions.json":
        table = Path(read_config(path).data.path)
        changes |= {"data.path": str(_cut_captions(table, tmp_path)), "model.beam": "2"}
    if content["data"]["kind"] == "parallel" or path.name == "subjects.json":
        changes |= {"model.beam": "2", **_cut_pairs(content["data"], tmp_path)}
    if content.get("task") == "compose":
        changes |= {"model.steps": "4"}
        if "path" in content["data"]:
            pieces = Path(read_config(path).data.path)
            changes["data.path"] = str(_cut_pieces(pieces, tmp_path))
    if content["data"]["kind"] == "babi":
        changes |= _cut_stories(content["data"], tmp_path)
    if content["data"]["kind"] == "idx":
        changes |= _cut_idx(content["data"], tmp_path)
    with whole_reports():
        metrics = jobs.train(read_config(path, changes), tmp_path / "run")
    counted = "windows" if content.get("task") == "forecast" else "cases"
    assert metrics[counted] == TESTED[path.name]
    if counted == "windows":
        assert set(metrics["baselines"]) == {"naive", "seasonal naive", "linear"}
        assert metrics["mae"] < metrics["baselines"]["seasonal naive"]["mae"]
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


def test_every_example_is_expected() -> None:
    assert {path.name for path in EXAMPLES} == set(TESTED)
