"""Texts in an exported model: tokens and n-grams, and maps laid over the tokens."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from regard.errors import ConfigError
from regard.inputs.graph import FEWEST, GraphInput, InputGraph, laid_over_steps, true_steps
from regard.inputs.text.encoded import sum_to_words
from regard.inputs.text.ngrams import Ngrams
from regard.inputs.text.part import TextPart
from regard.inputs.text.subwords import CONTINUES
from regard.inputs.text.tokenizer import Tokenizer
from regard.models import Predicted, SentenceModel, TextModel

__all__ = ["TextGraph"]

_LONGEST = 40  # words of a text that is made up


class TextGraph(InputGraph):
    """Numbers of tokens, and of the n-grams at each word's first token.

    Parameters:
        model: of texts.
        tokenizer: fitted.
        ngrams: of the training part, or None.
        max_tokens: to which texts are truncated.
        lowercase: whether words are lowercased.

    Raises:
        ConfigError: the model pools by sentences.
    """

    over = ("tokens",)

    def __init__(
        self,
        model: TextModel,
        tokenizer: Tokenizer,
        ngrams: Ngrams | None,
        *,
        max_tokens: int,
        lowercase: bool,
    ) -> None:
        super().__init__()
        if isinstance(model.model, SentenceModel):
            raise ConfigError(
                "export: hierarchical pooling takes the shape of each text's sentences, which no "
                "graph of one shape has; train with another pooling",
                fixes=(("model.pooling", "attention"),),
            )
        self.model, self.stride = model, model.stride
        self.tokenizer, self.ngrams = tokenizer, ngrams
        self.max_tokens, self.lowercase = max_tokens, lowercase
        self.least = {"tokens": FEWEST * self.stride}
        takes = [
            GraphInput(
                "tokens",
                "int64",
                ("batch", "tokens"),
                "numbers of the tokens of `tokenizer`; 1 for a text without any, 0 after the end",
            ),
            GraphInput("lengths", "int64", ("batch",), "tokens of each text, at least 1"),
        ]
        if ngrams is not None:
            self.idf = nn.Buffer(torch.from_numpy(ngrams.idf))
            says = (
                "at the first token of a word, the places in `ngrams` (words, then pairs, then "
                "letters) of the word, of the word before it and it, and of the different runs of "
                "2 to 5 characters in tab, word, tab; -1 for none"
            )
            takes.append(GraphInput("ngrams", "int64", ("batch", "tokens", "ngrams"), says))
        self.takes = tuple(takes)

    def forward(self, *arrays: Tensor) -> Predicted:
        tokens, lengths, *ngrams = arrays
        steps = tokens.shape[1]
        spare = (steps + self.stride - 1) // self.stride * self.stride - steps
        tokens = pad(tokens, (0, spare))
        columns, values = tokens.unsqueeze(2)[..., :0], lengths.float()
        if ngrams:
            columns = pad(ngrams[0], (0, 0, 0, spare), value=-1)
            values = self._values(columns)
            columns = columns.clamp(min=0)
        mask = true_steps(lengths, steps + spare)
        predicted: Predicted = self.model(tokens, tokens, columns, values, mask=mask)
        maps = {
            name: laid_over_steps(
                each, lengths, stride=1 if name == "ngrams" else self.stride, steps=steps
            )
            for name, each in predicted.maps.items()
        }
        added = maps.pop("ngrams", None)
        if added is not None and "evidence" in maps:
            maps["evidence"] = maps["evidence"] + added
        return Predicted(predicted.values, maps)

    def _values(self, columns: Tensor) -> Tensor:
        """[B, T, G] the TF-IDF of n-grams, 0 where there is none; see `Ngrams`."""
        assert self.ngrams is not None
        known, flat = columns >= 0, columns.clamp(min=0)
        counts = torch.zeros(columns.shape[0], self.idf.shape[0])
        counts = counts.scatter_add(1, flat.flatten(1), known.float().flatten(1))
        squares = (counts * self.idf).square()
        whole = self.ngrams.whole
        norms = torch.stack([squares[:, :whole].sum(1), squares[:, whole:].sum(1)]).sqrt()
        norms = torch.where(norms > 0, norms, 1.0)[:, :, None, None]
        return self.idf[flat] * known / torch.where(flat < whole, norms[0], norms[1])

    def feeds(self, cases: Any, encoded: Any, index: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        part = TextPart(
            encoded.tokens, None, sentences=False, ngrams=self.ngrams, words=encoded.words
        )
        tokens, _, columns, values = (each.numpy() for each in part[index].inputs)
        spare = max(0, self.least["tokens"] - tokens.shape[1])
        tokens = np.pad(tokens, ((0, 0), (0, spare)))
        lengths = part.lengths.numpy()[index]
        if self.ngrams is None:
            return tokens, lengths
        columns = np.where(values > 0, columns, -1)
        return tokens, lengths, np.pad(columns, ((0, 0), (0, spare), (0, 0)), constant_values=-1)

    def laid(self, row: NDArray[Any], encoded: Any, n: int) -> NDArray[Any]:
        words = encoded.tokens.words[n]
        return sum_to_words(row[..., : len(words)], words)

    def drawn(self, count: int, generator: np.random.Generator) -> Any:
        """Texts of words, or letters, of the vocabulary."""
        known = [each for each in self.tokenizer.tokens[2:] if not each.startswith(CONTINUES)]
        lengths = generator.integers(1, _LONGEST, count)
        return [" ".join(generator.choice(known, length)) for length in lengths]

    def about(self) -> dict[str, Any]:
        return {
            "max_tokens": self.max_tokens,
            "lowercase": self.lowercase,
            "tokenizer": json.loads(self.tokenizer.to_json()),
            **({} if self.ngrams is None else {"ngrams": self.ngrams.names()}),
        }
