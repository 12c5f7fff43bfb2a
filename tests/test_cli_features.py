"""The command line on series with texts: the jobs end to end, and one clear line for what is wrong.

Connected speech as ready features is such data; here the series are gestures.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands import Regard
from gestures import WORDS, gestures, write_npz, write_steps, write_ts
from regard import jobs
from reports import whole_reports

MODEL: dict[str, Any] = {
    "tokens": "word",
    "stride": 2,
    "hidden": 16,
    "embedding_dim": 8,
    "attention_dim": 8,
    "dropout": 0.1,
    "embedding_dropout": 0.1,
    "beam": 2,
}
TRAINING: dict[str, Any] = {
    "epochs": 2,
    "learning_rate": 0.01,
    "batch_size": 12,
    "updates_per_epoch": 6,
    "device": "cpu",
}


def _settings(kind: str, path: Path, **data: Any) -> dict[str, Any]:
    own = {"kind": kind, "path": str(path), **data}
    return {"task": "transcribe-series", "data": own, "model": MODEL, "training": TRAINING}


def _written(folder: Path, settings: dict[str, Any]) -> Path:
    path = folder / "gestures.json"
    path.write_text(json.dumps(settings))
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of an archive, with another for the figures."""
    folder = tmp_path_factory.mktemp("features")
    X, y = gestures(48)
    train = write_npz(folder / "train.npz", X, y=np.array(y))
    X, y = gestures(12, first=60)
    test = write_npz(folder / "test.npz", X, y=np.array(y))
    settings = _settings("npz", train, test_path=str(test), rate=50)
    longer = {**TRAINING, "epochs": 12}  # until it writes something
    with whole_reports():
        jobs.train({**settings, "training": longer}, folder / "run")
    return folder / "run"


def test_an_archive_is_trained_on_and_reported(trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["cases"] == 12
    errors = sum(metrics[name] for name in ("substitutions", "deletions", "insertions"))
    assert metrics["wer"] == pytest.approx(errors / metrics["words"])
    assert metrics["cer"] >= 0
    assert "localisation_ap" not in metrics
    page = (trained / "report.html").read_text()
    assert "Word error rate" in page
    assert "test cases have no error" in page
    assert "has a row below the series" in page
    assert "highest at: " in page
    assert "recording" not in page
    assert "BLEU" not in page


def test_new_archives_and_ts_files_are_predicted(
    trained: Path, tmp_path: Path, regard: Regard
) -> None:
    out = tmp_path / "p.csv"
    assert regard("predict", trained, trained.parent / "test.npz", "--out", out) == 0
    assert regard.out.startswith("12 predictions, WER ")
    rows, (X, y) = _rows(out), gestures(12, first=60)
    assert [row["case"] for row in rows] == [str(n) for n in range(12)]
    assert [row["true"] for row in rows] == y
    assert {word for row in rows for word in row["target"].split()} <= set(WORDS)
    assert list(rows[0]) == ["case", "target", "true", "score"]
    written = [row["target"] for row in rows]
    path = write_ts(tmp_path / "new.ts", X, y)
    assert regard("predict", trained, path, "--out", out, "--overwrite", "--nbest", "2") == 0
    assert [row["true"] for row in _rows(out)] == y
    assert "target 2" in _rows(out)[0]
    plain = write_npz(tmp_path / "plain.npz", X)
    assert regard("predict", trained, plain, "--out", tmp_path / "p.txt", "--beam", "2") == 0
    assert (tmp_path / "p.txt").read_text().splitlines() == written


def test_a_gap_costs_its_own_case_alone(trained: Path, tmp_path: Path, regard: Regard) -> None:
    X, y = gestures(3, first=60)
    X[1][0, 4] = np.nan
    path = write_npz(tmp_path / "new.npz", X, y=np.array([y[0], y[1], ""]))
    assert regard("predict", trained, path, "--out", tmp_path / "p.csv") == 0
    assert "1 with missing values" in regard.out
    assert "of the 1 with a reference" in regard.out
    rows = _rows(tmp_path / "p.csv")
    assert [bool(row["score"]) for row in rows] == [True, False, True]
    assert rows[2]["true"] == ""


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_case_is_explained(ending: str, trained: Path, tmp_path: Path, regard: Regard) -> None:
    out = tmp_path / f"map.{ending}"
    words = (trained.parent / "test.npz", "--case", "5", "--target", "left wave", "--out", out)
    assert regard("explain", trained, *words) == 0
    assert regard.out.startswith("case 5: left wave")
    if ending == "html":
        assert "<script" not in out.read_text()
    elif ending == "svg":
        assert ">time (s)<" in out.read_text()  # 50 steps are a second


def test_all_are_explained_on_a_page(trained: Path, tmp_path: Path, regard: Regard) -> None:
    X, _ = gestures(2)
    path = write_npz(tmp_path / "new.npz", X)
    assert regard("explain", trained, path, "--all", "--out", tmp_path / "all") == 0
    assert sorted(each.name for each in (tmp_path / "all").iterdir()) == [
        "0.png",
        "1.png",
        "index.html",
    ]


def test_a_table_of_steps_is_trained_on_and_predicted(tmp_path: Path, regard: Regard) -> None:
    X, y = gestures(20)
    table = write_steps(tmp_path / "t.csv", X[:15], y[:15], header="hand,frame,said")
    test = write_steps(tmp_path / "test.csv", X[15:], y[15:], header="hand,frame,said")
    named = {"case": "hand", "time": "frame", "target": "said"}
    settings = _settings("table", table, test_path=str(test), **named)
    assert regard("train", _written(tmp_path, settings), "--out", tmp_path / "run") == 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["cases"] == 5
    out = tmp_path / "p.csv"
    assert regard("predict", tmp_path / "run", test, "--out", out) == 0
    assert [(row["case"], row["true"]) for row in _rows(out)] == [
        (f"g{n}", text) for n, text in enumerate(y[15:])
    ]
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(",".join(row.split(",")[:2] + row.split(",")[3:])
                              for row in test.read_text().splitlines()))  # fmt: skip
    assert regard("predict", tmp_path / "run", bare, "--out", out, "--overwrite") == 0
    assert "true" not in _rows(out)[0]
    assert (
        regard("explain", tmp_path / "run", bare, "--case", "g1", "--out", tmp_path / "m.png") == 0
    )


def test_a_ts_file_is_divided_and_attentions_are_compared(tmp_path: Path, regard: Regard) -> None:
    config = _written(tmp_path, _settings("ts", write_ts(tmp_path / "t.ts", *gestures(20))))
    words = ("--attention", "additive,monotonic", "--seeds", "1", "--set", "training.epochs=1")
    assert regard("compare", config, *words, "--out", tmp_path / "c") == 0
    table = (tmp_path / "c" / "compare.md").read_text()
    assert table.startswith("| attention | WER |")
    assert "utterance WER to the best" in table


def _fails(folder: Path, regard: Regard, settings: dict[str, Any]) -> str:
    said = regard.fails("train", _written(folder, settings), "--out", folder / "run")
    assert not (folder / "run").exists()
    assert not list(folder.glob(".*partial"))
    return said.removeprefix("error: ")


def test_bad_archives_are_one_line_and_nothing_is_written(tmp_path: Path, regard: Regard) -> None:
    X, y = gestures(6)
    path = tmp_path / "bad.npz"
    skip = '; set "missing": "skip" in "data"'

    def says(series: Sequence[Any] = X, **arrays: Any) -> str:
        write_npz(path, series, **{"y": np.array(y), **arrays})
        return _fails(tmp_path, regard, _settings("npz", path)).removeprefix(str(path))

    blank = [*y[:2], "", *y[3:5], " "]
    assert says(y=np.array(blank)) == f", case 2: the text is missing; also case 5{skip}"
    wanted = "wanted strings of the shape [6], the text of each case"
    assert says(y=np.array(y[:5])) == f": y is {np.array(y[:5]).dtype} of the shape [5]; {wanted}"
    assert says(y=np.arange(6)) == f": y is int64 of the shape [6]; {wanted}"
    objects = (
        "holds Python objects, which are never loaded; save numbers or strings, and series of "
        "unequal lengths padded, with their lengths"
    )
    assert says(y=np.array(y, object)) == f": array 'y' {objects}"
    unequal = np.empty(6, object)
    unequal[:] = X
    assert says(X=unequal) == f": array 'X' {objects}"
    spans = np.zeros((6, 2), int)
    assert says(spans=spans).startswith(": array 'spans' is unknown")
    gap = [*X[:3], X[3].copy(), *X[4:]]
    gap[3][1, 4] = np.nan
    assert says(gap).startswith(", case 3, channel 1, step 4: the value is missing (NaN)")
    lengths = [one.shape[1] for one in X]
    turned = np.zeros((6, max(lengths), 3))
    assert says(X=turned) == (
        f": lengths[0] is {lengths[0]}; wanted 1 to the 3 steps of X, which is [cases, channels, "
        "steps]: transpose it, as its second axis has the lengths"
    )
    np.savez(path, X=np.zeros((4, 3, 9)))
    assert _fails(tmp_path, regard, _settings("npz", path)) == f"{path}: has no targets"
    texts = np.array(["a b c d", "a b c e"] * 2)
    np.savez(path, X=np.random.default_rng(0).normal(size=(4, 3, 5)), y=texts)
    assert _fails(tmp_path, regard, _settings("npz", path, test_path=str(path))) == (
        "all 4 training cases have targets of more tokens than there are positions to spell them "
        'at, one for 2 of at most 5 steps; set "stride": 1 in "model", or set "ctc_weight": 0.0 in '
        '"model"'
    )


def test_bad_tables_and_ts_files_are_one_line(tmp_path: Path, regard: Regard) -> None:
    X, y = gestures(4)
    path = write_steps(tmp_path / "t.csv", X, ["one", "two", "", "six"])
    first = 2 + sum(one.shape[1] for one in X[:2])
    assert _fails(tmp_path, regard, _settings("table", path)) == (
        f"{path}, row {first}, column 'text': the text is missing; "
        'set "missing": "skip" in "data"'
    )
    said = _fails(tmp_path, regard, _settings("table", path, target="words"))
    assert said.startswith(f"{path} has no column 'words' (target)")
    rows = write_steps(path, X, y).read_text().splitlines()
    rows[3] = rows[3].replace(f",{y[0]},", ",other,")
    path.write_text("\n".join(rows))
    assert _fails(tmp_path, regard, _settings("table", path)) == (
        f"{path}, row 4, column 'text': case g0 has 'other' here and {y[0]!r} in its first row; "
        "wanted one text for each case"
    )
    path = write_ts(tmp_path / "t.ts", X, ["one", "?", "two", ""])
    assert _fails(tmp_path, regard, _settings("ts", path)) == (
        f'{path}, line 5: the text is missing; also line 7; set "missing": "skip" in "data"'
    )
    path.write_text("@targetLabel true\n@data\n1.0,2.0:3.5\n")
    assert _fails(tmp_path, regard, _settings("ts", path)) == (
        f"{path} has @targetLabel true, numbers to predict; wanted @classLabel true, with a text "
        "to write as the last field"
    )
    path.write_text("@classLabel false\n@data\n1.0,2.0\n")
    assert _fails(tmp_path, regard, _settings("ts", path)) == f"{path}: has no targets"


@pytest.mark.parametrize("kind", ["csv", "sine"])
def test_kinds_without_texts_are_named(kind: str, tmp_path: Path, regard: Regard) -> None:
    said = _fails(tmp_path, regard, _settings(kind, tmp_path / "a.csv"))
    assert said.endswith(f"data.kind: '{kind}' is unknown; choose one of ts, npz, table")


def test_new_files_must_be_like_those_trained_on(
    trained: Path, tmp_path: Path, regard: Regard
) -> None:
    X, _ = gestures(3)
    out = tmp_path / "p.csv"

    def says(path: Path) -> str:
        said = regard.fails("predict", trained, path, "--out", out)
        assert not out.exists()
        return said.removeprefix(f"error: {path}")

    two = write_npz(tmp_path / "two.npz", [one[:2] for one in X])
    assert says(two) == ": its number of channels is 2; the run was trained on 3"
    np.savez(tmp_path / "turned.npz", X=X[0].T[None])
    assert says(tmp_path / "turned.npz") == (
        f": its number of channels is {X[0].shape[1]}; the run was trained on 3, as many as there "
        "are steps: wanted [channels, steps]; transpose each case"
    )
    (tmp_path / "new.csv").write_text("1,2,3\n4,5,6\n")
    assert says(tmp_path / "new.csv") == (
        ": the run was trained on npz; wanted a file that ends in .npz or .ts"
    )
