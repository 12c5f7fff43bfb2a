"""Probabilities calibrated on held-out cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from regard import SeriesClassifier, TextClassifier, jobs
from regard.estimators.classifier import AttentionClassifier
from regard.inference import Inference
from regard.inputs.series.cases import Cases
from regard.outputs.classes.calibration import certainty, temperature_of
from regard.splits import split


def _logits(rng: np.random.Generator, cases: int, classes: int) -> tuple[Any, NDArray[np.int64]]:
    """Logits whose softmax are the true probabilities of the targets."""
    logits = rng.normal(size=(cases, classes)) * 2
    draws = [rng.choice(classes, p=row) for row in softmax(logits, axis=1)]
    return logits, np.array(draws)


@pytest.mark.parametrize("factor", [0.2, 1.0, 7.0])
@pytest.mark.parametrize("classes", [2, 5])
def test_a_known_temperature_is_found(
    rng: np.random.Generator, factor: float, classes: int
) -> None:
    logits, targets = _logits(rng, 4000, classes)
    assert temperature_of(logits * factor, targets) == pytest.approx(factor, rel=0.08)


def test_cases_that_are_all_right_are_not_certain() -> None:
    """Laplace's rule of succession: 18 of 18 right is 19 of 20."""
    logits = np.tile([0.0, 3.0], (18, 1))
    temperature = temperature_of(logits, np.ones(18, np.int64))
    assert softmax(logits[0] / temperature)[1] == pytest.approx(19 / 20, abs=1e-3)


def test_certain_cases_are_in_the_highest_bin() -> None:
    probabilities = np.array([[1.0, 0.0], [0.08, 0.92], [0.04, 0.96]])
    found = certainty(probabilities, np.array([0, 0, 1]))
    [row] = found["reliability"]
    assert row == {"probability": pytest.approx(0.96), "right": pytest.approx(2 / 3), "cases": 3}
    assert found["ece"] == pytest.approx(0.96 - 2 / 3)


def test_logits_without_a_difference_have_some_temperature() -> None:
    assert 0 < temperature_of(np.zeros((5, 3)), np.array([0, 1, 2, 0, 1])) < np.inf


def _texts(rng: np.random.Generator, cases: int) -> tuple[list[str], list[str]]:
    """Texts of which one in five says the opposite of its label."""
    labels = np.array(["down", "up"])[rng.integers(2, size=cases)]
    wrong = rng.random(cases) < 0.2
    words = np.where((labels == "up") != wrong, "good", "bad")
    fillers = rng.choice(["film", "plot", "cast", "tune"], size=(cases, 3))
    return [f"{word} {' '.join(own)}" for word, own in zip(words, fillers, strict=True)], list(
        labels
    )


@pytest.fixture(scope="module")
def calibrated() -> TextClassifier:
    texts, labels = _texts(np.random.default_rng(0), 800)
    model = TextClassifier(
        hidden=4, embedding_dim=8, epochs=3, validation_share=0.5, random_state=0, device="cpu"
    )
    return model.fit(texts, labels)


def _raw(model: Any) -> Any:
    """The same model without its temperature."""
    copy = type(model).from_run(model.to_run(model.resolve(model.seed_)), source="run")
    copy.output_.temperature_ = 1.0
    return copy


def test_the_temperature_divides_logits_and_evidence(calibrated: TextClassifier) -> None:
    texts, _ = _texts(np.random.default_rng(1), 40)
    temperature = calibrated.output_.temperature_  # type: ignore[attr-defined]
    assert temperature != 1
    seen = calibrated.infer(texts, maps=("evidence", "attention"))
    raw = _raw(calibrated).infer(texts, maps=("evidence", "attention"))
    np.testing.assert_allclose(seen.values, raw.values / temperature, rtol=1e-5)
    np.testing.assert_array_equal(seen.values.argmax(1), raw.values.argmax(1))
    for n in range(len(texts)):
        np.testing.assert_allclose(seen.maps["evidence"][n].sum(1), seen.values[n], atol=1e-5)
        np.testing.assert_array_equal(seen.maps["attention"][n], raw.maps["attention"][n])


def test_the_certainty_is_that_of_the_held_out_cases(calibrated: TextClassifier) -> None:
    texts, labels = _texts(np.random.default_rng(2), 1000)
    probabilities = calibrated.predict_proba(texts)
    right = calibrated.classes_[probabilities.argmax(1)] == np.array(labels)
    assert probabilities.max(1).mean() == pytest.approx(right.mean(), abs=0.06)


def test_a_run_keeps_its_temperature(calibrated: TextClassifier, tmp_path: Path) -> None:
    texts, _ = _texts(np.random.default_rng(3), 10)
    calibrated.save(tmp_path / "run")
    loaded = TextClassifier.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(texts), calibrated.predict_proba(texts))


def test_a_run_saved_without_a_temperature_loads(calibrated: TextClassifier) -> None:
    run = calibrated.to_run(calibrated.resolve(calibrated.seed_))
    kept = {name: value for name, value in run.preprocess.items() if name != "calibration"}
    old = TextClassifier.from_run(replace(run, preprocess=kept), source="run")
    assert old.output_.temperature_ == 1  # type: ignore[attr-defined]


def test_without_held_out_cases_nothing_is_calibrated() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 1, 12)), np.tile(["a", "b"], 15)
    options: Any = {"epochs": 1, "hidden": 4, "random_state": 0, "device": "cpu"}
    model = SeriesClassifier(**options).fit(X, y)
    assert model.output_.temperature_ == 1  # type: ignore[attr-defined]
    # Fitted again with a validation part, it is; and again without, it is not.
    model.set_params(validation_share=0.3).fit(X, y)
    assert model.output_.calibrated_on_ == 9  # type: ignore[attr-defined]
    model.set_params(validation_share=0.0).fit(X, y)
    assert model.output_.temperature_ == 1  # type: ignore[attr-defined]


def test_calibration_sees_uncalibrated_values_of_the_validation_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from regard.outputs.classes.output import ClassesOutput

    rng, seen = np.random.default_rng(0), list[Inference]()
    keep = ClassesOutput.calibrate

    def watched(self: ClassesOutput, held: Inference) -> None:
        assert self.temperature_ == 1
        seen.append(held)
        keep(self, held)

    monkeypatch.setattr(ClassesOutput, "calibrate", watched)
    cases = Cases(rng.normal(size=(40, 1, 8)), np.full(40, 8), labels=np.tile(["a", "b"], 20))
    options: Any = {"epochs": 1, "hidden": 4, "random_state": 0, "device": "cpu"}
    SeriesClassifier(**options).fit(
        cases.take(np.arange(30)), validation=cases.take(np.arange(30, 40))
    )
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0].cases.values, cases.values[30:])


def test_refit_trains_on_all_cases_with_the_temperature_of_a_tenth() -> None:
    texts, labels = _texts(np.random.default_rng(0), 120)
    options: Any = {"hidden": 4, "embedding_dim": 8, "epochs": 2, "random_state": 0}
    refit = TextClassifier(device="cpu", **options).fit(texts, labels)
    once = TextClassifier(device="cpu", calibration="none", **options).fit(texts, labels)
    for name, weight in once.model_.state_dict().items():
        torch.testing.assert_close(refit.model_.state_dict()[name], weight, rtol=0, atol=0)
    assert once.output_.calibrated_on_ == 0  # type: ignore[attr-defined]

    train, held = split(np.array(labels), shares=(0.9, 0.1), seed=0)
    first = TextClassifier(device="cpu", calibration="none", **options)
    first.fit([texts[n] for n in train], [labels[n] for n in train])
    logits = first.infer([texts[n] for n in held]).values
    targets = np.searchsorted(first.classes_, np.array(labels)[held])
    expected = temperature_of(logits, targets)
    assert refit.output_.temperature_ == expected != 1  # type: ignore[attr-defined]
    assert refit.output_.calibrated_on_ == 12  # type: ignore[attr-defined]


@pytest.mark.parametrize(("cases", "odd"), [(99, False), (120, True)])
def test_few_cases_or_a_class_of_one_are_trained_on_once(cases: int, odd: bool) -> None:
    texts, labels = _texts(np.random.default_rng(0), cases)
    labels[0] = "odd" if odd else labels[0]
    model = TextClassifier(hidden=4, epochs=1, random_state=0, device="cpu").fit(texts, labels)
    assert model.output_.calibrated_on_ == 0  # type: ignore[attr-defined]


def test_a_validation_part_is_calibrated_on_if_that_is_wanted() -> None:
    texts, labels = _texts(np.random.default_rng(0), 120)
    options: Any = {"hidden": 4, "epochs": 1, "random_state": 0, "device": "cpu"}
    model = TextClassifier(validation_share=0.25, **options).fit(texts, labels)
    assert model.output_.calibrated_on_ == 30  # type: ignore[attr-defined]
    model.set_params(calibration="none").fit(texts, labels)
    assert model.output_.temperature_ == 1  # type: ignore[attr-defined]


def test_a_training_cut_off_while_it_trains_first_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, labels = _texts(np.random.default_rng(0), 160)
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(map(" ".join, zip(labels, texts, strict=True))))
    config = {
        "task": "classify-text",
        "data": {"kind": "lines", "path": str(lines)},
        "model": {"hidden": 4, "embedding_dim": 8},
        "training": {"epochs": 2, "device": "cpu"},
    }
    whole = jobs.train(config, tmp_path / "whole")
    assert whole["calibration"]["cases"] == 13  # a tenth of 128

    real = AttentionClassifier.infer

    def cut_off(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TextClassifier, "infer", cut_off)
    with pytest.raises(KeyboardInterrupt):
        jobs.train(config, tmp_path / "cut")
    monkeypatch.setattr(TextClassifier, "infer", real)
    resumed = jobs.train(config, tmp_path / "cut", resume=True)
    del resumed["fit_seconds"], whole["fit_seconds"]
    assert resumed == whole
