"""The summariser: words are written or copied, with every score and both decoders."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard import Summarizer, Translator
from regard.data import requests
from regard.errors import ConfigError, DataError

SMALL: dict[str, Any] = {
    "hidden": 16,
    "attention_dim": 16,
    "embedding_dim": 16,
    "beam": 2,
    "epochs": 1,
    "updates_per_epoch": 1,
    "device": "cpu",
    "random_state": 0,
}
SWAPPED = [("the report is late , Ann", "late report Ann"), ("call Bob , please", "call Bob")]


def test_it_copies_names_it_has_never_seen_and_keeps_doing_so(tmp_path: Path) -> None:
    cases = requests(cases=400)
    fitting, test = cases.take(np.arange(300)), cases.take(np.arange(300, 400))
    options = {"epochs": 3, "updates_per_epoch": 20, "learning_rate": 0.02, "hidden": 32}
    model = Summarizer(**{**SMALL, **options, "dropout": 0.0, "embedding_dropout": 0.0})
    model.fit(fitting)
    assert test.labels is not None
    predicted = model.predict(test)
    pairs = zip(test.labels, test.links or (), strict=True)
    names = [label[slice(*links[0, 2:])] for label, links in pairs]
    assert np.mean([name in text for name, text in zip(names, predicted, strict=True)]) > 0.9
    found = model.align(test)
    for each, name in zip(found, names, strict=True):
        if name not in each.target or each.copied is None:
            continue
        row = each.copied[each.target.index(name)]
        assert row.sum() == pytest.approx(1)  # the vocabulary lacks it
        assert row[each.source.index(name)] == pytest.approx(row.sum())
    model.save(tmp_path / "run")
    loaded = Summarizer.load(tmp_path / "run")
    assert loaded.predict(test) == predicted
    assert loaded.predict_nbest(test, 2)[3] == model.predict_nbest(test, 2)[3]


def test_a_given_summary_is_aligned_with_words_of_the_text_alone() -> None:
    cases = requests(cases=30)
    model = Summarizer(**SMALL).fit(cases)
    [found] = model.align(["Please call Ms Xyz about the plan."], ["call Xyz"])
    assert found.target == ["call", "Xyz", "[END]"]
    assert found.copied is not None
    assert found.copied[1].argmax() == 3
    with pytest.raises(DataError, match="y, case 0: has words that the model does not know: 'Abc'"):
        model.align(["Please call Ms Xyz about the plan."], ["call Abc"])
    weights = model.align(["Please call Ms Xyz."], ["call Xyz"], heads=True)[0].weights
    assert weights.shape == (1, 1, 3, 6)


@pytest.mark.filterwarnings("ignore:the model has learned nothing")
@pytest.mark.parametrize(
    "options",
    [
        {"attention": "scaled-dot"},
        {"attention": "coverage"},
        {"attention": {"score": "dot", "window": "local-p"}},
        {"attention": "hard"},
        {"attention": "monotonic"},
        {"attention": "none"},
        {"encoder": "transformer", "embedding_dim": None, "heads": 2},
        {"order": "luong", "input_feeding": True},
        {"coverage": 1.0, "doubly_stochastic": 0.5},
        {"tokens": "bpe", "vocabulary": 60},
        {"tokens": "character"},
        {"scheduled_sampling": "linear"},
        {"risk_epochs": 1, "risk_samples": 2},
        {"risk_epochs": 1, "risk_samples": 2, "risk_metric": "chrf"},
        {"stop_on": "bleu", "validation_share": 0.2},
        {"coverage_penalty": 0.3, "min_length": 2, "max_length": 4},
    ],
    ids=str,
)
def test_every_mechanism_copies(options: dict[str, Any]) -> None:
    cases = requests(cases=30)
    model = Summarizer(**{**SMALL, **options}).fit(cases)
    for each in model.align(cases.texts[:3]):
        assert each.copied is not None
        assert each.copied.shape == each.weights.shape
        assert (each.copied >= 0).all()
        assert (each.copied.sum(1) < 1 + 1e-6).all()
        assert not each.copied[-1].any()  # the end


def test_lengths_and_repetitions() -> None:
    cases = requests(cases=30)
    model = Summarizer(**{**SMALL, "min_length": 4, "max_length": 6, "no_repeat": 1}).fit(cases)
    for each in model.align(cases.texts):
        words = each.target[:-1]
        assert 4 <= len(words) <= 6
        assert len({*words}) == len(words)


def test_coverage_makes_attention_move_on() -> None:
    cases = requests(cases=60)
    looks = []
    for weight in (0.0, 30.0):
        options = {**SMALL, "coverage": weight, "epochs": 6, "updates_per_epoch": 8}
        options |= {"learning_rate": 0.02, "dropout": 0.0}
        model = Summarizer(**options).fit(cases)
        again = [
            np.minimum(each.weights, each.weights.cumsum(0) - each.weights).sum(1).mean()
            for each in model.align(cases.texts, cases.labels.tolist())  # type: ignore[union-attr]
        ]
        looks.append(np.mean(again))
    assert looks[1] < 0.8 * looks[0]


def test_long_texts_are_truncated_with_a_note() -> None:
    cases = requests(cases=30)
    subjects = [text.split()[0] + " it" for text in cases.texts]
    with pytest.warns(match=r"30 of 30 training texts are truncated to 4 tokens \(max_tokens\)"):
        model = Summarizer(**SMALL, max_tokens=4, min_count=1).fit(cases.texts, subjects)
    assert len(model.align(["one two three four five six"])[0].source) == 5


def test_summaries_longer_than_texts_are_noted() -> None:
    cases = requests(cases=20)
    assert cases.labels is not None
    with pytest.warns(match="20 of 20 training texts are shorter than their summaries"):
        Summarizer(**SMALL).fit(cases.labels.tolist(), list(cases.texts))


def test_copying_needs_one_vocabulary_and_whole_subwords() -> None:
    sources, targets = map(list, zip(*SWAPPED, strict=True))
    with pytest.raises(ConfigError, match="copying needs one vocabulary"):
        Summarizer(joint=False).fit(sources, targets)
    with pytest.raises(ConfigError, match="subword_dropout cuts source and target"):
        Summarizer(tokens="bpe", subword_dropout=0.1).fit(sources, targets)
    with pytest.raises(ConfigError, match="min_length: is 5, max_length 4; wanted at most that"):
        Summarizer(min_length=5, max_length=4).fit(sources, targets)


def test_a_translator_copies_where_it_is_told_to() -> None:
    cases = requests(cases=30)
    assert cases.labels is not None
    model = Translator(**SMALL, copying=True, tokens="word", min_count=3)
    model.fit(list(cases.texts), cases.labels.tolist())
    assert model.align(["Please call Ms Xyz."])[0].copied is not None
    plain = Translator(**SMALL, tokens="word").fit(list(cases.texts), cases.labels.tolist())
    assert plain.align(["Please call Ms Xyz."])[0].copied is None


def test_a_given_text_may_have_words_of_the_source(tmp_path: Path) -> None:
    model = Summarizer(**SMALL).fit(requests(cases=30))
    texts = ["Please call Ms Xyz about the plan.", "Please call Ms Uvw about the plan."]
    seen = model.infer(texts[:1], maps=("copied",), target="call Xyz")
    assert model.output_.outcome(seen, 0).predicted == "call Xyz"  # type: ignore[attr-defined]
    assert seen.maps["copied"][0].shape == (3, 9)
    with pytest.raises(ConfigError, match="target: has words that the model does not know: 'Xyz'"):
        model.infer(texts, target="call Xyz")
