"""Forecasts at the command line: the jobs end to end, and one line for everything that is wrong."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lightning.pytorch import LightningModule, Trainer

from commands import TINY, Regard
from regard import SeriesForecaster, jobs
from regard.inputs.panel.linear import LinearModel
from regard.runs import read_run
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
ROWS, HORIZON, WINDOW = 60, 3, 8
SHOPS = {"north": (1.0, 0.0), "south": (1000.0, 50_000.0)}
DAYS = [date(2024, 1, 1) + timedelta(days=at) for at in range(ROWS + HORIZON)]
MODEL = {
    "encoder": "conv",
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "quantiles": [0.9, 0.1],
}
TRAINING = {"epochs": 2, "refit": True, "updates_per_epoch": 2, "batch_size": 16, "device": "cpu"}


def _table() -> pl.DataFrame:
    """Two shops whose sales follow the weekday, and what is on offer on the day itself."""
    generator = np.random.default_rng(0)
    parts = []
    for shop, (size, level) in SHOPS.items():
        offer = generator.integers(0, 2, len(DAYS))
        week = np.sin(2 * np.pi * np.arange(len(DAYS)) / 7)
        sales = level + size * (week + 2 * offer + 0.1 * generator.normal(size=len(DAYS)))
        parts.append(
            pl.DataFrame(
                {
                    "shop": shop,
                    "day": list(map(str, DAYS)),
                    "sales": sales.round(3),
                    "offer": offer,
                    "warmth": generator.normal(size=len(DAYS)).round(3),
                }
            )
        )
    return pl.concat(parts)


TABLE = _table()
PAST = TABLE.filter(pl.col("day") <= str(DAYS[ROWS - 1]))
FUTURE = TABLE.filter(pl.col("day") > str(DAYS[ROWS - 1])).select("shop", "day", "offer")


def _config(folder: Path, table: pl.DataFrame | str | bytes = PAST, **changes: Any) -> Path:
    """A configuration, and its table; changes are of `data`, other sections by their names."""
    path = folder / "sales.csv"
    if isinstance(table, pl.DataFrame):
        table.write_csv(path)
    else:
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
    config: dict[str, Any] = {"task": "forecast", "model": MODEL, "training": TRAINING}
    for section in ("model", "training"):
        config[section] = {**config[section], **changes.pop(section, {})}
    config["data"] = {
        "kind": "table",
        "path": str(path),
        "time": "day",
        "id": "shop",
        "target": "sales",
        "known": ["offer"],
        "past": ["warmth"],
        "horizon": HORIZON,
        "window": WINDOW,
        **changes,
    }
    config["data"] = {name: x for name, x in config["data"].items() if x != "left out"}
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    return file


def _plain(folder: Path, table: pl.DataFrame | str | bytes, **changes: Any) -> Path:
    """A configuration of one series without columns beside it."""
    left_out = dict.fromkeys(("id", "target", "known", "past"), "left out")
    return _config(folder, table, **{**left_out, "time": "ds", **changes})


def _daily(values: Any, *, head: str = "ds,y") -> str:
    rows = (f"{day},{value}" for day, value in zip(DAYS, values, strict=False))
    return "\n".join([head, *rows]) + "\n"


def _waves() -> list[float]:
    return list(np.sin(np.arange(ROWS)).round(4))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration, its table, the future's, and the run of both."""
    folder = tmp_path_factory.mktemp("forecast")
    config = _config(folder)
    with whole_reports():
        jobs.train(json.loads(config.read_text()), folder / "run")
    FUTURE.write_csv(folder / "future.csv")
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one series without columns beside it."""
    folder = tmp_path_factory.mktemp("alone")
    config = _plain(folder, _daily(_waves()))
    jobs.train(json.loads(config.read_text()), folder / "run")
    return folder / "run"


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _of(shop: str) -> pl.DataFrame:
    return PAST.filter(pl.col("shop") == shop)


# The jobs.


def test_train_writes_a_whole_run_folder(regard: Regard, tmp_path: Path, made: Path) -> None:
    out = tmp_path / "run"
    assert regard("train", made / "config.json", "--out", out) == 0
    assert {file.name for file in out.iterdir()} == FILES
    metrics = json.loads((out / "metrics.json").read_text())
    for name in ("mae", "rmse", "mase", "pinball"):
        assert re.search(rf"^{name} +{metrics[name]:.4f}$", regard.out, re.MULTILINE), name
    assert f"report: {out / 'report.html'}" in regard.out
    assert re.search(
        r"^mae of series +model +naive +seasonal naive +linear +best$", regard.out, re.M
    )
    for row in metrics["per_series"]:
        errors = [f"{error:.4g}" for error in (row["mae"], *row["baselines"].values())]
        best = row["best"].split()
        assert [row["series"], *errors, *best] in [line.split() for line in regard.out.splitlines()]
    assert [row["epoch"] for row in _read(out / "history.csv")] == ["1", "2", "3", "4"]
    again = json.loads((made / "run" / "metrics.json").read_text())
    assert {**metrics, "fit_seconds": 0} == {**again, "fit_seconds": 0}
    weights = (out / "model.safetensors").read_bytes()
    assert weights == (made / "run" / "model.safetensors").read_bytes()


def test_figures_of_series_are_printed_if_there_are_some_and_not_many(
    regard: Regard, alone: Path, tmp_path: Path
) -> None:
    assert regard("show", alone) == 0
    assert "mae of" not in regard.out
    run = tmp_path / "run"
    shutil.copytree(alone, run)
    metrics = json.loads((run / "metrics.json").read_text())
    [row] = metrics["per_target"]
    metrics["per_target"] = [row | {"target": name, "mae": 2.5} for name in ("load", "wind")]
    [row] = metrics["per_series"]
    for series, printed in ((6, True), (7, False)):
        metrics["per_series"] = [
            row | {"series": f"s{at}", "target": name}
            for at in range(series)
            for name in ("load", "wind")
        ]
        (run / "metrics.json").write_text(json.dumps(metrics))
        assert regard("show", run) == 0
        assert ("mae of series and target" in regard.out) == printed
        assert ("mae wind             2.5" in regard.out) != printed


def test_the_figures_are_those_of_the_saved_model(made: Path) -> None:
    """Forecast again from every origin of the last fifth: 12 steps, so 10 windows of each shop."""
    metrics = read_run(made / "run").metrics
    model = SeriesForecaster.load(made / "run")
    first = ROWS * 8 // 10
    errors, middle, lower, upper = [], [], [], []
    for origin in range(first, ROWS - HORIZON + 1):
        known = PAST.filter(pl.col("day") < str(DAYS[origin]))
        ahead = PAST.filter(pl.col("day") >= str(DAYS[origin])).select("shop", "day", "offer")
        forecast = model.forecast(known, future=ahead)
        for at, shop in enumerate(SHOPS):
            truth = _of(shop)["sales"].to_numpy()[origin : origin + HORIZON]
            errors.append(forecast.values[at, 0] - truth)
            lower.append(truth <= forecast.quantiles[0.1][at, 0])
            upper.append(truth <= forecast.quantiles[0.9][at, 0])
            middle.append(~lower[-1] & upper[-1])
    found = np.array(errors)
    assert metrics["windows"] == len(found) == 20
    assert metrics["mae"] == pytest.approx(np.abs(found).mean(), rel=1e-4)
    assert metrics["rmse"] == pytest.approx(np.sqrt((found**2).mean()), rel=1e-4)
    assert [row["target"] for row in metrics["per_target"]] == ["sales"]
    assert metrics["per_target"][0]["mae"] == metrics["mae"]
    assert [row["step"] for row in metrics["by_step"]] == [1, 2, 3]
    by_step = [row["mae"] for row in metrics["by_step"]]
    np.testing.assert_allclose(by_step, np.abs(found).mean(0), rtol=1e-4)
    assert [row["wanted"] for row in metrics["coverage"]] == [0.1, 0.9, 0.8]
    shares = [row["found"] for row in metrics["coverage"]]
    np.testing.assert_allclose(shares, [np.mean(x) for x in (lower, upper, middle)])
    # a horizon apart, of both shops: 4 origins of 12 steps
    origins = [row["origin"] for row in metrics["by_origin"]]
    days = [str(DAYS[at - 1]) for at in range(first, ROWS, HORIZON)]
    assert origins == [f"{day} {shop}" for day in days for shop in SHOPS]
    by_origin = [row["mae"] for row in metrics["by_origin"]]
    wanted = np.abs(found).mean(1)[[0, 1, 6, 7, 12, 13, 18, 19]]
    np.testing.assert_allclose(by_origin, wanted, rtol=1e-4)
    for name, value in (("window", WINDOW), ("horizon", HORIZON), ("season", 7)):
        assert metrics[name] == value


def test_baselines_stand_beside_it(made: Path) -> None:
    """The last value and the last week by hand; the linear model knows what is on offer."""
    metrics = read_run(made / "run").metrics
    assert list(metrics["baselines"]) == ["naive", "seasonal naive", "linear"]
    naive, seasonal, scale = [], [], []
    for shop in SHOPS:
        sales = _of(shop)["sales"].to_numpy()
        scale.append(np.abs(sales[7 : ROWS * 8 // 10] - sales[: ROWS * 8 // 10 - 7]))
        for origin in range(ROWS * 8 // 10, ROWS - HORIZON + 1):
            truth = sales[origin : origin + HORIZON]
            naive.append(truth - sales[origin - 1])
            seasonal.append(truth - sales[origin - 7 : origin - 7 + HORIZON])
    for name, errors in (("naive", naive), ("seasonal naive", seasonal)):
        own = metrics["baselines"][name]
        assert own["mae"] == pytest.approx(np.abs(errors).mean())
        assert own["mase"] == pytest.approx(np.abs(errors).mean() / np.mean(scale))
        steps = [row["mae"] for row in own["by_step"]]
        np.testing.assert_allclose(steps, np.abs(errors).mean(0))
    assert metrics["mase"] == pytest.approx(metrics["mae"] / np.mean(scale))
    for row, own_naive in zip(metrics["per_series"], np.split(np.array(naive), 2), strict=True):
        assert row["baselines"]["naive"] == pytest.approx(np.abs(own_naive).mean())
    assert [row["series"] for row in metrics["per_series"]] == list(SHOPS)
    for own in (metrics, metrics["baselines"]["linear"]):
        assert own["mae"] < 0.6 * metrics["baselines"]["naive"]["mae"]


def test_the_linear_baseline_is_of_all_that_precedes_the_test_part(made: Path) -> None:
    first = ROWS * 8 // 10
    moments, sales, offers = [], [], []
    for shop in SHOPS:
        own = _of(shop)["sales"].to_numpy()
        moments.append((own[:first].mean(), own[:first].std()))
        sales.append((own - moments[-1][0]) / moments[-1][1])
        offers.append(_of(shop)["offer"].to_numpy().astype(float))

    def cut(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places = [(at, shop) for at in range(start, stop - HORIZON + 1) for shop in (0, 1)]
        past = [[sales[shop][at - WINDOW : at]] for at, shop in places]
        future = [[sales[shop][at : at + HORIZON]] for at, shop in places]
        known = [[offers[shop][at : at + HORIZON]] for at, shop in places]
        return np.array(past), np.array(future), np.array(known)

    before = cut(WINDOW, first)
    model = LinearModel().fit([before], count=len(before[0]))
    past, future, known = cut(first, ROWS)
    errors = np.abs(model.predict(past, known) - future)[:, 0]
    errors *= np.array([std for _, std in moments] * 10)[:, None]
    found = read_run(made / "run").metrics["baselines"]["linear"]
    assert found["mae"] == pytest.approx(errors.mean(), rel=1e-6)
    np.testing.assert_allclose([row["mae"] for row in found["by_step"]], errors.mean(0), rtol=1e-6)


def test_nothing_is_learned_from_the_test_part(made: Path, tmp_path: Path) -> None:
    late = (pl.col("day") >= str(DAYS[ROWS * 8 // 10])) & (pl.col("day") <= str(DAYS[ROWS]))
    other = PAST.with_columns(
        pl.when(late).then(pl.col(name) * -3 + 7).otherwise(pl.col(name)).alias(name)
        for name in ("sales", "offer", "warmth")
    )
    config = _config(tmp_path, other)
    metrics = jobs.train(json.loads(config.read_text()), tmp_path / "run")
    before = read_run(made / "run")
    assert metrics["mae"] != before.metrics["mae"]
    weights = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert weights == (made / "run" / "model.safetensors").read_bytes()
    kept = read_run(tmp_path / "run").preprocess
    assert kept["scales"] == before.preprocess["scales"]
    assert kept["latest"] != before.preprocess["latest"]


def test_scales_are_those_of_the_training_part(made: Path) -> None:
    """Seven tenths of the rows."""
    scales = read_run(made / "run").preprocess["scales"]
    assert list(scales) == list(SHOPS)
    for shop, (mean, std) in scales.items():
        rows = _of(shop)[: ROWS * 7 // 10].select("sales", "warmth", "offer").to_numpy()
        np.testing.assert_allclose(mean, rows.mean(0))
        np.testing.assert_allclose(std, rows.std(0))


def test_predict_goes_on_after_what_was_trained_on(
    regard: Regard, made: Path, tmp_path: Path
) -> None:
    out = tmp_path / "forecast.csv"
    code = regard("predict", made / "run", "--future", made / "future.csv", "--out", out)
    assert code == 0
    assert regard.out == f"3 steps of 2 series: {out}\n"
    rows = _read(out)
    assert list(rows[0]) == ["shop", "day", "sales", "sales 0.1", "sales 0.9"]
    after = [str(day) for day in DAYS[ROWS:]]
    wanted = [(shop, day) for shop in SHOPS for day in after]
    assert [(row["shop"], row["day"]) for row in rows] == wanted
    forecast = SeriesForecaster.load(made / "run").forecast(PAST, future=FUTURE)
    for name, values in (("sales", forecast.values), ("sales 0.9", forecast.quantiles[0.9])):
        found = np.array([float(row[name]) for row in rows]).reshape(2, 3)
        spread = PAST.group_by("shop", maintain_order=True).agg(pl.col("sales").std())["sales"]
        assert (np.abs(found - values[:, 0]) <= spread.to_numpy()[:, None] / 5000).all()
    # what is on offer on a day, as the future tells, sells twice the shop's size more
    none, all_ = (
        SeriesForecaster.load(made / "run").predict(future=FUTURE.with_columns(offer=pl.lit(on)))
        for on in (0, 1)
    )
    for at, (size, _) in enumerate(SHOPS.values()):
        np.testing.assert_allclose((all_ - none)[at, 0] / size, 2, atol=0.5)
        on = FUTURE["offer"].to_numpy().reshape(2, 3)[at]
        np.testing.assert_allclose(
            forecast.values[at, 0], np.where(on, all_[at, 0], none[at, 0]), rtol=1e-5, atol=1e-5
        )


def test_predict_goes_on_after_a_newer_table(regard: Regard, made: Path, tmp_path: Path) -> None:
    newer, out = tmp_path / "newer.csv", tmp_path / "forecast.csv"
    PAST.filter(
        (pl.col("shop") == "south") & pl.col("day").is_in(list(map(str, DAYS[20:41])))
    ).write_csv(newer)
    PAST.filter(pl.col("day") >= str(DAYS[30])).select("offer", "day", "shop").write_csv(
        tmp_path / "future.csv"
    )
    code = regard(
        *("predict", made / "run", newer, "--out", out),
        *("--future", tmp_path / "future.csv"),
    )
    assert code == 0
    assert regard.out == f"3 steps of 1 series: {out}\n"
    assert [(row["shop"], row["day"]) for row in _read(out)] == [
        ("south", str(day)) for day in DAYS[41:44]
    ]


def test_predict_without_columns_known_of_the_future(
    regard: Regard, alone: Path, tmp_path: Path
) -> None:
    out = tmp_path / "forecast.csv"
    assert regard("predict", alone, "--out", out) == 0
    assert regard.out.startswith("3 steps of 1 series: ")
    assert [row["ds"] for row in _read(out)] == [str(day) for day in DAYS[ROWS:]]
    assert list(_read(out)[0]) == ["unique_id", "ds", "y", "y 0.1", "y 0.9"]


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")]
)
@pytest.mark.parametrize("with_source", [False, True])
def test_explain(
    regard: Regard, made: Path, tmp_path: Path, suffix: str, start: bytes, with_source: bool
) -> None:
    out = tmp_path / f"forecast.{suffix}"
    words: list[str | Path] = ["explain", made / "run"]
    words += [made / "sales.csv"] if with_source else []
    words += ["--case", "south", "--future", made / "future.csv", "--out", out]
    assert regard(*words) == 0
    assert out.read_bytes().lower().startswith(start.lower())
    assert regard.out == f"series south: 3 steps from {DAYS[ROWS]}: {out}\n"


def test_explain_takes_the_first_series_by_default(
    regard: Regard, made: Path, alone: Path, tmp_path: Path
) -> None:
    words = ("--future", made / "future.csv", "--out", tmp_path / "one.svg")
    assert regard("explain", made / "run", *words) == 0
    assert regard.out.startswith("series north: 3 steps from ")
    assert regard("explain", alone, "--out", tmp_path / "two.svg") == 0
    assert regard.out.startswith("series y: 3 steps from ")


def test_the_report_tells_of_steps_origins_coverage_and_baselines(made: Path) -> None:
    text = (made / "run" / "report.html").read_text(encoding="utf-8")
    metrics = read_run(made / "run").metrics
    for word in ("seasonal naive", "Coverage", "north", "south", "Mean absolute error"):
        assert word in text, word
    shown = re.sub(r"<[^>]+>", " ", text)
    assert f"Over {metrics['windows']} test windows of 3 steps" in " ".join(shown.split())
    assert f"{DAYS[ROWS * 8 // 10 - 1]} north" in text


def test_compare_lists_the_lowest_error_first(regard: Regard, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("--attention", "none,additive", "--seeds", "1", "--set", "training.epochs=1")
    assert regard("compare", made / "config.json", *words, "--out", out) == 0
    heading, _, *lines = (out / "compare.md").read_text().splitlines()
    assert heading.startswith("| attention | MAE | RMSE | highest MAE |")
    for line, name in zip(lines, ("none", "additive"), strict=True):
        metrics = read_run(out / f"{name}-seed0").metrics
        mae, rmse = f"{metrics['mae']:.4f}", f"{metrics['rmse']:.4f}"
        assert line.startswith(f"| {name} | {mae} | {rmse} | {mae} |")
        assert f"{name}, seed 0: MAE {mae}" in regard.err


@pytest.mark.parametrize("refitting", [False, True])
def test_training_that_was_cut_off_is_resumed_to_the_same_end(
    regard: Regard,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    updates_before: list[int],
    refitting: bool,
) -> None:
    save = Checkpoint.on_train_epoch_end

    def cut(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        if refitting == (len(updates_before) == 2):
            raise KeyboardInterrupt

    out = tmp_path / "run"
    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", cut)
    assert regard("train", made / "config.json", "--out", out) == 130
    assert not out.exists()
    monkeypatch.undo()
    assert regard("train", made / "config.json", "--out", out, "--resume") == 0
    starts = [updates > 0 for updates in updates_before]
    assert starts == ([False, False, True] if refitting else [False, True, False])
    for name in ("model.safetensors", "preprocess.json", "history.csv"):
        assert (out / name).read_bytes() == (made / "run" / name).read_bytes(), name


def test_gaps_are_filled_on_request(regard: Regard, tmp_path: Path) -> None:
    lines = _daily(_waves()).splitlines()
    del lines[23]
    lines[31] = lines[31].split(",")[0] + ","
    config = _plain(tmp_path, "\n".join(lines), missing="interpolate")
    assert regard("train", config, "--out", tmp_path / "run", "--set", "training.epochs=1") == 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["windows"] == 10


# What is wrong with a configuration or its table: one line, exit code 2, nothing written.


def _refused(regard: Regard, folder: Path, config: Path) -> str:
    before = {file.name for file in folder.iterdir()}
    said = regard.fails("train", config, "--out", folder / "run")
    assert said.startswith("error: ")
    assert {file.name for file in folder.iterdir()} == before
    return said.removeprefix("error: ").replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"target": "sale"}, "sales.csv has no column 'sale' (target); there are shop, day, sales,"
         " offer, warmth; did you mean 'sales'?"),
        ({"time": "when"}, "has no column 'when' (time); choose one of shop, day, sales, offer,"),
        ({"id": "city"}, "has no column 'city' (id); choose one of shop, day,"),
        ({"known": ["price"]}, "has no column 'price' (known); choose one of"),
        ({"past": ["price"]}, "has no column 'price' (past); choose one of"),
        ({"known": ["sales"]}, "target: 'sales' is already given as known"),
        ({"past": ["offer"]}, "known: 'offer' is already given as past"),
        ({"target": ["sales", "sales"]}, "target: 'sales' is already given as target"),
        ({"target": "shop"}, "target: 'shop' is already given as id"),
        ({"target": []}, "data.target: wanted at least one column to forecast"),
        ({"horizon": 0}, "data.horizon: wanted greater than or equal to 1, not 0"),
        ({"horizon": 2.5}, "data.horizon: wanted integer, not 2.5"),
        ({"window": 0}, "data.window: wanted greater than or equal to 1, not 0"),
        ({"season": 0}, "data.season: wanted greater than or equal to 1, not 0"),
        ({"window": "left out", "horizon": 200}, "half of the series have 60 rows or fewer; a "
         "horizon of 200 needs more than 800; reduce the horizon, or add rows"),
        ({"horizon": 70}, "north has 60 rows; window 8 + horizon 70 need 78 for training; reduce"),
        ({"window": 55}, "window 55 + horizon 3 need 58 for training, and 3 more each for "
         "validation and test: 64; reduce window to 51 or less, or horizon"),
        ({"window": 45}, "north has 42 of 60 rows for training, and window 45 + horizon 3 need 48; "
         "reduce window or horizon"),
        ({"test_share": 0.6, "validation_share": 0.5}, "data.test_share and data.validation_share:"
         " wanted less than 1 together, to leave something to train on; given 0.6 and 0.5"),
        ({"test_share": 0}, "data.test_share: wanted greater than 0, not 0"),
        ({"model": {"quantiles": [0.1, 1.5]}}, "model.quantiles.1: wanted less than 1, not 1.5"),
        ({"model": {"quantiles": 0.5}}, "model.quantiles: wanted "),
        ({"model": {"pooling": "conjunctive"}}, 'model.pooling: "conjunctive" is not one of '
         "horizon, attention, stacked"),
        ({"model": {"attention": "dott"}}, "model.attention: 'dott' is not known; did you mean "
         "'dot'?"),
        ({"frequency": "daily"}, 'data.frequency: "daily" is not one of infer, rows'),
        ({"missing": "drop"}, 'data.missing: "drop" is not one of refuse, interpolate'),
        ({"path": "none.csv"}, "none.csv: there is no such file"),
        ({"kind": "csv"}, "data.kind: 'csv' is unknown; choose one of table"),
        ({"kind": "arrays", "path": "left out"}, "data.kind: arrays come from Python; train on a "
         "file"),
        ({"horizons": 3}, "data.horizons: unknown key; did you mean 'horizon'?"),
    ],
)  # fmt: skip
def test_a_wrong_configuration(
    regard: Regard, tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    assert expected in _refused(regard, tmp_path, _config(tmp_path, **changes))


def _spoiled(change: Callable[[list[str]], None]) -> str:
    lines = _daily(_waves()).splitlines()
    change(lines)
    return "\n".join(lines) + "\n"


def _repeat(lines: list[str]) -> None:
    lines.insert(12, lines[11])


def _gap(lines: list[str]) -> None:
    del lines[12:14]


def _off(lines: list[str]) -> None:
    lines[12] = lines[12].replace(",", " 07:30,")


def _zones(lines: list[str]) -> None:
    for at in range(1, len(lines)):
        lines[at] = lines[at].replace(",", "T00:00+02:00," if at == 12 else "T00:00Z,")


def _text(lines: list[str]) -> None:
    lines[12] = lines[12].split(",")[0] + ",many"


def _missing(lines: list[str]) -> None:
    lines[12] = lines[12].split(",")[0] + ","


def _infinite(lines: list[str]) -> None:
    lines[12] = lines[12].split(",")[0] + ",inf"


def _no_time(lines: list[str]) -> None:
    lines[12] = "yesterday,3"


def _constant(lines: list[str]) -> None:
    lines[1:] = [line.split(",")[0] + ",0.1" for line in lines[1:]]


def _late(lines: list[str]) -> None:
    """Something happens in the last days only, of which nothing is to be learned."""
    for at in range(1, len(lines) - 5):
        lines[at] = lines[at].split(",")[0] + ",0.1"


def _short(lines: list[str]) -> None:
    del lines[3:]


def _no_header(lines: list[str]) -> None:
    del lines[0]
    lines[:] = [f"{at},{at + 7}" for at in range(len(lines))]


def _no_rows(lines: list[str]) -> None:
    del lines[1:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_repeat, "sales.csv, row 13, column 'ds': 2024-01-11 is already the time of row 12; "
         "remove one of them, or name the column that tells series apart (id)"),
        (_gap, "sales.csv, row 13, column 'ds': 2024-01-14 follows 2024-01-11 of row 12, a gap in "
         "steps of 1 day; missing: 2024-01-12, 2024-01-13; set \"missing\": \"interpolate\" in "
         "\"data\", or set \"frequency\": \"rows\" in \"data\""),
        (_off, "sales.csv, row 13, column 'ds': 2024-01-12T07:30 does not fit the most frequent "
         "step, 1 day, after 2024-01-11 of row 12"),
        (_zones, "sales.csv, row 13, column 'ds': '2024-01-12T00:00+02:00' has the zone +02:00, "
         "'2024-01-01T00:00Z' has the zone UTC (row 2); name the zone whose calendar they follow, "
         "such as Europe/Berlin; set \"time_zone\" in \"data\""),
        (_text, "sales.csv, row 13, column 'y': 'many' is not a number"),
        (_missing, "sales.csv, row 13, column 'y': the value is missing (NaN); set "
         '"missing": "interpolate" in "data"'),
        (_infinite, "sales.csv, row 13, column 'y'"),
        (_no_time, "sales.csv, row 13, column 'ds': 'yesterday' is not a time; wanted whole "
         "numbers, or dates"),
        (_constant, "sales.csv: y is the same at every step; there is nothing to forecast"),
        (_late, "y is the same at every step of the training part; leave it out"),
        (_short, "the series has 2 rows; window 8 + horizon 3 need 11 for training; reduce"),
        (_no_header, "sales.csv: the first row holds numbers; wanted a header"),
        (_no_rows, "sales.csv has a header and no rows"),
        (list.clear, "sales.csv is empty"),
    ],
)  # fmt: skip
def test_bad_tables(regard: Regard, tmp_path: Path, change: Any, expected: str) -> None:
    assert expected in _refused(regard, tmp_path, _plain(tmp_path, _spoiled(change)))


def test_a_table_in_another_encoding(regard: Regard, tmp_path: Path) -> None:
    config = _plain(tmp_path, _daily(_waves(), head="ds,größe").encode("latin-1"))
    assert "sales.csv, row 1: byte 0xf6 is not UTF-8 text; save the file as UTF-8" in _refused(
        regard, tmp_path, config
    )


def test_a_table_of_text_alone(regard: Regard, tmp_path: Path) -> None:
    config = _plain(tmp_path, _daily(["good", "bad"] * 30, head="ds,mood"))
    said = _refused(regard, tmp_path, config)
    assert "sales.csv has no column of numbers to forecast; there are ds, mood" in said
    config = _plain(tmp_path, _daily(["good", "bad"] * 30, head="ds,mood"), target="mood")
    said = _refused(regard, tmp_path, config)
    assert "sales.csv, row 2, column 'mood': 'good' is not a number" in said


def test_a_constant_series_among_others_is_named(regard: Regard, tmp_path: Path) -> None:
    still = pl.when(pl.col("shop") == "south").then(5.5).otherwise(pl.col("sales"))
    said = _refused(regard, tmp_path, _config(tmp_path, PAST.with_columns(sales=still)))
    assert "sales.csv: series south: sales is the same at every step" in said


def test_an_output_that_exists(regard: Regard, made: Path, alone: Path, tmp_path: Path) -> None:
    before = (made / "run" / "metrics.json").read_bytes()
    said = regard.fails("train", made / "config.json", "--out", made / "run")
    assert said.endswith("run: exists; choose another name or use --overwrite")
    assert (made / "run" / "metrics.json").read_bytes() == before
    out = tmp_path / "forecast.csv"
    out.write_text("mine")
    assert "exists" in regard.fails("predict", alone, "--out", out)
    assert out.read_text() == "mine"


# What is wrong with new data.


def _fails(regard: Regard, folder: Path, *words: str | Path) -> str:
    before = {file.name for file in folder.iterdir()}
    said = regard.fails(*words)
    assert {file.name for file in folder.iterdir()} == before
    return said.removeprefix("error: ").replace(f"{folder}/", "")


def _ahead(days: slice, **changes: Any) -> pl.DataFrame:
    """The columns known of these days, of both shops."""
    wanted = [str(day) for day in DAYS[days]]
    chosen = TABLE.filter(pl.col("day").is_in(wanted)).select("shop", "day", "offer")
    return chosen.with_columns(**changes)


@pytest.mark.parametrize(
    ("future", "expected"),
    [
        (_ahead(slice(ROWS, None)).drop("offer"), "future.csv has no column 'offer' (known); "
         "choose one of shop, day"),
        (_ahead(slice(ROWS, None)).filter(pl.col("shop") == "north"), "future.csv: no series "
         "'south'; there are north"),
        (_ahead(slice(ROWS, ROWS + 2)), "future.csv: series north has 2024-03-01, 2024-03-02 "
         "after 2024-02-29; wanted all 3 steps of the horizon, 2024-03-01, 2024-03-02, 2024-03-03"),
        (_ahead(slice(ROWS, None)).filter(pl.col("day") != "2024-03-02"), "future.csv: series "
         "north has 2024-03-01, 2024-03-03 after 2024-02-29; wanted all 3 steps of the horizon, "
         "2024-03-01, 2024-03-02, 2024-03-03, with 0 where there is none"),
        (_ahead(slice(ROWS, None), offer=None), "future.csv, row 2, column 'offer': the value is "
         "missing (NaN)"),
        (_ahead(slice(ROWS, None), offer=pl.lit("yes")), "future.csv, row 2, column 'offer': 'yes'"
         " is not a number"),
        (_ahead(slice(ROWS, None), day=pl.col("day").rank("dense").cast(pl.Int64)), "future.csv: "
         "wanted times of the same kind as before, numbers or dates"),
        (_ahead(slice(ROWS, None), day=pl.col("day").str.replace("2024-0", "2024-1")),
         "future.csv, row 2, column 'day': '2024-13-01' is not a time; wanted whole numbers, or"),
    ],
)  # fmt: skip
def test_a_future_that_does_not_fit(
    regard: Regard, made: Path, tmp_path: Path, future: pl.DataFrame, expected: str
) -> None:
    future.write_csv(tmp_path / "future.csv")
    words = ("--future", tmp_path / "future.csv", "--out", tmp_path / "out.csv")
    assert expected in _fails(regard, tmp_path, "predict", made / "run", *words)
    words = (*words[:3], tmp_path / "out.svg")
    said = _fails(regard, tmp_path, "explain", made / "run", *words, "--case", "south")
    assert expected.split(":")[0] in said


def test_a_future_that_starts_later_than_the_end(
    regard: Regard, made: Path, tmp_path: Path
) -> None:
    later = FUTURE.with_columns(pl.col("day").str.to_date().dt.offset_by("2d").cast(pl.String))
    later.write_csv(tmp_path / "future.csv")
    words = ("--future", tmp_path / "future.csv", "--out", tmp_path / "out.csv")
    said = _fails(regard, tmp_path, "predict", made / "run", *words)
    assert said == (
        "future.csv: series north has 2024-03-03, 2024-03-04, 2024-03-05 after 2024-02-29; wanted "
        "all 3 steps of the horizon, 2024-03-01, 2024-03-02, 2024-03-03, with 0 where there is none"
    )


def test_a_future_that_is_not_there(regard: Regard, made: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out.csv")
    said = _fails(regard, tmp_path, "predict", made / "run", *out)
    assert said == "future: wanted the known columns offer for 3 future steps; use --future"
    said = _fails(regard, tmp_path, "predict", made / "run", *out, "--future", tmp_path / "no.csv")
    assert said == "no.csv: there is no such file"


def test_a_future_for_a_run_without_known_columns(
    regard: Regard, made: Path, alone: Path, tmp_path: Path
) -> None:
    words = ("--out", tmp_path / "out.csv", "--future", made / "future.csv")
    said = _fails(regard, tmp_path, "predict", alone, *words)
    assert said == "--future: the run was trained without known columns"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (PAST.drop("sales"), "new.csv has no column 'sales' (target); choose one of"),
        (PAST.drop("shop"), "new.csv has no column 'shop' (id); choose one of"),
        (PAST.drop("warmth"), "new.csv has no column 'warmth' (past); choose one of"),
        (PAST.drop("offer"), "new.csv has no column 'offer' (known); choose one of"),
        (_of("north")[-5:], "the series has 5 rows; a forecast starts from 8"),
        (pl.concat([_of("north"), _of("south")[-3:]]), "series south has 3 rows; a forecast starts "
         "from 8"),
        (pl.concat([PAST, PAST[-1:]]), "is already the time of row"),
        (PAST[:0], "new.csv has a header and no rows"),
    ],
)  # fmt: skip
def test_a_new_table_that_does_not_fit(
    regard: Regard, made: Path, tmp_path: Path, table: pl.DataFrame, expected: str
) -> None:
    table.write_csv(tmp_path / "new.csv")
    words = ("--future", made / "future.csv", "--out", tmp_path / "out.csv")
    said = _fails(regard, tmp_path, "predict", made / "run", tmp_path / "new.csv", *words)
    assert expected in said


def test_a_series_that_is_not_there(
    regard: Regard, made: Path, alone: Path, tmp_path: Path
) -> None:
    words = ("--future", made / "future.csv", "--out", tmp_path / "out.svg", "--case", "west")
    said = _fails(regard, tmp_path, "explain", made / "run", made / "sales.csv", *words)
    assert said.endswith("sales.csv: has no case west; its cases are north, south")
    said = _fails(regard, tmp_path, "explain", made / "run", *words)
    assert said.endswith("run: has no case west; its cases are north, south")
    said = _fails(regard, tmp_path, "explain", made / "run", *words[:-1], " NORTH")
    assert said.endswith("its cases are north, south; did you mean 'north'?")
    said = _fails(regard, tmp_path, "explain", alone, "--case", "1", "--out", tmp_path / "out.svg")
    assert said.endswith("run: has no case 1; its cases are 0")


def test_a_picture_of_a_kind_that_there_is_not(regard: Regard, alone: Path, tmp_path: Path) -> None:
    said = _fails(regard, tmp_path, "explain", alone, "--out", tmp_path / "out.gif")
    assert ".png" in said


def test_runs_of_another_task(regard: Regard, made: Path, alone: Path, tmp_path: Path) -> None:
    SeriesForecaster.load(alone).save(tmp_path / "renamed")
    config = tmp_path / "renamed" / "config.json"
    content = json.loads(config.read_text())
    content["model"]["hidden"] = 16
    config.write_text(json.dumps(content))
    out = ("--out", tmp_path / "out.csv")
    said = _fails(regard, tmp_path, "predict", tmp_path / "renamed", *out)
    wrong = "renamed/model.safetensors: the weights are not those of its config.json: encoder."
    assert said.startswith(wrong)
    assert said.endswith("is float32 [8, 1, 1, 7], wanted float32 [16, 1, 1, 7]")
    jobs.train({**TINY, "training": {**TINY["training"], "epochs": 1}}, tmp_path / "classes")
    words = (*out, "--future", made / "future.csv")
    said = _fails(regard, tmp_path, "predict", tmp_path / "classes", made / "sales.csv", *words)
    assert said == "--future: classes was trained to classify, which takes no such option"
    said = _fails(regard, tmp_path, "predict", tmp_path / "classes", *out)
    assert said == "source: name a file of new cases, after the run"
    out = ("--out", tmp_path / "out.svg")
    said = _fails(regard, tmp_path, "explain", alone, "--text", "so it goes", *out)
    assert "run: was trained to forecast, and predicts only files; name a file" in said
