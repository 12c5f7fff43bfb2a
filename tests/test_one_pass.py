"""Every case goes through the model once, every file is read once, every text tokenised once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from torch import nn

from regard import jobs
from regard.estimators import AttentionEstimator
from regard.inputs.text.tokenizer import Tokenizer
from regard.runs import Run
from regard.tables import files

CASES, STEPS, HORIZON, WINDOW = 24, 12, 2, 6
TASKS = ("classify", "classify-text", "regress", "forecast")
MODEL = {"encoder": "conv", "pooling": "attention", "hidden": 4, "layers": 1, "attention_dim": 4}
TRAINING = {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"}
SHARES = {"validation_share": 0.25, "test_share": 0.25}
DAYS = [date(2024, 1, 1) + timedelta(days=at) for at in range(40)]


@dataclass
class Passes:
    """What went through models, files and tokenizers.

    Attributes:
        cases: the first input of each case, as often as a model ran on it.
        files: how often each was read.
        texts: how often each was tokenised.
    """

    cases: Counter[bytes] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        for counter in (self.cases, self.files, self.texts):
            counter.clear()

    def once(
        self, *, cases: int, files: tuple[str, ...], texts: int = 0, again: bool = False
    ) -> None:
        """Check that there were so many, and each of them once.

        Parameters:
            again: whether a report asks for the evidence of its cases in another pass.
        """
        assert set(self.cases.values()) == {1 + again}
        assert len(self.cases) == cases
        others = ".safetensors", ".py"  # weights, and sources that an import reads
        of_data = {name: n for name, n in self.files.items() if not name.endswith(others)}
        assert of_data == dict.fromkeys(files, 1)
        assert set(self.texts.values()) <= {1, 1 + again}
        assert len(self.texts) == texts

    def watch(self, model: nn.Module) -> None:
        """Count the cases that this model runs on."""

        def count(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            self.cases.update(row.numpy().tobytes() for row in inputs[0])

        model.register_forward_pre_hook(count)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    """Counts cases from the end of a fit on, or from when a run is opened."""
    passes = Passes()
    fit, from_run = AttentionEstimator.fit, vars(AttentionEstimator)["from_run"].__func__
    encode = Tokenizer.encode

    def watched_fit(self: Any, *given: Any, **options: Any) -> Any:
        fit(self, *given, **options)
        passes.watch(self.model_)
        return self

    def watched_run(cls: Any, run: Run, *, source: str) -> Any:
        estimator = from_run(cls, run, source=source)
        passes.watch(estimator.model_)
        return estimator

    def counted_encode(self: Tokenizer, texts: Any, **options: Any) -> Any:
        passes.texts.update(texts)
        return encode(self, texts, **options)

    def counted(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(path: Any, *given: Any, **options: Any) -> Any:
            passes.files[Path(getattr(path, "name", path)).name] += 1
            return read(path, *given, **options)

        return reads

    monkeypatch.setattr(AttentionEstimator, "fit", watched_fit)
    monkeypatch.setattr(AttentionEstimator, "from_run", classmethod(watched_run))
    monkeypatch.setattr(Tokenizer, "encode", counted_encode)
    readers = ((Path, "read_bytes"), (files, "read_bytes"), (pl, "read_parquet"), (np, "load"))
    for module, name in readers:
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    return passes


def _series(labels: list[Any], seed: int = 0) -> list[list[Any]]:
    values = np.random.default_rng(seed).normal(size=(len(labels), STEPS)).round(3).tolist()
    return [[label, *row] for label, row in zip(labels, values, strict=True)]


def _lines(rows: list[list[Any]]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def _texts(first: int = 0) -> list[list[Any]]:
    """Texts that differ in words that all of them know."""
    words = ("so", "it", "goes", "on")
    rows = []
    for n in range(CASES):
        text = " ".join(words[(n + first) // 4**place % 4] for place in range(3))
        rows.append([f"{text} {('good', 'bad')[n % 2]}", ("up", "down")[n % 2]])
    return rows


def _panel(days: list[date], seed: int = 0) -> list[list[Any]]:
    generator = np.random.default_rng(seed)
    return [
        [shop, day, *generator.normal(size=2).round(3).tolist()]
        for shop in ("north", "south")
        for day in days
    ]


def _data(task: str) -> tuple[dict[str, Any], str]:
    """The section of a file to train on, and what is in the file."""
    if task == "classify":
        return {"kind": "csv"}, _lines(_series([f"class {n % 2}" for n in range(CASES)]))
    if task == "regress":
        return {"kind": "csv"}, _lines(_series([n / 2 for n in range(CASES)]))
    if task == "classify-text":
        return {"kind": "table"}, _lines([["text", "label"], *_texts()])
    options = {"id": "shop", "target": "sales", "known": ["offer"], "horizon": HORIZON}
    rows = _lines([["shop", "ds", "sales", "offer"], *_panel(DAYS)])
    return {"kind": "table", "window": WINDOW, "season": 3, **options}, rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run folder for each task, trained without counting."""
    return {task: _train(task, tmp_path_factory.mktemp(task)) for task in TASKS}


def _train(task: str, folder: Path, **changes: Any) -> Path:
    data, text = _data(task)
    (folder / "train.csv").write_text(text)
    model = {**MODEL, "pooling": "horizon"} if task == "forecast" else MODEL
    data |= {"path": str(folder / "train.csv"), **changes}
    jobs.train({"task": task, "data": data, "model": model, "training": TRAINING}, folder / "run")
    return folder / "run"


@pytest.mark.parametrize("task", TASKS)
def test_training_evaluates_each_case_once_and_asks_for_evidence(
    task: str, tmp_path: Path, passes: Passes
) -> None:
    run = _train(task, tmp_path, **SHARES)
    metrics = json.loads((run / "metrics.json").read_text())
    count = metrics["windows" if task == "forecast" else "cases"]
    # Of both series the last ten days, but for the last of a window that starts on each.
    assert count == (2 * (10 - HORIZON + 1) if task == "forecast" else CASES // 4)
    texts = CASES if task == "classify-text" else 0
    passes.once(cases=count, files=("train.csv",), texts=texts, again=task != "forecast")


@pytest.mark.parametrize("task", ["classify", "classify-text", "regress"])
def test_a_test_file_is_read_once(task: str, tmp_path: Path, passes: Passes) -> None:
    (tmp_path / "test.csv").write_text(_data(task)[1].replace("0.", "1."))
    _train(task, tmp_path, test_path=str(tmp_path / "test.csv"))
    assert passes.files == {"train.csv": 1, "test.csv": 1}
    assert set(passes.cases.values()) == {2}  # once more for the evidence in the report
    assert len(passes.cases) == CASES


def _new(task: str, name: str, folder: Path) -> None:
    """Write a file of new cases, with labels or without as its name says."""
    path, labelled = folder / name, not name.startswith("bare")
    if task == "forecast":
        path.write_text(_lines([["shop", "ds", "sales", "offer"], *_panel(DAYS, 1)]))
        return
    if task == "classify-text":
        texts = [row if labelled else [row[0], ""] for row in _texts(CASES)]
        if path.suffix == ".csv":
            path.write_text(_lines([["text", "label"], *texts]))
        elif path.suffix == ".txt":
            path.write_text("\n".join(text for text, _ in texts))
        elif path.suffix == ".jsonl":
            objects = [{"text": text, "label": label or None} for text, label in texts]
            path.write_text("\n".join(map(json.dumps, objects)))
        else:
            labels = [label or None for _, label in texts]
            columns = {"text": [text for text, _ in texts], "label": labels}
            pl.DataFrame(columns).write_parquet(path)
        return
    labels = [f"class {n % 2}" if task == "classify" else n / 2 for n in range(CASES)]
    rows = _series(labels, seed=1)
    if path.suffix == ".csv":
        path.write_text(_lines(rows if labelled else [row[1:] for row in rows]))
    elif path.suffix == ".ts":
        kind = "@classLabel true class0 class1" if task == "classify" else "@targetLabel true"
        cases = [f"{','.join(map(str, row[1:]))}:{str(row[0]).replace(' ', '')}" for row in rows]
        path.write_text("\n".join(["@univariate true", kind, "@data", *cases]))
    else:
        np.savez(path, X=np.array([row[1:] for row in rows]))


@pytest.mark.parametrize(
    ("task", "name"),
    [
        *(("classify", name) for name in ("new.csv", "bare.csv", "bare.npz")),
        *(("regress", name) for name in ("new.csv", "bare.csv", "new.ts", "bare.npz")),
        *(
            ("classify-text", f"{name}.{kind}")
            for name in ("new", "bare")
            for kind in ("csv", "jsonl", "parquet")
        ),
        ("classify-text", "bare.txt"),
        ("forecast", "new.csv"),
    ],
)
def test_new_cases(
    task: str, name: str, runs: dict[str, Path], tmp_path: Path, passes: Passes
) -> None:
    source = tmp_path / name
    _new(task, name, tmp_path)
    options: dict[str, Any] = {}
    files: tuple[str, ...] = (name,)
    if task == "forecast":
        days = [DAYS[-1] + timedelta(days=at) for at in range(1, HORIZON + 1)]
        options["future"] = tmp_path / "future.csv"
        options["future"].write_text(_lines([["shop", "ds", "sales", "offer"], *_panel(days)]))
        files = (name, "future.csv")
    cases = 2 if task == "forecast" else CASES
    texts = task == "classify-text"

    jobs.predict(runs[task], source, tmp_path / "p.csv", **options)
    passes.once(cases=cases, files=files, texts=CASES * texts)
    passes.clear()
    header, *rows = (tmp_path / "p.csv").read_text().splitlines()
    assert len(rows) == (2 * HORIZON if task == "forecast" else CASES)
    assert ("true" in header) == (task != "forecast" and not name.startswith("bare"))

    jobs.explain(runs[task], source, None, tmp_path / "p.svg", **options)
    passes.once(cases=1, files=files, texts=int(texts))


@pytest.mark.parametrize("labelled", [True, False])
def test_a_long_table_of_series_is_read_once(
    labelled: bool, tmp_path: Path, passes: Passes
) -> None:
    rows = [[n, t, f"class {n % 2}", (n * t) % 7 - n] for n in range(8) for t in range(5)]
    head = ["case", "time", "label", "x"]
    (tmp_path / "train.csv").write_text(_lines([head, *rows]))
    data = {"kind": "table", "path": str(tmp_path / "train.csv"), "test_share": 0.25}
    jobs.train({"data": data, "model": MODEL, "training": TRAINING}, tmp_path / "run")
    passes.clear()
    bare = [[n, t, label if labelled else "", x] for n, t, label, x in rows]
    (tmp_path / "new.csv").write_text(_lines([head, *bare]))
    jobs.predict(tmp_path / "run", tmp_path / "new.csv", tmp_path / "p.csv")
    passes.once(cases=8, files=("new.csv",))
    assert ("true" in (tmp_path / "p.csv").read_text().splitlines()[0]) == labelled


def test_a_typed_text(runs: dict[str, Path], tmp_path: Path, passes: Passes) -> None:
    answer = jobs.answer(runs["classify-text"])
    assert answer("so good").said
    passes.once(cases=1, files=(), texts=1)
    passes.clear()
    jobs.explain(runs["classify-text"], None, None, tmp_path / "p.svg", text="so bad")
    passes.once(cases=1, files=(), texts=1)


@pytest.mark.parametrize("what", ["predict", "explain"])
def test_a_forecast_of_what_was_trained_on(
    what: str, tmp_path: Path, runs: dict[str, Path], passes: Passes
) -> None:
    future = tmp_path / "future.csv"
    days = [DAYS[-1] + timedelta(days=at) for at in range(1, HORIZON + 1)]
    future.write_text(_lines([["shop", "ds", "sales", "offer"], *_panel(days)]))
    if what == "predict":
        jobs.predict(runs["forecast"], None, tmp_path / "p.csv", future=future)
    else:
        jobs.explain(runs["forecast"], None, None, tmp_path / "p.svg", future=future)
    passes.once(cases=2 if what == "predict" else 1, files=("future.csv",))
