"""Verdicts on maps: an honest model is believed, planted liars are not."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regard import ImageClassifier, SeriesClassifier, SeriesRegressor, TextClassifier
from regard.data import Cases, canons
from regard.errors import ConfigError, DataError
from regard.estimators import Audit, Composer
from regard.models import Predicted
from regard.runs.audits import check_audit

STEPS, LENGTH = 80, 16
SMALL: dict[str, Any] = {"hidden": 16, "epochs": 8, "random_state": 0, "device": "cpu"}
SERIES: dict[str, Any] = {
    **SMALL,
    "encoder": "conv-bilstm",
    "pooling": "attention",
    "stride": 4,
    "convolutions": False,
    "augmentation": "none",
    "label_smoothing": 0.0,
    "validation_share": 0.0,
}


def _waves(count: int, seed: int) -> Cases:
    """Noise, every other one with a bump at a random place."""
    generator = np.random.default_rng(seed)
    values = 0.3 * generator.standard_normal((count, 1, STEPS))
    starts = generator.integers(STEPS - LENGTH, size=count)
    odd = np.arange(count) % 2 == 1
    for n in np.flatnonzero(odd):
        values[n, 0, starts[n] : starts[n] + LENGTH] += 2 * np.hanning(LENGTH)
    spans = np.stack([starts, starts + LENGTH * odd], 1)
    labels = np.where(odd, "bump", "plain")
    return Cases(values, np.full(count, STEPS, np.int64), labels=labels, spans=spans)


TRAIN, TEST = _waves(400, 0), _waves(120, 1)


@pytest.fixture(scope="module")
def honest() -> SeriesClassifier:
    return SeriesClassifier(**SERIES).fit(TRAIN)


@pytest.fixture(scope="module")
def audited(honest: SeriesClassifier) -> Audit:
    return honest.audit(TEST)


class _Turned(nn.Module):
    """A model that reports its attention half a series from where it was."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.encoder = model, model.encoder

    def forward(self, *given: Tensor, mask: Tensor | None = None) -> Predicted:
        predicted: Predicted = self.model(*given, mask=mask)
        attention = predicted.maps["attention"]
        turned = attention.roll(attention.shape[1] // 2, 1)
        return replace(predicted, maps={**predicted.maps, "attention": turned})


def _with(model: SeriesClassifier, network: nn.Module) -> SeriesClassifier:
    """The same estimator with another network."""
    other = SeriesClassifier(**SERIES)
    other.__dict__.update({**model.__dict__, "model_": network.eval()})
    return other


def test_a_map_of_an_honest_model_is_believed(audited: Audit) -> None:
    attention = audited.verdicts["attention", "bump"]
    assert attention.verdict == "believe"
    assert audited.verdicts["evidence", "bump"].verdict in ("believe", "weak")
    assert attention.figures is not None
    assert attention.figures.gain.low > 0.1
    assert attention.figures.shuffle is not None
    assert attention.figures.shuffle > 0.05
    assert audited.verdicts["evidence", "bump"].figures is not None
    assert audited.verdicts["evidence", "bump"].figures.shuffle is None
    assert f"{attention.figures.gain.value:.2f}" in attention.sentence


def test_a_class_that_is_told_by_an_absence_has_nowhere_to_look(audited: Audit) -> None:
    plain = audited.verdicts["attention", "plain"]
    assert plain.verdict == "do not"


def test_a_map_that_is_turned_is_refused(honest: SeriesClassifier) -> None:
    liar = _with(honest, _Turned(honest.model_))
    verdict = liar.audit(TEST).verdicts["attention", "bump"]
    assert verdict.verdict == "do not"
    assert "elsewhere" in verdict.sentence or "away" in verdict.sentence


def test_a_model_of_random_labels_is_refused() -> None:
    assert TRAIN.labels is not None
    labels = np.random.default_rng(0).permutation(TRAIN.labels)
    model = SeriesClassifier(**SERIES).fit(replace(TRAIN, labels=labels))
    verdicts = model.audit(TEST).verdicts.values()
    assert {verdict.verdict for verdict in verdicts} == {"do not"}
    assert any("guessing" in verdict.sentence for verdict in verdicts)


def test_weights_that_do_not_matter_are_refused() -> None:
    model = SeriesClassifier(**SERIES, attention="none").fit(TRAIN)
    verdict = model.audit(TEST).verdicts["attention", "bump"]
    assert verdict.verdict == "do not"
    assert "whatever the weights" in verdict.sentence


def test_the_same_seed_gives_the_same_audit(honest: SeriesClassifier, audited: Audit) -> None:
    assert honest.audit(TEST).to_dict() == audited.to_dict()
    assert honest.audit(TEST, seed=1).to_dict() != audited.to_dict()


def test_figures_of_the_literature_stand_beside_it(audited: Audit) -> None:
    figures = audited.verdicts["attention", "bump"].figures
    assert figures is not None
    for name in ("comprehensiveness", "sufficiency", "aopcr", "ap", "ndcg", "pointing"):
        assert getattr(figures, name) is not None, name
    assert figures.aopcr is not None
    assert figures.aopcr.low > 0.1
    assert figures.ap_gain is not None
    assert figures.ap_gain.low > 0.3
    plain = audited.verdicts["attention", "plain"].figures
    assert plain is not None
    assert plain.aopcr is not None
    assert plain.ap is None  # none of them has a bump


def test_what_is_kept_of_an_audit_is_what_is_read(audited: Audit) -> None:
    kept = audited.to_dict()
    check_audit({"weights": "", **kept})
    assert kept["cases"] == len(TEST)
    assert kept["drawn"] == "attention"


def test_labels_may_come_by_themselves(honest: SeriesClassifier) -> None:
    audited = honest.audit(replace(TEST, spans=None))
    assert honest.audit(TEST.values, TEST.labels).to_dict() == audited.to_dict()


def test_other_seeds_are_compared(honest: SeriesClassifier) -> None:
    others = [SeriesClassifier(**SERIES | {"random_state": 1}).fit(TRAIN)]
    figures = honest.audit(TEST, others=others).verdicts["attention", "bump"].figures
    assert figures is not None
    assert figures.seeds is not None
    assert figures.seeds.low > 0.1
    turned = [_with(honest, _Turned(honest.model_))]
    verdict = honest.audit(TEST, others=turned).verdicts["attention", "bump"]
    assert verdict.verdict == "weak"
    assert "another seed" in verdict.sentence


def test_single_maps_are_held_against_placements(audited: Audit) -> None:
    some = TEST.take(np.flatnonzero(TEST.labels == "bump")[:20])
    rows = audited.of(some)
    attention = [row[0] for row in rows]
    assert [one.map for one in rows[0]] == ["attention", "evidence"]
    assert all(len(one.elsewhere) == 39 for one in attention)
    assert np.mean([one.p <= 0.05 for one in attention]) > 0.7
    for one in attention:
        assert one.p == pytest.approx((1 + (one.elsewhere >= one.gain).sum()) / 40)


def test_unequal_lengths_and_the_convolutions_alone() -> None:
    lengths = np.where(np.arange(120) % 3 == 0, STEPS - 7, STEPS)
    values = TEST.values.copy()
    values[::3, :, STEPS - 7 :] = 0
    cases = Cases(values, lengths, labels=TEST.labels)
    model = SeriesClassifier(convolutions="only", random_state=0, device="cpu").fit(cases)
    verdicts = model.audit(cases, cases=20).verdicts
    assert {name for name, _ in verdicts} == {"evidence"}


def test_numbers_are_audited() -> None:
    heights = np.random.default_rng(2).uniform(0, 4, len(TRAIN))
    values = TRAIN.values.copy()
    for n, (start, _) in enumerate(TRAIN.spans if TRAIN.spans is not None else ()):
        values[n, 0] = 0.1 * np.sin(np.arange(STEPS) + n)
        values[n, 0, start : start + LENGTH] += heights[n] * np.hanning(LENGTH)
    options = {**SERIES, "members": 1, "epochs": 15, "scaling": "channel"}
    for name in ("label_smoothing", "augmentation"):
        options.pop(name)
    model = SeriesRegressor(**options).fit(values[:300], heights[:300])
    verdicts = model.audit(values[300:], heights[300:]).verdicts
    assert {label for _, label in verdicts} == {"target"}
    figures = verdicts["attention", "target"].figures
    assert figures is not None
    assert figures.learned.low > 0.3
    assert "standard deviations" in verdicts["attention", "target"].sentence


WORDS = ["the", "a", "one", "some", "old", "new", "red", "blue", "house", "car", "tree", "road"]


def _reviews(count: int) -> tuple[list[str], NDArray[Any]]:
    """Texts of nine words, one of which decides the label."""
    generator = np.random.default_rng(0)
    labels = np.array(["good", "bad"] * (count // 2))
    texts = []
    for label in labels:
        drawn = generator.choice(WORDS, 9).tolist()
        drawn[generator.integers(9)] = "lovely" if label == "good" else "dreadful"
        texts.append(" ".join(drawn))
    return texts, labels


@pytest.fixture(scope="module")
def reader() -> TextClassifier:
    texts, labels = _reviews(140)
    return TextClassifier(**SMALL).fit(texts, labels)


def test_texts_are_audited(reader: TextClassifier) -> None:
    texts, labels = _reviews(200)
    audit = reader.audit(texts[140:], labels[140:])
    for name in ("good", "bad"):
        assert audit.verdicts[audit.drawn, name].verdict == "believe"


def test_pictures_are_audited() -> None:
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 60, (240, 24, 24), dtype=np.uint8)
    labels = np.array(["square", "plain"] * 120)
    for n in range(0, 240, 2):
        row, column = generator.integers(18, size=2)
        pictures[n, row : row + 6, column : column + 6] = 250
    model = ImageClassifier(**SMALL | {"epochs": 10}).fit(pictures[:160], labels[:160])
    verdicts = model.audit(pictures[160:], labels[160:]).verdicts
    figures = verdicts["attention", "square"].figures
    assert figures is not None
    assert figures.best > 0.05


@pytest.mark.parametrize(
    ("X", "y", "options", "said"),
    [
        (TEST.values, None, {}, "labels"),
        (TEST.values, TEST.labels[:3] if TEST.labels is not None else None, {}, "wanted one"),
        (TEST, None, {"cases": 3}, "at least 10"),
        (TEST.values, np.full(120, "unseen"), {}, "unseen"),
        (TEST.values, np.full(120, "bump"), {}, "all cases are of the class bump"),
        (TEST.values[:, :, :1], TEST.labels, {}, "no case has two steps"),
    ],
)
def test_what_cannot_be_audited_is_said(
    honest: SeriesClassifier, X: Any, y: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises((ConfigError, DataError), match=said):
        honest.audit(X, y, **options)


def test_few_cases_of_a_class_are_too_few(honest: SeriesClassifier) -> None:
    rare = np.flatnonzero(TEST.labels == "plain")[:30].tolist()
    rare += np.flatnonzero(TEST.labels == "bump")[:5].tolist()
    verdict = honest.audit(TEST.take(np.array(rare))).verdicts["attention", "bump"]
    assert verdict.verdict == "do not"
    assert "of the cases looked at" in verdict.sentence
    assert verdict.figures is None


def test_music_says_that_it_is_not_audited() -> None:
    pieces = canons(pieces=4)
    model = Composer(hidden=8, layers=1, heads=1, epochs=1, device="cpu").fit(pieces)
    with pytest.raises(ConfigError, match="trained to compose are not held"):
        model.audit(pieces)


def test_an_audit_leaves_the_model_as_it_was(honest: SeriesClassifier) -> None:
    before = honest.predict_proba(TEST.values)
    honest.audit(TEST, cases=20)
    np.testing.assert_array_equal(honest.predict_proba(TEST.values), before)
    assert not honest.model_.training
    assert torch.is_grad_enabled()


def test_occlusion_and_the_gradient_find_the_bump(honest: SeriesClassifier) -> None:
    bumps = TEST.take(np.flatnonzero(TEST.labels == "bump")[:30])
    assert bumps.spans is not None
    for method in ("occlusion", "gradient", "integrated-gradients"):
        found = honest.attributions(bumps, method=method)
        assert found.shape == (30, STEPS)
        sizes = np.abs(found)
        inside = [
            row[start:stop].mean() / row.mean()
            for row, (start, stop) in zip(sizes, bumps.spans, strict=True)
        ]
        assert np.mean(inside) > 1.4, method


def test_integrated_gradients_add_up(honest: SeriesClassifier) -> None:
    bumps = TEST.take(np.flatnonzero(TEST.labels == "bump")[:5])
    found = honest.attributions(bumps, method="integrated-gradients").sum(1)
    network = honest.model_
    given = honest.input_.part(honest.input_.encode(bumps), targets=None, training=True)
    with torch.no_grad():
        series = given[np.arange(5)].inputs[0]
        whole, nothing = network(series).values, network(torch.zeros_like(series)).values
    predicted = whole.argmax(1)
    wanted = (whole - nothing)[torch.arange(5), predicted].numpy()
    np.testing.assert_allclose(found, wanted, atol=0.1 * np.abs(wanted).max())


def test_own_maps_are_attributions_too(honest: SeriesClassifier) -> None:
    found = honest.attributions(TEST.values[:3], method="attention")
    np.testing.assert_allclose(found, honest.attend(TEST.values[:3]), atol=1e-6)
    with pytest.raises(ConfigError, match="method: wanted one of attention"):
        honest.attributions(TEST.values[:3], method="shap")


def _finds_the_word(model: TextClassifier, texts: list[str], method: str) -> float:
    """Share of the texts in which the word that decides has the highest value."""
    found = model.attributions(texts, method=method)
    assert [len(each) for each in found] == [9] * len(texts)
    pairs = zip(texts, found, strict=True)
    highest = [text.split()[each.argmax()] for text, each in pairs]
    return float(np.mean([word in ("lovely", "dreadful") for word in highest]))


@pytest.mark.parametrize("method", ["occlusion", "gradient", "integrated-gradients"])
def test_the_word_that_decides_stands_out(reader: TextClassifier, method: str) -> None:
    texts, _ = _reviews(200)
    assert _finds_the_word(reader, texts[140:], method) > 0.7  # 1 in 9 by chance


def test_the_pieces_of_a_word_are_summed() -> None:
    texts, labels = _reviews(200)
    options = {"tokens": "wordpiece", "vocabulary": 40}
    model = TextClassifier(**SMALL | options).fit(texts[:140], labels[:140])
    assert {len(ids) > 9 for ids in model.encode(texts).ids} == {True}
    assert _finds_the_word(model, texts[140:], "integrated-gradients") > 0.7


@pytest.mark.parametrize("pooling", ["attention", "hierarchical"])
def test_integrated_gradients_of_words_add_up(pooling: str) -> None:
    texts, labels = _reviews(140)
    model = TextClassifier(**SMALL | {"pooling": pooling, "epochs": 3}).fit(texts, labels)
    some = [*texts[:6], "lovely and dreadful"]  # of another length
    found = [each.sum() for each in model.attributions(some, method="integrated-gradients")]
    part = model.input_.part(model.input_.encode(model._cases(some)), targets=None, training=True)
    tokens, *others = part[np.arange(7)].inputs
    mask = part[np.arange(7)].mask
    network = model.model_
    with torch.no_grad():
        whole, nothing = (
            network(each, *others, mask=mask).values for each in (tokens, torch.zeros_like(tokens))
        )
    predicted = model.infer(some).values.argmax(1)  # of the network and the n-grams together
    wanted = (whole - nothing)[torch.arange(7), predicted].numpy()
    np.testing.assert_allclose(found, wanted, atol=0.01 * np.abs(wanted).max())


def test_gradients_of_texts_leave_the_model_as_it_was(reader: TextClassifier) -> None:
    texts, _ = _reviews(10)
    before = reader.predict_proba(texts)
    reader.attributions(texts, method="gradient")
    np.testing.assert_array_equal(reader.predict_proba(texts), before)


def test_texts_of_one_word_are_left_out() -> None:
    texts = [*["good one here", "bad one here"] * 20, "good", "bad"]
    labels = ["a", "b"] * 21
    model = TextClassifier(**SMALL).fit(texts, labels)
    assert model.audit(texts, labels).cases == 40
    assert [each.tolist() for each in model.attributions(["good"])] == [[0.0]]
    assert [len(each) for each in model.attributions(["good", "bad one"])] == [1, 2]
    with pytest.raises(DataError, match="has no elsewhere"):
        model.audit(texts, labels).of(["good"])


@pytest.fixture(scope="module")
def two_channels() -> tuple[SeriesClassifier, Cases]:
    """The bump is in the first channel, the second is noise."""
    noise = np.random.default_rng(3).standard_normal(TRAIN.values.shape)
    both = replace(TRAIN, values=np.concatenate([TRAIN.values, noise], 1), channels=())
    model = SeriesClassifier(**SERIES).fit(both)
    return model, both.take(np.flatnonzero(TRAIN.labels == "bump")[:6])


def test_each_channel_has_a_map(two_channels: tuple[SeriesClassifier, Cases]) -> None:
    model, cases = two_channels
    for method in ("occlusion", "gradient", "integrated-gradients"):
        found = model.attributions(cases, method=method, channels=True)
        assert found.shape == (6, 2, STEPS)
        first, second = np.abs(found).sum((0, 2))
        assert first > 1.5 * second, method
    whole = model.attributions(cases, method="integrated-gradients")
    np.testing.assert_allclose(found.sum(1), whole, atol=1e-6)


def test_the_gradient_of_channels_is_that_of_autograd(
    two_channels: tuple[SeriesClassifier, Cases],
) -> None:
    model, cases = two_channels
    part = model.input_.part(model.input_.encode(cases), targets=None, training=True)
    leaf = part[np.arange(6)].inputs[0].clone().requires_grad_()
    model.model_(leaf).values.max(1).values.sum().backward()
    assert leaf.grad is not None
    found = model.attributions(cases, method="gradient", channels=True)
    np.testing.assert_allclose(found, leaf.grad.abs().numpy(), rtol=1e-4, atol=1e-6)
    whole = model.attributions(cases, method="gradient")
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), whole, rtol=1e-4, atol=1e-6)


def test_occlusion_of_a_channel_erases_it_alone(
    two_channels: tuple[SeriesClassifier, Cases],
) -> None:
    model, cases = two_channels
    found = model.attributions(cases.take(np.arange(1)), channels=True)
    # A single case is replaced by itself, so that only the line counts, by half.
    values = cases.values[:1].copy()
    start = int(found[0, 0].argmax()) // 4 * 4  # of a window of 80 / 20 steps
    ends = values[0, 0, [start - 1, start + 4]]
    values[0, 0, start : start + 4] = np.linspace(ends[0], ends[1], 6)[1:-1]
    before, after = (model.predict_proba(each)[0] for each in (cases.values[:1], values))
    wanted = (before - after)[before.argmax()] / 2
    np.testing.assert_allclose(found[0, 0, start : start + 4], wanted, atol=1e-4)


def test_maps_without_channels_say_so(
    two_channels: tuple[SeriesClassifier, Cases], reader: TextClassifier
) -> None:
    model, cases = two_channels
    with pytest.raises(ConfigError, match="channels: the attention has one number"):
        model.attributions(cases, method="attention", channels=True)
    with pytest.raises(ConfigError, match="channels: only series"):
        reader.attributions(["good"], channels=True)


def test_an_answer_that_is_not_finite_is_one_line(honest: SeriesClassifier) -> None:
    lost = copy.deepcopy(honest.model_)
    with torch.no_grad():
        for each in lost.parameters():
            each.fill_(torch.nan)
    with pytest.raises(DataError, match="finite"):
        _with(honest, lost).audit(TEST)
