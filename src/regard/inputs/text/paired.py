"""Texts as an input whose targets are texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inference import Inference
from regard.inputs.input import Maps, Parts
from regard.inputs.text.alignment_view import AlignmentView
from regard.inputs.text.dates import dates
from regard.inputs.text.encoded import sum_to_words, with_unknown_words, without_words
from regard.inputs.text.input import TextInput
from regard.inputs.text.kept import PairsKept
from regard.inputs.text.leaning import Leaning
from regard.inputs.text.links import known_links, precision_of_links
from regard.inputs.text.load_pairs import COLUMNS, load_pairs
from regard.inputs.text.pairs import as_pairs, note_copies, read_new_sources
from regard.inputs.text.sources import EncodedSources, encode_sources
from regard.inputs.text.texts import Texts
from regard.plots import Outcome
from regard.tokens import SubwordDropout, Vocabulary

if TYPE_CHECKING:
    from torch import nn

    from regard.training import Part

__all__ = ["PairedInput"]

_TABLES = (".csv", ".tsv", ".parquet", ".feather", ".jsonl", ".ndjson", ".json")

_COMPARED = 20_000  # training pairs from which the sides are told apart


class PairedInput(TextInput):
    """Texts, for each of which a text is to be written.

    Attributes:
        vocabulary_: of the sources of the training part, and of its targets where it is joint.
        leaning_: what tells a text to translate from one in the language to translate to; None
            where texts are not translated.
        longest_: maximum number of tokens of a training source, with the end mark.
    """

    keeps = PairsKept
    targets = ("tokens",)
    grouped = "sources"
    names: ClassVar[tuple[str | None, str | None]] = (None, None)
    """The columns of a table of new cases, where the data trained on have none."""

    sides: ClassVar[str] = "source or target"
    """Which of them are left out of the training where they are too long."""

    vocabulary_: Vocabulary
    leaning_: Leaning | None = None
    longest_: int
    ngrams_ = None

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Texts:
        if isinstance(X, Texts) or not fitting:
            return super().take(X, fitting=fitting)
        pairs = as_pairs(X, y, missing=self.config.data.missing)
        self.notes += [*pairs.notes, *note_copies(pairs)]
        return pairs

    def load(self) -> tuple[Texts, Texts | None, str]:
        found = load_pairs(self.config.data, seed=self.config.seed)
        self.notes += found.notes
        self.held = found.validation
        return found.cases, found.test, found.source

    def divide(
        self, cases: Any, test: Any | None, strata: NDArray[Any] | None, source: str
    ) -> Parts:
        """As of texts; dates have a further test part, "longer"."""
        parts, data = super().divide(cases, test, strata, source), self.config.data
        if data.kind == "dates" and data.longer:
            longer = dates(
                cases=data.longer,
                languages=data.languages,
                longer_than=max(map(len, cases.texts)),
                seed=self.config.seed,
            )
            parts = parts._replace(further={"longer": longer})
        return parts

    def groups(self, cases: Texts) -> NDArray[np.int64]:
        """The number of the source of each pair."""
        numbers: dict[str, int] = {}
        each = (numbers.setdefault(text, len(numbers)) for text in self.contents(cases))
        return np.fromiter(each, np.int64, len(cases))

    def read(self, path: Path | None, **options: Any) -> Texts:
        """A table with the columns trained on, or a file with a text a line.

        Unless `labelled` is given, a table has targets if their column is there and not empty.
        """
        if path is None:
            raise ConfigError("source: name a file of new cases, after the run")
        data, labelled = self.config.data, options.pop("labelled", None)
        given: dict[str, Any] = {
            "source": self.names[0],
            "target": self.names[1],
            "id": None,
            "header": True,
            "encoding": "utf-8",
        }
        given |= data.model_dump(include=COLUMNS | {"encoding"}) | options
        name = path.name.lower().removesuffix(".gz")
        lines = data.kind != "table" or name.endswith(".txt")
        table = not lines or name.endswith(_TABLES)
        return read_new_sources(path, **given, labelled=labelled, table=table)

    def fit(self, cases: Texts) -> EncodedSources:
        """Train the vocabulary, and learn to tell the sides apart."""
        assert cases.labels is not None
        data, model, targets = self.config.data, self.config.model, cases.labels.tolist()
        self.vocabulary_ = Vocabulary.train(
            [*cases.texts, *targets] if model.joint else cases.texts,
            kind=model.tokens,
            size=model.vocabulary,
            min_count=model.min_count,
        )
        encoded = self.encode(cases)
        self.longest_ = 1 + min(int(encoded.lengths.max()), data.max_tokens)
        self.leaning_ = self._compare_sides(encoded, targets)
        return encoded

    def _compare_sides(self, encoded: EncodedSources, targets: list[str]) -> Leaning | None:
        some = self.vocabulary_.encode(targets[:_COMPARED])
        return Leaning.learn(
            encoded.without_end(slice(_COMPARED)),
            [each.ids for each in some],
            tokens=self.vocabulary_.size,
        )

    def _like_targets(
        self, encoded: EncodedSources, where: slice = slice(None)
    ) -> NDArray[np.bool_]:
        """Whether each of some texts looks like one in the language to translate to."""
        texts = encoded.without_end(where)
        return (
            np.zeros(len(texts), bool)
            if self.leaning_ is None
            else self.leaning_.like_targets(texts)
        )

    def encode(self, cases: Texts) -> EncodedSources:
        limit, copying = self.config.data.max_tokens, self.config.model.copying
        return encode_sources(self.vocabulary_, cases.texts, max_tokens=limit, copying=copying)

    def beyond(self, encoded: EncodedSources, n: int) -> tuple[str, ...]:
        return encoded.beyond[n]

    def kept(self) -> dict[str, Any]:
        leaning = None if self.leaning_ is None else self.leaning_.to_dict()
        return {"longest": self.longest_, "leaning": leaning}

    def kept_text(self) -> str:
        return self.vocabulary_.to_json()

    def restore_text(self, text: str) -> None:
        self.vocabulary_ = Vocabulary.from_json(text)

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.longest_ = int(kept["longest"])
        if kept["leaning"] is None:
            return
        self.leaning_ = Leaning.from_dict(kept["leaning"])
        if self.leaning_.size != self.vocabulary_.size:
            raise ValueError(
                f"leaning has {self.leaning_.size} weights, the vocabulary {self.vocabulary_.size} "
                "tokens"
            )

    def part(self, encoded: Any, *, targets: Any | None, training: bool) -> Part:
        """Batches of texts with targets; training and early stopping leave out over-long pairs."""
        from regard.inputs.text.pair_part import PairPart

        if not training or targets is None:
            return PairPart(encoded, targets)
        return PairPart(encoded, targets, self._not_over_long(encoded, targets))

    def training_part(self, cases: Texts, encoded: Any, *, targets: Any, output: Any) -> Part:
        """With BPE-dropout on both sides, or with hidden words, if it is asked for."""
        from regard.inputs.text.pair_part import PairPart

        model = self.config.model
        if model.copying and model.word_dropout:
            index, share = self._not_over_long(encoded, targets), model.word_dropout
            return PairPart(encoded, targets, index, hidden=share, seed=self.config.seed)
        rate, limit = self.config.model.subword_dropout, self.config.data.max_tokens
        if not rate:
            return self.part(encoded, targets=targets, training=True)
        assert cases.labels is not None
        index = self._not_over_long(encoded, targets)
        written = encode_sources(
            output.target_vocabulary_, cases.labels[index].tolist(), max_tokens=limit
        )
        read, words = ([each[at] for at in index] for each in (encoded.ids, encoded.words))
        first, second = np.random.SeedSequence(self.config.seed).generate_state(2).tolist()
        make = partial(SubwordDropout, rate=rate, longest=limit + 1)  # with the end mark
        dropout = (
            make(self.vocabulary_, read, words, seed=first),
            make(output.target_vocabulary_, written.ids, written.words, seed=second),
        )
        return PairPart(encoded, targets, index, dropout=dropout)

    def _not_over_long(self, encoded: EncodedSources, targets: Any) -> NDArray[np.int64]:
        """Positions of the pairs to train on."""
        longest = self._longest_sides(encoded, targets)
        index = np.flatnonzero(longest <= self.config.data.max_tokens)
        if not index.size:
            raise DataError(
                f"all {len(encoded)} pairs have a {self.sides} of more than {self._limit()} "
                "(max_tokens)",
                fixes=(("max_tokens", int(longest.max())),),
            )
        if left := len(encoded) - index.size:
            self.notes.append(
                f"{left} of {len(encoded)} pairs {'is' if left == 1 else 'are'} left out: "
                f"{self.sides} has more than {self._limit()} (max_tokens)"
            )
        return index

    def _longest_sides(self, encoded: EncodedSources, targets: Any) -> NDArray[np.int64]:
        """[B] the tokens of the longer side, which may not be above the limit."""
        return np.maximum(encoded.lengths, [len(ids) - 1 for ids in targets])

    def build(self, output: Any) -> nn.Module:
        from regard.inputs.text.model import build_pair_model

        model, tokens = self.config.model, self.vocabulary_.size
        return build_pair_model(model, output, tokens=tokens, steps=self.longest_)

    @property
    def by_evidence(self) -> bool:
        return False

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Sum each map [b, ..., S] over the tokens of a word: [..., words], the end mark last."""
        words = [encoded.words[at] for at in index]
        return {
            name: [
                np.asarray(sum_to_words(row[..., : len(own)], own), np.float64)
                for row, own in zip(rows, words, strict=True)
            ]
            for name, rows in maps.items()
        }

    def over_parts(
        self, laid: NDArray[np.float64], encoded: EncodedSources, n: int
    ) -> NDArray[np.float64]:
        """Without the end mark, which every text has."""
        return laid[..., :-1]

    def erased(
        self,
        encoded: Any,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> EncodedSources:
        """Words left out, or replaced by the unknown one."""
        change = without_words if how == "drop" else with_unknown_words
        found = change(encoded, index, [np.append(each, False) for each in where])
        return EncodedSources(
            **{field: getattr(found, field) for field in ("texts", "ids", "spans", "words")},
            truncated=0,
            lengths=encoded.lengths[index],
            blank=encoded.blank,
            tokens=encoded.tokens,
            beyond=[encoded.beyond[at] for at in index],
        )

    def source_texts(self, cases: Texts) -> Sequence[str]:
        return cases.texts

    def source_lengths(self, encoded: Any) -> NDArray[np.int64]:
        """[B] tokens, with the end mark."""
        return np.array([len(ids) for ids in encoded.ids])

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        return precision_of_links(seen, outcome)

    @property
    def shown(self) -> tuple[str, ...]:
        return ("weights", "copied") if self.config.model.copying else ("weights",)

    def view(self, seen: Inference, n: int, outcome: Any) -> AlignmentView:
        encoded, warning = seen.encoded, ""
        if not encoded.known[n]:
            warning = "no word of the text is in the vocabulary: this is a guess"
        elif self._like_targets(encoded, slice(n, n + 1))[0]:
            warning = "the text looks like the language to translate to: was it swapped?"
        elif encoded.lengths[n] > self.config.data.max_tokens:
            warning = f"the text is truncated to {self._limit()} (max_tokens)"
        copied = seen.maps["copied"][n] if "copied" in seen.maps else None
        return self._view(
            encoded,
            n,
            id=str(seen.cases.ids[n]),
            outcome=outcome,
            text=seen.cases.texts[n],
            source=encoded.words_of(n),
            target=outcome.units,
            weights=seen.maps["weights"][n],
            truth=known_links(seen, n, outcome),
            copied=copied,
            warning=warning,
        )

    def _view(self, encoded: EncodedSources, n: int, **fields: Any) -> AlignmentView:
        """A view of text n with these fields."""
        return AlignmentView(**fields)

    def columns(self, seen: Inference) -> dict[str, Any]:
        return {}

    def remarks(self, seen: Inference) -> list[str]:
        encoded, found = seen.encoded, []
        if unknown := int((encoded.known == 0).sum()):
            found.append(f"{unknown} without a known word")
        if alike := int(self._like_targets(encoded).sum()):
            found.append(f"{alike} like the language to translate to: was it swapped?")
        if encoded.truncated:
            found.append(f"{encoded.truncated} truncated to {self._limit()}")
        return found

    def figures(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary_.size}
