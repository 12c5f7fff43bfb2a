"""Tokens as an output: a text to write for each case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.config import Config
from regard.errors import ConfigError, DataError, Fix
from regard.inference import Inference
from regard.outputs.kept import TokensKept
from regard.outputs.output import (
    CaseScores,
    Compared,
    FineTuning,
    Output,
    Question,
    Rows,
    counted,
)
from regard.outputs.tokens.hypotheses import (
    Hypothesis,
    hypothesis_of,
    limits_of,
    score_given,
    search,
)
from regard.outputs.tokens.measures import MEASURES, Known, Measure
from regard.outputs.tokens.metrics import bleu
from regard.outputs.tokens.outcome import TokensOutcome
from regard.outputs.tokens.transcripts import word_error_rate
from regard.plots import CaseView, Report

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.models import Encoder, Predicted
    from regard.tokens import Vocabulary
    from regard.training import Batch, Objective, Part

__all__ = ["TokensOutput"]

_SHOWN = 6
_NAMED = 5  # unknown characters, or words
_NOT_KNOWN = "are not in the vocabulary and cannot be written"
_CUT = 40  # characters of a text in an error
_COUNTED = 256  # cases at once

# What `stop_on` names.
_SCORES: dict[str, Callable[[Sequence[str], Sequence[str]], float]] = {
    "bleu": bleu,
    "wer": word_error_rate,
}


class _Unit(NamedTuple):
    """A word, or a character, of a text that is written.

    Attributes:
        at: its number.
        tokens: positions of its tokens.
    """

    at: int
    tokens: NDArray[np.int64]


class TokensOutput(Output):
    """Texts, written token by token."""

    keeps = TokensKept
    unexported = "texts are written by a search, token by token, which is no single graph"
    options = ("beam", "nbest", "target")

    lengths = ("tokens", "vocabulary", "min_count", "joint")

    _own: Vocabulary | None = None
    _frequent: str | None = None  # the target that most training cases have, if any is frequent

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        if config.training.risk_epochs and config.model.ctc_weight:
            raise ConfigError(
                "risk_epochs: minimum risk is of the decoder alone; wanted 0, or ctc_weight 0"
            )

    @property
    def line(self) -> str:
        return self.input.predicted or "target"

    @property
    def measure(self) -> Measure:
        """How texts written for such an input are measured."""
        return MEASURES[self.input.writes]

    @property
    def case_figure(self) -> Compared:
        return self.measure.case_figure

    # Targets.

    def accept(self, y: Any) -> Any:
        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        return y

    def check(self, cases: Any, source: str) -> NDArray[Any] | None:
        _texts_of(cases, source)
        return super().check(cases, source)

    def fit(self, cases: Any) -> None:
        """Learn a vocabulary of the targets, unless it is that of the sources too."""
        [(text, count)] = Counter(_texts_of(cases)).most_common(1)
        if count == len(cases) > 1:
            raise DataError(
                f"all {count} texts to learn from are the same ({text[:_CUT]!r}); there is nothing "
                "to learn"
            )
        self._frequent = text if count > 1 else None
        if not self._joint:
            from regard.tokens import Vocabulary

            model = self.config.model
            self._own = Vocabulary.train(
                cases.labels.tolist(),
                kind=model.tokens,
                size=model.vocabulary,
                min_count=model.min_count,
            )

    @property
    def _joint(self) -> bool:
        return bool(getattr(self.config.model, "joint", False))

    @property
    def target_vocabulary_(self) -> Vocabulary:
        """That of the texts that are written."""
        if self._own is not None:
            return self._own
        reader: Any = self.input  # of texts, as only these have `joint`
        shared: Vocabulary = reader.vocabulary_
        return shared

    def kept(self) -> dict[str, Any]:
        return {"target_vocabulary": None if self._own is None else self._own.to_json()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        own = kept["target_vocabulary"]
        if (own is None) != self._joint:
            wanted = "none" if self._joint else "one"
            raise ValueError(f"target_vocabulary: wanted {wanted}, as config.json says")
        if own is not None:
            from regard.tokens import Vocabulary

            self._own = Vocabulary.from_json(own)

    def targets(self, cases: Any, encoded: Any) -> Any:
        """B arrays [L_b]: the numbers of the tokens of each target, with the end.

        Those that the vocabulary lacks and the source of the case has are numbered as there.
        """
        return self._numbers(
            _texts_of(cases), [self.input.beyond(encoded, n) for n in range(len(cases))]
        )

    def _numbers(
        self, texts: Sequence[str], beyond: Sequence[tuple[str, ...]]
    ) -> list[NDArray[np.int64]]:
        """The numbers of the tokens of each text, with the end, given what each may copy."""
        from regard.tokens import END, number_beyond

        vocabulary = self.target_vocabulary_
        each = zip(texts, vocabulary.encode(texts), beyond, strict=True)
        return [np.append(number_beyond(vocabulary, *one), END).astype(np.int64) for one in each]

    # The model.

    def head(self, encoder: Encoder, *, steps: int) -> nn.Module:
        """A decoder, with the embedding of the tokens it writes."""
        from regard.outputs.tokens.model import build_head

        data = self.config.data
        positions = 1 + max(steps, getattr(data, "max_tokens", 0))
        tokens = self.target_vocabulary_.size
        return build_head(self.config.model, encoder, tokens=tokens, positions=positions)

    def objective(self, cases: Any) -> Objective:
        from regard.outputs.tokens.objective import TokenLoss

        training = self.config.training
        watching = training.stop_on != "loss"
        return TokenLoss(
            smoothing=training.label_smoothing,
            schedule=training.scheduled_sampling,
            last=training.sampled_share,
            ctc_weight=self.config.model.ctc_weight,
            doubly_stochastic=training.doubly_stochastic,
            coverage=training.coverage,
            decode=self._written if watching else None,
            score=_SCORES[training.stop_on] if watching else None,
            figure=training.stop_on,
            best="min" if training.stop_on == "wer" else "max",
        )

    def cautions(self, model: Any, part: Part) -> list[str]:
        """How many targets have more tokens than CTC has positions to spell them at.

        Raises:
            DataError: all have; what CTC has not learned would misguide the search.
        """
        from regard.models import ctc_needs

        if model.head.ctc is None:
            return []
        short = 0
        for index in np.array_split(np.arange(len(part)), 1 + len(part) // _COUNTED):
            targets = part[index].targets
            assert targets is not None
            positions = -(-part.lengths[index] // model.encoder.stride)
            pairs = zip(targets.tolist(), positions.tolist(), strict=True)
            short += sum(ctc_needs([token for token in ids if token]) > most for ids, most in pairs)
        if not short:
            return []
        if short == len(part):
            steps, stride = int(part.lengths.max()), model.encoder.stride
            reduced = getattr(self.config.model, "stride", 1) > 1
            fixes: tuple[Fix, ...] = (("model.stride", 1),) * reduced
            raise DataError(
                f"all {short} training cases have targets of more tokens than there are positions "
                f"to spell them at, one for {stride} of at most {steps} steps",
                fixes=(*fixes, ("model.ctc_weight", 0.0)),
            )
        verb = "has a target" if short == 1 else "have targets"
        return [
            f"{short} of {len(part)} training cases {verb} of more tokens than there are positions "
            "to spell them at: connectionist temporal classification leaves them out (ctc_weight)"
        ]

    def fine_tuning(self, cases: Any) -> FineTuning | None:
        """Minimum risk training, in which its metric is watched.

        An update has all texts of its cases, so that it has fewer cases.
        """
        from regard.outputs.tokens.risk import MinimumRisk, corpus_metric, sentence_metric

        training = self.config.training
        if not training.risk_epochs:
            return None
        objective = MinimumRisk(
            sentence_metric(training.risk_metric, self.target_vocabulary_),
            lambda source: limits_of(source, self.config.model),
            samples=training.risk_samples,
            decode=self._written,
            score=corpus_metric(training.risk_metric),
            figure=training.risk_metric,
        )
        size = "batch_tokens" if hasattr(training, "batch_tokens") else "batch_size"
        changed = {
            "epochs": training.risk_epochs,
            "learning_rate": training.risk_learning_rate,
            "average": 1,
            size: max(1, getattr(training, size) // training.risk_samples),
        }
        return FineTuning(objective, training.model_copy(update=changed), "risk")

    def _written(self, model: Any, batch: Batch) -> list[tuple[str, str]]:
        """What greedy search writes for a batch, and its targets."""
        from regard.models import read_source

        source = read_source(model, batch.inputs, batch.mask)
        found = search(model.head, source, self.config.model, beam=1, nbest=1).tokens[:, 0]
        assert batch.targets is not None
        decode = self.target_vocabulary_.decode
        beyond = batch.beyond or [()] * len(found)
        each = zip(found.cpu().numpy(), batch.targets.cpu().numpy(), beyond, strict=True)
        return [(decode(ids, own), decode(target, own)) for ids, target, own in each]

    def check_options(  # type: ignore[override]  # of those in `options` alone
        self, *, beam: int | None = None, nbest: int = 1, target: str | None = None
    ) -> None:
        """Refuse a beam of none, more texts than the beam holds, and an empty text."""
        if beam is not None:
            check_count("beam", beam, least=1)
            if beam > (most := self.target_vocabulary_.size):
                raise ConfigError(f"beam: wanted at most {most}, the number of tokens, not {beam}")
        check_count("nbest", nbest, least=1)
        held = beam or self.config.model.beam
        if nbest > held:
            fixes = (("beam", nbest),) if nbest <= self.target_vocabulary_.size else ()
            raise ConfigError(f"nbest: wanted at most {held}, the beam, given {nbest}", fixes=fixes)
        if target is not None and not target.strip():
            raise ConfigError("target: is empty; give the text to align")

    def _given(self, target: str, batch: Batch) -> NDArray[np.int64]:
        """[B, L] the numbers of the tokens of a text, for each case of a batch.

        Raises:
            ConfigError: it has tokens that cannot be written for one of them.
        """
        beyond = batch.beyond or [()] * len(batch.inputs[0])
        for each in set(beyond):
            if unknown := self.unknown_in(target, each):
                raise ConfigError(f"target: {unknown}")
        return np.stack(self._numbers([target] * len(beyond), beyond))

    def unknown_in(self, target: str, beyond: tuple[str, ...] = ()) -> str:
        """That a text has tokens that cannot be written, and which; empty if it has none.

        Parameters:
            target: the text.
            beyond: what can be copied and the vocabulary lacks.
        """
        from regard.tokens import UNKNOWN, number_beyond

        vocabulary = self.target_vocabulary_
        [found] = vocabulary.encode([target])
        ids = number_beyond(vocabulary, target, found, beyond)
        spans = found.spans[ids == UNKNOWN].tolist()
        unknown = list(dict.fromkeys(target[start:stop] for start, stop in spans))
        if not unknown:
            return ""
        shown = ", ".join(repr(each) for each in unknown[:_NAMED])
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        noun = "words" if vocabulary.kind == "word" else "characters"
        return f"has {noun} that the model does not know: {shown}{more}"

    def answer(  # type: ignore[override]  # likewise
        self,
        model: Any,
        batch: Batch,
        *,
        beam: int | None = None,
        nbest: int = 1,
        target: str | None = None,
    ) -> Predicted:
        """Search, or take a target that is given.

        Values are [B, N, 2 + L], N texts for each case: score, log-probability and tokens. The
        maps [B, L, S] are of the best one, see `TokenHead.maps`.

        Parameters:
            beam: hypotheses that the search keeps, instead of the configuration's.
            nbest: N, at most the beam.
            target: a text to take in place of a prediction.
        """
        import torch

        from regard.models import Predicted, read_source

        source = read_source(model, batch.inputs, batch.mask)
        if target is None:
            config = self.config.model
            beam = beam or config.beam
            found = search(model.head, source, config, beam=beam, nbest=nbest)
        else:
            found = score_given(model.head, source, self._given(target, batch))
        best = found.tokens[:, 0]
        written = model.head.teach(source, best, need_weights=True)
        parts = (found.scores.unsqueeze(2), found.log_probs.unsqueeze(2), found.tokens)
        values = torch.cat([each.double() for each in parts], 2)
        values = values.nan_to_num(nan=torch.nan)  # where fewer than N texts are possible
        return Predicted(values, model.head.maps(written, source, best))

    def unpack(self, row: NDArray[np.float64], encoded: Any, n: int) -> list[Hypothesis]:
        """The hypotheses, the best first."""
        beyond = self.input.beyond(encoded, n)
        return [hypothesis_of(each, beyond) for each in row]

    def gather(self, values: Sequence[list[Hypothesis]]) -> Any:
        return [*values]

    def trim(self, values: list[Hypothesis], laid: NDArray[np.float64]) -> NDArray[np.float64]:
        """[L, ...] over the tokens of a batch's longest text -> [units, ...] of this one."""
        return self.over_units(laid, values[0].ids, values[0].beyond)

    def over_units(
        self, laid: NDArray[np.float64], ids: NDArray[np.int64], beyond: tuple[str, ...] = ()
    ) -> NDArray[np.float64]:
        """[L, ...] over tokens -> [units, ...], the mean over the tokens of each."""
        _, of = self.units(ids, beyond)
        laid = laid[: len(ids)]
        starts = np.flatnonzero(np.diff(of, prepend=-1))
        counts = np.diff(starts, append=len(of))
        summed = np.add.reduceat(laid, starts, axis=0)
        return np.asarray(summed / counts.reshape(-1, *[1] * (laid.ndim - 1)))

    def units(
        self, ids: NDArray[np.int64], beyond: tuple[str, ...] = ()
    ) -> tuple[list[str], NDArray[np.int32]]:
        """What maps have a row for, words or characters, and the unit of each token.

        Parameters:
            ids: [L] numbers of the tokens.
            beyond: texts of those beyond the vocabulary.
        """
        words = self.target_vocabulary_.words
        if self.target_vocabulary_.kind == "character":
            each = [words([n], beyond)[0][0] for n in ids]
            return each, np.arange(len(ids), dtype=np.int32)
        return words(ids, beyond)

    # Whether maps are to be believed.

    moves = "the probability of what is written by {:.2f}"
    searched = True

    def questions(self, values: Any, generator: np.random.Generator) -> list[Question]:
        """One of the words, or characters, of each text, but its end."""
        found = []
        for best, *_ in values:
            units, of = self.units(best.ids, best.beyond)
            at, *others = generator.permutation(max(1, len(units) - 1)).tolist()
            parts = [_Unit(n, np.flatnonzero(of == n)) for n in (at, *others[:1])]
            part, other = (*parts, None)[:2]
            found.append(Question(part, other, repr(units[at])))
        return found

    def parts(self, values: Any) -> list[list[Any]]:
        """Each word, or character, and the end."""
        found = []
        for best, *_ in values:
            units, of = self.units(best.ids, best.beyond)
            found.append([_Unit(n, np.flatnonzero(of == n)) for n in range(len(units))])
        return found

    def row(self, laid: NDArray[np.float64], part: _Unit) -> NDArray[np.float64]:
        row: NDArray[np.float64] = laid[part.at]
        return row

    def given(self, values: Any) -> list[NDArray[np.int64]]:
        """What was written: each token is asked for with those before it."""
        return [best.ids for best, *_ in values]

    def weighed(self, model: Any, batch: Batch) -> Tensor:
        """[b, L] log-probabilities of the tokens of the targets."""
        from regard.models import read_source

        assert batch.targets is not None
        source = read_source(model, batch.inputs, batch.mask)
        written = model.head.teach(source, batch.targets)
        true = batch.targets != 0
        told: Tensor = model.head.told(written, source, batch.targets)
        return told.new_zeros(true.shape).masked_scatter(true, told)

    def left(self, rows: Rows, before: Rows, parts: Sequence[Any]) -> NDArray[np.float64]:
        """The mean probability of the tokens of a word."""
        pairs = zip(rows, parts, strict=True)
        return np.array([np.exp(row[part.tokens]).mean() for row, part in pairs])

    def moved_by(self, rows: Rows, before: Rows) -> NDArray[np.float64]:
        """The mean change of the probabilities of the tokens."""
        pairs = zip(rows, before, strict=True)
        return np.array([np.abs(np.exp(row) - np.exp(own)).mean() for row, own in pairs])

    def beyond_guessing(
        self, seen: Inference, weigh: Callable[[list[NDArray[np.int64]]], Rows]
    ) -> NDArray[np.float64]:
        """The log-probability of a true text, minus that with another case in place of its own.

        The mean over its tokens.
        """
        texts = _texts_of(seen.cases)
        by = max(1, len(seen) // 2)
        own, others = (
            weigh(
                self._numbers(
                    [texts[n - turned] for n in range(len(texts))],
                    [self.input.beyond(seen.encoded, n) for n in range(len(texts))],
                )
            )
            for turned in (0, by)
        )
        told = np.array([row.mean() for row in own])
        return np.asarray(told - np.roll([row.mean() for row in others], -by))

    def groups(self, values: Any) -> tuple[NDArray[np.int64], list[str]]:
        """All texts together."""
        return np.zeros(len(values), np.int64), ["what is written"]

    # What is shown.

    def texts(self, seen: Inference) -> list[str]:
        """The best text of each case."""
        return [self.text_of(best) for best, *_ in seen.values]

    def text_of(self, found: Hypothesis) -> str:
        return self.target_vocabulary_.decode(found.ids, found.beyond)

    def metrics(self, seen: Inference) -> dict[str, Any]:
        references, texts = _texts_of(seen.cases), self.texts(seen)
        known = Known(
            self.input.source_lengths(seen.encoded),
            self.input.source_texts(seen.cases),
            self._frequent,
        )
        found = self.measure.metrics(texts, references, known)
        if len({*texts}) == 1 < len({*references}):
            found["only_text"] = texts[0]
        if unknown := self._unknown_words(seen, range(len(seen))):
            found["unknown_words"] = unknown
        return found | self._beyond_written(seen)

    def _unknown_words(self, seen: Inference, chosen: Iterable[int]) -> int:
        """How many words of the targets of cases cannot be written, where tokens are words."""
        from regard.tokens import UNKNOWN

        if self.target_vocabulary_.kind != "word":
            return 0
        beyond = [self.input.beyond(seen.encoded, n) for n in chosen]
        ids = self._numbers([str(seen.cases.labels[n]) for n in chosen], beyond)
        return sum(int((each == UNKNOWN).sum()) for each in ids)

    def _beyond_written(self, seen: Inference) -> dict[str, Any]:
        """`beyond`: words of the targets that the vocabulary lacks and the sources have, where
        tokens are words; `beyond_written`: the share of them that is written.
        """
        vocabulary = self.target_vocabulary_
        if vocabulary.kind != "word":
            return {}
        every = [self.input.beyond(seen.encoded, n) for n in range(len(seen))]
        right = []
        ids = self._numbers(_texts_of(seen.cases), every)
        for wanted, (best, *_) in zip(ids, seen.values, strict=True):
            right += np.isin(np.unique(wanted[wanted >= vocabulary.size]), best.ids).tolist()
        return {"beyond": len(right), "beyond_written": float(np.mean(right))} if right else {}

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """What shows that nothing was learned, and words that the model cannot write."""
        notes = self.measure.notes(metrics)
        if "only_text" in metrics:
            notes = [
                f"{metrics['only_text'][:_CUT]!r} is written for each of {metrics['cases']} test "
                "cases: the model has not learned to tell them apart; train it longer, or on more "
                "cases"
            ]
        if count := metrics.get("unknown_words", 0):
            copying = getattr(self.config.model, "copying", False)
            advice = '; tokens "bpe" or "character" can write new words' * (not copying)
            where = ", nor in their source" if copying else ""
            notes.append(f"{count} words of the test part's texts {_NOT_KNOWN}{where}{advice}")
        return notes

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """Those of the measure, with the localisation after the first.

        Each is followed by that of sources longer than any trained on, where those were tested.
        """
        figures = self.measure.compared(metrics)
        figures[1:1] = [
            Compared("pointing game", "pointing_game"),
            Compared("localisation", "localisation_ap"),
        ]
        both = [
            each
            for title, name, best in figures
            for each in (
                Compared(title, name, best),
                Compared(f"{title}, longer", f"longer_{name}", best),
            )
        ]
        return [figure for figure in both if figure.name in metrics]

    def case_scores(self, seen: Inference) -> CaseScores:
        scores = self.measure.case_scores(self.texts(seen), _texts_of(seen.cases))
        return CaseScores(seen.cases.ids, scores, np.arange(len(seen)))

    def outcome(self, seen: Inference, n: int) -> TokensOutcome:
        labels = seen.cases.labels
        best, *others = seen.values[n]
        return TokensOutcome(
            true=None if labels is None else str(labels[n]) or None,
            predicted=self.text_of(best),
            score=best.per_token,
            nbest=tuple((self.text_of(each), each.per_token) for each in others if len(each.ids)),
            units=tuple(self.units(best.ids, best.beyond)[0]),
        )

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`case`, `target` (the text), `true` if known, `score`: log-probability for each token.

        Of questions `target` is called `answer`. With a model that copies also `copied`: the words
        of the text that were copied.
        """
        outcomes = [self.outcome(seen, n) for n in range(len(seen))]
        columns: dict[str, Any] = {
            "case": seen.cases.ids,
            self.line: [each.predicted for each in outcomes],
        }
        said = counted(len(seen))
        labels = seen.cases.labels
        if labels is not None:
            columns["true"] = [str(each) for each in labels]
            known = [n for n, each in enumerate(labels) if str(each)]
            if known:
                own, references = (
                    [outcomes[n].predicted for n in known],
                    [str(labels[n]) for n in known],
                )
                said += f", {self.measure.said(own, references)}"
                if len(known) < len(outcomes):
                    said += f" of the {len(known)} with a reference"
                if unknown := self._unknown_words(seen, known):
                    said += f", {unknown} words of the references {_NOT_KNOWN}"
        columns["score"] = [each.score for each in outcomes]
        sources = self.input.source_texts(seen.cases)
        if "copied" in seen.maps and sources is not None:
            columns["copied"] = [
                " ".join(
                    unit
                    for unit, row in zip(each.units, own, strict=True)
                    if row.sum() > 0.5 and unit in text  # not parts of other words, put together
                )
                for each, own, text in zip(outcomes, seen.maps["copied"], sources, strict=True)
            ]
        for rank in range(1, max(map(len, seen.values))):
            each = [o.nbest[rank - 1] if len(o.nbest) >= rank else (None, None) for o in outcomes]
            columns[f"{self.line} {rank + 1}"] = [text for text, _ in each]
            columns[f"score {rank + 1}"] = [score for _, score in each]
        return columns, said

    def report(self, seen: Inference, view: Callable[[int], CaseView], **common: Any) -> Report:
        predicted, references = self.texts(seen), _texts_of(seen.cases)
        errors = self.measure.errors(predicted, references)
        worst = [n for n in np.argsort(-errors, kind="stable") if errors[n] > 0][:_SHOWN]
        others = [n for n in range(len(seen)) if n not in worst][:_SHOWN]
        return self.measure.report()(
            predicted=predicted,
            truth=references,
            examples=[view(n) for n in others],
            mistakes=[view(int(n)) for n in worst],
            **common,
        )


def _texts_of(cases: Any, source: str = "") -> list[str]:
    """The texts that cases are labelled with.

    Raises:
        DataError: they have none.
    """
    if cases.labels is None:
        raise DataError(f"{source}: has no targets" if source else "the cases have no targets")
    return [str(each) for each in cases.labels]
