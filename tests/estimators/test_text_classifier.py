"""The classifier of texts: words, vocabulary, vectors, sentences, and texts that cannot be used."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from regard.data import Texts, as_texts
from regard.errors import DataError, RegardWarning, RunError
from regard.estimators import TextClassifier
from regard.inputs.text.sentences import sentence_spans
from regard.inputs.text.view import TextView

SMALL: dict[str, Any] = {
    "encoder": "gru",
    "pooling": "attention",
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "embedding_dim": 8,
    "dropout": 0.0,
    "word_dropout": 0.1,
    "embedding_dropout": 0.0,
    "ngrams": False,
    "epochs": 12,
    "updates_per_epoch": 4,
    "batch_size": 16,
    "learning_rate": 0.02,
    "validation_share": 0.0,
    "device": "cpu",
    "random_state": 0,
}
GOOD, BAD = ("good", "fine", "great"), ("bad", "dull", "poor")


def _texts(cases: int = 30) -> tuple[list[str], list[str]]:
    generator = np.random.default_rng(0)
    texts, labels = [], []
    for n in range(cases):
        word = str(generator.choice((GOOD, BAD)[n % 2]))
        filler = generator.choice(["the", "film", "is", "a", "so", "it"], size=(2, 3))
        texts.append(f"{' '.join(filler[0])} {word} {' '.join(filler[1])}.")
        labels.append(("up", "down")[n % 2])
    return texts, labels


def _make(**changes: Any) -> TextClassifier:
    return TextClassifier(**{**SMALL, **changes})


def _views(model: TextClassifier, texts: list[str]) -> list[TextView]:
    """What is drawn of each text."""
    seen = model.infer(texts, maps=("weights",))
    views = [model.input_.view(seen, n, model.output_.outcome(seen, n)) for n in range(len(texts))]
    return [view for view in views if isinstance(view, TextView)]


@pytest.fixture(scope="module")
def fitted() -> TextClassifier:
    return _make().fit(*_texts())


# Words and where they stand.


def test_it_learns_which_words_tell(fitted: TextClassifier) -> None:
    texts, labels = _texts(60)
    assert fitted.score(texts, labels) > 0.9
    assert fitted.classes_.tolist() == ["down", "up"]


@pytest.mark.parametrize("tokens", ["word", "bpe", "wordpiece"])
@pytest.mark.parametrize("ngrams", [False, True])
def test_words_and_their_weights_agree_with_the_text(tokens: str, ngrams: bool) -> None:
    model = _make(tokens=tokens, vocabulary=40, ngrams=ngrams, epochs=1).fit(*_texts())
    texts = ["What a GREAT, great film!", "Don't.", "so"]
    words, spans = model.words(texts), model.word_spans(texts)
    weights, evidence = model.attend(texts), model.evidence(texts)
    assert words == [
        ["What", "a", "GREAT", ",", "great", "film", "!"],
        ["Do", "n't", "."],
        ["so"],
    ]
    encoded = model.encode(texts)
    if tokens != "word":
        assert len(encoded.ids[0]) > len(words[0])
    logits = np.array([each.sum(1) for each in evidence])
    powers = np.exp(logits)
    probabilities = model.predict_proba(texts)
    np.testing.assert_allclose(powers / powers.sum(1, keepdims=True), probabilities, rtol=1e-4)
    for n, text in enumerate(texts):
        assert [text[start:stop] for start, stop in spans[n]] == words[n]
        assert weights[n].shape == (len(words[n]),)
        assert evidence[n].shape == (2, len(words[n]))
        assert weights[n].sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("tokens", ["bpe", "wordpiece"])
def test_the_weight_of_a_word_is_that_of_its_tokens(tokens: str) -> None:
    model = _make(tokens=tokens, vocabulary=40, epochs=1).fit(*_texts())
    text = "a greatfilm, goodness"
    encoded = model.encode([text])
    [ids], [words] = encoded.ids, encoded.words
    assert len(ids) > len(set(words))
    none = torch.zeros(1, len(ids), 0)
    tensors = [torch.from_numpy(ids.astype(np.int64))[None], torch.zeros(1, len(ids)).long()]
    _, maps = model.model_(*tensors, none.long(), none)
    of_tokens = maps["attention"][0].detach().double().numpy()
    expected = [of_tokens[words == word].sum() for word in range(words.max() + 1)]
    np.testing.assert_allclose(model.attend([text])[0], expected, atol=1e-6)


def test_a_text_alone_and_among_longer_ones_is_the_same(fitted: TextClassifier) -> None:
    texts = [" ".join(["film", *_texts()[0][: n % 7]]) for n in range(300)]
    together, weights = fitted.predict_proba(texts), fitted.attend(texts)
    for n in (0, 3, 6, 299):
        np.testing.assert_allclose(fitted.predict_proba([texts[n]])[0], together[n], atol=1e-5)
        np.testing.assert_allclose(fitted.attend([texts[n]])[0], weights[n], atol=1e-5)
        assert len(weights[n]) == len(fitted.words([texts[n]])[0])


def test_capitals_are_small_letters_unless_they_tell(fitted: TextClassifier) -> None:
    lower, upper = fitted.predict_proba(["so good"]), fitted.predict_proba(["So GOOD"])
    np.testing.assert_array_equal(lower, upper)
    texts = ["Bus stops", "bus stops"] * 10
    model = _make(lowercase=False).fit(texts, ["name", "thing"] * 10)
    assert model.predict(texts[:2]).tolist() == ["name", "thing"]
    assert {"Bus", "bus"} <= set(model.tokenizer_.tokens)


def test_tables_columns_and_lists_are_the_same(fitted: TextClassifier) -> None:
    polars = pytest.importorskip("polars")
    texts, labels = _texts()
    expected = fitted.predict_proba(texts)
    for given in (tuple(texts), np.array(texts), polars.Series(texts), as_texts(texts, labels)):
        np.testing.assert_array_equal(fitted.predict_proba(given), expected)


# What is known.


def test_the_vocabulary_is_of_the_training_part_alone() -> None:
    texts, labels = _texts(20)
    held = Texts(("a zebra", "an okapi"), np.array(["up", "down"]))
    model = _make(epochs=1).fit(texts, labels, validation=held)
    assert "film" in model.tokenizer_.tokens
    assert not {"zebra", "okapi"} & set(model.tokenizer_.tokens)
    assert "validation_loss" in model.history_[0]
    texts = [f"{text} only{n}" for n, text in enumerate(texts)]
    shared = _make(epochs=1, validation_share=0.25).fit(texts, labels)
    assert sum(token.startswith("only") for token in shared.tokenizer_.tokens) == 15


def test_rare_words_and_those_beyond_the_vocabulary_are_unknown() -> None:
    texts, labels = _texts()
    model = _make(epochs=1, vocabulary=7).fit(texts, labels)
    assert model.tokenizer_.size == 7
    assert "zebra" not in _make(epochs=1, min_count=2).fit(
        [*texts, "zebra"], [*labels, "up"]
    ).tokenizer_.tokens  # fmt: skip


@pytest.mark.parametrize("ngrams", [False, True])
def test_a_text_of_unknown_words_is_a_guess_that_says_so(ngrams: bool) -> None:
    model = _make(ngrams=ngrams, epochs=1).fit(*_texts())
    texts = ["Xyzzy qwrt!", "a film", "\u2800"]
    assert model.predict(texts).shape == (3,)
    weights = model.attend(texts)
    assert [len(each) for each in weights] == [3, 2, 1]
    views = _views(model, texts)
    assert [view.known for view in views] == [0, 2, 0]
    assert np.isfinite(model.predict_proba(texts)).all()


def test_long_texts_are_cut_and_that_is_said() -> None:
    texts, labels = _texts()
    model = _make(epochs=1, max_tokens=5)
    with pytest.warns(RegardWarning, match="^30 of 30 training texts are truncated to 5 tokens"):
        model.fit(texts, labels)
    assert model.notes_ == ["30 of 30 training texts are truncated to 5 tokens (max_tokens)"]
    assert [len(words) for words in model.words(texts)] == [5] * 30
    cut = [text.rsplit(" ", 2)[0] for text in texts]
    np.testing.assert_array_equal(model.predict_proba(texts), model.predict_proba(cut))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _make(epochs=1, max_tokens=8).fit(texts, labels).notes_ == []


# Vectors from a file.


def _vectors(path: Path) -> Path:
    path.write_text("good 1 2 3\nfilm -1 0.5 0\nzebra 9 9 9\nbad 0.25 0 -4\n")
    return path


def test_training_begins_from_vectors_that_are_found(tmp_path: Path) -> None:
    model = _make(vectors=str(_vectors(tmp_path / "v.txt")), learning_rate=1e-12, epochs=1)
    model.fit(*_texts())
    tokens, matrix = model.tokenizer_.tokens, model.model_.embedding.weight  # type: ignore[union-attr]
    assert isinstance(matrix, torch.Tensor)
    assert matrix.shape == (model.tokenizer_.size, 3)
    for word, vector in (("good", [1, 2, 3]), ("film", [-1, 0.5, 0]), ("bad", [0.25, 0, -4])):
        np.testing.assert_allclose(matrix[tokens.index(word)].detach(), vector, atol=1e-6)
    assert (matrix[0] == 0).all()  # padding
    assert matrix[tokens.index("the")].detach().abs().max() > 0  # not found: at random


def test_a_saved_model_needs_its_vectors_no_more(tmp_path: Path) -> None:
    path = _vectors(tmp_path / "v.txt")
    texts, labels = _texts()
    model = _make(vectors=str(path), epochs=1).fit(texts, labels)
    model.save(tmp_path / "model")
    path.unlink()
    loaded = TextClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    with pytest.raises(DataError, match=r"v.txt: there is no such file"):
        loaded.fit(texts, labels)


def test_the_same_estimator_fits_with_vectors_and_without(tmp_path: Path) -> None:
    texts, labels = _texts()
    model = _make(vectors=str(_vectors(tmp_path / "v.txt")), epochs=1).fit(texts, labels)
    again = model.set_params(vectors=None).fit(texts, labels)
    expected = _make(epochs=1).fit(texts, labels)
    np.testing.assert_array_equal(again.predict_proba(texts), expected.predict_proba(texts))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"v.txt: there is no such file"),
        ("zebra 1 2\nokapi 3 4\n", r"v.txt: none of the \d+ tokens is in it"),
        ("good 1 2\nbad 3\n", r"v.txt, row 2 has 1 numbers; wanted 2"),
        ("good 1 x\n", r"v.txt, row 1: 'x' is not a number"),
    ],
)
def test_vectors_that_cannot_be_used(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "v.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message):
        _make(vectors=str(path)).fit(*_texts())


# Sentences.


def test_hierarchical_maps_at_both_levels() -> None:
    texts, labels = _texts()
    texts = [f"So it is. {text} Is it?" for text in texts]
    model = _make(pooling="hierarchical", epochs=3).fit(texts, labels)
    probes = [texts[0], "One sentence", "A film!\n\nDull... so dull. Why? It is a film."]
    for text, weights, view in zip(
        probes, model.attend(probes), _views(model, probes), strict=True
    ):
        assert weights.sum() == pytest.approx(1, abs=1e-6)
        spans = sentence_spans(text)
        assert view.sentences is not None
        assert view.sentence_weights is not None
        sentences: Any = view.sentences
        assert sentences.tolist() == [list(span) for span in spans]
        assert len(view.sentence_weights) == len(spans)
        words = model.word_spans([text])[0]
        for (start, stop), share in zip(spans, view.sentence_weights, strict=True):
            inside = (words[:, 0] >= start) & (words[:, 1] <= stop)
            assert share == pytest.approx(weights[inside].sum(), abs=1e-6)


def test_only_hierarchical_pooling_looks_at_sentences() -> None:
    texts, labels = _texts()
    one, two = "a film good one", "a film\ngood one"  # the same tokens
    for pooling, alike in (("hierarchical", False), ("attention", True)):
        model = _make(pooling=pooling, epochs=1).fit(texts, labels)
        assert np.allclose(*model.predict_proba([one, two])) == alike


def test_with_hierarchical_pooling_a_text_alone_is_the_same_as_among_others() -> None:
    texts, labels = _texts()
    texts = [" ".join(texts[n : n + 1 + n % 4]) for n in range(len(texts))]
    model = _make(pooling="hierarchical", epochs=1).fit(texts, labels)
    together, weights = model.predict_proba(texts), model.attend(texts)
    for n in (0, 1, 2, 3, 29):
        np.testing.assert_allclose(model.predict_proba([texts[n]])[0], together[n], atol=1e-5)
        np.testing.assert_allclose(model.attend([texts[n]])[0], weights[n], atol=1e-5)


# What cannot be used.


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], "X: Found array with 0 sample"),
        ("a film", r"string object received; for one text write \[text\]"),
        (b"a film", "string object received"),
        (["a film", ""], "X, case 1: the text is missing; "),
        (["a film", " \n\t"], "X, case 1: the text is missing; "),
        (["a film", None], "X, case 1: the text is missing; "),
        ([None, float("nan")], "X, case 0: the text is missing; also case 1; "),
        ([1, 2], "X, case 0: wanted text, given int; also case 1$"),
        ([b"a film", "b"], "X, case 0: wanted text, given bytes; decode it$"),
        (["half \ud800", "b"], "X, case 0: an unpaired surrogate"),
        (np.zeros((2, 3)), r"X has the shape \[2, 3\]; wanted one text for each case"),
        (None, "X: wanted a list of texts, given NoneType"),
        (7, "X: wanted a list of texts, given int"),
        ({"text": ["a", "b"]}, "X: wanted a list of texts, given dict"),
    ],
)
def test_what_is_no_list_of_texts(fitted: TextClassifier, X: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _make().fit(X, ["up", "down"])
    for method in (fitted.predict, fitted.attend, fitted.words):
        with pytest.raises(DataError, match=message):
            method(X)


def test_what_is_missing_may_be_skipped_in_training_alone() -> None:
    texts, labels = _texts(12)
    given: list[Any] = [*texts, None, "a good film", " "]
    model = _make(epochs=1, missing="skip")
    with pytest.warns(RegardWarning, match="left out"):
        model.fit(given, [*labels, "up", None, "down"])
    notes = [
        "2 of 15 cases are left out: no text (case 12; case 14)",
        "1 of 15 cases is left out: no label (case 13)",
    ]
    assert model.notes_[:2] == notes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)
        alone = _make(epochs=1).fit(texts, labels)
    for name, tensor in alone.model_.state_dict().items():
        assert torch.equal(tensor, model.model_.state_dict()[name]), name
    with pytest.raises(DataError, match="X, case 1: the text is missing; leave it out$"):
        model.predict(["a", ""])
    with pytest.raises(DataError, match="X, case 0: the text is missing; pass missing='skip'$"):
        _make().fit(["", "b"], ["up", "down"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_frames(fitted: TextClassifier, library: str) -> None:
    frames = pytest.importorskip(library)
    texts, labels = _texts(12)
    expected = fitted.predict_proba(texts)
    frame = frames.DataFrame({"said": texts, "n": list(range(12)), "class": labels})
    if library == "pandas":
        frame = frame.set_index("n").sort_index(ascending=False)
        expected = expected[::-1]
        np.testing.assert_array_equal(
            fitted.predict_proba(frame["said"].astype("category")), expected
        )
    np.testing.assert_array_equal(fitted.predict_proba(frame["said"]), expected)
    np.testing.assert_array_equal(fitted.predict_proba(frame[["said"]]), expected)
    with pytest.raises(DataError) as caught:
        fitted.predict(frame[["said", "class"]])
    assert str(caught.value) == (
        "X is a data frame, whose columns are said, class; give the one with the texts, such as "
        "X['text']"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)
        model = _make(epochs=1).fit(frame["said"], frame["class"])
    assert model.classes_.tolist() == ["down", "up"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (["up", "up", "up"], "y has only one class, up; a classifier needs at least two"),
        (["up", "down"], "y has 2 labels, X has 3 cases"),
        (["up", "down", None], "y, case 2: the label is missing"),
        ([0.5, 1.0, 0.5], r"numbers with fractions \(0.5 of case 0\); classify needs classes"),
        ([["up"], ["down", "up"], ["up"]], "y: "),
    ],
)
def test_labels_that_cannot_be_learned(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _make().fit(["a", "b", "c"], y)


def test_texts_without_labels_cannot_be_learned() -> None:
    with pytest.raises(DataError, match="the cases have no labels"):
        _make().fit(as_texts(["a", "b"]))


def test_a_class_of_one_text_cannot_be_held_out() -> None:
    texts, labels = _texts()
    model = _make(validation_share=0.2)
    with pytest.raises(DataError, match="class 'once' has one case"):
        model.fit([*texts, "a"], [*labels, "once"])


@pytest.mark.parametrize("labels", [[3, 7], [True, False], ["a", "b"], [0.0, 1.0]])
def test_labels_keep_their_type(labels: list[Any], tmp_path: Path) -> None:
    texts, _ = _texts()
    y = np.array(labels)[np.arange(len(texts)) % 2]
    _make(epochs=1).fit(texts, y).save(tmp_path / "model")
    predicted = TextClassifier.load(tmp_path / "model").predict(texts)
    assert predicted.dtype.kind == y.dtype.kind
    assert set(predicted) <= set(y)


@pytest.mark.parametrize("content", [None, "", "{}", "{"])
def test_a_run_without_its_tokenizer(
    fitted: TextClassifier, tmp_path: Path, content: str | None
) -> None:
    fitted.save(tmp_path / "model")
    file = tmp_path / "model" / "tokenizer.json"
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises(RunError, match="tokenizer: its JSON cannot be read"):
        TextClassifier.load(tmp_path / "model")
