"""Rare classes: weights, and which class is the positive one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from commands import Regard
from regard import SeriesClassifier
from regard.config import resolve_config
from regard.errors import ConfigError, DataError, RegardWarning
from regard.inputs.text.texts import Texts
from regard.jobs import load_parts, train
from regard.outputs.classes.labels import check_training
from regard.outputs.classes.rare import without_rare
from regard.splits import split
from regard.training import CrossEntropy

OPTIONS: dict[str, Any] = {"encoder": "conv", "hidden": 16, "device": "cpu", "random_state": 0}


def _series(cases: int, share: float, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Noise, and in the faulty ones ten steps that are higher."""
    rng = np.random.default_rng(seed)
    faulty = rng.permutation(np.arange(cases) < round(cases * share))
    X = rng.normal(size=(cases, 1, 30))
    for n in np.flatnonzero(faulty):
        at = rng.integers(20)
        X[n, 0, at : at + 10] += 1.5
    return X, np.where(faulty, "faulty", "fine")


@pytest.mark.parametrize(("share", "cases"), [(0.05, 400), (0.01, 600)])
def test_balanced_weights_find_the_rare_class_and_keep_the_common_one(
    share: float, cases: int
) -> None:
    model = SeriesClassifier(class_weight="balanced", epochs=12, **OPTIONS)
    X, y = _series(cases, share, 0)
    unseen, truth = _series(600, 0.3, 1)
    predicted = model.fit(X, y).predict(unseen)
    assert (predicted == truth)[truth == "faulty"].mean() > 0.6
    assert (predicted == truth)[truth == "fine"].mean() > 0.85


def test_a_case_has_the_weight_of_its_class_whatever_the_smoothing() -> None:
    values, targets = torch.tensor([[2.0, 0.0], [1.0, -1.0]]), torch.tensor([0, 1])
    p = torch.softmax(values, 1)
    found = CrossEntropy(torch.tensor([0.5, 8.0]), smoothing=0.2)(values, targets)
    first = -0.9 * p[0, 0].log() - 0.1 * p[0, 1].log()
    second = -0.1 * p[1, 0].log() - 0.9 * p[1, 1].log()
    torch.testing.assert_close(found, (0.5 * first + 8 * second) / 2)


@pytest.mark.parametrize("weight", [-1, 0, float("nan"), float("inf"), "much", True])
def test_weights_that_are_no_weights_are_refused(weight: Any) -> None:
    model = SeriesClassifier(class_weight={"faulty": weight}, **OPTIONS)
    with pytest.raises(ConfigError, match="class_weight: wanted a number above 0 for faulty, not"):
        model.fit(*_series(20, 0.5, 0))


def test_weights_beyond_comparison_are_refused() -> None:
    model = SeriesClassifier(class_weight={"faulty": 1e30}, **OPTIONS)
    with pytest.raises(ConfigError, match=r"the largest weight is 1e\+30 times the smallest"):
        model.fit(*_series(20, 0.5, 0))


def test_weights_of_an_unknown_class_are_refused() -> None:
    model = SeriesClassifier(class_weight={"fautly": 2.0}, **OPTIONS)
    with pytest.raises(ConfigError, match="there is no class fautly; did you mean 'faulty'"):
        model.fit(*_series(20, 0.5, 0))
    model = SeriesClassifier(class_weight="balance", **OPTIONS)
    with pytest.raises(ConfigError, match="wanted balanced or a weight for each label"):
        model.fit(*_series(20, 0.5, 0))


def _positive(share: float, **options: Any) -> str:
    model = SeriesClassifier(epochs=1, updates_per_epoch=1, **options, **OPTIONS)
    model.fit(*_series(20, share, 0))
    return str(model.classes_[model.positive_])


def test_the_positive_class_is_the_rarer_one_or_the_one_named() -> None:
    assert _positive(0.2) == "faulty"
    assert _positive(0.8) == "fine"
    assert _positive(0.5) == "fine"  # the last by alphabet
    assert _positive(0.2, positive="fine") == "fine"
    with pytest.raises(ConfigError, match="positive: there is no class fien; did you mean 'fine'"):
        _positive(0.2, positive="fien")


def test_numbers_are_named_as_they_are() -> None:
    X, y = _series(20, 0.2, 0)
    model = SeriesClassifier(epochs=1, updates_per_epoch=1, positive=0, **OPTIONS)
    model.fit(X, (y == "faulty").astype(int))
    assert model.positive_ == 0
    three = np.arange(20) % 3
    with pytest.raises(ConfigError, match="positive: wanted two classes, given 3"):
        model.fit(X, three)


# Classes of one case.


def _texts(labels: list[str]) -> Texts:
    return Texts(tuple(f"text {n}" for n in range(len(labels))), np.array(labels))


def test_classes_of_one_case_are_left_out_or_merged() -> None:
    cases, test = _texts(["a", "a", "b", "c", "d", "d"]), _texts(["b", "d", "a", "c"])
    kept, tested, notes = without_rare(cases, test, how="drop")
    assert kept.labels.tolist() == ["a", "a", "d", "d"]
    assert kept.texts == ("text 0", "text 1", "text 4", "text 5")
    assert tested is not None
    assert tested.labels.tolist() == ["d", "a"]
    assert notes == ["2 classes of one case are left out: b, c"]
    kept, tested, notes = without_rare(cases, test, how="merge")
    assert kept.labels.tolist() == ["a", "a", "other", "other", "d", "d"]
    assert tested is not None
    assert tested.labels.tolist() == ["other", "d", "a", "other"]
    assert notes == ["2 classes of one case are merged into 'other': b, c"]
    assert without_rare(_texts(["a", "a"]), None, how="drop")[2] == []


def test_what_cannot_be_merged() -> None:
    with pytest.raises(DataError, match="nothing to merge it with; pass rare_classes='drop'"):
        without_rare(_texts(["a", "a", "b", "d", "d"]), None, how="merge")
    merged, _, _ = without_rare(_texts(["a", "a", "b", "other"]), None, how="merge")
    assert merged.labels.tolist() == ["a", "a", "other", "other"]
    merged, _, _ = without_rare(_texts(["a", "a", "b", "other", "other"]), None, how="merge")
    assert merged.labels.tolist() == ["a", "a", "other", "other", "other"]
    numbers = Texts(("x",) * 4, np.array([1, 1, 2, 3]))
    with pytest.raises(DataError, match="only labels that are text"):
        without_rare(numbers, None, how="merge")


def test_a_single_rare_class_is_not_to_be_merged() -> None:
    """The error names only what the next try takes."""
    with pytest.raises(DataError, match="class b has only.*; pass rare_classes='drop'$"):
        check_training(_texts(["a", "a", "b", "d", "d"]), "a.csv")
    with pytest.raises(DataError, match="'b' has one case.*; pass rare_classes='drop'$"):
        split(np.array(list("aabdd")), shares=(0.6, 0.4), seed=0)
    with pytest.raises(DataError, match="or pass rare_classes='merge'$"):
        check_training(_texts(["a", "a", "b", "c"]), "a.csv")


def test_an_estimator_leaves_rare_classes_out() -> None:
    X, y = _series(30, 0.5, 0)
    y = y.astype(object)
    y[3], y[4] = "odd", "strange"
    options = OPTIONS | {"epochs": 1, "updates_per_epoch": 1, "validation_share": 0.2}
    with pytest.raises(DataError, match="'odd' has one case.*pass rare_classes='drop', or"):
        SeriesClassifier(**options).fit(X, y)
    with pytest.warns(RegardWarning, match="2 classes of one case are left out: odd, strange"):
        model = SeriesClassifier(rare_classes="drop", **options).fit(X, y)
    assert model.classes_.tolist() == ["faulty", "fine"]
    with pytest.warns(RegardWarning, match="merged into 'other'"):
        model = SeriesClassifier(rare_classes="merge", **options).fit(X, y)
    assert model.classes_.tolist() == ["faulty", "fine", "other"]


def _file(path: Path, labels: list[str]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    rows = [",".join([label, *map(str, rng.normal(size=9).round(3))]) for label in labels]
    path.write_text("\n".join(rows))
    return {
        "data": {"kind": "csv", "path": str(path), "validation_share": 0.25, "test_share": 0.25},
        "model": {"encoder": "conv", "hidden": 4},
        "training": {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"},
    }


def test_a_file_with_rare_classes(tmp_path: Path) -> None:
    """`c` has two cases, of which one may be the only one of the training part."""
    config = _file(tmp_path / "a.csv", ["a"] * 9 + ["b"] * 9 + ["c"] * 2 + ["d", "e", "f", "g"])
    with pytest.raises(DataError) as refused:
        load_parts(resolve_config(config))
    assert str(refused.value) == (
        f"{tmp_path / 'a.csv'}: classes d, e, f and 1 more have one case each; each needs at least "
        'two; set "rare_classes": "drop" in "training", or set "rare_classes": "merge" in '
        '"training"'
    )
    for how, classes in (("drop", 3), ("merge", 4)):
        config["training"]["rare_classes"] = how
        metrics = train(config, tmp_path / how)
        assert len(metrics["per_class"]) == classes
        assert any(note.startswith("4 classes of one case are") for note in metrics["notes"])


def test_classes_without_a_test_case_have_no_recall_to_print(
    regard: Regard, tmp_path: Path
) -> None:
    config = _file(tmp_path / "a.csv", ["faulty"] * 8 + ["fine"] * 12)
    _file(tmp_path / "b.csv", ["fine"] * 3)
    config["data"]["test_path"] = str(tmp_path / "b.csv")
    (tmp_path / "a.json").write_text(json.dumps(config))
    assert regard("train", tmp_path / "a.json", "--out", tmp_path / "run") == 0
    assert re.findall("^recall (fine|faulty) .* of ([0-9]+) cases", regard.out, re.MULTILINE) == [
        ("fine", "3")
    ]


def test_the_command_line_prints_the_positive_class_and_recalls(
    regard: Regard, tmp_path: Path
) -> None:
    config = _file(tmp_path / "a.csv", ["faulty"] * 8 + ["fine"] * 32)
    (tmp_path / "a.json").write_text(json.dumps(config))
    assert regard("train", tmp_path / "a.json", "--out", tmp_path / "run") == 0
    assert re.search(r"^positive class +faulty$", regard.out, re.MULTILINE)
    for name, cases in (("faulty", 2), ("fine", 8)):
        assert re.search(
            rf"^recall {name} +[01]\.\d{{4}} of {cases} cases$", regard.out, re.MULTILINE
        )
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["averaging"] == "binary, positive class 'faulty'"
