"""What every estimator promises: scikit-learn's contract and its own, saving, maps, resuming."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightning.pytorch import LightningModule, Trainer
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from regard.catalogue import ENCODERS
from regard.config import config_of, kinds_of
from regard.data import sine
from regard.errors import ConfigError, DataError, RunError
from regard.estimators import (
    AttentionEstimator,
    QuestionAnswerer,
    SeriesClassifier,
    SeriesForecaster,
    SeriesRegressor,
    SoundClassifier,
    SpanAnswerer,
    Summarizer,
    TextAnswerer,
    TextClassifier,
    Translator,
)
from regard.training.callbacks import Checkpoint

SMALL: dict[str, Any] = {
    "encoder": "conv",
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "dropout": 0.0,
    "epochs": 3,
    "updates_per_epoch": 2,
    "batch_size": 8,
    "validation_share": 0.0,
    "device": "cpu",
    "random_state": 0,
}
FORMS = ("lstm-attention", "lstm-bahdanau", "lstm-hierarchical")
WORDS = ("the", "film", "was", "good", "bad", "dull", "bright", "not", "very", ".", "so", "long")


def _slice(X: Any, n: int) -> Any:
    return X[n : n + 1]


def _frames(X: Any) -> list[int]:
    """Frames of 80 samples each, the last of which may be cut off."""
    return [-(-len(case) // 80) for case in X]


def _lengths(X: Any) -> list[int]:
    """Steps, or words."""
    return [len(case.split()) if isinstance(case, str) else case.shape[1] for case in X]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An estimator, and what a test must know of it.

    Attributes:
        estimator: the class.
        data: X, whose cases differ in length, and y.
        values: what the model says of each case: [cases, ...].
        poolings: those that it has.
        told: the values, from the sums of the evidence; None where there is no evidence.
        refused: a form or pooling without evidence, as parameters.
        options: parameters beside those that all have.
        take: the case at a position alone, as X.
        lengths: how far the last axis of each map is of the case.
    """

    estimator: type[AttentionEstimator]
    data: Callable[[], tuple[Any, Any]]
    values: Callable[[Any, Any], NDArray[Any]]
    poolings: tuple[str, ...]
    told: Callable[[Any, NDArray[Any]], NDArray[Any]] | None = None
    refused: tuple[dict[str, str], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    take: Callable[[Any, int], Any] = _slice
    lengths: Callable[[Any], list[int]] = _lengths

    def make(self, **changes: Any) -> Any:
        return self.estimator(**{**SMALL, **dict(self.options), **changes})


def _series() -> list[NDArray[Any]]:
    generator = np.random.default_rng(0)
    return [generator.normal(size=(2, length)) for length in (13, 5, 11, 1, 7, 13, 3, 2, 11) * 3]


def _classes() -> tuple[list[Any], Any]:
    X = _series()
    return X, np.array(["up", "down", "level"])[np.arange(len(X)) % 3]


def _numbers() -> tuple[list[Any], Any]:
    X = _series()
    return X, np.array([[x.max() * 1e4, x.shape[1]] for x in X])


def _texts() -> tuple[list[Any], Any]:
    generator = np.random.default_rng(0)
    lengths = (13, 5, 11, 1, 7, 17, 3, 2) * 3
    X = [" ".join(generator.choice(WORDS, length)) for length in lengths]
    return X, np.array([3, 1, 2])[np.arange(len(X)) % 3]


def _sounds() -> tuple[list[Any], Any]:
    generator = np.random.default_rng(0)
    lengths = (1040, 400, 871, 77, 560, 1033, 240, 160, 890)
    X = [0.1 * generator.normal(size=length) for length in lengths * 3]
    return X, np.array(["up", "down", "level"])[np.arange(len(X)) % 3]


def _tides() -> tuple[Any, None]:
    """A long table of two columns, whose series differ in length."""
    import polars as pl

    generator = np.random.default_rng(0)
    lengths = (29, 37, 31, 41, 23)
    rows = np.concatenate([np.arange(length) for length in lengths])
    table = {"unique_id": np.repeat(np.arange(len(lengths)), lengths), "ds": rows}
    table["high"] = np.sin(rows / 3) + 0.1 * generator.normal(size=len(rows))
    table["low"] = 1e3 * np.cos(rows / 5) + generator.normal(size=len(rows))
    return pl.DataFrame(table), None


def _softmax(_: Any, sums: NDArray[Any]) -> NDArray[Any]:
    powers = np.exp(sums - sums.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def _probabilities(model: Any, X: Any) -> NDArray[Any]:
    return np.asarray(model.predict_proba(X))


KINDS = [
    Kind(
        estimator=SeriesClassifier,
        data=_classes,
        values=_probabilities,
        told=_softmax,
        poolings=("attention", "conjunctive", "stacked"),
        refused=({"form": "lstm-bahdanau"}, {"pooling": "stacked"}),
        options=(("augmentation", "warp"),),
    ),
    Kind(
        estimator=SeriesRegressor,
        data=_numbers,
        values=lambda model, X: np.asarray(model.predict(X)),
        told=lambda model, sums: np.asarray(sums + model.target_scaler_.mean),
        poolings=("attention", "conjunctive", "stacked"),
        refused=({"form": "lstm-bahdanau"}, {"pooling": "stacked"}),
        options=(("members", 2),),
    ),
    Kind(
        estimator=TextClassifier,
        data=_texts,
        values=_probabilities,
        told=_softmax,
        poolings=("attention", "conjunctive", "stacked", "hierarchical"),
        refused=({"form": "lstm-bahdanau"}, {"pooling": "stacked"}, {"pooling": "hierarchical"}),
        options=(("embedding_dim", 8), ("ngrams", True)),
    ),
    Kind(
        estimator=SoundClassifier,
        data=_sounds,
        values=_probabilities,
        told=_softmax,
        poolings=("attention", "conjunctive", "stacked"),
        refused=({"form": "lstm-bahdanau"}, {"pooling": "stacked"}),
        options=(("rate", 8000), ("mels", 11), ("coefficients", 5)),
        lengths=_frames,
    ),
    Kind(
        estimator=SeriesForecaster,
        data=_tides,
        values=lambda model, X: np.asarray(model.predict(X)),
        poolings=("horizon", "attention", "stacked"),
        options=(("horizon", 3), ("window", 13), ("season", 1), ("target", ("high", "low"))),
        take=lambda X, n: X.filter(X["unique_id"] == n),
        lengths=lambda X: [13] * X["unique_id"].n_unique(),
    ),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.estimator.__name__)
with_evidence = pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.told is not None],
    ids=lambda kind: kind.estimator.__name__,
)

_FITTED: dict[str, Any] = {}


def _fitted(kind: Kind, **changes: Any) -> Any:
    """A model that no test changes, made once."""
    key = f"{kind.estimator.__name__} {changes}"
    if key not in _FITTED:
        _FITTED[key] = kind.make(**changes).fit(*kind.data())
    return _FITTED[key]


def _weights(model: Any) -> dict[str, NDArray[Any]]:
    return {name: tensor.numpy() for name, tensor in model.model_.state_dict().items()}


def _same(first: Any, second: Any) -> bool:
    return all(
        np.array_equal(a, b)
        for a, b in zip(_weights(first).values(), _weights(second).values(), strict=True)
    )


# scikit-learn's own checks.


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        # They want the same of a case alone to 1e-7, which convolutions of float32 miss on some
        # processors, and normalised contexts on all.
        SeriesClassifier(
            **{**SMALL, "learning_rate": 0.1, "scaling": "none", "epochs": 6, "encoder": "gru"},
            pooling="attention",
        ).set_params(updates_per_epoch=4, batch_size=32),
        # One feature of ten tells their numbers: what looks by place finds it.
        SeriesRegressor(
            **{**SMALL, "learning_rate": 0.2, "scaling": "none", "epochs": 8, "encoder": "lstm"},
            attention="location",
            members=1,
        ).set_params(updates_per_epoch=1, batch_size=32),
    ]
)
@pytest.mark.filterwarnings("ignore:the model has learned nothing")  # from random numbers
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_mixin_order",
        "check_parameters_default_constructible",
        "check_get_params_invariance",
        "check_set_params",
    ],
)
def test_scikit_learns_checks_that_need_no_numbers(check: str) -> None:
    """All others of scikit-learn's give numbers in two axes, which a list of texts is not."""
    estimator = TextClassifier(**{**SMALL, "embedding_dim": 8})
    getattr(estimator_checks, check)("TextClassifier", estimator)


@every_kind
def test_scikit_learn_knows_what_it_is(kind: Kind) -> None:
    model = kind.make()
    assert is_classifier(model) == kind.estimator.__name__.endswith("Classifier")
    assert is_regressor(model) == kind.estimator.__name__.endswith("Regressor")


@pytest.mark.parametrize(
    "estimator",
    [QuestionAnswerer, SpanAnswerer, TextAnswerer, TextClassifier, Summarizer, Translator],
)
def test_scikit_learn_knows_which_take_texts_with_a_target(estimator: Any) -> None:
    tags = estimator().__sklearn_tags__()
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.target_tags.required


# Parameters.


@every_kind
def test_clone_get_and_set_parameters(kind: Kind) -> None:
    model = kind.make(heads=2)
    copy = clone(model)
    assert copy is not model
    assert copy.get_params() == model.get_params()
    assert copy.set_params(heads=4).heads == 4
    assert model.heads == 2
    with pytest.raises(ValueError, match="has no parameter 'head'; did you mean 'heads'?"):
        model.set_params(head=4)


@every_kind
def test_every_parameter_is_a_field_of_the_configuration_with_the_same_default(kind: Kind) -> None:
    config = config_of(kind.estimator.task)
    sections: list[Any] = [config.model_fields[name].annotation for name in ("model", "training")]
    sections.append(kinds_of(config)["arrays"])
    fields = {name: field for section in sections for name, field in section.model_fields.items()}
    del fields["kind"]
    parameters = signature(kind.estimator).parameters
    assert set(parameters) == {*fields, "verbose", "random_state"}
    for name, field in fields.items():
        assert parameters[name].default == field.default, name


@every_kind
def test_every_parameter_is_described(kind: Kind) -> None:
    said = kind.estimator.__doc__ or ""
    for name in signature(kind.estimator).parameters:
        assert f"\n        {name}: " in said, name


@every_kind
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"encoder": "bilsmt"}, "encoder: \"bilsmt\" is not one of .*did you mean 'bilstm'"),
        ({"attention": "dto"}, "attention: 'dto' is not known; did you mean 'dot'"),
        ({"attention": {"scor": "dot"}}, "attention.scor: unknown key; did you mean 'score'"),
        ({"pooling": "mean"}, 'pooling: "mean" is not one of'),
        ({"form": "lstm"}, 'form: "lstm" is not one of'),
        ({"form": "lstm-bahdanau", "encoder": "gru"}, "has encoder lstm; leave out encoder"),
        ({"heads": 0}, "heads: wanted greater than or equal to 1, not 0"),
        ({"dropout": 1.0}, "dropout: wanted less than 1"),
        ({"epochs": 0}, "epochs: wanted greater than or equal to 1, not 0"),
        ({"epochs": "3"}, 'epochs: wanted integer, not "3"'),
        ({"learning_rate": 0.0}, "learning_rate: wanted greater than 0"),
        ({"schedule": "linear"}, 'schedule: "linear" is not one of cosine, inverse-sqrt, constant'),
        ({"device": "gpu"}, 'device: "gpu" is not one of'),
        ({"validation_share": 1.5}, "validation_share: wanted less than 1"),
        ({"random_state": -1}, "seed: wanted greater than or equal to 0, not -1"),
    ],
)
def test_a_wrong_parameter_is_named(kind: Kind, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        kind.make(**parameters).fit(*kind.data())
    assert str(error.value).startswith(f"{kind.estimator.__name__}: ")
    assert not re.search(r"\b(data|model|training)\.", str(error.value))  # not sections


@every_kind
def test_what_is_not_fitted_says_so(kind: Kind, tmp_path: Path) -> None:
    model, (X, _) = kind.make(), kind.data()
    asked = ["predict", "predict_proba", "attend", "evidence", "words", "word_spans"]
    for name in asked:
        if hasattr(model, name):
            with pytest.raises(NotFittedError, match=f"This {kind.estimator.__name__} instance"):
                getattr(model, name)(X)
    with pytest.raises(NotFittedError):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


# The same every time.


@every_kind
def test_the_same_random_state_gives_the_same_model(kind: Kind) -> None:
    first = _fitted(kind)
    assert _same(first, kind.make().fit(*kind.data()))
    assert not _same(first, kind.make(random_state=1).fit(*kind.data()))
    drawn = [
        kind.make(random_state=np.random.RandomState(3), epochs=1).fit(*kind.data())
        for _ in range(2)
    ]
    assert _same(*drawn)


@every_kind
def test_training_leaves_the_parameters_and_the_data_alone(kind: Kind) -> None:
    X, y = kind.data()
    model = kind.make(epochs=1)
    before = model.get_params()
    model.fit(X, y)
    assert model.get_params() == before
    again, labels = kind.data()
    for given, kept in zip(X, again, strict=True):
        np.testing.assert_array_equal(given, kept)
    if y is not None:
        np.testing.assert_array_equal(y, labels)


@every_kind
def test_training_that_was_cut_off_ends_with_the_same_weights(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Checkpoint.on_train_epoch_end

    def cut(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        raise KeyboardInterrupt

    checkpoint = tmp_path / "last.ckpt"
    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", cut)
    for _ in range(2):  # an epoch each
        with pytest.raises(KeyboardInterrupt):
            kind.make().fit(*kind.data(), checkpoint=checkpoint)
    monkeypatch.undo()
    resumed = kind.make().fit(*kind.data(), checkpoint=checkpoint)
    assert resumed.history_ == _fitted(kind).history_
    assert _same(resumed, _fitted(kind))


# Saving and loading.


@every_kind
def test_saved_and_loaded_it_says_the_same(kind: Kind, tmp_path: Path) -> None:
    model, (X, _) = _fitted(kind), kind.data()
    model.save(tmp_path / "model")
    loaded: Any = kind.estimator.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(kind.values(loaded, X), kind.values(model, X))
    for ours, theirs in zip(loaded.attend(X), model.attend(X), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert loaded.history_ == model.history_
    assert loaded.resolve(0) == model.resolve(0)
    with pytest.raises(RunError, match="model: exists"):
        model.save(tmp_path / "model")
    model.save(tmp_path / "model", overwrite=True)
    loaded.save(tmp_path / "again")
    for name in ("config.json", "model.safetensors", "preprocess.json"):
        again = (tmp_path / "again" / name).read_bytes()
        assert again == (tmp_path / "model" / name).read_bytes(), name


@every_kind
def test_the_run_folder_holds_nothing_that_could_run(kind: Kind, tmp_path: Path) -> None:
    _fitted(kind).save(tmp_path / "model")
    files = {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()}
    text = {"tokenizer.json"} if kind.estimator is TextClassifier else set()
    assert set(files) == text | {
        "config.json",
        "history.csv",
        "model.safetensors",
        "preprocess.json",
    }
    assert json.loads(files["config.json"])["task"] == kind.estimator.task
    for name, content in files.items():
        if name.endswith(".json"):
            assert isinstance(json.loads(content), dict)
    weights = files["model.safetensors"]
    header = weights[8 : 8 + int.from_bytes(weights[:8], "little")]
    assert "__metadata__" not in json.loads(header)


@every_kind
def test_a_run_of_another_task_is_refused(kind: Kind, tmp_path: Path) -> None:
    _fitted(kind).save(tmp_path / "model")
    for other in KINDS:
        if other is not kind:
            ours, theirs = kind.estimator.task, other.estimator
            wanted = f"model: was trained to {ours}; {theirs.__name__} does {theirs.task}"
            with pytest.raises(RunError, match=wanted):
                theirs.load(tmp_path / "model")


# Of preprocess.json, what runs that were saved before do not have.
NEWER = {"calibration", "columns", "convolved", "errors", "positive", "range", "shifts", "zones"}


@every_kind
@pytest.mark.parametrize("spoiled", ["drop", "empty"])
def test_a_damaged_run_is_refused(kind: Kind, spoiled: str, tmp_path: Path) -> None:
    _fitted(kind).save(tmp_path / "model")
    file = tmp_path / "model" / "preprocess.json"
    kept = json.loads(file.read_text())
    for name in kept:
        changed = {k: x for k, x in kept.items() if k != name}
        if spoiled == "empty":
            changed[name] = None
        file.write_text(json.dumps(changed))
        if spoiled == "drop" and name in NEWER:
            kind.estimator.load(tmp_path / "model")
            continue
        with pytest.raises(RunError, match="model"):
            kind.estimator.load(tmp_path / "model")


# Maps.


@every_kind
@pytest.mark.parametrize("encoder", ["conv", "conv-bilstm"])
def test_maps_sum_to_one_in_the_order_of_the_cases(kind: Kind, encoder: str) -> None:
    model, (X, _) = _fitted(kind, encoder=encoder, pooling="attention"), kind.data()
    together, values, lengths = model.attend(X), kind.values(model, X), kind.lengths(X)
    assert len(together) == len(lengths)
    for weights, length in zip(together, lengths, strict=True):
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights[..., :length].sum(-1), 1, atol=1e-5)
        assert (weights[..., length:] == 0).all()
    for n in {0, 3, 7 % len(lengths), len(lengths) - 1}:
        [alone] = model.attend(kind.take(X, n))
        np.testing.assert_allclose(together[n][..., : lengths[n]], alone, atol=1e-5)
        [value] = kind.values(model, kind.take(X, n))
        np.testing.assert_allclose(value, values[n], rtol=1e-4)


@with_evidence
@pytest.mark.parametrize("pooling", ["attention", "conjunctive"])
@pytest.mark.parametrize("encoder", ["conv", "conv-bilstm"])
def test_evidence_sums_to_the_values(kind: Kind, pooling: str, encoder: str) -> None:
    model, (X, _) = _fitted(kind, encoder=encoder, pooling=pooling), kind.data()
    evidence, values = model.evidence(X), kind.values(model, X)
    sums = np.array([each.sum(-1) for each in evidence])
    scale = np.abs(values).max()
    assert kind.told is not None
    np.testing.assert_allclose(kind.told(model, sums) / scale, values / scale, atol=1e-5)
    for each, length in zip(evidence, kind.lengths(X), strict=True):
        assert (each[..., length:] == 0).all()


@with_evidence
def test_evidence_is_refused_where_there_is_none(kind: Kind) -> None:
    X, _ = kind.data()
    for parameters in kind.refused:
        changes = {**parameters, **({"encoder": "lstm"} if "form" in parameters else {})}
        model = kind.make(**changes, epochs=1, updates_per_epoch=1).fit(*kind.data())
        for weights in model.attend(X):
            assert weights.sum() == pytest.approx(1, abs=1e-5)
        with pytest.raises(ConfigError, match="evidence: this pooling is not linear in the"):
            model.evidence(X)


@every_kind
def test_no_attention_looks_at_all_alike(kind: Kind) -> None:
    model = kind.make(attention="none", pooling="attention", epochs=1).fit(*kind.data())
    X, _ = kind.data()
    for weights, length in zip(model.attend(X), kind.lengths(X), strict=True):
        np.testing.assert_allclose(weights[..., :length], 1 / length, rtol=1e-5)


# Every model.


def _models(kind: Kind) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = [{"encoder": encoder} for encoder in ENCODERS]
    models += [{"pooling": pooling, "encoder": "gru"} for pooling in kind.poolings]
    models += [{"form": form, "encoder": "inception"} for form in FORMS]
    return models


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [(kind, parameters) for kind in KINDS for parameters in _models(kind)],
    ids=lambda given: given.estimator.__name__ if isinstance(given, Kind) else str(given),
)
def test_every_model_fits_and_predicts(kind: Kind, parameters: dict[str, Any]) -> None:
    given = dict(parameters)
    if "form" in given:  # decides the encoder: the default is no choice of the user's
        given["encoder"] = signature(kind.estimator).parameters["encoder"].default
    X, _ = kind.data()
    model = kind.make(**given, epochs=1, updates_per_epoch=1).fit(*kind.data())
    values = kind.values(model, X)
    assert len(values) == len(model.predict(X)) == len(kind.lengths(X))
    assert np.isfinite(values).all()
    for weights in model.attend(X):
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_labels_beside_cases_that_have_their_own_are_refused() -> None:
    cases = sine(series=20, steps=30)
    with pytest.raises(DataError, match="^y: Cases has labels of its own; give X alone$"):
        SeriesClassifier(**SMALL).fit(cases, np.zeros(20))


def test_an_unknown_map_is_named() -> None:
    kind = KINDS[0]
    with pytest.raises(ConfigError, match="maps: there is no map 'atention'; did you mean 'atten"):
        _fitted(kind).infer(kind.data()[0], maps=["atention"])
