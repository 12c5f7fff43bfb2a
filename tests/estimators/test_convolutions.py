"""Random convolutions of series, alone and beside a network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from commands import Regard
from regard.data import sine
from regard.errors import ConfigError, DataError
from regard.estimators import SeriesClassifier, SeriesRegressor
from regard.inputs.series.cases import Cases
from regard.models import ConvolvedModel, SeriesModel

NETWORK: dict[str, Any] = {
    "scaling": "channel",
    "encoder": "conv",
    "hidden": 8,
    "layers": 1,
    "epochs": 2,
    "updates_per_epoch": 3,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def waves() -> tuple[Cases, Cases]:
    cases = sine(series=160, steps=60, seed=0)
    return cases.take(np.arange(110)), cases.take(np.arange(110, 160))


@pytest.fixture(scope="module")
def alone(waves: tuple[Cases, Cases]) -> SeriesClassifier:
    return SeriesClassifier(convolutions="only", random_state=0).fit(waves[0])


def _sums(model: Any, cases: Any) -> None:
    """That the evidence sums to the values."""
    seen = model.infer(cases, maps=("evidence",))
    for values, evidence in zip(seen.values, seen.maps["evidence"], strict=True):
        np.testing.assert_allclose(evidence.sum(1), values, atol=1e-5)


def test_convolutions_alone(alone: SeriesClassifier, waves: tuple[Cases, Cases]) -> None:
    _, test = waves
    assert alone.history_ == []
    assert alone.score(test, test.labels) > 0.9
    _sums(alone, test)
    weights = alone.attend(test)
    np.testing.assert_allclose(weights.sum(1), 1.0)
    # No attention: what is shown is each step's share of the evidence for the prediction.
    evidence = alone.evidence(test)
    own = evidence[np.arange(len(test)), alone.infer(test).values.argmax(1)]
    own = (own - np.median(own, 1, keepdims=True).clip(max=0)).clip(min=0)
    np.testing.assert_allclose(weights, own / own.sum(1, keepdims=True), atol=1e-9)


def test_a_constant_of_all_steps_hides_nothing(alone: SeriesClassifier) -> None:
    spot = np.array([0.0, 0.1, 9.0, 0.2, 0.0])
    evidence = np.stack([-(spot - 1), spot - 1])  # sums to 4.3, with a constant of -1
    np.testing.assert_allclose(alone.output_.share(evidence), (spot - 0.1).clip(min=0))
    # Evidence that most steps have is none of a constant.
    np.testing.assert_allclose(alone.output_.share(np.stack([-spot - 1, spot + 1])), spot + 1)


def test_classes_count_equally_for_what_is_in_common(waves: tuple[Cases, Cases]) -> None:
    """In the mean over as many of each class, no step has evidence of its own."""
    train, _ = waves
    assert train.labels is not None
    flat, normal = (np.flatnonzero(train.labels == label) for label in (1, 0))
    few = train.take(np.concatenate([flat[:9], normal[:40]]))  # all of them count
    model = SeriesClassifier(convolutions="only", random_state=0, scaling="none").fit(few)
    evidence = model.evidence(few)[:, 1]
    mean = evidence[:9].mean(0) + evidence[9:].mean(0)
    assert np.ptp(mean) < 1e-4 * np.ptp(evidence)


def test_values_are_logits(alone: SeriesClassifier, waves: tuple[Cases, Cases]) -> None:
    """Ridge regression of 1 and -1 is scaled by cases left out: as certain as it is right."""
    train, test = waves
    certain = alone.predict_proba(test).max(1).mean()
    assert abs(certain - alone.score(test, test.labels)) < 0.1
    assert alone.score(train, train.labels) == 1.0


def test_a_saved_model_says_the_same(
    alone: SeriesClassifier, waves: tuple[Cases, Cases], tmp_path: Path
) -> None:
    alone.save(tmp_path / "run")
    again = SeriesClassifier.load(tmp_path / "run")
    np.testing.assert_array_equal(again.infer(waves[1]).values, alone.infer(waves[1]).values)
    np.testing.assert_array_equal(again.evidence(waves[1]), alone.evidence(waves[1]))


def test_a_seed_gives_the_same_model(alone: SeriesClassifier, waves: tuple[Cases, Cases]) -> None:
    same, other = (
        SeriesClassifier(convolutions="only", random_state=seed).fit(waves[0]) for seed in (0, 1)
    )
    values = alone.infer(waves[1]).values
    np.testing.assert_array_equal(same.infer(waves[1]).values, values)
    assert np.abs(other.infer(waves[1]).values - values).max() > 1e-3


@pytest.mark.parametrize("pooling", ["conjunctive", "attention"])
def test_beside_a_network(waves: tuple[Cases, Cases], pooling: str) -> None:
    """The mean of both, and the network is trained as it is without them."""
    train, test = waves
    both = SeriesClassifier(convolutions=True, pooling=pooling, **NETWORK).fit(train)
    without = SeriesClassifier(convolutions=False, pooling=pooling, **NETWORK).fit(train)
    model = both.model_
    assert isinstance(model, ConvolvedModel)
    assert isinstance(model.network, SeriesModel)
    for name, tensor in without.model_.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor), name
    series = torch.from_numpy(both.input_.encode(test)[1])
    with torch.inference_mode():
        z = model.convolutions(series, None).double().numpy()
    expected = (without.infer(test).values + np.hstack([-z / 2, z / 2])) / 2
    np.testing.assert_allclose(both.infer(test).values, expected, atol=1e-5)
    _sums(both, test)
    heads = both.attend(test, heads=True) if pooling == "attention" else None
    if heads is not None:
        np.testing.assert_allclose(heads[:, 0], without.attend(test), atol=1e-6)


def test_temperature_divides_the_evidence_too(waves: tuple[Cases, Cases]) -> None:
    model = SeriesClassifier(convolutions=True, validation_share=0.3, **NETWORK).fit(waves[0])
    assert model.temperature_ != 1.0
    _sums(model, waves[1])


@pytest.mark.parametrize("convolutions", [True, "only"])
def test_several_numbers(convolutions: Any) -> None:
    random = np.random.default_rng(0)
    X = random.standard_normal((60, 2, 30)).cumsum(2)
    y = np.stack([X[:, 0].max(1), 100 * X[:, 1].mean(1)], 1)
    model = SeriesRegressor(convolutions=convolutions, members=2, **NETWORK).fit(X[:45], y[:45])
    spot = np.array([0.0, 0.1, 9.0, 0.2, 0.0])
    shown = model.output_.share(np.stack([spot - 5, 3 - spot]))
    np.testing.assert_allclose(shown, 2 * np.abs(spot - 0.1))
    off = np.abs(model.predict(X[45:]) - y[45:]).mean(0)
    assert (off < np.abs(y[45:] - y[:45].mean(0)).mean(0)).all()
    _sums(model, X)


def test_unequal_lengths_and_several_classes() -> None:
    random = np.random.default_rng(1)
    y = np.arange(60) % 3
    X = [
        np.sin(np.arange(length) * (0.3 + 0.3 * kind))[None] + 0.1 * random.standard_normal(length)
        for kind, length in zip(y, random.integers(5, 40, 60), strict=True)
    ]
    model = SeriesClassifier(convolutions="only", random_state=0).fit(X[:45], y[:45])
    assert model.score(X[45:], y[45:]) > 0.8
    _sums(model, X)
    evidence = model.evidence(X[45:])
    for row, case in zip(evidence, X[45:], strict=True):
        assert not row[:, case.shape[1] :].any()


def test_weights_of_classes() -> None:
    """Of classes that overlap, the rare one is found more often where they weigh the same."""
    random = np.random.default_rng(2)
    y = (np.arange(200) % 8 == 0).astype(int)
    X = random.standard_normal((200, 1, 24)) + 0.35 * y[:, None, None]
    plain, balanced = (
        SeriesClassifier(convolutions="only", class_weight=weight, random_state=0)
        .fit(X[:140], y[:140])
        .predict(X[140:])
        for weight in (None, "balanced")
    )
    assert balanced.sum() > plain.sum()


@pytest.mark.filterwarnings("ignore:1 of . training series never change")
@pytest.mark.parametrize(
    "shape",
    [(4, 1, 1), (4, 1, 3), (2, 1, 30), (6, 40, 12)],
    ids=["one step", "shorter than a kernel", "one case a class", "more channels than cases"],
)
def test_unusual_data(shape: tuple[int, ...]) -> None:
    X: NDArray[np.float64] = np.random.default_rng(3).standard_normal(shape)
    X[0] = 1.0  # constant
    model = SeriesClassifier(convolutions="only", random_state=0).fit(X, np.arange(len(X)) % 2)
    assert np.isfinite(model.predict_proba(X)).all()
    _sums(model, X)


def test_what_convolutions_alone_have_not(
    alone: SeriesClassifier, waves: tuple[Cases, Cases]
) -> None:
    with pytest.raises(ConfigError, match=r"^heads: convolutions alone have no attention"):
        alone.attend(waves[1], heads=True)
    with pytest.raises(ConfigError, match=r"convolutions: the form lstm-attention is a network"):
        SeriesClassifier(convolutions="only", form="lstm-attention").fit(waves[0])
    with pytest.raises(ConfigError, match=r"convolutions"):
        SeriesClassifier(convolutions="some").fit(waves[0])


def test_more_cases_than_are_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regard.inputs.series.input._MOST_SOLVED", 5)
    X, y = np.zeros((6, 1, 9)) + np.arange(9) * np.arange(6)[:, None, None], np.arange(6) % 2
    with pytest.raises(DataError, match=r"at most 5 training cases.*given 6.*convolutions=False"):
        SeriesClassifier(convolutions=True, **NETWORK).fit(X, y)


def test_evidence_needs_a_network_that_has_it(waves: tuple[Cases, Cases]) -> None:
    model = SeriesClassifier(convolutions=True, pooling="stacked", **NETWORK).fit(waves[0])
    with pytest.raises(ConfigError, match=r"^evidence: this pooling is not linear"):
        model.evidence(waves[1])
    np.testing.assert_allclose(model.attend(waves[1]).sum(1), 1.0, atol=1e-6)


def test_from_the_command_line(regard: Regard, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"data": {"kind": "sine", "series": 80, "steps": 50}}')
    assert (
        regard("train", config, "--set", "model.convolutions=only", "--out", tmp_path / "run") == 0
    )
    assert "Random convolutions" in (tmp_path / "run" / "report.html").read_text()
    rows = "\n".join(",".join(f"{x:.3f}" for x in np.sin(np.arange(50) * w)) for w in (0.1, 0.3))
    (tmp_path / "new.csv").write_text(rows + "\n")
    assert regard("predict", tmp_path / "run", tmp_path / "new.csv") == 0
    assert regard.out.count("\n") == 3
    out = tmp_path / "case.png"
    assert (
        regard("explain", tmp_path / "run", tmp_path / "new.csv", "--case", "1", "--out", out) == 0
    )
    assert out.read_bytes().startswith(b"\x89PNG")
