"""Texts: strings, read as words or subwords."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from regard.errors import ConfigError, DataError
from regard.explain import lay_over_steps
from regard.inference import Inference
from regard.inputs.input import Input, Parts
from regard.inputs.text.encoded import Encoded, sum_to_words
from regard.inputs.text.load import load_texts
from regard.inputs.text.model import build_text_model
from regard.inputs.text.ngram_solution import solve_ngrams
from regard.inputs.text.ngrams import Ngrams
from regard.inputs.text.part import TextPart, words_of
from regard.inputs.text.sentences import sentence_spans
from regard.inputs.text.texts import Texts, as_texts, count_shared, read_lines, read_new_texts
from regard.inputs.text.tokenizer import Tokenizer
from regard.inputs.text.vectors import read_vectors
from regard.inputs.text.view import TextView
from regard.plots import Outcome
from regard.training import Part

__all__ = ["TextInput", "Tokenised"]

# Fields of the section `data` that are for its reader.
_READ = {"text", "label", "encoding"}


class Tokenised(NamedTuple):
    """Texts, and what was found in them.

    Attributes:
        tokens: of each.
        words: the words of each as n-grams take them; None where there are no n-grams.
    """

    tokens: Encoded
    words: list[list[str]] | None


class TextInput(Input):
    """Texts.

    Attributes:
        tokenizer_: fitted on the training part.
        ngrams_: the n-grams of the training part, or None.
        longest_: the most tokens of a text of the training part.
        width_: of the embedding.
    """

    case_types = (Texts,)
    prompt = "text> "
    noun = "word"

    tokenizer_: Tokenizer
    ngrams_: Ngrams | None
    longest_: int
    width_: int
    _vectors: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Texts:
        """A list of strings."""
        return X if isinstance(X, Texts) else as_texts(X, y)

    def load(self) -> tuple[Texts, Texts | None, str]:
        """A table or a file of lines."""
        options = self.config.data
        if options.kind == "arrays":
            raise DataError("data.kind: arrays come from Python; train on a file")
        texts, test = load_texts(
            options.kind,
            path=options.path,
            test_path=options.test_path,
            **options.model_dump(include=_READ),
        )
        return texts, test, options.path

    def divide(
        self, cases: Any, test: Any | None, strata: NDArray[Any] | None, source: str
    ) -> Parts:
        """Stratified at random; texts that are in two parts are counted."""
        parts = super().divide(cases, test, strata, source)
        held = {"test": parts.test, "validation": parts.validation}
        notes = []
        for name, part in held.items():
            shared = 0 if part is None else count_shared(parts.train, part)
            if shared:
                notes.append(
                    f"{shared} of the {len(part)} texts of the {name} part are in the training "
                    "part too: the figures flatter the model"
                )
        return parts._replace(notes=tuple(notes))

    def read(self, path: Path | None, **options: Any) -> Texts:
        """A table with the columns trained on, or a file of lines.

        A table has labels where the column of that name is filled; a file of lines is taken to
        have them where the model was trained on such, unless `labelled` says otherwise.
        """
        if path is None:
            raise ConfigError("source: name a file of new cases, after the run")
        data, labelled = self.config.data, options.get("labelled")
        encoding = getattr(data, "encoding", "utf-8")
        if data.kind == "lines" or path.suffix.lower() == ".txt":
            first = data.kind == "lines" if labelled is None else labelled
            return read_lines(path, label="first" if first else "none", encoding=encoding)
        return read_new_texts(
            path,
            text=getattr(data, "text", "text"),
            label=getattr(data, "label", "label"),
            encoding=encoding,
            labelled=labelled,
        )

    def typed(self, text: str) -> Texts:
        """One text."""
        return as_texts([text])

    def fit(self, cases: Texts) -> Tokenised:
        """Fit the tokenizer, and find the n-grams."""
        options, model = self.config.data, self.config.model
        self.tokenizer_ = Tokenizer.train(
            cases.texts,
            kind=options.tokens,
            vocabulary=options.vocabulary,
            min_count=options.min_count,
            lowercase=options.lowercase,
        )
        self.width_ = model.embedding_dim
        if model.vectors is not None:
            self._vectors = read_vectors(model.vectors, self.tokenizer_.tokens)
            self.width_ = self._vectors[0].shape[1]
        tokens = self._tokenise(cases)
        words = self._words(tokens) if getattr(model, "ngrams", False) else None
        self.ngrams_ = None if words is None else Ngrams.learn(words)
        self.longest_ = max(len(ids) for ids in tokens.ids)
        if tokens.truncated:
            self.notes.append(
                f"{tokens.truncated} of {len(cases)} training texts are truncated to "
                f"{self._limit()} (max_tokens)"
            )
        return Tokenised(tokens, words)

    def encode(self, cases: Texts) -> Tokenised:
        """The texts as tokens."""
        tokens = self._tokenise(cases)
        return Tokenised(tokens, None if self.ngrams_ is None else self._words(tokens))

    def _tokenise(self, cases: Texts) -> Encoded:
        return self.tokenizer_.encode(cases.texts, max_tokens=self.config.data.max_tokens)

    def _words(self, tokens: Encoded) -> list[list[str]]:
        return words_of(tokens, lowercase=self.config.data.lowercase)

    def kept(self) -> dict[str, Any]:
        """Sizes and n-grams."""
        ngrams = None if self.ngrams_ is None else self.ngrams_.to_dict()
        return {"sizes": [self.longest_, self.width_], "ngrams": ngrams}

    def kept_text(self) -> str:
        """The tokenizer."""
        return self.tokenizer_.to_json()

    def restore(self, kept: Mapping[str, Any], text: str) -> None:
        """Take back what was kept."""
        self.longest_, self.width_ = map(int, kept["sizes"])
        self.tokenizer_ = Tokenizer.from_json(text)
        ngrams = kept["ngrams"]
        self.ngrams_ = None if ngrams is None else Ngrams.from_dict(ngrams)

    def part(self, encoded: Any, *, targets: NDArray[Any] | None, training: bool) -> Part:
        """Batches of tokens; the network is trained, and stopped, without the n-grams."""
        ngrams = None
        if self.ngrams_ is not None and not training:
            ngrams = self.ngrams_, encoded.words
        return TextPart(
            encoded.tokens,
            targets,
            sentences=self.config.model.pooling == "hierarchical",
            ngrams=ngrams,
        )

    def build(self, output: Any) -> nn.Module:
        """Embedding, encoder and the output's head, beside a linear model of the n-grams."""
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

    def begin(
        self, model: nn.Module, encoded: Any, held: Any | None, targets: Any, output: Any
    ) -> None:
        """Fit the linear model of the n-grams by logistic regression."""
        if self.ngrams_ is None:
            return
        term, factors = model.get_submodule("ngrams"), output.class_factors(targets)
        weight = None if factors is None else factors[targets]
        solved = solve_ngrams(self.ngrams_, encoded.words, targets, weight)
        with torch.no_grad():
            term.get_buffer("weights").copy_(torch.from_numpy(solved.weights))
            term.get_buffer("bias").copy_(torch.from_numpy(solved.bias))

    @property
    def by_evidence(self) -> bool:
        """Where it is not the attention alone that decides."""
        model = self.config.model
        if model.pooling == "conjunctive":
            return True
        linear = model.pooling == "attention" and model.attention.query != "last"
        return bool(getattr(model, "ngrams", False) and linear)

    def lay(
        self,
        model: nn.Module,
        maps: Mapping[str, NDArray[np.float64]],
        encoded: Any,
        index: NDArray[np.int64],
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Each position's value shared among its tokens, those of a word summed."""
        words = [encoded.tokens.words[at] for at in index]
        lengths = np.array([len(own) for own in words])
        stride: Any = model.stride
        laid = {
            name: lay_over_steps(values, lengths, stride=stride, steps=int(lengths.max()))
            for name, values in maps.items()
            if name != "ngrams"
        }
        if "ngrams" in maps and "evidence" in laid:
            laid["evidence"] = laid["evidence"] + maps["ngrams"]
        return {
            name: [
                np.asarray(sum_to_words(row[..., :length], own), np.float64)
                for row, length, own in zip(rows, lengths, words, strict=True)
            ]
            for name, rows in laid.items()
        }

    def view(self, seen: Inference, n: int, outcome: Outcome) -> TextView:
        """A text with its words tinted by their weights."""
        tokens, weights = seen.encoded.tokens, seen.maps["weights"][n]
        spans = tokens.word_spans[n]
        sentences: dict[str, Any] = {}
        if self.config.model.pooling == "hierarchical":
            found = np.array(sentence_spans(tokens.texts[n]))
            middle = spans.mean(1)
            of = np.clip(np.searchsorted(found[:, 0], middle, side="right") - 1, 0, None)
            sentences = {
                "sentences": found,
                "sentence_weights": np.bincount(of, weights, minlength=len(found)),
            }
        return TextView(
            id=str(seen.cases.ids[n]),
            outcome=outcome,
            text=tokens.texts[n],
            words=spans,
            weights=weights,
            known=int(tokens.known[n]),
            by_evidence=self.by_evidence,
            **sentences,
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`known words` (0: no word is in the vocabulary) and `most weight`: three words."""
        tokens = seen.encoded.tokens
        most = []
        for n, weights in enumerate(seen.maps["weights"]):
            best = np.argsort(-weights, kind="stable")[:3]
            text = tokens.texts[n]
            most.append(" ".join(text[start:stop] for start, stop in tokens.word_spans[n][best]))
        return {"known words": tokens.known, "most weight": most}

    def remarks(self, seen: Inference) -> list[str]:
        """How many texts have no known word, and how many are truncated."""
        tokens = seen.encoded.tokens
        unknown = int((tokens.known == 0).sum())
        said = [f"{unknown} without a known word"] if unknown else []
        if tokens.truncated:
            said.append(f"{tokens.truncated} truncated to {self._limit()}")
        return said

    def _limit(self) -> str:
        limit = self.config.data.max_tokens
        return "1 token" if limit == 1 else f"{limit} tokens"

    def figures(self) -> dict[str, Any]:
        """The size of the vocabulary."""
        return {"vocabulary": self.tokenizer_.size}

    def reading(self, moved: str) -> list[str]:
        """What the weights are where they are not the attention."""
        if not self.by_evidence:
            return []
        return [
            "The weights drawn are each word's share of the evidence for the predicted class, "
            "of what it says to the attention and by its n-grams together."
        ]

    def comparing(self) -> list[str]:
        """That the n-grams hide differences."""
        if not getattr(self.config.model, "ngrams", False):
            return []
        return [
            "the n-grams, which are the same for all, decide much of this; "
            "model.ngrams=false compares the attention alone"
        ]
