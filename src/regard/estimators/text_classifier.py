"""The classifier of texts, as scikit-learn knows estimators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from regard.config import Config
from regard.errors import ConfigError, DataError
from regard.estimators.base import Floats
from regard.estimators.classifying import AttentionClassifier
from regard.estimators.ngram_solution import solve_ngrams
from regard.estimators.text_part import TextPart, words_of
from regard.explain import lay_over_steps
from regard.inputs.text.encoded import Encoded, sum_to_words, word_spans
from regard.inputs.text.ngrams import Ngrams
from regard.inputs.text.texts import Texts, as_texts
from regard.inputs.text.tokenizer import Tokenizer
from regard.inputs.text.vectors import read_vectors
from regard.models import TextModel, build_text_classifier
from regard.runs import Run
from regard.training import Part

__all__ = ["TextClassifier"]


class TextClassifier(AttentionClassifier):
    """Classifies texts with an attention model, and shows which words each prediction looked at.

    X is a list of strings.

    Parameters:
        encoder: "inception", "conv", "conv-bilstm", "bilstm", "gru", "lstm" or "transformer".
        attention: the mechanism by which the encoder's states are looked at: the name of a score
            ("additive", "dot", "general"...), a window ("causal", "local-p"...) or an alignment
            ("sparsemax", "hard"...), as `regard mechanisms` lists them; or a table such as
            {"score": "general", "window": {"local-p": 10}, "align": "sparsemax", "heads": 4}.
        pooling: "attention" (weigh the states, then a linear layer on the context), "conjunctive"
            (a linear layer on every state, gate each by a sigmoid of its score, average), "stacked"
            (the states attend to each other, an LSTM reads what they found, and that is attended
            to) or "hierarchical" (words to sentences, sentences to the text). None takes
            "attention".
        form: a published model, which decides encoder, pooling and who asks: "lstm-attention",
            "lstm-bahdanau" or "lstm-hierarchical".
        hidden: width inside the encoder; None takes what suits it.
        layers: of the encoder; None takes what suits it.
        attention_dim: width of the space in which additive attention compares, shared among its
            heads.
        heads: of the pooling attention, each with a query to learn; their weights are averaged.
        dropout: share of the columns of the encoder's states, and between recurrent or Transformer
            layers, that is dropped in training.
        embedding_dim: width of the embedding of a token; vectors from a file bring their own.
        ngrams: whether to add what a linear model of the text's n-grams says: of its words, pairs
            of words and the letters within words.
        vectors: text file of word vectors to begin from: a word and its numbers a line.
        word_dropout: share of the tokens that are taken for unknown in training.
        embedding_dropout: share of the embedding's columns, of each text, dropped in training.
        validation_share: share of the cases that training is stopped by; "auto" is 0.1 from 1,000
            cases up and none below.
        tokens: "word", or parts of words that are common, "bpe" or "wordpiece".
        vocabulary: tokens that are known, at the most, the commonest first.
        min_count: how often a token must be in the training part to be known.
        lowercase: whether capitals are read as small letters.
        max_tokens: of a text; longer ones are cut, which is said.
        epochs: at the most; without a validation part, exactly.
        patience: epochs without a lower validation loss after which training stops.
        batch_size: cases in an update.
        learning_rate: of AdamW, at its highest.
        weight_decay: of AdamW.
        schedule: of the learning rate: "cosine" (to zero, after a short warm-up) or "constant".
        gradient_clip: largest norm of an update's gradient; 0 does not clip.
        updates_per_epoch: a training part of fewer batches is passed over several times an epoch.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        class_weight: "balanced" to weigh classes inversely to their frequency, a dict from label to
            factor (1 where a label is left out), or None.
        label_smoothing: share of the target spread over all classes.
        verbose: whether to show a progress bar.
        random_state: the same number gives the same model.

    Attributes:
        classes_: [N] labels, sorted.
        tokenizer_: learned from the training part.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> texts = ["good film", "bad film", "a good one", "so bad"] * 5
    >>> model = TextClassifier(epochs=2, random_state=0).fit(texts, ["up", "down"] * 10)
    >>> model.words(["What a good film!"])[0]
    ['What', 'a', 'good', 'film', '!']
    >>> model.attend(["What a good film!"])[0].shape
    (5,)
    """

    task = "classify-text"

    lowercase: bool
    max_tokens: int
    pooling: str | None
    vectors: str | None
    tokenizer_: Tokenizer
    ngrams_: Ngrams | None
    longest_: int
    width_: int
    _vectors: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None

    def __init__(
        self,
        *,
        encoder: str = "bilstm",
        attention: str | dict[str, Any] = "additive",
        pooling: str | None = None,
        form: str | None = None,
        hidden: int | None = None,
        layers: int | None = None,
        attention_dim: int = 64,
        heads: int = 1,
        dropout: float = 0.5,
        embedding_dim: int = 64,
        ngrams: bool = True,
        vectors: str | None = None,
        word_dropout: float = 0.1,
        embedding_dropout: float = 0.3,
        validation_share: float | Literal["auto"] = 0.0,
        tokens: str = "word",
        vocabulary: int = 20000,
        min_count: int = 1,
        lowercase: bool = True,
        max_tokens: int = 512,
        epochs: int = 8,
        patience: int = 5,
        batch_size: int = 64,
        learning_rate: float = 0.004,
        weight_decay: float = 0.05,
        schedule: str = "cosine",
        gradient_clip: float = 1.0,
        updates_per_epoch: int = 10,
        device: str = "auto",
        class_weight: str | dict[Any, float] | None = None,
        label_smoothing: float = 0.1,
        verbose: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self._set(locals())

    def attend(self, X: Any) -> list[Floats]:
        """The attention that each word got: an array [words] for each text, which sums to one.

        The words are those of `words`. The weight of a word is the sum of those of its tokens.
        """
        return self._map(X, "attention")

    def evidence(self, X: Any) -> list[Floats]:
        """What each word said for (positive) and against each class: [N, words] for each text.

        It sums over the words to the logits, whose softmax are the probabilities.

        Raises:
            ConfigError: the pooling is not linear in the states, so that there is no exact one.
        """
        return self._map(X, "evidence")

    def words(self, X: Any) -> list[list[str]]:
        """The words of each text, as they are written in it; texts that are too long are cut."""
        check_is_fitted(self)
        return [
            [text[start:stop] for start, stop in spans]
            for text, spans in zip(self._read(X).texts, self.word_spans(X), strict=True)
        ]

    def word_spans(self, X: Any) -> list[NDArray[np.int32]]:
        """[words, 2] for each text: the half-open (start, stop) characters of its words."""
        check_is_fitted(self)
        encoded = self.encode(X)
        return [word_spans(*each) for each in zip(encoded.spans, encoded.words, strict=True)]

    def encode(self, X: Any) -> Encoded:
        """The texts as tokens."""
        texts: Texts = self._read(X)
        return self.tokenizer_.encode(texts.texts, max_tokens=self.max_tokens)

    def _read(self, X: Any, y: Any = None, *, reset: bool = False) -> Texts:
        if isinstance(X, Texts):
            return X
        if reset and y is None:
            raise DataError("requires y to be passed, but the target y is None")
        return as_texts(X, y if reset else None)

    def _prepare(self, cases: Texts, config: Config) -> None:
        super()._prepare(cases, config)
        options = config.data
        self.tokenizer_ = Tokenizer.train(
            cases.texts,
            kind=options.tokens,
            vocabulary=options.vocabulary,
            min_count=options.min_count,
            lowercase=options.lowercase,
        )
        self.width_ = config.model.embedding_dim
        self._vectors = None
        if config.model.vectors is not None:
            self._vectors = read_vectors(config.model.vectors, self.tokenizer_.tokens)
            self.width_ = self._vectors[0].shape[1]
        encoded = self.encode(cases)
        self.ngrams_ = None
        if config.model.ngrams:
            self.ngrams_ = Ngrams.learn(words_of(encoded, lowercase=self.lowercase))
        self.longest_ = max(len(ids) for ids in encoded.ids)
        if encoded.truncated:
            self._note(
                f"{encoded.truncated} of {len(cases)} texts to train on have more than "
                f"{self.max_tokens} tokens (max_tokens); what comes after is not read"
            )

    def _part(self, cases: Texts, *, targets: bool) -> Part:
        encoded = self.encode(cases)
        ngrams = None
        # What is learned, and stopped by, is the network alone.
        if self.ngrams_ is not None and not targets:
            ngrams = self.ngrams_, words_of(encoded, lowercase=self.lowercase)
        return TextPart(
            encoded,
            self._targets(cases) if targets else np.arange(len(cases)),
            sentences=self.pooling == "hierarchical",
            ngrams=ngrams,
        )

    def _begin(self, cases: Texts, validation: Texts | None) -> None:
        """The n-grams' weights, by logistic regression."""
        model: Any = self.model_
        if self.ngrams_ is None:
            return
        targets = self._targets(cases)
        words = words_of(self.encode(cases), lowercase=self.lowercase)
        weights: Any = self._objective(cases, self.resolve(self.seed_)).weights
        solved = solve_ngrams(
            self.ngrams_, words, targets, None if weights is None else weights.numpy()[targets]
        )
        with torch.no_grad():
            model.ngrams.weights.copy_(torch.from_numpy(solved.weights))
            model.ngrams.bias.copy_(torch.from_numpy(solved.bias))

    def _build(self, config: Config) -> TextModel:
        options = config.model.model_dump(exclude={"vectors", "embedding_dim", "ngrams"})
        model = build_text_classifier(
            tokens=self.tokenizer_.size,
            classes=len(self.classes_),
            steps=self.longest_,
            features=0 if self.ngrams_ is None else self.ngrams_.size,
            embedding_dim=self.width_,
            **options,
        )
        if self._vectors is not None:
            matrix, found = map(torch.from_numpy, self._vectors)
            with torch.no_grad():
                model.embedding.weight[found] = matrix[found]
        return model

    def _map(self, X: Any, name: str) -> list[Floats]:
        check_is_fitted(self)
        texts = self._read(X)
        words = self.encode(texts).words
        result: list[Floats] = [np.empty(0)] * len(texts)
        for index, predicted in self._forward(texts):
            if name not in predicted.maps:
                raise ConfigError(
                    f"{name}: this pooling is not linear in the encoder's states, so that no word "
                    "adds a part of its own; use attend, or attention or conjunctive pooling"
                )
            lengths = np.array([len(words[at]) for at in index])
            model: Any = self.model_
            over_tokens = lay_over_steps(
                predicted.maps[name].double().numpy(),
                lengths,
                stride=model.stride,
                steps=int(lengths.max()),
            )
            if name == "evidence" and "ngrams" in predicted.maps:
                over_tokens = over_tokens + predicted.maps["ngrams"].double().numpy()
            for at, row, length in zip(index, over_tokens, lengths, strict=True):
                result[at] = sum_to_words(row[..., :length], words[at])
        return result

    def _kept(self) -> dict[str, Any]:
        ngrams = None if self.ngrams_ is None else self.ngrams_.to_dict()
        return {**super()._kept(), "sizes": [self.longest_, self.width_], "ngrams": ngrams}

    def to_run(self, config: Config) -> Run:
        """What a run folder keeps of the fitted estimator."""
        return replace(super().to_run(config), tokenizer=self.tokenizer_.to_json())

    def _restore(self, run: Run) -> None:
        super()._restore(run)
        self.longest_, self.width_ = map(int, run.preprocess["sizes"])
        self.tokenizer_ = Tokenizer.from_json(run.tokenizer)
        ngrams = run.preprocess["ngrams"]
        self.ngrams_ = None if ngrams is None else Ngrams.from_dict(ngrams)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
