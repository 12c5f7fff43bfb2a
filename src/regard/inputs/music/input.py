"""The input `music`: pieces of several voices, of notes, or of chords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.inference import Inference
from regard.inputs.faults import without_answer
from regard.inputs.input import Input, Maps
from regard.inputs.music.encoded import EncodedPieces, encode_pieces
from regard.inputs.music.kept import PiecesKept
from regard.inputs.music.load import divided_pieces, load_pieces, read_new, reads
from regard.inputs.music.pieces import HELD, REST, Kind, Pieces, with_onsets
from regard.inputs.music.take import as_pieces
from regard.inputs.music.view import PieceView
from regard.inputs.music.vocabulary import EventVocabulary
from regard.inputs.music.written import parse_piece
from regard.plots import CaseView

if TYPE_CHECKING:
    from torch import nn

    from regard.training import Part

__all__ = ["MusicInput"]


class MusicInput(Input):
    """Pieces of music, of which all events are written, or those of some voices.

    Attributes:
        events_: the events that are known, by number.
        kind_: of the pieces trained on: "voices", "notes" or "chords".
        voices_: names of the voices; () of other kinds.
        width_: V, the events in each step.
        per_quarter_: steps of a quarter note.
    """

    keeps = PiecesKept
    case_types = (Pieces,)
    targets = ("events",)
    options = ("encoding",)
    prompt = "piece> "
    noun = "event"
    plural = "pieces"
    grouped = "pieces"
    unusable = "that cannot be read"
    uploads = (".txt", ".mid", ".midi", ".musicxml", ".xml", ".mxl")

    events_: EventVocabulary
    kind_: Kind
    voices_: tuple[str, ...]
    width_: int
    per_quarter_: float

    # Cases.

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Pieces:
        if y is not None:
            raise DataError("y: pieces are learned from as they are; leave it out")
        if fitting:
            cases = as_pieces(X, missing=self.config.data.missing)
            self.notes += cases.notes
            divided, notes = divided_pieces(cases, self.config.data.max_steps)
            self.notes += notes
            self._given(divided)
            return divided
        cases = self._matched(as_pieces(X, kind=self.kind_))
        if len(faulty := np.flatnonzero(cases.faults != "")):
            at = int(faulty[0])
            raise DataError(f"X: case {cases.ids[at]} {cases.faults[at]}")
        return cases

    def load(self) -> tuple[Pieces, Pieces | None, str]:
        found = load_pieces(self.config.data, seed=self.config.seed)
        most = self.config.data.max_steps
        cases, notes = divided_pieces(found.cases, most)
        self.notes += [*cases.notes, *notes]
        held, test = (
            None if each is None else divided_pieces(each, most)[0]
            for each in (found.validation, found.test)
        )
        self.held = held
        self._given(cases)
        return cases, test, found.source

    def contents(self, cases: Pieces) -> list[bytes]:
        return [events.astype("U16").tobytes() for events in cases.events]

    def groups(self, cases: Pieces) -> NDArray[np.int64]:
        return cases.groups

    def read(self, path: Path | None, **options: Any) -> Pieces:
        """A file or folder of the form trained on, a MIDI or MusicXML file, or a text file with a
        piece a line.
        """
        if path is None:
            raise ConfigError("source: name a file of new pieces, after the run")
        how: dict[str, Any] = {"kind": self.kind_, "per_quarter": self.per_quarter_}
        return self._matched(read_new(path, self.config.data, **how, **options))

    @property
    def reads(self) -> str:
        return reads(self.kind_)

    def usable(self, cases: Pieces) -> NDArray[np.bool_]:
        return np.asarray(cases.faults == "")

    def left_out(self, cases: Pieces, usable: NDArray[np.bool_]) -> list[str]:
        return without_answer(cases.faults, cases.ids)

    def typed(self, text: str) -> Pieces:
        """A piece in one line: steps divided by blanks, the events of each by commas."""
        given = self._names if self._names and "," not in text else self.voices_
        events = parse_piece(text, self.kind_, given)
        typed = Pieces((events,), self.kind_, given, np.array([""]), per_quarter=self.per_quarter_)
        return self._matched(typed)

    @property
    def posted_form(self) -> dict[str, Any]:
        voices = len(self._names) or (self.width_ if self.kind_ == "voices" else 1)
        first = next((event for event in self.events_.events if event not in (REST, HELD)), REST)
        step = ",".join([first.removesuffix(HELD)] * voices)
        return {
            "type": "string",
            "minLength": 1,
            "description": "A piece in one line: chord symbols divided by blanks, or steps divided "
            "by blanks with the notes of the voices divided by commas, such as C5,67 72~,65.",
            "examples": [" ".join([step] * 4)],
        }

    def posted(self, values: list[Any]) -> Pieces:
        pieces = []
        for value in values:
            if not isinstance(value, str):
                raise DataError("a case: wanted a piece in one line of text")
            pieces.append(self.typed(value))
        faults = np.concatenate([piece.faults for piece in pieces])
        if (faults != "").any():
            raise DataError(f"a case: {faults[int((faults != '').argmax())]}")
        events = tuple(each for piece in pieces for each in piece.events)
        return replace(
            pieces[0],
            events=events,
            ids=np.arange(len(events)),
            faults=faults,
            groups=np.arange(len(events)),
        )

    def _matched(self, cases: Pieces) -> Pieces:
        """New pieces with a fault where they have other voices than those trained on."""
        if cases.kind != self.kind_:
            raise DataError(f"wanted pieces of {self.kind_}, given {cases.kind}")
        if self.kind_ != "voices":
            return cases
        wanted = {self.width_, len(self._names)} - {0}
        named = ", ".join(self._names or self.voices_)
        faults = [
            str(fault)
            or (
                ""
                if events.shape[1] in wanted
                else f"has {events.shape[1]} voice{'s' * (events.shape[1] > 1)}, wanted {named}"
            )
            for fault, events in zip(cases.faults, cases.events, strict=True)
        ]
        return replace(cases, faults=np.array(faults, np.str_), voices=())

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.config.data.given)

    def _given(self, cases: Pieces) -> NDArray[np.bool_]:
        """[V] which voices are given.

        Raises:
            ConfigError: one of them is not there, or no other is left.
        """
        unknown = [name for name in self._names if name not in cases.voices]
        if unknown:
            has = f"has the voices {', '.join(cases.voices)}" if cases.voices else "has no voices"
            raise ConfigError(f"given: there is no voice {unknown[0]!r}; the data {has}")
        if cases.voices and len(set(self._names)) == len(cases.voices):
            raise ConfigError("given: all voices are given, and none is left to be written")
        width = max(events.shape[1] for events in cases.events)
        return np.array([name in self._names for name in cases.voices] or [False] * width)

    # What is fitted.

    def fit(self, cases: Pieces) -> EncodedPieces:
        self.given_ = self._given(cases)
        self.kind_, self.voices_, self.per_quarter_ = cases.kind, cases.voices, cases.per_quarter
        self.width_ = len(self.given_)
        self.events_ = EventVocabulary.learn(
            cases.events, cases.kind, semitones=self.config.training.transpose
        )
        return self.encode(cases)

    def encode(self, cases: Pieces) -> EncodedPieces:
        return encode_pieces(
            self.events_, cases, given=self.given_, max_steps=self.config.data.max_steps
        )

    def kept(self) -> dict[str, Any]:
        return {
            "events": list(self.events_.events),
            "kind": self.kind_,
            "voices": list(self.voices_),
            "given": self.given_.tolist(),
            "per_quarter": self.per_quarter_,
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.events_ = EventVocabulary(tuple(map(str, kept["events"])))
        self.kind_, self.voices_ = kept["kind"], tuple(map(str, kept["voices"]))
        self.given_ = np.array(kept["given"], bool)
        self.width_, self.per_quarter_ = len(self.given_), float(kept["per_quarter"])

    # The model.

    def part(self, encoded: EncodedPieces, *, targets: Any | None, training: bool) -> Part:
        from regard.inputs.music.part import PiecePart

        return PiecePart(encoded, targets)

    def training_part(self, cases: Any, encoded: Any, *, targets: Any, output: Any) -> Part:
        """With another transposition of each piece in each pass."""
        from regard.inputs.music.part import PiecePart

        semitones = self.config.training.transpose
        moved = self.events_.transpositions(semitones) if semitones else None
        return PiecePart(encoded, targets, moved=moved, seed=self.config.seed)

    def build(self, output: Any) -> nn.Module:
        model: nn.Module = output.model(len(self.events_), self.given_.tolist())
        return model

    def begin(
        self, model: nn.Module, encoded: Any, held: Any | None, targets: Any, output: Any
    ) -> None:
        output.count(encoded)

    # Maps.

    def lay(
        self, model: nn.Module, maps: Maps, encoded: EncodedPieces, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """[L, L] over the places of a batch, as they are; the output cuts them to the piece."""
        return {name: list(values) for name, values in maps.items()}

    # What is shown.

    def events_of(self, seen: Inference, n: int) -> NDArray[np.str_]:
        """[T, V] the events of case n with those that were written, as texts.

        A note that was written begins where it did not sound before.
        """
        numbers: NDArray[np.int64] = seen.values[n].events
        given = seen.encoded.events[n]
        known = np.full(numbers.shape, "", given.dtype)
        known[: len(given)] = given
        unseen = (numbers == EventVocabulary.UNKNOWN) & (known != "")
        found = np.where(unseen, known, self.events_.decode(numbers))
        return with_onsets(found, self.kind_, seen.values[n].written)

    def view(self, seen: Inference, n: int, outcome: Any) -> CaseView:
        return PieceView(
            id=str(seen.cases.ids[n]),
            outcome=outcome,
            events=self.events_of(seen, n),
            kind=self.kind_,
            voices=self.voices_,
            per_quarter=self.per_quarter_,
            weights=seen.maps["weights"][n],
            written=outcome.written,
            probabilities=outcome.probabilities,
            warning=outcome.warning,
        )

    def remarks(self, seen: Inference) -> list[str]:
        encoded: EncodedPieces = seen.encoded
        remarks = []
        if unknown := int((encoded.unknown > 0).sum()):
            remarks.append(f"{unknown} with events that the training part does not have")
        if dropped := int((encoded.dropped > 0).sum()):
            remarks.append(
                f"{dropped} with more than {self.width_} notes in a step, of which the highest and "
                "the lowest are kept"
            )
        if longer := int((encoded.shortened > 0).sum()):
            remarks.append(
                f"{longer} of which the last {self.config.data.max_steps} steps are read"
            )
        return remarks

    def figures(self) -> dict[str, Any]:
        return {"events": len(self.events_.events)}
