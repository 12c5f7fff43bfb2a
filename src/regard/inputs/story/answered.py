"""Stories to whose questions answers are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.inference import Inference
from regard.inputs.input import Maps
from regard.inputs.story.answered_view import AnsweredView
from regard.inputs.story.input import StoryInput
from regard.inputs.story.located import located
from regard.inputs.story.other_words import OtherWords, with_other_words
from regard.inputs.story.stories import Stories
from regard.inputs.story.story_tokens import EncodedStoryTokens, encode_story_tokens
from regard.inputs.text.encoded import sum_to_words
from regard.plots import CaseView, Outcome
from regard.tokens import Vocabulary

if TYPE_CHECKING:
    from torch import nn

    from regard.training import Part

__all__ = ["AnsweredInput"]

_END = "[END]"


class AnsweredInput(StoryInput):
    """Questions about stories, for each of which an answer is to be written.

    Attributes:
        vocabulary_: of stories, questions and answers of the training part.
    """

    noun = "word"
    replacements = ("unknown", "swap")
    writes = "answer"

    vocabulary_: Vocabulary

    # What is fitted.

    def fit(self, cases: Stories) -> EncodedStoryTokens:
        assert cases.labels is not None
        model = self.config.model
        every = {text: None for story in cases.stories for text in story}
        every |= dict.fromkeys(cases.questions)
        self.vocabulary_ = Vocabulary.train(
            [*every, *map(str, cases.labels)],
            kind=model.tokens,
            size=model.vocabulary,
            min_count=model.min_count,
        )
        encoded = self.encode(cases)
        self._note_longer(encoded)
        return encoded

    def encode(self, cases: Stories) -> EncodedStoryTokens:
        copying = self.config.model.copying
        return encode_story_tokens(self.vocabulary_, cases, copying=copying, **self._limits)

    def beyond(self, encoded: EncodedStoryTokens, n: int) -> tuple[str, ...]:
        return encoded.beyond[n]

    def source_texts(self, cases: Stories) -> list[str]:
        return [" ".join(story) for story in cases.stories]

    def kept_text(self) -> str:
        return self.vocabulary_.to_json()

    def restore_text(self, text: str) -> None:
        self.vocabulary_ = Vocabulary.from_json(text)

    # The model.

    def part(self, encoded: Any, *, targets: Any | None, training: bool) -> Part:
        from regard.inputs.story.word_part import WordPart

        return WordPart(encoded, targets)

    def training_part(self, cases: Stories, encoded: Any, *, targets: Any, output: Any) -> Part:
        """With other hidden words in each pass, where they can be copied."""
        from regard.inputs.story.hiding_part import HidingPart

        model = self.config.model
        if not model.copying:
            return self.part(encoded, targets=targets, training=True)
        return HidingPart(encoded, targets, share=model.word_dropout, seed=self.config.seed)

    def build(self, output: Any) -> nn.Module:
        from regard.inputs.story.word_model import build_story_writer

        model, tokens = self.config.model, self.vocabulary_.size
        return build_story_writer(model, output, tokens=tokens, words=self._longest)

    # Maps.

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Each map [b, ..., S] summed over the tokens of a word: [..., words], the end last."""
        words = [encoded.words_of(n) for n in index]
        return {
            name: [
                np.asarray(sum_to_words(row[..., : len(own)], own), np.float64)
                for row, own in zip(rows, words, strict=True)
            ]
            for name, rows in maps.items()
        }

    def over_parts(self, laid: NDArray[np.float64], encoded: object, n: int) -> NDArray[np.float64]:
        """Without the end mark, which every story has."""
        return laid[..., :-1]

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
        tokens = [
            np.append(own, False)[encoded.words_of(n)]
            for n, own in zip(index.tolist(), where, strict=True)
        ]
        drawn = generator if how == "swap" else None
        size = self.vocabulary_.size
        return with_other_words(encoded, index, tokens, tokens=size, generator=drawn)

    @property
    def shown(self) -> tuple[str, ...]:
        return ("weights", "copied") if self.config.model.copying else ("weights",)

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """How well the words of the answer find the supporting sentences.

        A sentence has the highest weight that a word of the answer gives to one of its words.
        """
        cases: Stories = seen.cases
        if cases.supporting is None:
            return {}
        weights = []
        for n, story in enumerate(cases.stories):
            highest = np.zeros((1, len(story)))
            rows = self._rows(seen, n, outcome(n), "weights")
            places = seen.encoded.places_of(n)
            np.maximum.at(highest[0], places[:, 0], rows.max(0, initial=0.0))
            weights.append(highest)
        return located(weights, cases.supporting, looks=("answer",))

    @staticmethod
    def _rows(seen: Inference, n: int, outcome: Any, name: str) -> NDArray[np.float64]:
        """[words of the answer, words of the story] of a map, without the ends."""
        rows: NDArray[np.float64] = seen.maps[name][n]
        return rows[: len(_words(outcome)), :-1]

    # What is shown.

    def view(self, seen: Inference, n: int, outcome: Any) -> CaseView:
        cases: Stories = seen.cases
        copied = self._rows(seen, n, outcome, "copied") if "copied" in seen.maps else None
        return AnsweredView(
            id=str(cases.ids[n]),
            outcome=outcome,
            story=cases.stories[n],
            question=cases.questions[n],
            words=seen.encoded.places_of(n),
            weights=self._rows(seen, n, outcome, "weights"),
            target=_words(outcome),
            copied=copied,
            supporting=None if cases.supporting is None else cases.supporting[n],
            known=int(seen.encoded.known[n]),
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}

    def figures(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary_.size}


def _words(outcome: Any) -> list[str]:
    """The words of an answer without its end."""
    return [unit for unit in outcome.units if unit != _END]
