"""Events as an output: pieces that are continued, or voices that are written to others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.errors import ConfigError, DataError
from regard.inference import Inference
from regard.inputs.music.chords import chord_pitches
from regard.inputs.music.synth import render
from regard.inputs.music.write_midi import write_midi
from regard.inputs.music.written import piece_text
from regard.inputs.sound.player import wav_bytes
from regard.outputs.events.baseline import Trigram
from regard.outputs.events.config import MOST_STEPS
from regard.outputs.events.metrics import event_metrics
from regard.outputs.events.outcome import EventsOutcome, PieceRead
from regard.outputs.events.report import EventsReport
from regard.outputs.kept import EventsKept
from regard.outputs.output import Compared, Output, counted
from regard.plots import CaseView, Report

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.models import Predicted
    from regard.training import Batch, Objective

__all__ = ["EventsOutput"]

_UNKNOWN = 1
_SHOWN = 3
_NAMED = 5  # events that are unknown
_RATE = 22_050
_PRIMER = 8  # steps


class EventsOutput(Output):
    """Events of a piece, one after the other.

    Attributes:
        unseen_: share of the events that the training part is expected to lack: Good and Turing's
            estimate, how many of its events occur once.
        unseen_kinds_: how many different events these are expected to be: Chao's estimate.

    Sources: Good, 1953, "The population frequencies of species and the estimation of population
    parameters"; Chao, 1984, "Nonparametric estimation of the number of classes in a population".
    """

    keeps = EventsKept
    unexported = "music is drawn event by event, which is no single graph"
    options = ("steps", "temperature", "top_k", "top_p", "seed")
    line = "piece"
    files = (".mid", ".midi", ".wav")

    unseen_: float
    unseen_kinds_: float
    _trigram: Trigram | None = None

    # Targets.

    def check(self, cases: Any, source: str) -> NDArray[Any]:
        if not any(len(piece) for piece in cases.events):
            raise DataError(f"{source}: has no piece with an event")
        return np.zeros(len(cases), np.int64)

    def fit(self, cases: Any) -> None:
        every = np.concatenate([piece.ravel() for piece in cases.events])
        _, counts = np.unique(every, return_counts=True)
        once, twice = max(1, int((counts == 1).sum())), max(1, int((counts == 2).sum()))
        self.unseen_ = once / (1 + len(every))
        self.unseen_kinds_ = max(1.0, once**2 / (2 * twice))
        if len(counts) == 1:
            raise DataError(f"all {len(every)} events to learn from are {str(every[0])!r}")

    def kept(self) -> dict[str, Any]:
        return {"unseen": self.unseen_, "unseen_kinds": self.unseen_kinds_}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.unseen_, self.unseen_kinds_ = float(kept["unseen"]), float(kept["unseen_kinds"])

    def targets(self, cases: Any, encoded: Any) -> Any:
        """B arrays [L_b]: the events to write, 0 at those that are given."""
        own = ~self._given
        return [(piece * own).ravel() for piece in encoded.pieces]

    @property
    def _given(self) -> NDArray[np.bool_]:
        reader: Any = self.input
        given: NDArray[np.bool_] = reader.given_
        return given

    # The model.

    def model(self, events: int, given: list[bool]) -> nn.Module:
        """The model with fresh weights."""
        from regard.models import EventModel

        config = self.config.model
        return EventModel(
            events,
            given,
            width=config.hidden,
            layers=config.layers,
            heads=config.heads,
            attention=config.attention.model_dump(),
            attention_dim=config.attention_dim,
            dropout=config.dropout,
            embedding_dropout=config.embedding_dropout,
            unknown=config.unknown,
        )

    def objective(self, cases: Any) -> Objective:
        from regard.outputs.events.objective import EventLoss

        return EventLoss()

    def count(self, encoded: Any) -> None:
        """Count the training part, for the baseline."""
        reader: Any = self.input
        self._trigram = Trigram(encoded.pieces, self._given, len(reader.events_))

    def check_options(  # type: ignore[override]  # of those in `options` alone
        self,
        *,
        steps: int | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> None:
        for name, count, least in (("steps", steps, 0), ("top_k", top_k, 1), ("seed", seed, 0)):
            if count is not None:
                check_count(name, count, least=least)
        if steps is not None and steps > MOST_STEPS:
            raise ConfigError(f"steps: wanted at most {MOST_STEPS}, given {steps}")
        if steps and self._given.any():
            raise ConfigError("steps: the piece ends with the voices that are given; leave it out")
        if temperature is not None and not temperature > 0:
            raise ConfigError(f"temperature: wanted above 0, given {temperature}")
        if top_p is not None and not 0 < top_p <= 1:
            raise ConfigError(f"top_p: wanted above 0 and at most 1, given {top_p}")

    @property
    def for_new(self) -> dict[str, Any]:
        return {"steps": 0 if self._given.any() else self.config.model.steps}

    def answer(
        self,
        model: Any,
        batch: Batch,
        *,
        steps: int | None = None,
        seed: int | None = None,
        **how: Any,
    ) -> Predicted:
        """Read pieces, or write.

        Values are [B, L, 5]: the event, its log-probability, the likeliest event, whether it was
        written, and what the model writes to the voices that are given (0 without any). The maps
        [B, L, L] have a row for each place.

        Parameters:
            steps: to continue each piece by; None reads the pieces as they are.
            seed: random seed of what is drawn; None for that of the configuration.
            how: temperature, top_k and top_p, instead of the configuration's.
        """
        import torch

        from regard.models import Predicted
        from regard.outputs.events.drawing import How

        given = torch.from_numpy(self._given)
        events, mask = batch.inputs[0], batch.mask
        true = torch.ones_like(events, dtype=torch.bool) if mask is None else mask
        voice = torch.arange(events.shape[1]) % len(given)
        own = ~given[voice].to(events.device)
        config = self.config.model
        named = {name: getattr(config, name) for name in How._fields}
        draw = How(**{**named, **{name: x for name, x in how.items() if x is not None}})
        drawn = config.written == "drawn" or seed is not None or any(how.values())
        seed = self.config.seed if seed is None else seed
        drafted, written = torch.zeros_like(events), torch.zeros_like(true)
        if given.any():
            drafted = self._to_given(model, events, mask, draw if drawn else None, seed)
            if steps is not None:
                events, written = drafted, true & own
        elif steps:
            events, written, true = self._continued(model, events, true, draw, seed, steps)
            mask, drafted = true, torch.zeros_like(events)
        read = model(events, mask=mask, need_weights=True)
        said = read.log_probs.gather(2, events.unsqueeze(2)).squeeze(2)
        each = math.log(self.unseen_ / self.unseen_kinds_)
        said = (said + math.log1p(-self.unseen_)).masked_fill(events == _UNKNOWN, each)
        said = said.masked_fill(given[torch.arange(events.shape[1]) % len(given)] | ~true, 0.0)
        parts = events, said, read.log_probs.argmax(2), written, drafted
        values = torch.stack([each.double() for each in parts], 2)
        return Predicted(values, {"attention": _of_events(read.weights, model)})

    def _to_given(
        self, model: Any, events: Tensor, mask: Tensor | None, how: Any | None, seed: int
    ) -> Tensor:
        """[B, L] what is written to the voices that are given: drawn, or the likeliest."""
        import torch

        from regard.outputs.events.drawing import write_events

        length = events.shape[1]
        known = model.given[torch.arange(length, device=events.device) % len(model.given)]
        known = known.expand(len(events), -1)
        if how is None:
            likeliest = model(events, mask=mask, hidden=True).log_probs.argmax(2)
            found = torch.where(known, events, likeliest)
        else:
            numbers = _numbers(seed, length).expand(len(events), -1)
            found = write_events(model, events * known, known, mask, how, numbers, self.watch)
        return found if mask is None else found * mask

    def _continued(
        self, model: Any, events: Tensor, true: Tensor, how: Any, seed: int, steps: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Pieces [B, L + more] with their continuations, where these are, and what is true."""
        import torch

        from regard.outputs.events.drawing import write_events

        more = steps * len(model.given)
        lengths = true.sum(1, keepdim=True)
        places = torch.arange(events.shape[1] + more, device=events.device)
        primer = torch.nn.functional.pad(events, (0, more))
        known = places < lengths
        numbers = _numbers(seed, len(places)).expand(len(events), -1)
        true = places < lengths + more
        written = write_events(model, primer, known, None, how, numbers, self.watch)
        return written * true, true & ~known, true

    def unpack(self, row: NDArray[np.float64], encoded: Any, n: int) -> PieceRead:
        given = self._given
        length = len(encoded.pieces[n]) * len(given)
        written = row[:, 3] > 0
        length = max(length, int(np.flatnonzero(written).max(initial=-1)) + 1)
        shape = (-1, len(given))
        events, likeliest, drafted = (
            row[:length, column].astype(np.int64).reshape(shape) for column in (0, 2, 4)
        )
        return PieceRead(
            events,
            row[:length, 1].reshape(shape),
            likeliest,
            written[:length].reshape(shape),
            np.where(given, events, drafted) if given.any() else None,
        )

    def gather(self, values: Any) -> Any:
        return [*values]

    def trim(self, values: PieceRead, laid: NDArray[np.float64]) -> NDArray[np.float64]:
        return laid[: values.events.size, : values.events.size]

    # What is shown.

    def metrics(self, seen: Inference) -> dict[str, Any]:
        reader: Any = self.input
        return event_metrics(
            seen.values, self._given, reader.voices_, self._trigram, unknown=_UNKNOWN
        )

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        written = [Compared("right", "right")] if "right" in metrics else []
        return [
            *written,
            Compared("NLL per step", "nll_per_step", "lowest"),
            Compared("next right", "next_right"),
        ]

    def outcome(self, seen: Inference, n: int) -> EventsOutcome:
        read: PieceRead = seen.values[n]
        own, steps = ~self._given, read.written.any(1)
        text = piece_text(self._events(seen, n)[steps]) if steps.any() else ""
        return EventsOutcome(
            events=read.events,
            written=read.written,
            probabilities=np.exp(read.log_probs),
            text=text,
            nll=float(-read.log_probs[:, own].sum() / len(read.events)),
            warning=self._unseen(seen, n),
        )

    def _unseen(self, seen: Inference, n: int) -> str:
        """How many events of a piece are unknown, and which; empty if there are none."""
        unknown = seen.values[n].events == _UNKNOWN
        if not (count := int(unknown.sum())):
            return ""
        names = list(dict.fromkeys(self._events(seen, n)[unknown].tolist()))
        shown = ", ".join(names[:_NAMED]) + ", ..." * (len(names) > _NAMED)
        return f"{count} event{'s are' if count > 1 else ' is'} not in the training part: {shown}"

    def _events(self, seen: Inference, n: int) -> NDArray[np.str_]:
        reader: Any = self.input
        events: NDArray[np.str_] = reader.events_of(seen, n)
        return events

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`piece`, with what was written, and the log-probability of a step of that."""
        pieces = [piece_text(self._events(seen, n)) for n in range(len(seen))]
        rows = [read.log_probs[read.written.any(1)] for read in seen.values]
        columns = {
            "case": seen.cases.ids,
            "piece": pieces,
            "log_prob": [float(row.sum() / max(1, len(row))) for row in rows],
        }
        return columns, counted(len(seen))

    def to_write(self, cases: Any) -> Any:
        """The first test pieces: their beginnings, or as they are where voices are given."""
        some = cases.take(np.arange(min(_SHOWN, len(cases))))
        if self._given.any():
            return some
        primers = tuple(piece[: max(1, min(_PRIMER, len(piece) // 2))] for piece in some.events)
        return replace(some, events=primers)

    def write(self, seen: Inference, n: int, path: Path) -> None:
        """A MIDI file, or a sound."""
        reader: Any = self.input
        events = self._events(seen, n)
        how: Any = {"kind": reader.kind_, "per_quarter": reader.per_quarter_}
        if path.suffix.lower() == ".wav":
            path.write_bytes(wav_bytes(render(events, **how, rate=_RATE), _RATE))
        else:
            write_midi(path, events, **how, names=reader.voices_, pitches=chord_pitches)

    def report(self, seen: Inference, view: Callable[[int], CaseView], **common: Any) -> Report:
        nll = [-read.log_probs.sum() / len(read.events) for read in seen.values]
        order = np.argsort(nll, kind="stable")
        worst = order[::-1][:_SHOWN]
        others = [n for n in range(len(seen)) if n not in worst][:_SHOWN]
        return EventsReport(
            examples=[view(n) for n in others],
            mistakes=[view(int(n)) for n in worst],
            **common,
        )


def _numbers(seed: int, length: int) -> Tensor:
    """[length] numbers that decide what is drawn; those of a longer piece begin alike."""
    import torch

    return torch.rand(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _of_events(weights: Tensor, model: Any) -> Tensor:
    """[B, L, L] weights on the places, as those on the events that stand there.

    At the place of an event to be written stands the one written before it.
    """
    import torch

    length, voices = weights.shape[-1], len(model.given)
    written = torch.arange(length, device=weights.device)[
        ~model.given[torch.arange(length, device=weights.device) % voices]
    ]
    laid = weights.clone()
    laid[..., written] = 0.0
    laid[..., written[:-1]] = weights[..., written[1:]]
    return laid
