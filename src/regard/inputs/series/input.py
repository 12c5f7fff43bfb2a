"""The input `series`: series of numbers, [channels, steps] each, of equal lengths or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.explain import (
    fill_steps,
    inside_spans,
    lay_over_steps,
    localisation_ap,
    most_attended_spans,
    spread_over_kernels,
)
from regard.inference import Inference
from regard.inputs.input import Input, Maps
from regard.inputs.labels import refuse_fractions
from regard.inputs.series.arrays import as_cases
from regard.inputs.series.cases import Cases
from regard.inputs.series.gaps import filled
from regard.inputs.series.kept import SeriesKept
from regard.inputs.series.load import load
from regard.inputs.series.new import Columns, read_new
from regard.inputs.series.posted import series_form, series_of
from regard.inputs.series.scaling import Scaler, Scaling, roughness
from regard.inputs.series.scaling_choice import scaling_by_error, scaling_by_size
from regard.inputs.series.sine import sine
from regard.inputs.series.view import SeriesView
from regard.inputs.series.webtraffic import webtraffic
from regard.kept import Kept
from regard.plots import CaseView, Outcome
from regard.tables.cells import is_number

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.inputs.graph import InputGraph
    from regard.models import Encoder
    from regard.training import Part

__all__ = ["SeriesInput"]

_FAR = 10  # times the range trained on
_MOST_SOLVED = 12_000  # cases: 8 GB with the products of all pairs
_SOLVED_UNASKED = 4_000  # cases; with more, a network has enough to learn from
_POSITIONS = 11_000_000  # read in a training of all epochs by an encoder that may stride, roughly
_IN_COMMON = 100  # cases that tell what the steps at one place add in common
_ROUGH = 1.0  # from which reading between the steps is worse than the mean

_TABLES = (".parquet", ".feather", ".jsonl")

_MADE: dict[str, Callable[..., Cases]] = {"sine": sine, "webtraffic": webtraffic}

# Fields of the section `data` that readers do not take.
_NOT_READ = {"kind", "rate", "scaling", "validation_share", "test_share"}


class SeriesInput(Input):
    """Series of numbers, `Cases`; of a subclass, cases that it makes series of.

    Attributes:
        channels_: C names.
        scaler_: fitted on the training part.
        shortest_, longest_: fewest and most steps of the training part.
        range_: C pairs of the lowest and highest value of the training part; empty in runs saved
            without.
        convolved_: whether random convolutions are beside the network, or, "only", stand for it.
        stride_: steps for each position of the encoder; None is up to the encoder.
    """

    keeps: ClassVar[type[Kept] | None] = SeriesKept
    case_types: ClassVar[tuple[type, ...]] = (Cases,)
    targets: ClassVar[tuple[str, ...]] = ("class", "numbers", "tokens")
    options: ClassVar[tuple[str, ...]] = ("labelled", "encoding")
    unusable = "with missing values"
    replacements = ("line", "swap")
    uploads: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".ts", ".npz", *_TABLES)

    channels_: tuple[str, ...]
    scaler_: Scaler
    shortest_: int
    longest_: int
    range_: list[tuple[float, float]]
    convolved_: bool | Literal["only"] = False
    stride_: int | None = None
    _rough = False
    _columns: int = 1  # numbers to predict
    _names = Columns()

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        from regard.inputs.series.transcribed import TranscribedInput

        return TranscribedInput if target == "tokens" else cls

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Any:
        numeric, missing = self.target == "numbers", self.config.data.missing
        if not fitting and missing == "skip":
            missing = "refuse"  # each case has an answer
        cases = X
        if not isinstance(X, Cases):
            kind = {"targets": numeric, "texts": self.writes_texts}
            cases = as_cases(X, y, missing=missing, **kind)
            if fitting and self.target == "class" and cases.labels is not None:
                refuse_fractions(cases.labels)
        if not fitting and len(cases.channels) != len(self.channels_):
            raise DataError(
                f"X has {len(cases.channels)} channels; the model was fitted on "
                f"{len(self.channels_)}{self._turned(cases)}"
            )
        return cases

    def _turned(self, cases: Cases) -> str:
        """That channels and steps of cases seem to be exchanged; empty where they do not."""
        if set(cases.lengths) != {len(self.channels_)}:
            return ""
        return ", as many as there are steps: wanted [channels, steps]; transpose each case"

    def load(self) -> tuple[Any, Any | None, str]:
        options = self.config.data
        if options.kind == "arrays":
            raise DataError("data.kind: arrays come from Python; train on a file or on sine")
        given = options.model_dump(exclude=_NOT_READ)
        if options.kind in _MADE:
            del given["missing"]
            return _MADE[options.kind](**given, seed=self.config.seed), None, options.kind
        if self.writes_texts:
            given = {**given, **self.columns_named(), "texts": True}
            given.pop("target", None)
        if self.target == "numbers":
            if options.kind == "table" and isinstance(given["label"], str):
                given["label"] = (given["label"],)
            if options.kind == "npz":
                given["targets"] = True
        cases, test = load(options.kind, **given)
        if test is not None:  # those of the training file are noted by `fit`
            self.notes += [f"test file: {note}" for note in test.notes]
        return cases, test, options.path

    def read(self, path: Path | None, **options: Any) -> Any:
        if path is None:
            raise ConfigError("source: name a file of new cases, after the run")
        cases = read_new(
            path,
            self.config.data,
            targets=self._columns if self.target == "numbers" else None,
            texts=self.writes_texts,
            channels=self.channels_,
            columns=self._names,
            steps=(self.shortest_, self.longest_),
            labelled=options.get("labelled"),
            encoding=options.get("encoding"),
        )
        if self.config.data.missing == "interpolate":
            cases = filled(cases)
        if len(cases.channels) != len(self.channels_):
            raise DataError(
                f"{path}: its number of channels is {len(cases.channels)}; "
                f"the run was trained on {len(self.channels_)}{self._turned(cases)}"
            )
        return cases

    @property
    def posted_form(self) -> dict[str, Any]:
        return series_form(self.channels_, (self.shortest_, self.longest_), self.range_)

    def posted(self, values: list[Any]) -> Any:
        return self.take([series_of(value, self.channels_) for value in values])

    def about(self, parts: Sequence[Any]) -> list[str]:
        lengths = np.concatenate([part.lengths for part in parts])
        channels, low, high = parts[0].channels, lengths.min(), lengths.max()
        count = "1 channel" if len(channels) == 1 else f"{len(channels)} channels"
        return [f"series: {count}, {low if low == high else f'{low} to {high}'} steps"]

    def usable(self, cases: Any) -> NDArray[np.bool_]:
        """Those without missing values, and without infinite ones after scaling."""
        return np.asarray(np.isfinite(self.scaler_.scaled(cases)).all(axis=(1, 2)))

    def left_out(self, cases: Any, usable: NDArray[np.bool_]) -> list[str]:
        gaps = np.isnan(cases.values).any(axis=(1, 2))
        wrong, said = ~(usable | gaps), []
        if gaps.any():
            said.append(f"{gaps.sum()} with missing values")
            if self.config.data.missing != "interpolate":
                said[0] += " (filled by runs trained with missing=interpolate)"
        if wrong.any():
            first = cases.ids[int(wrong.argmax())]
            said.append(
                f"{wrong.sum()} with a value that is no number, infinite or too large "
                f"(first: case {first})"
            )
        return said

    def remarks(self, seen: Inference) -> list[str]:
        """How many cases are constant, and far outside the range trained on."""
        cases: Cases = seen.encoded[0]
        counts = {
            "constant": cases.constant,
            "with values far outside the range trained on": self._far(cases),
        }
        return [f"{which.sum()} {what}" for what, which in counts.items() if which.any()]

    def _far(self, cases: Cases) -> NDArray[np.bool_]:
        """[B] which have a value further from the training part than ten times its range."""
        if not self.range_:
            return np.zeros(len(cases), bool)
        lowest, highest = np.array(self.range_).T[..., None]  # [C, 1]
        with np.errstate(over="ignore"):
            reach = _FAR * (highest - lowest)
            outside = (cases.values < lowest - reach) | (cases.values > highest + reach)
        return np.asarray((outside & cases.mask[:, None, :]).any(axis=(1, 2)))

    def series(self, cases: Any) -> Cases:
        """The cases as series, which encoders read and maps are laid over."""
        series: Cases = cases
        return series

    def scaling(self, series: Cases) -> Scaling:
        """The kind of scaling of these training cases."""
        kind: Scaling | Literal["auto"] = self.config.data.scaling
        if kind != "auto":
            return kind
        numbers = self.target == "numbers"
        if self.convolved_:
            return scaling_by_error(series, numbers=numbers, seed=self.config.seed)
        return scaling_by_size(series, keep_size=numbers)

    def fit(self, cases: Any) -> tuple[Cases, NDArray[np.float32]]:
        cases = self.series(cases)
        self.channels_, self._names = cases.channels, Columns(cases.columns, cases.targets)
        self.notes.extend(cases.notes)
        self.shortest_, self.longest_ = int(cases.lengths.min()), int(cases.lengths.max())
        if cases.labels is not None and cases.labels.ndim == 2:
            self._columns = cases.labels.shape[1]
        self._settle(cases)
        self.scaler_ = Scaler(self.scaling(cases)).fit(cases)
        inside = cases.mask[:, None, :]
        lowest = cases.values.min(axis=(0, 2), where=inside, initial=np.inf)
        highest = cases.values.max(axis=(0, 2), where=inside, initial=-np.inf)
        self.range_ = list(zip(lowest.tolist(), highest.tolist(), strict=True))
        scaled = self.scaler_.transform(cases)
        self._note_constant(cases, scaled)
        self._rough = roughness(scaled, cases.lengths) >= _ROUGH
        return cases, scaled

    @property
    def _chosen(self) -> Literal["auto", False, True, "only"]:
        """What the configuration says of random convolutions."""
        found: Literal["auto", False, True, "only"]
        found = getattr(self.config.model, "convolutions", False)
        return found

    def _settle(self, cases: Cases) -> None:
        """Choose what the configuration leaves to the training cases."""
        model = self.config.model
        if self._chosen == "auto":
            as_it_comes = model.encoder == type(model).model_fields["encoder"].default
            self.convolved_ = as_it_comes and len(cases) <= _SOLVED_UNASKED
        else:
            self.convolved_ = self._chosen
        self.stride_ = getattr(model, "stride", None)
        if self.stride_ is None and "stride" in type(model).model_fields:
            training = self.config.training
            updates = training.epochs_of(len(cases)) * training.updates_of(len(cases))
            read = updates * min(training.batch_size, len(cases)) * self.longest_
            if model.encoders.find(model.encoder).may_stride:
                self.stride_ = max(1, round(read / _POSITIONS))

    def _note_constant(self, cases: Cases, scaled: NDArray[np.float32]) -> None:
        """Count series that never change, of three steps or more; refuse all of the same value."""
        constant = cases.constant
        if constant.all() and (scaled[:, :, 0] == scaled[0, :, 0]).all():
            raise DataError(
                f"all {len(cases)} series are constant, and the same after scaling of the kind "
                f"'{self.scaler_.kind}'; there is nothing to learn from"
            )
        if count := int(constant.sum()):
            self.notes.append(f"{count} of {len(cases)} training series never change")

    def encode(self, cases: Any) -> tuple[Cases, NDArray[np.float32]]:
        """The cases as series, and their scaled values [B, C, T]."""
        series = self.series(cases)
        return series, self.scaler_.transform(series)

    def kept(self) -> dict[str, Any]:
        return {
            "channels": list(self.channels_),
            "steps": [self.shortest_, self.longest_],
            "scaler": self.scaler_.to_dict(),
            "range": self.range_,
            **({"convolved": self.convolved_} if self._chosen == "auto" else {}),
            **({} if self.stride_ is None else {"stride": self.stride_}),
            **({"columns": self._names._asdict()} if self._names.values else {}),
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.channels_ = tuple(kept["channels"])
        self.shortest_, self.longest_ = map(int, kept["steps"])
        self.scaler_ = Scaler.from_dict(kept["scaler"])
        self.range_ = [(float(low), float(high)) for low, high in kept.get("range", ())]
        found: Any = kept.get("convolved", False) if self._chosen == "auto" else self._chosen
        self.convolved_ = found
        self.stride_ = int(kept["stride"]) if "stride" in kept else None
        self._columns = len(kept.get("targets", ())) or 1
        if "columns" in kept:
            names = kept["columns"]
            self._names = Columns(tuple(names["values"]), tuple(names["labels"]))

    def part(self, encoded: Any, *, targets: NDArray[Any] | None, training: bool) -> Part:
        import torch

        from regard.training import SequencePart

        cases, scaled = encoded
        series = torch.from_numpy(scaled)
        return SequencePart(
            # The convolutions read it, too, once they are solved and the network is trained.
            [series, series] if self.convolved_ and not training else [series],
            torch.from_numpy(cases.lengths),
            targets,
        )

    def build(self, output: Any) -> nn.Module:
        from regard.models import ConvolvedModel, RandomConvolutions, SeriesModel, make_encoder

        model = self.config.model

        def one() -> nn.Module:
            encoder = make_encoder(
                model.encoder,
                channels=len(self.channels_),
                hidden=model.hidden,
                layers=model.layers,
                dropout=model.dropout,
                steps=self.longest_,
                stride=self.stride_,
            )
            head = output.head(encoder, steps=self.longest_)
            return SeriesModel(encoder, head, dropout=model.dropout)

        network = None if self.convolved_ == "only" else output.ensemble(one)
        if not self.convolved_:
            return cast("nn.Module", network)
        convolutions = RandomConvolutions(len(self.channels_), self.longest_, output.scores)
        return ConvolvedModel(network, convolutions, two_sided=output.two_sided)

    def begin(
        self, model: nn.Module, encoded: Any, held: Any | None, targets: Any, output: Any
    ) -> None:
        """Draw the random convolutions, and solve their linear model by ridge regression."""
        from regard.models import ConvolvedModel, solve_ridge

        if not isinstance(model, ConvolvedModel):
            return
        cases, scaled = encoded
        if len(cases) > _MOST_SOLVED:
            raise DataError(
                f"convolutions: solved for at most {_MOST_SOLVED} training cases, whose pairs are "
                f"held in memory, given {len(cases)}",
                fixes=(("model.convolutions", False),),
            )
        convolutions, wanted = model.convolutions, output.linear_targets(targets)
        convolutions.draw(scaled, cases.lengths, seed=self.config.seed)
        features = convolutions.features(scaled, cases.lengths)
        solved = solve_ridge(features, wanted, output.case_factors(targets))
        factor = output.linear_factor(solved.held, targets)
        convolutions.set_weights(factor * solved.weights, factor * solved.bias)
        groups = targets if self.target == "class" else np.zeros(len(cases), np.int64)
        some, factors = _evenly(groups, seed=self.config.seed)
        convolutions.set_common(scaled[some], cases.lengths[some], factors)

    def graph(self, model: nn.Module) -> InputGraph:
        from regard.inputs.series.graph import SeriesGraph

        return SeriesGraph(**self._graph_options(model))

    def _graph_options(self, model: nn.Module) -> dict[str, Any]:
        """Of a `SeriesGraph`."""
        return {
            "model": model,
            "scaler": self.scaler_,
            "channels": self.channels_,
            "steps": (self.shortest_, self.longest_),
            "ranges": self.range_,
            "attended": self.attended,
        }

    def augment(self) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        from regard.training import warp

        # Not for numbers to predict, which may depend on a series' speed and scale.
        chosen = getattr(self.config.training, "augmentation", "none")
        return warp if chosen == "warp" or (chosen == "auto" and not self._rough) else None

    @property
    def attended(self) -> bool:
        return self.convolved_ != "only"

    @property
    def gated(self) -> bool:
        return super().gated or not self.attended

    @property
    def by_evidence(self) -> bool:
        if self.gated or not self.convolved_:
            return self.gated
        model = self.config.model
        return bool(model.pooling == "attention" and model.attention.query != "last")

    @property
    def solved(self) -> tuple[str, ...]:
        return ("convolutions",) if self.convolved_ else ()

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Each position's value, shared evenly among its steps, evidence also among kernels'."""
        lengths = encoded[0].lengths[index]
        encoder = cast("Encoder", model.encoder)
        strides = dict.fromkeys(maps, encoder.stride) | dict.fromkeys(self.solved, 1)
        laid = {}
        for name, values in maps.items():
            over = lay_over_steps(values, lengths, stride=strides[name], steps=int(lengths.max()))
            laid[name] = [row[..., :length] for row, length in zip(over, lengths, strict=True)]
        if encoder.kernels and "evidence" in laid:
            laid["evidence"] = [
                spread_over_kernels(row, encoder.kernels) for row in laid["evidence"]
            ]
        for name in self.solved:
            if name in laid:
                pairs = zip(laid["evidence"], laid.pop(name), strict=True)
                laid["evidence"] = [network + solved for network, solved in pairs]
        return laid

    def erased(
        self,
        encoded: Any,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> tuple[Cases, NDArray[np.float32]]:
        """Steps replaced by a straight line from the one before to the one after, or by those of
        another case; `where` is [T] for all channels, or [C, T].
        """
        cases, scaled = encoded
        taken = cases.take(index)
        rows = scaled[index, :, : taken.values.shape[2]]
        others = (index + generator.integers(1, max(2, len(cases)), len(index))) % len(cases)
        for row, other, own in zip(rows, others, where, strict=True):
            if how == "line":
                fill_steps(row, own)
            else:
                steps = np.arange(own.shape[-1]) % cases.lengths[other]
                np.copyto(row[:, : len(steps)], scaled[other][:, steps], where=own)
        return taken, rows

    @property
    def erased_channels(self) -> int:
        return len(self.channels_)

    def collect(self, rows: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """[B, ..., T] with zeros after each case's length."""
        steps = max(row.shape[-1] for row in rows)
        result = np.zeros((len(rows), *rows[0].shape[:-1], steps))
        for case, row in zip(result, rows, strict=True):
            case[..., : row.shape[-1]] = row
        return result

    def known_places(self, encoded: Any) -> list[NDArray[np.bool_]] | None:
        """The steps of the spans."""
        cases: Cases = encoded[0]
        if cases.spans is None:
            return None
        inside = inside_spans(cases.spans, cases.values.shape[2])
        return [row[:length] for row, length in zip(inside, cases.lengths, strict=True)]

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """Average precision of what `attend` returns for the true spans, and of chance."""
        cases: Cases = seen.encoded[0]
        if cases.spans is None or not (cases.spans[..., 0] < cases.spans[..., 1]).any():
            return {}
        shares = inside_spans(cases.spans, cases.values.shape[2]).sum(1) / cases.lengths
        weights = self.collect(seen.maps["weights"])
        return {
            "localisation_ap": localisation_ap(weights, cases.spans, cases.lengths),
            "localisation_chance": float(shares[shares > 0].mean()),
        }

    def view(self, seen: Inference, n: int, outcome: Outcome) -> CaseView:
        cases: Cases = seen.encoded[0]
        spans = () if cases.spans is None else cases.spans[n].reshape(-1, 2).tolist()
        steps, unit = self._axis(int(cases.lengths[n]))
        return SeriesView(
            id=str(cases.ids[n]),
            outcome=outcome,
            series=cases.values[n, :, : cases.lengths[n]],
            channels=cases.channels,
            weights=seen.maps["weights"][n],
            channel_weights=seen.maps["channel_weights"][n]
            if "channel_weights" in seen.maps
            else None,
            spans=[(start, stop) for start, stop in spans if start < stop],
            steps=steps,
            unit=unit,
        )

    def _axis(self, length: int) -> tuple[NDArray[np.float64] | None, str]:
        """Where the steps of a case are on an axis, and its label: seconds, or the header's."""
        rate, names = self.config.data.rate, self._names.values
        if rate is not None:
            return np.arange(length) / rate, "time (s)"
        if len(names) == length and all(map(is_number, names)):
            steps = np.array([float(name) for name in names])
            if np.isfinite(steps).all() and (np.diff(steps) > 0).all():
                return steps, "step, as the column is named"
        return None, "step"

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`from` and `to`: the shortest span of steps with half of the weight."""
        start, stop = most_attended_spans(self.collect(seen.maps["weights"])).T
        return {"from": start, "to": stop}

    def reading(self, moved: str) -> list[str]:
        if not self.by_evidence:
            return []
        share = moved.format("step")
        if self.convolved_ == "only":
            return [f"Random convolutions have no attention: the pictures show {share}."]
        if self.convolved_:
            share += ", from the network and the random convolutions together"
        if not self.gated:
            return [f"The weights in the pictures are not the attention but {share}."]
        return [
            "With conjunctive pooling, the weights in the pictures are not the attention but "
            f"{share}: a gate says how much a step counts, but not for what."
        ]

    def alike(self) -> dict[str, Any]:
        # Convolutions, which all models would share, hide differences between attentions.
        return {"convolutions": False} if self._chosen == "auto" else {}

    def comparing(self) -> list[str]:
        if self._chosen in ("auto", False):
            return []
        if self._chosen == "only":
            return ["random convolutions alone have no attention, so that all models are the same"]
        return [
            "all models share the random convolutions, which hide differences between attentions; "
            "model.convolutions=false compares the attentions alone"
        ]


def _evenly(
    groups: NDArray[np.int64], *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Up to 100 cases, of all groups as evenly as they allow, and factors that make them equal."""
    order = np.random.default_rng(seed).permutation(len(groups))
    own = groups[order]
    nth = np.empty(len(own), np.int64)  # of its group
    for group in np.unique(own):
        nth[own == group] = np.arange((own == group).sum())
    some = order[np.argsort(nth, kind="stable")[:_IN_COMMON]]
    _, of, counts = np.unique(groups[some], return_inverse=True, return_counts=True)
    return some, 1 / counts[of]
