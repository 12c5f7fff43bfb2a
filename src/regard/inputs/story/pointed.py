"""Stories whose words are pointed at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inference import Inference
from regard.inputs.input import Maps
from regard.inputs.story.input import StoryInput
from regard.inputs.story.located import located
from regard.inputs.story.occurrences import divided, latest, occurrences
from regard.inputs.story.other_words import OtherWords, with_other_words
from regard.inputs.story.pointed_view import PointedView
from regard.inputs.story.stories import Stories
from regard.inputs.story.word_by_word import EncodedWords, encode_words
from regard.inputs.text.tokenizer import TokenizerKind
from regard.plots import CaseView, Outcome
from regard.plots.format import one_line

if TYPE_CHECKING:
    from torch import nn

    from regard.training import Part

__all__ = ["PointedInput"]

_LOOKS = ("start", "end")
_CELL = 80  # letters of a sentence in a table of predictions


class PointedInput(StoryInput):
    """Questions about stories, with a state of the encoder for each word of a story."""

    noun = "word"
    replacements = ("unknown", "swap")

    # Answers.

    def words_of(self, texts: Collection[str]) -> list[list[str]]:
        """The words of each text, normalised as those of stories are."""
        return divided(map(str, texts), lowercase=self.config.data.lowercase)

    def told(self, cases: Stories) -> NDArray[np.bool_]:
        """[B] whether the answer of each case is in its story, all sentences read."""
        assert cases.labels is not None
        every = list(dict.fromkeys(text for story in cases.stories for text in story))
        words = dict(zip(every, self.words_of(every), strict=True))
        found = []
        for story, answer in zip(cases.stories, self.words_of(cases.labels), strict=True):
            whole = " ".join(word for text in story for word in words[text])
            found.append(bool(answer) and f" {' '.join(answer)} " in f" {whole} ")
        return np.array(found, bool)

    def occurrences(self, cases: Stories, encoded: EncodedWords) -> list[NDArray[np.int64]]:
        """[n, 2] of each case: first and last word of each occurrence of its answer in the story,
        as far as that is read.

        Where some are in supporting sentences, these alone.
        """
        assert cases.labels is not None
        found = []
        for n, answer in enumerate(self.words_of(cases.labels)):
            every = occurrences(encoded.words_of(n), answer)
            if cases.supporting is not None and len(every):
                within = encoded.sentence_of(n)[every]  # [n, 2]
                meant = np.isin(within, cases.supporting[n]).all(1)
                every = every[meant] if meant.any() else every
            found.append(every)
        return found

    def latest(self, encoded: EncodedWords, answers: Collection[str]) -> list[str]:
        """Of some answers, the one that comes last in each story; "" where none does."""
        known = {tuple(words) for words in self.words_of(answers)}
        return [" ".join(latest(encoded.words_of(n), known)) for n in range(len(encoded))]

    # The model.

    @property
    def _tokens(self) -> TokenizerKind:
        return "word"

    def encode(self, cases: Stories) -> EncodedWords:
        lowercase = self.config.data.lowercase
        return encode_words(self.tokenizer_, cases, lowercase=lowercase, **self._limits)

    def part(self, encoded: Any, *, targets: Any | None, training: bool) -> Part:
        """Batches; training and early stopping leave out cases without an occurrence."""
        from regard.inputs.story.word_part import WordPart

        if not training or targets is None:
            return WordPart(encoded, targets)
        index = np.flatnonzero([len(each) for each in targets])
        if not len(index):
            raise DataError(
                f"none of {len(encoded)} questions has its answer in the story, as far as that is "
                "read (max_sentences, max_tokens)"
            )
        if left := len(encoded) - len(index):
            self.notes.append(
                f"{left} of {len(encoded)} questions {'is' if left == 1 else 'are'} left out of "
                "the training: their answer is not in the story, as far as that is read "
                "(max_sentences, max_tokens)"
            )
        return WordPart(encoded, targets, index)

    def build(self, output: Any) -> nn.Module:
        from regard.inputs.story.word_model import build_span_reader

        model, tokens = self.config.model, self.tokenizer_.size
        return build_span_reader(model, output, tokens=tokens, words=self._longest)

    # Maps.

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """[2, words of the story as far as it is read]: of the start and of the end."""
        lengths = [len(encoded.words_of(n)) for n in index]
        return {
            name: [row[..., :length] for row, length in zip(values, lengths, strict=True)]
            for name, values in maps.items()
        }

    def over_parts(self, laid: NDArray[np.float64], encoded: object, n: int) -> NDArray[np.float64]:
        """[words of the story], the mean of start and end."""
        mean: NDArray[np.float64] = laid.mean(0)
        return mean

    def erased(
        self,
        encoded: Any,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> OtherWords:
        """Words replaced by the unknown one, or by those of other stories."""
        drawn = generator if how == "swap" else None
        tokens = self.tokenizer_.size
        return with_other_words(encoded, index, where, tokens=tokens, generator=drawn)

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """How well both pointers find the supporting sentences.

        A sentence has the weight of its highest word.
        """
        cases: Stories = seen.cases
        if cases.supporting is None:
            return {}
        weights = []
        for n, (story, looks) in enumerate(zip(cases.stories, seen.maps["weights"], strict=True)):
            highest = np.zeros((len(looks), len(story)))
            for at, column in zip(seen.encoded.sentence_of(n), looks.T, strict=True):
                highest[:, at] = np.maximum(highest[:, at], column)
            weights.append(highest)
        return located(weights, cases.supporting, looks=_LOOKS)

    # What is shown.

    def view(self, seen: Inference, n: int, outcome: Any) -> CaseView:
        cases: Stories = seen.cases
        encoded: EncodedWords = seen.encoded
        return PointedView(
            id=str(cases.ids[n]),
            outcome=outcome,
            story=cases.stories[n],
            question=cases.questions[n],
            words=encoded.places_of(n),
            weights=seen.maps["weights"][n],
            span=outcome.span,
            supporting=None if cases.supporting is None else cases.supporting[n],
            known=int(encoded.known[n]),
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`sentence`, the one that the answer starts in."""
        cases: Stories = seen.cases
        starts = [seen.encoded.sentence_of(n)[each.start] for n, each in enumerate(seen.values)]
        pairs = zip(cases.stories, starts, strict=True)
        return {"sentence": [one_line(story[at], _CELL) for story, at in pairs]}
