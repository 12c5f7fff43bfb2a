"""Texts as an input: words or subwords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, spoken
from regard.explain import lay_over_steps, shuffled
from regard.inference import Inference
from regard.inputs.input import Input, Maps
from regard.inputs.text.encoded import (
    Encoded,
    sum_to_words,
    with_unknown_words,
    without_words,
    words_of,
)
from regard.inputs.text.files import read_new_lines, read_new_texts
from regard.inputs.text.fragments import highest_words
from regard.inputs.text.kept import TextsKept
from regard.inputs.text.load import load_texts
from regard.inputs.text.ngrams import Ngrams
from regard.inputs.text.sentences import sentence_spans
from regard.inputs.text.texts import Texts, as_texts
from regard.inputs.text.tokenizer import Tokenizer
from regard.inputs.text.vectors import read_vectors
from regard.inputs.text.view import TextView
from regard.kept import Kept
from regard.plots import CaseView, Outcome

if TYPE_CHECKING:
    from torch import nn

    from regard.inputs.graph import InputGraph
    from regard.training import Part

__all__ = ["TextInput", "Tokenised"]

# Fields of the section `data` that are options of its reader.
_READ = {"text", "label", "id", "encoding"}

_UNKNOWN_WORD = "\0"  # of no n-gram


class Tokenised(NamedTuple):
    """Encoded texts: their tokens, and the words of each if the model has n-grams."""

    tokens: Encoded
    words: list[list[str]] | None


class TextInput(Input):
    """Texts.

    Attributes:
        tokenizer_: fitted on the training part.
        ngrams_: the n-grams of the training part, or None.
        longest_: maximum number of tokens of a training text.
        width_: width of the embedding.
    """

    keeps: ClassVar[type[Kept] | None] = TextsKept
    case_types = (Texts,)
    targets: ClassVar[tuple[str, ...]] = ("class", "tokens")
    options = ("labelled", "encoding")
    prompt = "text> "
    noun = "word"
    plural = "texts"
    unusable = "without a text"
    replacements = ("drop", "unknown")
    uploads = (".txt", ".csv", ".tsv", ".parquet", ".jsonl")

    tokenizer_: Tokenizer
    ngrams_: Ngrams | None
    longest_: int
    width_: int
    _vectors: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        if target != "tokens":
            return cls
        from regard.inputs.text.paired import PairedInput

        return PairedInput

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Texts:
        if isinstance(X, Texts):
            texts = X
        elif fitting:
            texts = as_texts(X, y, missing=self.config.data.missing)
        else:
            with spoken(lambda *_: "leave it out"):  # each case has an answer
                texts = as_texts(X)
        if fitting:
            self.notes += texts.notes
        return texts

    def load(self) -> tuple[Texts, Texts | None, str]:
        options = self.config.data
        if options.kind == "arrays":
            raise DataError("data.kind: arrays come from Python; train on a file")
        given = options.model_dump(include={"kind", "path", "test_path", "missing", *_READ})
        texts, test = load_texts(**given)
        self.notes += texts.notes
        if test is not None:
            self.notes += [f"test file: {note}" for note in test.notes]
        return texts, test, options.path

    def contents(self, cases: Texts) -> list[str]:
        """The texts up to white space."""
        return [" ".join(text.split()) for text in cases.texts]

    def read(self, path: Path | None, **options: Any) -> Texts:
        """A table with the columns trained on, or a file of lines.

        Unless `labelled` is given, a table has labels if its label column is not empty, and lines
        have labels if the model was trained on lines.
        """
        if path is None:
            raise ConfigError("source: name a file of new cases, after the run")
        data, labelled = self.config.data, options.pop("labelled", None)
        given: dict[str, Any] = {"text": "text", "label": "label", "id": None, "encoding": "utf-8"}
        given |= data.model_dump(include=_READ) | options
        if data.kind == "lines" or path.suffix.lower() == ".txt":
            first = data.kind == "lines" if labelled is None else labelled
            label: Literal["first", "none"] = "first" if first else "none"
            return read_new_lines(path, label=label, encoding=given["encoding"])
        return read_new_texts(path, **given, labelled=labelled)

    def about(self, parts: Sequence[Any]) -> list[str]:
        words = np.array([len(text.split()) for part in parts for text in part.texts])
        return [f"texts: {np.median(words):g} words in the middle, {words.max()} at most"]

    def usable(self, cases: Texts) -> NDArray[np.bool_]:
        return cases.filled

    def typed(self, text: str) -> Texts:
        if not text.strip():
            raise ConfigError("text: is empty; give a text to predict")
        return replace(as_texts([text]), ids=np.array([""]))

    @property
    def posted_form(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "examples": ["This is a text."]}

    def posted(self, values: list[Any]) -> Texts:
        for value in values:
            if not (isinstance(value, str) and value.strip()):
                raise DataError("a case: wanted a text that is not empty")
        return self.take(values)

    def fit(self, cases: Texts) -> Any:
        """Train the tokenizer, read the vectors and learn the n-grams."""
        data, model = self.config.data, self.config.model
        options = data.model_dump(include={"vocabulary", "min_count", "lowercase"})
        self.tokenizer_ = Tokenizer.train(cases.texts, kind=data.tokens, **options)
        self.width_ = model.embedding_dim
        if model.vectors is not None:
            self._vectors = read_vectors(model.vectors, self.tokenizer_.tokens)
            self.width_ = self._vectors[0].shape[1]
        encoded = self.encode(cases)
        self.ngrams_ = None if encoded.words is None else Ngrams.learn(encoded.words)
        self.longest_ = max(len(ids) for ids in encoded.tokens.ids)
        if truncated := encoded.tokens.truncated:
            self.notes.append(
                f"{truncated} of {len(cases)} training texts are truncated to {self._limit()} "
                "(max_tokens)"
            )
        return encoded

    def encode(self, cases: Texts) -> Any:
        data = self.config.data
        tokens = self.tokenizer_.encode(cases.texts, max_tokens=data.max_tokens)
        words = words_of(tokens, lowercase=data.lowercase) if self._has_ngrams else None
        return Tokenised(tokens, words)

    @property
    def _has_ngrams(self) -> bool:
        return bool(getattr(self.config.model, "ngrams", False))

    def kept(self) -> dict[str, Any]:
        ngrams = None if self.ngrams_ is None else self.ngrams_.to_dict()
        return {"sizes": [self.longest_, self.width_], "ngrams": ngrams}

    def kept_text(self) -> str:
        return self.tokenizer_.to_json()

    def restore_text(self, text: str) -> None:
        self.tokenizer_ = Tokenizer.from_json(text)

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.longest_, self.width_ = map(int, kept["sizes"])
        ngrams = kept["ngrams"]
        self.ngrams_ = None if ngrams is None else Ngrams.from_dict(ngrams)

    def part(self, encoded: Any, *, targets: NDArray[Any] | None, training: bool) -> Part:
        """Batches of texts; training and early stopping leave out the n-grams."""
        with_ngrams = self.ngrams_ is not None and not training
        from regard.inputs.text.part import TextPart

        return TextPart(
            encoded.tokens,
            targets,
            sentences=self.config.model.pooling == "hierarchical",
            ngrams=self.ngrams_ if with_ngrams else None,
            words=encoded.words,
        )

    def build(self, output: Any) -> nn.Module:
        import torch

        from regard.inputs.text.model import build_text_model

        model = build_text_model(
            self.config.model,
            output,
            tokens=self.tokenizer_.size,
            features=0 if self.ngrams_ is None else self.ngrams_.size,
            width=self.width_,
            steps=self.longest_,
        )
        if self._vectors is not None:
            matrix, found = map(torch.from_numpy, self._vectors)
            with torch.no_grad():
                model.embedding.weight[found] = matrix[found]
        return model

    def graph(self, model: nn.Module) -> InputGraph:
        from regard.inputs.text.graph import TextGraph

        data = self.config.data
        given: Any = model
        return TextGraph(
            given,
            self.tokenizer_,
            self.ngrams_,
            max_tokens=data.max_tokens,
            lowercase=data.lowercase,
        )

    def begin(
        self, model: nn.Module, encoded: Any, held: Any | None, targets: Any, output: Any
    ) -> None:
        """Fit the linear model of the n-grams by logistic regression."""
        import torch

        if self.ngrams_ is None:
            return
        solved = self.ngrams_.solve(encoded.words, targets, output.case_factors(targets))
        term = model.get_submodule("ngrams")
        with torch.no_grad():
            for name, array in zip(("weights", "bias"), solved, strict=True):
                term.get_buffer(name).copy_(torch.from_numpy(array))

    @property
    def by_evidence(self) -> bool:
        model = self.config.model
        linear = model.pooling == "attention" and model.attention.query != "last"
        return model.pooling == "conjunctive" or (linear and self._has_ngrams)

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Spread each position's value over its tokens, and sum over the tokens of a word."""
        lengths = np.array([len(encoded.tokens.words[at]) for at in index])
        steps: dict[str, Any] = {"stride": model.stride, "steps": int(lengths.max())}
        laid = {
            name: lay_over_steps(values, lengths, **steps)
            for name, values in maps.items()
            if name != "ngrams"
        }
        if "ngrams" in maps and "evidence" in laid:
            laid["evidence"] = laid["evidence"] + maps["ngrams"]
        return {name: self.of_tokens(rows, encoded, index) for name, rows in laid.items()}

    def embedding(self, model: nn.Module) -> nn.Module | None:
        """That of a `TextModel`."""
        return getattr(model, "embedding", None)

    def of_tokens(
        self, values: NDArray[np.float64], encoded: Any, index: NDArray[np.int64]
    ) -> list[NDArray[np.float64]]:
        """Summed over the tokens of a word."""
        words = [encoded.tokens.words[at] for at in index]
        return [
            np.asarray(sum_to_words(row[..., : len(own)], own), np.float64)
            for row, own in zip(values, words, strict=True)
        ]

    def erased(
        self,
        encoded: Any,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> Any:
        """Words left out, or replaced by the unknown one."""
        change = without_words if how == "drop" else with_unknown_words
        words = None
        if encoded.words is not None:
            words = [
                [
                    word if not gone else _UNKNOWN_WORD
                    for word, gone in zip(encoded.words[at], own, strict=True)
                    if how != "drop" or not gone
                ]
                for at, own in zip(index, where, strict=True)
            ]
        return Tokenised(change(encoded.tokens, index, where), words)

    def elsewhere(
        self, weights: NDArray[np.float64], generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return np.asarray(shuffled(weights, generator), np.float64)

    def view(self, seen: Inference, n: int, outcome: Outcome) -> CaseView:
        tokens, weights = seen.encoded.tokens, seen.maps["weights"][n]
        spans = tokens.word_spans[n]
        sentences: NDArray[Any] | None = None
        sentence_weights: NDArray[Any] | None = None
        if self.config.model.pooling == "hierarchical":
            sentences = np.array(sentence_spans(tokens.texts[n]))
            of = np.searchsorted(sentences[:, 0], spans.mean(1), side="right") - 1
            sentence_weights = np.bincount(of.clip(0), weights, minlength=len(sentences))
        return TextView(
            id=str(seen.cases.ids[n]),
            outcome=outcome,
            text=tokens.texts[n],
            words=spans,
            weights=weights,
            known=int(tokens.known[n]),
            by_evidence=self.by_evidence,
            sentences=sentences,
            sentence_weights=sentence_weights,
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`known words` (0 if no word is in the vocabulary) and `most weight`: three words."""
        tokens, most = seen.encoded.tokens, []
        each = zip(tokens.texts, tokens.word_spans, seen.maps["weights"], strict=True)
        for text, spans, weights in each:
            most.append(" ".join(word for word, _ in highest_words(text, spans, weights)))
        return {"known words": tokens.known, "most weight": most}

    def remarks(self, seen: Inference) -> list[str]:
        tokens = seen.encoded.tokens
        unknown = int((tokens.known == 0).sum())
        remarks = [f"{unknown} without a known word"] if unknown else []
        if tokens.truncated:
            remarks.append(f"{tokens.truncated} truncated to {self._limit()}")
        return remarks

    def _limit(self) -> str:
        limit = self.config.data.max_tokens
        return "1 token" if limit == 1 else f"{limit} tokens"

    def figures(self) -> dict[str, Any]:
        return {"vocabulary": self.tokenizer_.size}

    def reading(self, moved: str) -> list[str]:
        note = "The weights drawn are each word's share of the evidence for the predicted class"
        source = ", from attention and n-grams together" if self._has_ngrams else ""
        gates = (
            ": a gate of conjunctive pooling says how much a word counts, but not for which class"
        )
        return [note + source + gates * self.gated + "."] if self.by_evidence else []

    def comparing(self) -> list[str]:
        note = (
            "all models share the n-grams, which hide differences between attentions; "
            "model.ngrams=false compares the attentions alone"
        )
        return [note] if self._has_ngrams else []
