"""The input `story`: sentences, and a question about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, spoken
from regard.explain import shuffled
from regard.inference import Inference
from regard.inputs.faults import without_answer
from regard.inputs.input import Input, Maps, Parts
from regard.inputs.story.babi import read_babi
from regard.inputs.story.encoded import EncodedStories, encode_stories
from regard.inputs.story.files import read_stories
from regard.inputs.story.load import COLUMNS, load_stories, unseen_notes, with_elsewhere
from regard.inputs.story.located import located
from regard.inputs.story.rooms import rooms
from regard.inputs.story.stories import Stories, as_stories, sentences_of
from regard.inputs.story.view import StoryView
from regard.inputs.text.sentences import is_question
from regard.inputs.text.tokenizer import Tokenizer, TokenizerKind
from regard.plots import CaseView, Outcome
from regard.plots.format import one_line
from regard.tables.problems import Problems

if TYPE_CHECKING:
    from torch import nn

    from regard.training import Part

__all__ = ["StoryInput"]

_TABLES = (".csv", ".tsv", ".parquet", ".feather", ".arrow", ".jsonl", ".ndjson", ".json")
_COLUMNS = {"story": "story", "question": "question", "answer": "answer", "supporting": None}
_CELL = 80  # letters of a sentence in a table of predictions


class StoryInput(Input):
    """Questions about stories.

    Attributes:
        tokenizer_: of the sentences and questions of the training part.
    """

    case_types = (Stories,)
    replacements: ClassVar[tuple[str, ...]] = ("drop", "swap")
    targets = ("class", "span", "tokens")
    options = ("labelled", "encoding")
    prompt = "story or question?> "
    predicted = "answer"
    noun = "sentence"
    plural = "questions"
    grouped = "stories"
    unusable = "without a story or a question"
    unexported = (
        "a sentence of several stories is read once, so that shapes depend on the stories, which "
        "no graph allows"
    )
    uploads = (".txt", ".csv", ".tsv", ".parquet", ".jsonl")

    tokenizer_: Tokenizer

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        from regard.inputs.story.answered import AnsweredInput
        from regard.inputs.story.pointed import PointedInput

        return {"span": PointedInput, "tokens": AnsweredInput}.get(target, cls)

    @property
    def _texts(self) -> bool:
        """Whether answers are texts and not classes."""
        return self.target != "class"

    # Cases.

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Stories:
        if isinstance(X, Stories):
            cases = X
        elif fitting:
            cases = as_stories(X, y, missing=self.config.data.missing, texts=self._texts)
        else:
            with spoken(lambda *_: "leave it out"):  # each case has an answer
                cases = as_stories(X)
        if fitting:
            self.notes += cases.notes
        return cases

    def load(self) -> tuple[Stories, Stories | None, str]:
        found = load_stories(self.config.data, seed=self.config.seed, texts=self._texts)
        self.held = found.validation
        self.notes += found.notes
        return found.cases, found.test, found.source

    def contents(self, cases: Stories) -> list[tuple[str, ...]]:
        """Story and question."""
        pairs = zip(cases.stories, cases.questions, strict=True)
        return [(*story, question) for story, question in pairs]

    def divide(
        self, cases: Stories, test: Stories | None, strata: NDArray[Any] | None, source: str
    ) -> Parts:
        """With all questions on a story in one part; rooms have a further test part, "unseen"."""
        parts, data = super().divide(cases, test, strata, source), self.config.data
        if self._texts:
            if data.kind == "rooms" and data.unseen:
                made = data.model_dump(include={"questions", "longest"})
                unseen = rooms(stories=data.unseen, unseen=True, seed=self.config.seed, **made)
                parts = parts._replace(further={"unseen": unseen})
            return parts
        others = {"validation": parts.validation, "test": parts.test}
        train = with_elsewhere(parts.train, *others.values())
        notes = (*parts.notes, *unseen_notes(train, others))
        return parts._replace(train=train, notes=notes)

    def groups(self, cases: Stories) -> NDArray[np.int64]:
        return cases.groups

    def read(self, path: Path | None, **options: Any) -> Stories:
        """A table with the columns trained on, or a file in bAbI's format.

        Unless `labelled` is given, there are answers if at least one question has one.
        """
        if path is None:
            raise ConfigError("source: name a file of new cases, after the run")
        data = self.config.data
        given: dict[str, Any] = {"labelled": options.pop("labelled", None), "missing": "keep"}
        given |= {"encoding": getattr(data, "encoding", "utf-8"), **options}
        given["texts"] = self._texts
        if path.name.lower().removesuffix(".gz").endswith(_TABLES):
            return read_stories(path, **self._columns, **given)
        return read_babi(path, **given)

    @property
    def reads(self) -> str:
        names = self._columns
        return (
            f"a table or JSON lines with the columns {names['story']} and {names['question']}, or "
            "a text file in bAbI's format, with lines such as 1 Anna went home."
        )

    @property
    def _columns(self) -> dict[str, Any]:
        """The columns of a table, as parameters of its reader."""
        chosen: dict[str, Any] = self.config.data.model_dump(include=COLUMNS)
        return _COLUMNS | {"id": None} | chosen

    def usable(self, cases: Stories) -> NDArray[np.bool_]:
        return np.asarray(cases.faults == "")

    def left_out(self, cases: Stories, usable: NDArray[np.bool_]) -> list[str]:
        return without_answer(cases.faults, cases.ids)

    def asks(self, text: str) -> bool:
        return is_question(text)

    def remembered(self, typed: Stories) -> list[str]:
        return list(typed.stories[0])

    def typed(self, text: str) -> Stories:
        """Sentences, of which the last is the question."""
        *story, question = sentences_of(text, "text", Problems("text")) or ("",)
        if not (story and question):
            raise ConfigError(
                "text: wanted a story and a question about it, such as 'Anna is in the hall. "
                f"Where is Anna?', given {one_line(text, 60)!r}"
            )
        return Stories((tuple(story),), (question,), ids=np.array([""]))

    @property
    def posted_form(self) -> dict[str, Any]:
        sentences = {"type": "array", "items": {"type": "string"}, "minItems": 1}
        return {
            "type": "object",
            "properties": {
                "story": {"anyOf": [{"type": "string", "minLength": 1}, sentences]},
                "question": {"type": "string", "minLength": 1},
            },
            "required": ["story", "question"],
            "additionalProperties": False,
            "description": "A story, as a text or a list of sentences, and a question about it.",
            "examples": [{"story": "Anna is in the hall.", "question": "Where is Anna?"}],
        }

    def posted(self, values: list[Any]) -> Stories:
        for value in values:
            if not (isinstance(value, dict) and set(value) == {"story", "question"}):
                raise DataError('a case: wanted an object {"story": ..., "question": ...}')
        return self.take([(value["story"], value["question"]) for value in values])

    # What is fitted.

    def fit(self, cases: Stories) -> EncodedStories:
        data = self.config.data
        options = data.model_dump(include={"vocabulary", "min_count", "lowercase"})
        every = {text: None for story in cases.stories for text in story}
        every |= dict.fromkeys(cases.questions)
        self.tokenizer_ = Tokenizer.train([*every], kind=self._tokens, **options)
        encoded = self.encode(cases)
        self._note_longer(encoded)
        return encoded

    def _note_longer(self, encoded: EncodedStories) -> None:
        """Note how many stories are longer than what is read of them."""
        if longer := int((encoded.left_out > 0).sum()):
            self.notes.append(
                f"{longer} of {len(encoded)} training stories have more than "
                f"{self.config.data.max_sentences} sentences (max_sentences), of which the last "
                "are kept"
            )

    @property
    def _longest(self) -> int:
        """The most words of a story."""
        limits = self._limits
        return limits["max_tokens"] * limits["max_sentences"]

    @property
    def _tokens(self) -> TokenizerKind:
        kind: TokenizerKind = self.config.data.tokens
        return kind

    @property
    def _limits(self) -> dict[str, int]:
        found: dict[str, int] = self.config.data.model_dump(include={"max_tokens", "max_sentences"})
        return found

    def encode(self, cases: Stories) -> EncodedStories:
        return encode_stories(self.tokenizer_.encode, cases, **self._limits)

    def kept_text(self) -> str:
        return self.tokenizer_.to_json()

    def restore_text(self, text: str) -> None:
        self.tokenizer_ = Tokenizer.from_json(text)

    # The model.

    def part(
        self, encoded: EncodedStories, *, targets: NDArray[Any] | None, training: bool
    ) -> Part:
        from regard.inputs.story.part import StoryPart

        return StoryPart(encoded, targets)

    def build(self, output: Any) -> nn.Module:
        from regard.inputs.story.model import build_story_model

        data = self.config.data
        return build_story_model(
            self.config.model,
            output,
            self.tokenizer_,
            sentences=data.max_sentences,
            words=data.max_tokens,
        )

    # Maps.

    def lay(
        self, model: nn.Module, maps: Maps, encoded: EncodedStories, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """[hops, sentences of the story]; sentences that were left out have no weight."""
        found: dict[str, list[NDArray[np.float64]]] = {}
        for name, values in maps.items():
            rows = zip(values, index.tolist(), strict=True)
            found[name] = [
                np.pad(row[..., : len(encoded.stories[at])], ((0, 0), (encoded.left_out[at], 0)))
                for row, at in rows
            ]
        return found

    def over_parts(
        self, laid: NDArray[np.float64], encoded: EncodedStories, n: int
    ) -> NDArray[np.float64]:
        """[sentences that are read], the mean over the hops."""
        mean: NDArray[np.float64] = laid.mean(0)
        return mean[encoded.left_out[n] :]

    def erased(
        self,
        encoded: Any,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> Any:
        """Sentences left out, or replaced by those of other stories."""
        every = np.concatenate(encoded.stories)
        stories = [
            encoded.stories[n][~own]
            if how == "drop"
            else np.where(own, generator.choice(every, len(own)), encoded.stories[n])
            for n, own in zip(index.tolist(), where, strict=True)
        ]
        cut = {name: getattr(encoded, name)[index] for name in ("questions", "known", "left_out")}
        return replace(encoded, stories=stories, **cut)

    def elsewhere(
        self, weights: NDArray[np.float64], generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return np.asarray(shuffled(weights, generator), np.float64)

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """How well the hops find the supporting sentences."""
        cases: Stories = seen.cases
        return {} if cases.supporting is None else located(seen.maps["weights"], cases.supporting)

    # What is shown.

    def view(self, seen: Inference, n: int, outcome: Outcome) -> CaseView:
        cases: Stories = seen.cases
        return StoryView(
            id=str(cases.ids[n]),
            outcome=outcome,
            story=cases.stories[n],
            question=cases.questions[n],
            weights=seen.maps["weights"][n],
            supporting=None if cases.supporting is None else cases.supporting[n],
            known=int(seen.encoded.known[n]),
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`hop 1`, `hop 2` and so on: the sentence that each looked at most."""
        cases: Stories = seen.cases
        hops = self.config.model.hops
        pairs = zip(cases.stories, seen.maps["weights"], strict=True)
        most = [
            [one_line(story[int(row.argmax())], _CELL) for row in weights]
            for story, weights in pairs
        ]
        return {f"hop {hop + 1}": [row[hop] for row in most] for hop in range(hops)}

    def remarks(self, seen: Inference) -> list[str]:
        encoded: EncodedStories = seen.encoded
        remarks = []
        if unknown := int((encoded.known == 0).sum()):
            remarks.append(f"{unknown} without a known word in the question")
        if longer := int((encoded.left_out > 0).sum()):
            limit = self.config.data.max_sentences
            remarks.append(f"{longer} of which the last {limit} sentences are read")
        if encoded.tokens.truncated:
            remarks.append(
                f"{encoded.tokens.truncated} sentences truncated to "
                f"{self.config.data.max_tokens} tokens"
            )
        return remarks

    def figures(self) -> dict[str, Any]:
        return {"vocabulary": self.tokenizer_.size}
