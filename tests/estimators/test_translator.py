"""The translator from Python."""

from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from regard import ConfigError, DataError, RunError, Translator

NOUNS = {"dog": "Hund", "cat": "Kater", "man": "Mann", "fish": "Fisch"}
VERBS = {"sleeps": "schläft", "eats": "isst", "waits": "wartet"}
PAIRS = [
    (f"The {noun} {verb}.", f"Der {german} {does}.")
    for noun, german in NOUNS.items()
    for verb, does in VERBS.items()
]
SOURCES, TARGETS = (list(side) for side in zip(*PAIRS, strict=True))


def _trained(encoder: str = "gru", **changes: Any) -> Translator:
    return _fitted(encoder, tuple(changes.items()))


@cache
def _fitted(encoder: str, changes: tuple[tuple[str, Any], ...]) -> Translator:
    model = Translator(
        encoder=encoder,
        tokens="word",
        hidden=16,
        embedding_dim=None if encoder == "transformer" else 16,
        dropout=0.0,
        embedding_dropout=0.0,
        label_smoothing=0.0,
        epochs=4,
        updates_per_epoch=20,
        learning_rate=0.02,
        device="cpu",
        precision="float32",
        random_state=0,
    ).set_params(**dict(changes))
    fitted: Translator = model.fit(SOURCES, TARGETS)
    return fitted


@pytest.mark.parametrize("encoder", ["gru", "bilstm", "transformer"])
def test_it_learns_pairs_by_heart(encoder: str) -> None:
    model = _trained(encoder)
    assert model.predict(SOURCES) == TARGETS
    assert model.score(SOURCES, TARGETS) == pytest.approx(100)
    assert model.score(SOURCES, TARGETS, metric="exact_match") == 1


def test_translate_is_predict() -> None:
    assert _trained().translate(SOURCES[:2]) == TARGETS[:2]


def test_an_alignment_has_a_row_for_each_word_and_the_end() -> None:
    model = _trained()
    for given in (None, TARGETS[:3]):
        for found, source, target in zip(
            model.align(SOURCES[:3], given), SOURCES, TARGETS, strict=False
        ):
            assert found.source == [*source.removesuffix(".").split(), ".", "[END]"]
            assert found.target == [*target.removesuffix(".").split(), ".", "[END]"]
            assert found.weights.shape == (5, 5)
            np.testing.assert_allclose(found.weights.sum(1), 1, atol=1e-5)


def test_a_given_translation_is_aligned_as_the_same_prediction_is() -> None:
    model = _trained()
    own, given = model.align(SOURCES), model.align(SOURCES, TARGETS)
    for one, other in zip(own, given, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)


def test_a_target_with_unknown_words_is_not_aligned() -> None:
    said = "^y, case 1: has words that the model does not know: 'Die', 'Maus'$"
    with pytest.raises(DataError, match=said):
        _trained().align(SOURCES[:2], [TARGETS[0], "Die Maus schläft."])


def test_scores_need_a_reference_for_each_source() -> None:
    with pytest.raises(DataError, match="^y: wanted a text for each of the 3 of X, given 2$"):
        _trained().score(SOURCES[:3], TARGETS[:2])


def test_heads_are_those_of_each_layer_whose_mean_is_the_alignment() -> None:
    model = _trained("transformer")
    each = model.align(SOURCES[:2], heads=True)
    assert each[0].weights.shape == (4, 4, 5, 5)  # layers, heads, target, source
    for heads, mean in zip(each, model.align(SOURCES[:2]), strict=True):
        np.testing.assert_allclose(heads.weights.mean((0, 1)), mean.weights, atol=1e-5)


def test_subwords_are_merged_to_words() -> None:
    model = _trained(tokens="character", epochs=1)
    [found] = model.align(["The dog waits."], ["Der Hund wartet."])
    assert found.source == ["The", "dog", "waits", ".", "[END]"]
    assert "".join(found.target[:-1]).replace(" ", "") == "DerHundwartet."


def test_n_best_texts_come_in_the_order_of_their_scores_for_each_token() -> None:
    model = _trained(length_penalty=0.0)
    for case in model.predict_nbest(SOURCES[:3], 3):
        assert len(case) == 3
        assert len({text for text, _ in case}) == 3
    assert [case[0][0] for case in model.predict_nbest(SOURCES, 2)] == TARGETS


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"joint": False, "epochs": 1},
        {"encoder": "transformer"},
    )
    for number, changes in enumerate(kinds):
        model = _trained(**changes)
        model.save(tmp_path / f"run{number}")
        loaded = Translator.load(tmp_path / f"run{number}")
        assert loaded.predict(SOURCES) == model.predict(SOURCES)
        names = set(model.model_.state_dict())
        assert len([n for n in names if "embedding" in n]) == (1 if model.joint else 2)


def test_a_damaged_vocabulary_is_refused(tmp_path: Path) -> None:
    _trained().save(tmp_path / "run")
    (tmp_path / "run" / "tokenizer.json").write_text('{"kind": "word", "tokens": [], "merges": []}')
    with pytest.raises(RunError):
        Translator.load(tmp_path / "run")


def test_the_same_seed_gives_the_same_weights() -> None:
    one, other = (
        Translator(tokens="word", epochs=1, random_state=3).fit(SOURCES, TARGETS).model_
        for _ in range(2)
    )
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert bool((a == b).all())


def test_subwords_are_dropped_in_training_alone() -> None:
    sizes: dict[str, Any] = {"vocabulary": 60, "hidden": 8, "embedding_dim": 8, "epochs": 2}
    sizes |= {"validation_share": 0.25, "random_state": 0}
    models = [
        Translator(**sizes, subword_dropout=rate).fit(SOURCES, TARGETS) for rate in (0.0, 0.2, 0.2)
    ]
    plain, one, other = ([row["loss"] for row in model.history_] for model in models)
    assert one == other != plain
    assert models[0].vocabulary_.to_json() == models[1].vocabulary_.to_json()
    encoded = [model.input_.encode(model.input_.take(SOURCES)).ids for model in models[:2]]
    for ids, same in zip(*encoded, strict=True):
        np.testing.assert_array_equal(ids, same)


def test_threads_may_search_differently_at_once() -> None:
    model, found = _trained(), {}

    def search(n: int) -> None:
        found[n] = model.predict_nbest(SOURCES[:4], n)

    threads = [Thread(target=search, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [{len(case) for case in found[n]} for n in (1, 2, 3)] == [{1}, {2}, {3}]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda m: m.predict("one text"), DataError, "for one text write"),
        (lambda m: m.align(SOURCES[:2], TARGETS[:1]), DataError, "2"),
        (lambda m: m.predict_nbest(SOURCES, 0), ConfigError, "n: wanted"),
        (lambda m: m.score(SOURCES, TARGETS, metric="rouge"), ConfigError, "metric"),
        (lambda m: m.evidence(SOURCES), ConfigError, "use attend"),
        (lambda m: m.fit(SOURCES, TARGETS[:-1]), DataError, "12"),
        (lambda m: m.fit(SOURCES, None), DataError, "y"),
        (
            lambda m: m.set_params(subword_dropout=0.1).fit(SOURCES, TARGETS),
            ConfigError,
            "subword_dropout skips merges of bpe, and tokens is word",
        ),
        (
            lambda m: m.set_params(tokens="bpe", subword_dropout=1.0).fit(SOURCES, TARGETS),
            ConfigError,
            "subword_dropout: .*less than 1",
        ),
        (lambda m: m.fit(SOURCES, list(range(12))), DataError, "text"),
    ],
)
def test_what_cannot_be_is_refused(call: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call(Translator(tokens="word", epochs=1) if "fit" in call.__code__.co_names else _trained())


def test_targets_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(DataError, match="all 12 texts to learn from are the same"):
        Translator(tokens="word", epochs=1).fit(SOURCES, ["always this"] * 12)


def test_words_that_cannot_be_written_are_counted_where_tokens_are_words() -> None:
    model = Translator(tokens="word", epochs=1, random_state=0).fit(SOURCES, TARGETS)
    output: Any = model.output_
    seen = model.infer(
        model.input_.take(SOURCES[:2], ["one Müller", "other new words"], fitting=True)
    )
    metrics = output.metrics(seen)
    known = set(" ".join(TARGETS).split())
    wanted = sum(word not in known for word in ["one", "Müller", "other", "new", "words"])
    assert metrics["unknown_words"] == wanted >= 4
    [note] = output.notes(metrics)
    assert note.startswith(f"{wanted} words of the test part's texts are not in the vocabulary")
