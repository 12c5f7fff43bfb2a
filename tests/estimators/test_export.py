"""Exported models: the same answers and maps as the model, for other batches and lengths."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

import regard.estimators.exporting as exporting
from regard.errors import ConfigError, RunError
from regard.estimators import (
    AttentionEstimator,
    Composer,
    ImageClassifier,
    QuestionAnswerer,
    SeriesClassifier,
    SeriesForecaster,
    SeriesRegressor,
    SoundClassifier,
    SpanAnswerer,
    TextClassifier,
    Translator,
)
from regard.outputs.classes.graph import ClassesGraph
from regard.outputs.sides import sides_of

pytestmark = pytest.mark.filterwarnings("ignore::regard.errors.RegardWarning")

_QUICK: dict[str, Any] = {"epochs": 1, "random_state": 0}
_SMALL: dict[str, Any] = {**_QUICK, "hidden": 8, "layers": 1, "convolutions": False}


def _series(count: int, *, channels: int = 1, seed: int = 0) -> list[NDArray[np.float64]]:
    """Random walks of 7 to 29 steps around a level far from 0."""
    generator = np.random.default_rng(seed)
    return [
        3000 + generator.standard_normal((channels, steps)).cumsum(1)
        for steps in generator.integers(7, 30, count)
    ]


def _classifier(**options: Any) -> SeriesClassifier:
    labels = np.array(["down", "up", "level"])[np.arange(24) % 3]
    return SeriesClassifier(**{**_SMALL, **options}).fit(_series(24), labels)


def _padded(cases: list[NDArray[np.float64]], steps: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cases with NaN after their ends, which no model may read, and their lengths."""
    lengths = np.array([case.shape[1] for case in cases])
    values = np.full((len(cases), len(cases[0]), steps), np.nan)
    for row, case in zip(values, cases, strict=True):
        row[:, : case.shape[1]] = case
    return values, lengths


def _run(path: Path, *arrays: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What the file says, by the names in the JSON beside it."""
    told = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    names = [[each["name"] for each in told[side]] for side in ("inputs", "outputs")]
    if path.suffix == ".onnx":
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        feed = dict(zip(names[0], arrays, strict=True))
        return dict(zip(names[1], session.run(names[1], feed), strict=True))
    found = torch.export.load(path).module()(*map(torch.from_numpy, arrays))
    assert list(found) == names[1]
    return {name: each.numpy() for name, each in found.items()}


def _assert_same(path: Path, model: SeriesClassifier, cases: list[NDArray[np.float64]]) -> None:
    steps = max(case.shape[1] for case in cases) + 9
    found = _run(path, *_padded(cases, steps))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(cases), atol=1e-5)
    seen = model.infer(cases, maps=("attention",))
    for row, own in zip(found["attention"], seen.maps["attention"], strict=True):
        np.testing.assert_allclose(row[: len(own)], own, atol=1e-5)
        assert not row[len(own) :].any()
    if "evidence" in found:
        evidence = model.evidence(cases)
        np.testing.assert_allclose(found["evidence"][..., : evidence.shape[2]], evidence, atol=1e-4)


VARIANTS: dict[str, dict[str, Any]] = {
    "conv": {"encoder": "conv", "scaling": "channel"},
    "inception": {"encoder": "inception", "layers": 3, "scaling": "series"},
    "inception, stride 3": {"encoder": "inception", "stride": 3},
    "conv-bilstm": {"encoder": "conv-bilstm", "stride": 2, "scaling": "log"},
    "lstm, 2 layers": {"encoder": "lstm", "layers": 2},
    "gru": {"encoder": "gru", "align": "sparsemax"},
    "bilstm": {"encoder": "bilstm", "pooling": "stacked"},
    "transformer": {"encoder": "transformer", "attention": "scaled-dot", "heads": 2},
    "last state": {"encoder": "lstm", "query": "last"},
    "conjunctive": {"encoder": "conv", "pooling": "conjunctive"},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_encoder_and_pooling_of_series_is_exported(name: str, tmp_path: Path) -> None:
    options = dict(VARIANTS[name])
    attention = {key: options.pop(key) for key in ("align", "query") if key in options}
    if attention:
        options["attention"] = {"score": "additive", **attention}
    model = _classifier(**options)
    path = tmp_path / "model.pt2"
    model.export(path, _series(5, seed=1))
    _assert_same(path, model, [np.full((1, 1), 3001.0)])
    _assert_same(path, model, [*_series(3, seed=2), np.linspace(2990, 3010, 53)[None]])


def test_random_convolutions_are_in_the_graph(tmp_path: Path) -> None:
    """Of several channels, with a constant one and steps alike, which biases stand close to."""
    cases = _series(24, channels=2)
    for case in cases:
        case[1] = np.round(case[1])
    cases[3][1] = 5
    numbers = np.array([[case.mean(), np.ptp(case)] for case in cases])
    small = {**_QUICK, "encoder": "conv", "hidden": 4, "layers": 1, "members": 2}
    model = SeriesRegressor(convolutions=True, **small).fit(cases, numbers)
    path = tmp_path / "model.onnx"
    done = model.export(path, cases)
    assert done.cases == 24
    assert max(done.differences.values()) < 1e-4
    some = cases[:5]
    found = _run(path, *_padded(some, 40))
    np.testing.assert_allclose(found["numbers"], model.predict(some), rtol=1e-5)
    evidence = model.evidence(some)
    steps = evidence.shape[2]
    np.testing.assert_allclose(
        found["evidence"][..., :steps], evidence, atol=1e-4 * np.abs(evidence).max()
    )
    told = json.loads(path.with_name(f"{path.name}.json").read_text())
    sums = found["evidence"].sum(2) + told["mean"]
    np.testing.assert_allclose(sums, found["numbers"], rtol=1e-4)


TEXTS = ["a good day", "truly bad , so bad", "good good things come", "it was a bad thing"] * 6


@pytest.mark.parametrize("tokens", ["word", "bpe"])
def test_texts_are_exported_with_their_ngrams(tokens: str, tmp_path: Path) -> None:
    labels = ["yes", "no"] * 12
    options = {"encoder": "conv", "hidden": 8, "layers": 1, "embedding_dim": 8, "tokens": tokens}
    model = TextClassifier(**_QUICK, **options).fit(TEXTS, labels)
    cases = [*TEXTS[:4], "nothing of it known", "x", "good"]
    done = model.export(tmp_path / "model.onnx", cases)
    assert list(done.differences) == ["probabilities", "attention", "evidence"]
    assert max(done.differences.values()) < 1e-4
    told = json.loads(done.companion.read_text(encoding="utf-8"))
    assert {"tokenizer", "ngrams", "max_tokens", "lowercase"} <= set(told)


def test_forecasts_are_exported_in_the_units_of_the_data(tmp_path: Path) -> None:
    steps = np.arange(240)
    noise = np.random.default_rng(0).standard_normal((240, 2))
    X = np.stack([500 + 30 * np.sin(steps / 5), steps / 7], 1) + noise
    model = SeriesForecaster(
        horizon=4, window=19, hidden=8, quantiles=[0.1, 0.9], encoder="conv", layers=1, **_QUICK
    ).fit(X)
    path = tmp_path / "model.pt2"
    assert model.export(path, X).cases == 200  # windows
    told = json.loads(path.with_name(f"{path.name}.json").read_text())
    [scales] = told["scales"].values()
    past = np.stack([X[-19:].T, X[-40:-21].T])
    scale = [np.tile(scales[name], (2, 1)) for name in ("mean", "std")]
    found = _run(path, past, *scale)
    for n, part in enumerate((X, X[:-21])):
        wanted = model.forecast(part)
        np.testing.assert_allclose(found["forecast"][n], wanted.values[0], rtol=1e-5)
        for level, own in zip((0.1, 0.9), np.moveaxis(found["quantiles"][n], -1, 0), strict=True):
            np.testing.assert_allclose(own, wanted.quantiles[level][0], rtol=1e-5)
        np.testing.assert_allclose(found["attention"][n], wanted.weights[0], atol=1e-5)


@pytest.mark.parametrize("encoder", ["conv", "transformer"])
def test_pictures_of_all_sizes_are_exported(encoder: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    pictures = [
        generator.integers(0, 256, shape, dtype=np.uint8)
        for shape in generator.integers(7, 18, (12, 2))
    ]
    model = ImageClassifier(encoder=encoder, hidden=8, layers=1, **_QUICK)
    model.fit(pictures, ["a", "b", "c"] * 4)
    done = model.export(tmp_path / "model.pt2", pictures if encoder == "conv" else None)
    assert max(done.differences.values()) < 1e-4


def test_recordings_are_heard_in_the_graph(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    waves = [
        generator.normal(0.1, 0.2, size).clip(-1, 1).astype(np.float32)
        for size in generator.integers(900, 1700, 12)
    ]
    model = SoundClassifier(rate=4000, features="mfcc", encoder="conv", **_QUICK, hidden=8)
    model.fit(waves, ["a", "b"] * 6)
    path = tmp_path / "model.pt2"
    model.export(path, waves)
    lengths = np.array([len(wave) for wave in waves[:3]])
    padded = np.full((3, 2000), np.nan, np.float32)
    for row, wave in zip(padded, waves, strict=False):
        row[: len(wave)] = wave
    found = _run(path, padded, lengths)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(waves[:3]), atol=1e-4)


@pytest.fixture(scope="module")
def small() -> SeriesClassifier:
    return _classifier(encoder="conv")


def test_cases_are_drawn_where_none_are_given(small: SeriesClassifier, tmp_path: Path) -> None:
    done = small.export(tmp_path / "model.pt2")
    assert done.source == "drawn at random"
    told = json.loads(done.companion.read_text())
    assert told["compared"]["cases"] == done.cases == 12
    assert told["classes"] == ["down", "level", "up"]
    assert re.match(r"largest difference to the run on 12 cases drawn at random: prob", str(done))


def test_a_file_names_no_place_on_the_machine(small: SeriesClassifier, tmp_path: Path) -> None:
    source = str(Path(exporting.__file__).parents[2]).encode()
    for name in ("model.onnx", "model.pt2"):
        small.export(tmp_path / name, overwrite=True)
        assert source not in (tmp_path / name).read_bytes()  # pt2 is a ZIP that packs nothing


def test_an_exported_model_that_differs_is_not_written(
    small: SeriesClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = ClassesGraph.forward

    def wrong(*given: Any) -> dict[str, torch.Tensor]:
        said = forward(*given)
        return {**said, "probabilities": said["probabilities"] + 0.1}

    monkeypatch.setattr(ClassesGraph, "forward", wrong)
    with pytest.raises(RunError, match="is not written: probabilities of the exported model diff"):
        small.export(tmp_path / "model.pt2")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["model.pt2", "model.pt2.json"])
def test_nothing_is_replaced_unasked(small: SeriesClassifier, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match=f"{name}: exists; .*overwrite=True"):
        small.export(tmp_path / "model.pt2")
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_an_unknown_format_is_refused(small: SeriesClassifier, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"wanted a name that ends in \.onnx or \.pt2"):
        small.export(tmp_path / "model.tflite")


def test_a_missing_package_is_named(
    small: SeriesClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ConfigError, match=r"ONNX needs onnxscript.*'regard\[export\]'"):
        small.export(tmp_path / "model.onnx")


def test_hierarchical_pooling_is_refused(tmp_path: Path) -> None:
    model = TextClassifier(pooling="hierarchical", encoder="conv", hidden=8, **_QUICK)
    model.fit(TEXTS, ["yes", "no"] * 12)
    with pytest.raises(ConfigError, match="hierarchical pooling takes .*pooling='attention'"):
        model.export(tmp_path / "model.pt2")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Translator, "texts are written by a search"),
        (Composer, "music is drawn event by event"),
        (SpanAnswerer, "a span is searched for"),
        (QuestionAnswerer, "no graph allows"),
    ],
)
def test_what_cannot_be_one_graph_says_why(kind: type[AttentionEstimator], why: str) -> None:
    model = kind()
    config = model.resolve(0)
    incoming, output = sides_of(config)
    model.input_, model.output_, model.model_ = incoming, output, torch.nn.Linear(1, 1)
    output.__dict__["classes_"] = np.array(["a", "b"])
    with pytest.raises(ConfigError, match=f"export: .*{why}.*; run it with regard serve"):
        exporting.check_exportable(model)
