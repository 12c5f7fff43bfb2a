"""The classifier of series: what the contract of all estimators does not say."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from regard import SeriesClassifier
from regard.data import Cases, read_ts, sine
from regard.errors import ConfigError, DataError

SMALL: dict[str, Any] = {
    "encoder": "conv",
    "hidden": 8,
    "layers": 1,
    "epochs": 6,
    "updates_per_epoch": 5,
    "device": "cpu",
    "random_state": 0,
}


def _waves(cases: int = 40, steps: int = 31, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes: a bump in the first or in the second half."""
    generator = np.random.default_rng(seed)
    X = 0.1 * generator.normal(size=(cases, 1, steps))
    y = np.array(["early", "late"])[np.arange(cases) % 2]
    X[y == "early", 0, 5:9] += 1.0
    X[y == "late", 0, 20:24] += 1.0
    return X, y


@pytest.fixture(scope="module")
def fitted() -> SeriesClassifier:
    changes = {"encoder": "bilstm", "learning_rate": 0.02, "epochs": 25}
    return SeriesClassifier(**{**SMALL, **changes}).fit(*_waves())


def test_it_learns_and_scores(fitted: SeriesClassifier) -> None:
    X, y = _waves(seed=1)
    assert fitted.score(X, y) == 1.0
    assert fitted.classes_.tolist() == ["early", "late"]
    np.testing.assert_allclose(fitted.predict_proba(X).sum(1), 1.0)


def test_arrays_of_two_and_three_axes_and_lists_are_the_same(fitted: SeriesClassifier) -> None:
    X, _ = _waves(seed=1)
    expected = fitted.predict_proba(X)
    np.testing.assert_allclose(fitted.predict_proba(X[:, 0]), expected)
    np.testing.assert_allclose(fitted.predict_proba(list(X)), expected)
    np.testing.assert_allclose(fitted.predict_proba(list(X[:, 0])), expected)


def test_attention_sums_to_one_over_the_true_steps(fitted: SeriesClassifier) -> None:
    X, _ = _waves(seed=1)
    ragged = [x[:, : 31 - n] for n, x in enumerate(X[:7])]
    weights = fitted.attend(ragged)
    assert weights.shape == (7, 31)
    np.testing.assert_allclose(weights.sum(1), 1.0, atol=1e-6)
    for n, row in enumerate(weights):
        assert (row[31 - n :] == 0).all()
        np.testing.assert_allclose(fitted.attend([ragged[n]])[0], row[: 31 - n], atol=1e-5)


def test_cross_validation_grid_search_pipeline_and_clone() -> None:
    X, y = _waves()
    model = SeriesClassifier(**{**SMALL, "learning_rate": 0.05})
    assert cross_val_score(model, X, y, cv=2).shape == (2,)
    search = GridSearchCV(model, {"hidden": np.array([5, 7]), "attention": ["dot"]}, cv=2)
    assert search.fit(X[:, 0], y).best_estimator_.attention == "dot"
    pipeline = make_pipeline(FunctionTransformer(np.abs), model)
    assert set(pipeline.fit(X[:, 0], y).predict(X[:, 0])) <= {"early", "late"}
    copy = clone(model)
    assert copy is not model
    assert copy.get_params() == model.get_params()


def test_balanced_class_weights_find_the_rare_class() -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 1, 11))
    y = (np.arange(200) % 20 == 0).astype(int)
    X[y == 1] += 0.7
    found = [
        SeriesClassifier(**{**SMALL, "class_weight": weight}).fit(X, y).predict(X).sum()
        for weight in (None, "balanced")
    ]
    assert found[0] < found[1]


def test_validation_stops_training(fitted: SeriesClassifier) -> None:
    X, y = _waves(100)
    model = SeriesClassifier(**{**SMALL, "validation_share": 0.2}).fit(X, y)
    assert "validation_loss" in model.history_[0]
    assert "validation_loss" not in fitted.history_[0]
    cases = sine(series=50, steps=23)
    given = SeriesClassifier(**SMALL).fit(cases, validation=cases)
    assert "validation_loss" in given.history_[0]


def test_missing_values() -> None:
    X, y = _waves()
    X[3, 0, 7] = np.nan
    with pytest.raises(DataError, match="NaN"):
        SeriesClassifier(**SMALL).fit(X, y)
    model = SeriesClassifier(**SMALL, missing="interpolate").fit(X, y)
    assert model.predict(X).shape == (40,)


@pytest.mark.parametrize("labels", [[3, 7], [True, False], ["a", "b"], [0.0, 1.0]])
def test_labels_keep_their_type(labels: list[Any], tmp_path: Path) -> None:
    X, _ = _waves()
    y = np.array(labels)[np.arange(40) % 2]
    SeriesClassifier(**{**SMALL, "epochs": 1}).fit(X, y).save(tmp_path / "model")
    predicted = SeriesClassifier.load(tmp_path / "model").predict(X)
    assert predicted.dtype.kind == y.dtype.kind
    assert set(predicted) <= set(y)


def test_class_weights_by_label() -> None:
    X, y = _waves()
    X = np.random.default_rng(0).normal(size=X.shape)
    late = [
        SeriesClassifier(**{**SMALL, "class_weight": weights}).fit(X, y).predict_proba(X)[:, 1]
        for weights in ({"early": 50.0}, None, {"late": 50.0})
    ]
    assert late[0].mean() < late[1].mean() < late[2].mean()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scaling": "minmax"}, "scaling"),
        ({"augmentation": "warps"}, "augmentation.*did you mean 'warp'"),
        ({"pooling": "conjunctive", "attention": "causal"}, "set pooling to attention"),
        ({"class_weight": {"erly": 2.0}}, "there is no class erly; did you mean 'early'"),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SeriesClassifier(**{**SMALL, **parameters}).fit(*_waves())


def test_wrong_data() -> None:
    X, y = _waves()
    model = SeriesClassifier(**SMALL)
    with pytest.raises(DataError, match="y has only one class, early"):
        model.fit(X, np.full(40, "early"))
    with pytest.raises(DataError, match="the cases have no labels"):
        model.fit(Cases(X, np.full(40, 31)))
    model.fit(X, y)
    with pytest.raises(DataError, match="X has 2 channels; the model was fitted on 1"):
        model.predict(np.zeros((3, 2, 31)))
    validation = Cases(X[:1], np.array([31]), np.array(["never"]))
    with pytest.raises(DataError, match="case 0: label never is not in the training part"):
        model.fit(X, y, validation=None).fit(Cases(X, np.full(40, 31), y), validation=validation)


@pytest.mark.skipif("REGARD_DATA" not in os.environ, reason="REGARD_DATA is not set")
def test_real_series_of_unequal_lengths() -> None:
    folder = Path(os.environ["REGARD_DATA"]) / "series" / "multivariate" / "JapaneseVowels"
    train = read_ts(folder / "JapaneseVowels_TRAIN.ts")
    test = read_ts(folder / "JapaneseVowels_TEST.ts")
    model = SeriesClassifier(encoder="gru", epochs=6, random_state=0, device="cpu").fit(train)
    assert model.score(test, test.labels) > 0.9
    weights = model.attend(test)
    np.testing.assert_allclose(weights.sum(1), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    "attention",
    [
        "local-p",
        "coverage",
        {"score": "general", "window": {"local-p": 3}, "align": "sparsemax", "heads": 4},
        {"window": {"causal": {}, "alibi": {}}, "heads": 2},
    ],
)
def test_attention_is_a_name_or_a_table(attention: Any, tmp_path: Path) -> None:
    X, y = _waves(cases=8)
    model = SeriesClassifier(**{**SMALL, "attention": attention, "epochs": 1}).fit(X, y)
    if isinstance(attention, dict):
        pool: Any = model.model_.head.pool  # type: ignore[union-attr]
        assert len(pool.heads) == attention["heads"]
    np.testing.assert_allclose(model.attend(X).sum(1), 1, rtol=1e-5)
    logits = model.evidence(X).sum(2)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(shares, model.predict_proba(X), rtol=1e-4)
    model.save(tmp_path / "run")
    loaded = SeriesClassifier.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_location_is_for_no_longer_series_than_those_trained_on() -> None:
    X, y = _waves(cases=8)
    model = SeriesClassifier(**{**SMALL, "attention": "location", "epochs": 1}).fit(X, y)
    with pytest.raises(ConfigError, match="was made for at most 31 keys, not 62"):
        model.predict(np.concatenate([X, X], 2))
