"""The command line on numbers to predict: the jobs end to end, and what goes wrong."""

import csv
import json
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from lightning.pytorch import LightningModule, Trainer
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from commands import Regard
from regard import jobs
from regard.estimators import SeriesRegressor
from regard.outputs.numbers.targets import targets_of
from regard.runs import partial_folder, read_run
from regard.training.callbacks import Checkpoint
from reports import whole_reports

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
MODEL = {"encoder": "conv", "pooling": "attention", "hidden": 8, "layers": 1, "members": 1}
TRAINING = {"epochs": 2, "updates_per_epoch": 2, "device": "cpu"}
STEPS, CASES = 17, 30

Floats = np.ndarray[Any, np.dtype[np.float64]]


def _series() -> tuple[Floats, Floats]:
    """[cases, steps] and [cases, 2] to predict of them."""
    X = np.random.default_rng(0).normal(size=(CASES, STEPS)).round(3)
    return X, np.stack([1000 * X.max(1), X[:, 0]], 1).round(3)


def _write(path: Path, *, targets: int = 1, channels: int = 1) -> Path:
    """A file of the kind that its name says; a long table where there are several channels."""
    X, y = _series()
    y = y[:, :targets]
    if path.suffix == ".npz":
        np.savez(path, X=X, y=y[:, 0] if targets == 1 else y)
    elif path.suffix == ".ts":
        cases = [f"{','.join(map(str, x))}:{n}" for x, [n] in zip(X, y, strict=True)]
        header = "@univariate true\n@targetLabel true\n@data\n"
        path.write_text(header + "\n".join(cases) + "\n")
    elif channels > 1:
        names = ["price", "volume"][:targets]
        lines = [",".join(["case", "time", *names, "a", "b"])]
        for n in range(CASES):
            for t in range(5 + n % 7):
                row = [f"c{n}", t, *y[n], X[n, t], -X[n, t]]
                lines.append(",".join(map(str, row)))
        path.write_text("\n".join(lines) + "\n")
    else:
        _write_csv(path, np.concatenate([y, X], 1).tolist())
    return path


def _write_csv(path: Path, rows: list[list[Any]]) -> Path:
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def _settings(path: Path, **changes: Any) -> dict[str, Any]:
    kind = path.suffix[1:]
    content: dict[str, Any] = {
        "task": "regress",
        "data": {"kind": kind, "path": str(path)},
        "model": dict(MODEL),
        "training": dict(TRAINING),
    }
    for section, own in changes.items():
        content[section] = content[section] | own if isinstance(own, dict) else own
    return content


def _config(folder: Path, path: Path, **changes: Any) -> Path:
    file = folder / "numbers.json"
    file.write_text(json.dumps(_settings(path, **changes)))
    return file


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers")
    jobs.train(_settings(_write(folder / "a.csv")), folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def two_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    source = _write(folder / "a.csv", targets=2)
    jobs.train(_settings(source, data={"targets": 2}), folder / "run")
    return folder / "run"


TABLE = {"kind": "table", "label": ["price", "volume"]}


# Training.


@pytest.mark.parametrize(
    ("name", "targets", "channels", "data"),
    [
        ("a.csv", 1, 1, {}),
        ("a.csv", 2, 1, {"targets": 2}),
        ("a.ts", 1, 1, {}),
        ("a.npz", 1, 1, {}),
        ("a.npz", 2, 1, {}),
        ("t.csv", 2, 2, TABLE),
        ("t.csv", 1, 2, {"kind": "table", "label": "price"}),
        ("t.csv", 1, 2, {"kind": "table", "label": ["price"]}),
    ],
)
def test_train_on_every_kind_of_file(
    regard: Regard, tmp_path: Path, name: str, targets: int, channels: int, data: dict[str, Any]
) -> None:
    source, out = _write(tmp_path / name, targets=targets, channels=channels), tmp_path / "out"
    assert regard("train", _config(tmp_path, source, data=data), "--out", out) == 0
    assert {file.name for file in out.iterdir()} == FILES
    opened = read_run(out)
    metrics = opened.metrics
    names = ["price", "volume"][:targets] if channels > 1 else ["target"]
    if targets == 2 and channels == 1:
        names = ["target 0", "target 1"]
    assert [each["target"] for each in metrics["per_target"]] == names
    # The figures are those of the saved model on the test part, in the units of the data.
    train, _, test, *_ = jobs.load_parts(opened.config)
    loaded = SeriesRegressor.load(out)
    truth, predicted = targets_of(test), loaded.predict(test).reshape(len(test), -1)
    rmse = [root_mean_squared_error(truth[:, m], predicted[:, m]) for m in range(targets)]
    assert metrics["rmse"] == pytest.approx(fmean(rmse))
    assert metrics["mae"] == pytest.approx(mean_absolute_error(truth, predicted))
    assert metrics["r2"] == pytest.approx(r2_score(truth, predicted))
    mean = targets_of(train).mean(0)
    assert metrics["mean_mae"] == pytest.approx(np.abs(truth - mean).mean())
    assert metrics["cases"] == len(test) == 6
    assert f"rmse                 {metrics['rmse']:.4f}" in regard.out


@pytest.mark.parametrize("targets", [1, 2])
def test_the_report(tmp_path: Path, targets: int) -> None:
    source, out = _write(tmp_path / "t.csv", targets=targets, channels=2), tmp_path / "out"
    with whole_reports():
        jobs.train(_settings(source, data={**TABLE, "label": ["price", "volume"][:targets]}), out)
    report = (out / "report.html").read_text()
    assert report.lower().startswith("<!doctype html>")
    assert "price" in report
    assert ("volume" in report) == (targets == 2)
    assert f"{read_run(out).metrics['cases']}" in report


def test_a_test_file(regard: Regard, tmp_path: Path) -> None:
    """Of whole numbers, of which those to test on were never seen in training."""
    X, _ = _series()
    source, test = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(source, X=X[:20], y=np.arange(20))
    np.savez(test, X=X[20:], y=np.arange(20, 30))
    out = tmp_path / "out"
    config = _config(tmp_path, source, data={"test_path": str(test)})
    assert regard("train", config, "--out", out) == 0
    assert read_run(out).metrics["cases"] == 10


def test_show_and_history(regard: Regard, tmp_path: Path) -> None:
    source, out = _write(tmp_path / "a.csv"), tmp_path / "out"
    config = _config(tmp_path, source, data={"validation_share": 0.2})
    assert regard("train", config, "--out", out) == 0
    assert regard("show", out) == 0
    assert '"task": "regress"' in regard.out
    assert "mae" in regard.out
    assert "accuracy" not in regard.out
    rows = _table(out / "history.csv")
    assert {"loss", "validation_loss", "validation_rmse"} <= set(rows[0])


def test_a_published_form(tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv")
    config = _settings(source, model={"form": "lstm-bahdanau"})
    del config["model"]["encoder"], config["model"]["pooling"]
    jobs.train(config, tmp_path / "out")
    model = read_run(tmp_path / "out").config.model
    assert (model.encoder, model.pooling, model.attention.query) == ("lstm", "attention", "last")


# Predicting and explaining.


@pytest.mark.parametrize("targets", [1, 2])
def test_predict_with_the_numbers_and_without(
    regard: Regard, run: Path, two_run: Path, tmp_path: Path, targets: int
) -> None:
    run = run if targets == 1 else two_run
    X, y = _series()
    y = y[:, :targets]
    labelled = _write(tmp_path / "a.csv", targets=targets)
    plain = _write_csv(tmp_path / "b.csv", X.tolist())
    assert regard("predict", run, labelled, "--out", tmp_path / "p.csv") == 0
    said = regard.out
    assert regard("predict", run, plain, "--out", tmp_path / "q.csv") == 0
    assert regard.out.startswith(f"{CASES} predictions: ")
    found, bare = _table(tmp_path / "p.csv"), _table(tmp_path / "q.csv")
    names = ["target"] if targets == 1 else ["target 0", "target 1"]
    true = [f"true {name}" for name in names]
    assert list(found[0]) == ["case", *names, *true, "from", "to"]
    assert list(bare[0]) == ["case", *names, "from", "to"]
    assert [{k: v for k, v in row.items() if k not in true} for row in found] == bare
    model = SeriesRegressor.load(run)
    predicted = model.predict(X).reshape(CASES, -1)
    shown = np.array([[float(row[name]) for name in names] for row in found])
    assert (np.abs(shown - predicted) <= y.std(0) / 10_000).all()
    assert max(len(row[name].partition(".")[2]) for row in found for name in names) <= 5
    np.testing.assert_allclose([[float(row[name]) for name in true] for row in found], y)
    rmse = root_mean_squared_error(y, predicted)
    assert said.startswith(f"{CASES} predictions, RMSE {rmse:.4g}: ")
    for row, weights in zip(found, model.attend(X), strict=True):
        assert weights[int(row["from"]) : int(row["to"])].sum() >= 0.5 - 1e-6


def test_predict_series_of_another_length(regard: Regard, run: Path, tmp_path: Path) -> None:
    short = _write_csv(tmp_path / "a.csv", [[1, 2, 3, 4], [4, 3, 2, 1]])
    said = regard.fails("predict", run, short, "--out", tmp_path / "p.csv")
    assert f"a.csv: has 4 columns; the run was trained on series of {STEPS} steps" in said
    assert f"wanted {STEPS} columns, or {STEPS + 1} with a number first" in said
    assert said.endswith("; use --labelled or --unlabelled")
    assert regard("predict", run, short, "--labelled", "--out", tmp_path / "p.csv") == 0
    assert [row["true target"] for row in _table(tmp_path / "p.csv")] == ["1.0", "4.0"]
    assert regard("predict", run, short, "--unlabelled", "--out", tmp_path / "q.csv") == 0
    assert "true target" not in _table(tmp_path / "q.csv")[0]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_predict_a_table(regard: Regard, tmp_path: Path, suffix: str) -> None:
    import polars as pl

    source = _write(tmp_path / "t.csv", targets=2, channels=2)
    out = tmp_path / "out"
    assert regard("train", _config(tmp_path, source, data=TABLE), "--out", out) == 0
    frame = pl.read_csv(source)

    def written(name: str, frame: pl.DataFrame) -> Path:
        path = tmp_path / f"{name}.{suffix}"
        frame.write_csv(path) if suffix == "csv" else frame.write_parquet(path)
        return path

    # The columns in another order, and one more, which the run does not know.
    order = ["volume", "b", "time", "price", "a", "case"]
    labelled = written("l", frame.select(order).with_columns(more=pl.lit("x")))
    plain = written("p", frame.drop("price", "volume"))
    empty = written("e", frame.with_columns(price=pl.lit(None, pl.Float64), volume=1.0))
    assert regard("predict", out, labelled, "--out", tmp_path / "l_out.csv") == 0
    found = _table(tmp_path / "l_out.csv")
    assert list(found[0]) == [
        *("case", "price", "volume", "true price", "true volume"),
        *("from", "to"),
    ]
    _, y = _series()
    np.testing.assert_allclose([float(row["true volume"]) for row in found], y[:, 1])
    assert [row["case"] for row in found] == [f"c{n}" for n in range(CASES)]
    for path in (plain, empty):
        assert regard("predict", out, path, "--out", tmp_path / "p_out.csv", "--overwrite") == 0
        bare = _table(tmp_path / "p_out.csv")
        assert [row["price"] for row in bare] == [row["price"] for row in found]
        assert "true price" not in bare[0]
    said = regard.fails("predict", out, plain, "--labelled", "--out", tmp_path / "q_out.csv")
    assert "has no column 'price' (label)" in said
    assert regard("explain", out, plain, "--case", "c3", "--out", tmp_path / "case.svg") == 0


def test_new_cases_without_a_target_or_a_value(regard: Regard, run: Path, tmp_path: Path) -> None:
    X, y = _series()
    rows: list[list[Any]] = [[y[n, 0], *X[n]] for n in range(5)]
    rows[1][0], rows[3][4] = "", "NaN"
    source, out = _write_csv(tmp_path / "a.csv", rows), tmp_path / "p.csv"
    assert regard("predict", run, source, "--labelled", "--out", out) == 0
    found = _table(out)
    name = next(name for name in found[0] if name.startswith("true "))[5:]
    assert [row[name] == "" for row in found] == [False, False, False, True, False]
    assert [row[f"true {name}"] == "" for row in found] == [False, True, False, True, False]
    pairs = [(float(row[name]), y[n, 0]) for n, row in enumerate(found) if n not in (1, 3)]
    rmse = fmean((a - b) ** 2 for a, b in pairs) ** 0.5
    said, *others = regard.out.removeprefix("4 predictions, RMSE ").split(", ")
    assert float(said) == pytest.approx(rmse, rel=1e-2)
    assert others[0] == "1 without a target"
    assert others[1].startswith("1 with missing values (filled by runs ")
    for case, known in (("0", True), ("1", False)):
        picture = tmp_path / f"{case}.svg"
        options = ("--labelled", "--case", case, "--out", picture)
        assert regard("explain", run, source, *options) == 0
        assert ("true" in picture.read_text()) == known


def test_targets_that_are_called_as_other_columns_are_kept(regard: Regard, tmp_path: Path) -> None:
    source = _write(tmp_path / "t.csv", targets=2, channels=2)
    source.write_text(source.read_text().replace("price", "from"))
    config = _config(tmp_path, source, data={"kind": "table", "label": ["volume", "from"]})
    assert regard("train", config, "--out", tmp_path / "out") == 0
    assert regard("predict", tmp_path / "out", source, "--out", tmp_path / "p.csv") == 0
    assert list(_table(tmp_path / "p.csv")[0]) == [
        *("case", "volume", "predicted from", "true volume", "true from"),
        *("from", "to"),
    ]


def test_predict_archives(regard: Regard, run: Path, two_run: Path, tmp_path: Path) -> None:
    X, y = _series()
    for name, own, of in (("one", y[:, 0], run), ("two", y, two_run)):
        np.savez(tmp_path / f"{name}.npz", X=X, y=own)
        out = tmp_path / f"{name}.csv"
        assert regard("predict", of, tmp_path / f"{name}.npz", "--out", out) == 0
        assert "RMSE" in regard.out
    np.savez(tmp_path / "none.npz", X=X)
    assert regard("predict", run, tmp_path / "none.npz", "--out", tmp_path / "none.csv") == 0
    assert "RMSE" not in regard.out
    said = regard.fails("predict", run, tmp_path / "two.npz", "--out", tmp_path / "p.csv")
    assert "two.npz: its number of targets is 2; the run was trained on 1" in said
    said = regard.fails(
        "explain", run, tmp_path / "two.npz", "--case", "0", "--out", tmp_path / "p.png"
    )
    assert "two.npz: its number of targets is 2; the run was trained on 1" in said


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")]
)
@pytest.mark.parametrize("targets", [1, 2])
def test_explain(
    regard: Regard,
    run: Path,
    two_run: Path,
    tmp_path: Path,
    suffix: str,
    start: bytes,
    targets: int,
) -> None:
    source, out = _write(tmp_path / "a.csv", targets=targets), tmp_path / f"case.{suffix}"
    code = regard("explain", run if targets == 1 else two_run, source, "--case", "3", "--out", out)
    assert code == 0
    assert out.read_bytes().lower().startswith(start.lower())
    assert regard.out.startswith("case 3: ")


# Comparing and resuming.


def test_compare(regard: Regard, tmp_path: Path) -> None:
    source, out = _write(tmp_path / "a.csv"), tmp_path / "out"
    words = ("--attention", "none,additive", "--seeds", "2")
    assert regard("compare", _config(tmp_path, source), "--out", out, *words) == 0
    heading, _, *lines = (out / "compare.md").read_text().splitlines()
    assert heading == (
        "| attention | RMSE | MAE | highest RMSE | MAE to the best | differs | fit seconds "
        "| parameters | seeds |"
    )
    rows = _table(out / "compare.csv")
    for line, name in zip(lines, ("none", "additive"), strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        figures = [float(row["rmse"]) for row in rows if row["attention"] == name]
        assert cells[0] == name
        assert float(cells[1].split(" ± ")[0]) == pytest.approx(fmean(figures), rel=1e-3)
        assert float(cells[3]) == pytest.approx(max(figures), rel=1e-3)
        saved = [read_run(out / f"{name}-seed{seed}").metrics["rmse"] for seed in (0, 1)]
        assert figures == saved


def test_a_run_that_was_cut_off_is_resumed_to_the_same_end(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, updates_before: list[int]
) -> None:
    source = _write(tmp_path / "a.csv")
    config = _config(tmp_path, source, training={"epochs": 5}, data={"validation_share": 0.2})
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert regard("train", config, "--out", whole) == 0
    save = Checkpoint.on_train_epoch_end

    def end(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        if trainer.current_epoch in (1, 2):
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", end)
    assert regard("train", config, "--out", cut) == 130
    assert regard.err.strip() == (
        f"interrupted; continue with: regard train {config} --out {cut} --resume"
    )
    assert not cut.exists()
    assert "training was interrupted" in regard.fails("train", config, "--out", cut)
    assert regard("train", config, "--out", cut, "--resume") == 130
    monkeypatch.undo()
    assert regard("train", config, "--out", cut, "--resume") == 0
    assert updates_before[-1] > 0
    for name in ("history.csv", "model.safetensors", "preprocess.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    figures = [dict(read_run(out).metrics) for out in (whole, cut)]
    assert {**figures[0], "fit_seconds": 0} == {**figures[1], "fit_seconds": 0}
    assert not partial_folder(cut).exists()


# What goes wrong: one line, exit code 2, nothing written.


def _cell(row: int, column: int, value: Any) -> list[list[Any]]:
    X, y = _series()
    rows: list[list[Any]] = np.concatenate([y, X], 1).tolist()
    rows[row][column] = value
    return rows


def _constant() -> list[list[Any]]:
    rows = _cell(0, 1, 7.5)
    for row in rows:
        row[1] = 7.5
    return rows


@pytest.mark.parametrize(
    ("rows", "targets", "expected"),
    [
        (_constant(), 2, "a.csv: target 1 is 7.5 for every case"),
        (_cell(4, 0, "high"), 1, "a.csv, row 5, column 1: 'high' is not a number"),
        (_cell(4, 0, "1,5"), 1, "a.csv, row 5"),
        (_cell(4, 0, ""), 1, "a.csv, row 5: the target is missing"),
        (_cell(4, 1, "NaN"), 2, "a.csv, row 5"),
        (_cell(4, 1, "inf"), 2, "a.csv, row 5"),
        (_cell(4, 5, "inf"), 2, "a.csv, row 5, column 6"),
        (_cell(0, 0, 1.5)[:1], 1, "a.csv: target is 1.5 for every case"),
        (_cell(0, 0, 1.5)[:2], 19, "a.csv, row 1 has targets and no values"),
        ([], 1, "a.csv is empty"),
    ],
)
def test_bad_csv(
    regard: Regard, tmp_path: Path, rows: list[list[Any]], targets: int, expected: str
) -> None:
    source = _write_csv(tmp_path / "a.csv", rows)
    config = _config(tmp_path, source, data={"targets": targets})
    said = regard.fails("train", config, "--out", tmp_path / "out")
    assert expected in said
    assert {file.name for file in tmp_path.iterdir()} == {"numbers.json", "a.csv"}


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.array(["a", "b"] * 15), "a.npz: y holds <U1; wanted numbers to predict"),
        (np.full(CASES, 2), "a.npz: target is 2 for every case"),
        (np.arange(29.0), "a.npz: y has the shape [29]; wanted [30] or [30, targets], as X"),
        (np.zeros((CASES, 2, 2)), "a.npz: y has the shape [30, 2, 2]; wanted"),
        (np.array([*range(29), np.nan]), "a.npz, case 29: the target is missing"),
        (None, "a.npz: has no targets"),
    ],
)
def test_bad_archives(regard: Regard, tmp_path: Path, y: Any, expected: str) -> None:
    source = tmp_path / "a.npz"
    np.savez(source, X=_series()[0], **({} if y is None else {"y": y}))
    assert expected in regard.fails("train", _config(tmp_path, source), "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "label", "expected"),
    [
        ("price", "prise", "price", "t.csv has no column 'price' (label); there are case, time"),
        ("c3,1,", "c3,1,9", ["price", "volume"], "column 'price': case c3 has 9"),
        ("", "", ["price", "volume", "a"], "column 'a': case c0 has"),
        ("", "", "case", "column 'case': 'c0' is not a number"),
    ],
)
def test_bad_tables(
    regard: Regard, tmp_path: Path, old: str, new: str, label: Any, expected: str
) -> None:
    source = _write(tmp_path / "t.csv", targets=2, channels=2)
    source.write_text(source.read_text().replace(old, new) if old else source.read_text())
    config = _config(tmp_path, source, data={"kind": "table", "label": label})
    assert expected in regard.fails("train", config, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_classes_are_no_numbers(regard: Regard, tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    source.write_text("@univariate true\n@classLabel true up down\n@data\n1,2:up\n2,3:down\n")
    said = regard.fails("train", _config(tmp_path, source), "--out", tmp_path / "out")
    assert "a.ts, case 0: the target 'up' is not a number; for classes take" in said
    assert not (tmp_path / "out").exists()


def test_several_numbers_are_no_classes(regard: Regard, tmp_path: Path) -> None:
    source = tmp_path / "a.npz"
    np.savez(source, X=_series()[0], y=np.arange(2.0 * CASES).reshape(CASES, 2) % 3)
    config = tmp_path / "classes.json"
    config.write_text(json.dumps({"data": {"kind": "npz", "path": str(source)}}))
    said = regard.fails("train", config, "--out", tmp_path / "out")
    assert 'has numbers as targets; classify needs classes ("task": "regress"' in said


@pytest.mark.parametrize(
    ("test_y", "expected"),
    [
        (np.zeros((10, 2)), "b.npz: its number of targets is 2; the training file has 1"),
        (np.array(["a"] * 10), "b.npz: y holds <U1; wanted numbers to predict"),
        (None, "b.npz has no labels"),
    ],
)
def test_a_test_file_that_does_not_go_with_it(
    regard: Regard, tmp_path: Path, test_y: Any, expected: str
) -> None:
    X, y = _series()
    np.savez(tmp_path / "a.npz", X=X, y=y[:, 0])
    np.savez(tmp_path / "b.npz", X=X[:10], **({} if test_y is None else {"y": test_y}))
    data = {"test_path": str(tmp_path / "b.npz")}
    config = _config(tmp_path, tmp_path / "a.npz", data=data)
    assert expected in regard.fails("train", config, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"data": {"kind": "sine"}}, "data.kind: 'sine' is unknown; choose one of csv, ts, npz"),
        ({"data": {"targets": 0}}, "data.targets: wanted greater than or equal to 1, not 0"),
        ({"data": {"target": 2}}, "data.target: unknown key; did you mean 'targets'?"),
        ({"model": {"form": "lstm-bahdanua"}}, "did you mean 'lstm-bahdanau'?"),
        ({"model": {"form": "lstm-bahdanau", "encoder": "gru"}}, "leave out encoder or the form"),
        ({"training": {"class_weight": "balanced"}}, "training.class_weight: unknown key"),
        ({"task": "regres"}, "did you mean 'regress'?"),
    ],
)
def test_a_wrong_configuration(
    regard: Regard, tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    config = _config(tmp_path, _write(tmp_path / "a.csv"), **changes)
    assert expected in regard.fails("train", config, "--out", tmp_path / "out")
    assert {file.name for file in tmp_path.iterdir()} == {"numbers.json", "a.csv"}


def test_predicting_what_cannot_be(regard: Regard, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    words = _write_csv(tmp_path / "words.csv", [["high", *range(STEPS)]] * 2)
    said = regard.fails("predict", run, words, "--out", out)
    assert "words.csv, row 1, column 1: 'high' is not a number" in said  # the first may be a header
    assert "was trained to regress" in regard.fails("predict", run, "--text", "so good")
    assert "was trained to regress" in regard.fails("predict", run)
    np.savez(tmp_path / "two.npz", X=np.zeros((3, 2, STEPS)))
    said = regard.fails("predict", run, tmp_path / "two.npz", "--out", out)
    assert "two.npz: its number of channels is 2; the run was trained on 1" in said
    assert not out.exists()
