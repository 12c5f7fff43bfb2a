"""The contract of every input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.config import Config
from regard.errors import ConfigError, DataError
from regard.explain import shifted
from regard.inference import Inference
from regard.kept import Kept
from regard.plots import CaseView, Outcome
from regard.splits import split

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.inputs.graph import InputGraph
    from regard.training import Part

__all__ = ["Input", "Maps", "Parts"]

Maps = Mapping[str, NDArray[np.float64]]
"""Name to a map over an encoder's positions, cases first."""


class Parts(NamedTuple):
    """The parts of a configuration's data.

    Attributes:
        train: to train on.
        validation: for early stopping, or None.
        test: for the figures.
        notes: what the user should know of the data.
        further: name to a further test part, such as sources longer than any to train on.
    """

    train: Any
    validation: Any | None
    test: Any
    notes: tuple[str, ...] = ()
    further: Mapping[str, Any] = {}


class Input(ABC):
    """One kind of data: how it is read, fitted, encoded, laid back and drawn.

    Cases have a length, `take(index)`, `ids` and `labels`. Attributes that end in an underscore
    are fitted, and can be read from the estimator as well.

    Parameters:
        config: resolved.
        target: what a case is labelled with: "class", "numbers", "span", "tokens" or "none".

    Attributes:
        notes: what the user should know of how data was read and fitted.
    """

    case_types: ClassVar[tuple[type, ...]] = ()
    """Classes of cases, which `take` returns as they are."""

    targets: ClassVar[tuple[str, ...]] = ()
    """Kinds of targets that its readers know, see `config.Sections`; all where empty."""

    options: ClassVar[tuple[str, ...]] = ("labelled",)
    """Names of the options of `read`."""

    prompt: ClassVar[str] = ""
    """What an interactive prompt asks for; nothing where a case cannot be typed."""

    predicted: ClassVar[str] = ""
    """The column of a table that has the predictions; nothing where the output names it."""

    noun: ClassVar[str] = "step"
    """What a map is over, in one word."""

    plural: ClassVar[str] = "cases"
    """What its cases are called."""

    unusable: ClassVar[str] = "without data"
    """What new cases are that `usable` leaves out, in a few words after their count."""

    writes: ClassVar[Literal["translation", "transcript", "caption", "summary", "answer"]] = (
        "translation"
    )
    """What a text that is written for it is, which decides how it is measured."""

    keeps: ClassVar[type[Kept] | None] = None
    """What `kept` returns, by which it is checked before `restore`; None checks nothing."""

    grouped: ClassVar[str] = ""
    """What cases of the same `groups` belong to, in one word; they go to one part. "" where each
    part gets its share of every class instead, of which none may then have one case.
    """

    replacements: ClassVar[tuple[str, ...]] = ()
    """Ways in which `erased` replaces positions; none where maps cannot be audited."""

    uploads: ClassVar[tuple[str, ...]] = ()
    """Endings of files with new cases that a service takes; none that name other files."""

    unexported: ClassVar[str] = "models of this input are not exported"
    """Why there is no `graph`, where there is none."""

    posted_alone: ClassVar[bool] = False
    """Whether `posted` takes one value at a time."""

    held: Any | None = None
    """Cases for early stopping that the data name themselves; `load` sets them."""

    def __init__(self, config: Config, *, target: str) -> None:
        self.config = config
        self.target = target
        self.notes: list[str] = []

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        """The class for a kind of target, where they differ."""
        return cls

    @property
    def writes_texts(self) -> bool:
        """Whether cases are labelled with texts to write, and not with classes or numbers."""
        return self.target == "tokens"

    def columns_named(self, *fields: str) -> dict[str, Any]:
        """The columns that these fields of the section `data` name, with those of the labels.

        The labels are called `label`; the field is called `target` where they are texts to write.
        """
        data = self.config.data
        label = getattr(data, "target" if self.writes_texts else "label", None)
        names: dict[str, Any] = data.model_dump(include=set(fields))
        return names if label is None else {**names, "label": label}

    @property
    def reads(self) -> str:
        """What kind of file new cases are read from, where a file of another kind is given."""
        return ""

    # Cases.

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Any:
        """Cases from Python objects; cases are returned as they are."""
        if not isinstance(X, self.case_types):
            wanted = " or ".join(each.__name__ for each in self.case_types)
            raise DataError(f"X: wanted {wanted}, given {type(X).__name__}")
        return X

    def load(self) -> tuple[Any, Any | None, str]:
        """The cases that the configuration names, those of its test file or None, the source."""
        data = self.config.data
        test = None if data.test_path is None else self.read(Path(data.test_path))
        return self.read(Path(data.path)), test, data.path

    @abstractmethod
    def read(self, path: Path | None, **options: Any) -> Any:
        """New cases from a file of the form trained on: each of its rows, usable or not.

        Parameters:
            path: a file, or a folder where the input reads those; None where nothing was named.
            options: those of `options`.
        """

    def read_labelled(self, path: Path, **options: Any) -> Any:
        """Cases from a file with what is to be predicted, for figures of these; as `read`."""
        if "labelled" in self.options:
            options["labelled"] = True
        return self.read(path, **options)

    def usable(self, cases: Any) -> NDArray[np.bool_]:
        """[B] which of the cases that `read` returned can be predicted; the others get no answer.

        So a file with an empty text or a gap is predicted, and its table of predictions still has
        a row for each of its rows.
        """
        return np.ones(len(cases), bool)

    def left_out(self, cases: Any, usable: NDArray[np.bool_]) -> list[str]:
        """How many of the cases get no answer, and why; nothing where each gets one."""
        return [] if usable.all() else [f"{(~usable).sum()} {self.unusable}"]

    def asks(self, text: str) -> bool:
        """Whether a line that a user has typed makes a case, with the lines before it.

        Lines that do not are kept for the next one that does.
        """
        return True

    def remembered(self, typed: Any) -> list[str]:
        """The lines of a typed case that stay for the next one."""
        return []

    def typed(self, text: str) -> Any:
        """The case that a user has typed."""
        raise ConfigError("text: this run was not trained on texts; name a file")

    @property
    def posted_form(self) -> dict[str, Any]:
        """The JSON schema of a case as `posted` takes it, with one example; {} where it does not.

        It is the fitted input's: it has the names of its channels and its lengths.
        """
        return {}

    def posted(self, values: list[Any]) -> Any:
        """Cases from JSON, as a service gets them.

        Raises:
            DataError: a value is not of `posted_form`, or cannot be predicted.
        """
        raise DataError(f"cases of {self.plural} come as files; wanted {', '.join(self.uploads)}")

    def divide(
        self, cases: Any, test: Any | None, strata: NDArray[Any] | None, source: str
    ) -> Parts:
        """Training, validation and test part, each with its share of every stratum.

        Parameters:
            cases: those to divide.
            test: the test part, where it is a file of its own.
            strata: [B].
            source: of the cases, in errors.
        """
        options = self.config.data
        test_share = options.test_share if test is None else 0.0
        share = self._validation_share(len(cases) * (1 - test_share))
        try:
            shares = 1 - share - test_share, share, test_share
            fitting, held, tested = self._split(cases, strata, shares)
        except (ConfigError, DataError) as error:
            raise DataError(
                f"data.test_share {test_share} and data.validation_share {share} leave no valid "
                f"split: {error}"
            ) from None
        parts = Parts(
            cases.take(fitting),
            cases.take(held) if share else self.held,
            cases.take(tested) if test is None else test,
        )
        return parts._replace(notes=self._repeated(parts))

    def _repeated(self, parts: Parts) -> tuple[str, ...]:
        """Notes on cases of the training part that occur in another."""
        known = self.contents(parts.train)
        if known is None:
            return ()
        trained, notes = set(known), []
        for name, part in (("test", parts.test), ("validation", parts.validation)):
            own = None if part is None else self.contents(part)
            if own and (shared := sum(each in trained for each in own)):
                notes.append(
                    f"{shared} of {len(own)} {self.plural} of the {name} part also occur in the "
                    "training part: the metrics are too optimistic"
                )
        return tuple(notes)

    def about(self, parts: Sequence[Any]) -> list[str]:
        """What the cases of all parts are like, in a line or two: how many channels, how long."""
        return []

    def contents(self, cases: Any) -> Sequence[Hashable] | None:
        """[B] values that are equal for the same cases, of which notes say whether two parts have
        them; None where that is not looked for.
        """
        return None

    def hold_out(self, cases: Any, strata: NDArray[Any] | None) -> tuple[Any, Any | None]:
        """The cases to train on, and those for early stopping or None."""
        share = self._validation_share(len(cases))
        if share == 0:
            return cases, None
        train, held = self._split(cases, strata, (1 - share, share))
        return cases.take(train), cases.take(held)

    def groups(self, cases: Any) -> NDArray[np.int64]:
        """[B] numbers of what each case belongs to; cases of the same go to one part."""
        return np.arange(len(cases))

    def _split(
        self, cases: Any, strata: NDArray[Any] | None, shares: tuple[float, ...]
    ) -> Sequence[NDArray[np.int64]]:
        """The positions of the cases of each part."""
        if not self.grouped:
            return split(np.asarray(strata), shares=shares, seed=self.config.seed)
        _, of = np.unique(self.groups(cases), return_inverse=True)
        count = int(of.max(initial=-1)) + 1
        if count < 2:
            raise DataError(
                f"wanted two different {self.grouped}, given one in all {len(cases)} {self.plural}"
            )
        part = np.empty(count, np.int64)
        divided = split(np.zeros(count), shares=shares, seed=self.config.seed)
        for name, index in enumerate(divided):
            part[index] = name
        return [np.flatnonzero(part[of] == name) for name in range(len(shares))]

    def _validation_share(self, cases: float) -> float:
        if self.held is not None:
            return 0.0
        share = self.config.data.validation_share
        if share == "auto":
            return 0.1 if cases >= 1000 else 0.0
        return float(share)

    # What is fitted.

    def fit(self, cases: Any) -> Any:
        """Fit on the training part; returns it encoded."""
        return self.encode(cases)

    def encode(self, cases: Any) -> Any:
        """What is done with cases before they become batches, once for each pass."""
        return cases

    def kept(self) -> dict[str, Any]:
        """What `preprocess.json` holds of the fitted input."""
        return {}

    def kept_text(self) -> str:
        """What `tokenizer.json` holds; nothing where there is no tokenizer."""
        return ""

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take back what was kept, as `keeps` says it; a ValueError says that it is damaged."""

    def restore_text(self, text: str) -> None:
        """Take back the kept text, before the rest; errors likewise."""

    # The model.

    @abstractmethod
    def part(self, encoded: Any, *, targets: Any | None, training: bool) -> Part:
        """Encoded cases as batches of tensors."""

    def training_part(self, cases: Any, encoded: Any, *, targets: Any, output: Any) -> Part:
        """The part that is trained on, whose cases may change from pass to pass (`Part.set_pass`).

        Parameters:
            cases: those of the part.
            encoded: the same.
            targets: of the cases.
            output: fitted.
        """
        return self.part(encoded, targets=targets, training=True)

    def joined(self, first: Part, second: Part) -> Part:
        """Training and validation part as one, where a task trains on both (`training.refit`)."""
        raise NotImplementedError

    @abstractmethod
    def build(self, output: Any) -> nn.Module:
        """The model with fresh weights, with the head of the output."""

    def begin(
        self, model: nn.Module, encoded: Any, held: Any | None, targets: Any, output: Any
    ) -> None:
        """Solve what is solved and not trained, before training.

        Parameters:
            model: just built.
            encoded: the training part.
            held: the validation part or None.
            targets: of the training part.
            output: fitted.
        """

    def finish(self, model: nn.Module, encoded: Any, held: Any | None) -> None:
        """Solve it again, after training."""

    def augment(self) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        """Changes the first input of a training batch, given its mask; None changes nothing."""
        return None

    def graph(self, model: nn.Module) -> InputGraph:
        """What an exported model does with cases, up to the maps over them.

        Raises:
            ConfigError: models of this input are not exported; says why.
        """
        raise ConfigError(f"export: {self.unexported}; run it with regard serve")

    # Maps.

    @property
    def attended(self) -> bool:
        """Whether the model has attention; one that is solved and not trained has none."""
        return True

    @property
    def by_evidence(self) -> bool:
        """Whether pictures show each position's share of the evidence, not its attention."""
        return False

    @property
    def solved(self) -> tuple[str, ...]:
        """Maps inside the model that belong to the evidence, see `estimators.passing.inner`."""
        return ()

    @property
    def gated(self) -> bool:
        """Whether the evidence stands for the attention: gates, which say nothing of what for."""
        return bool(getattr(self.config.model, "pooling", None) == "conjunctive")

    @abstractmethod
    def lay(
        self, model: nn.Module, maps: Maps, encoded: Any, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Maps over an encoder's positions as maps over the input, one for each case.

        Parameters:
            model: that returned them.
            maps: name to [b, ..., S], such as "attention" and "evidence".
            encoded: all cases.
            index: [b] the positions of those that the maps are of.
        """

    def over_parts(self, laid: NDArray[np.float64], encoded: Any, n: int) -> NDArray[np.float64]:
        """A map of case n over what `erased` takes from it, where that is not what is shown."""
        return laid

    def erased(
        self,
        encoded: Any,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> Any:
        """Encoded cases without some of their positions.

        Parameters:
            encoded: cases.
            index: [b] positions of the cases to erase from, also several times.
            where: of each of them what is erased, of the form of `over_parts`; never all.
            how: one of `replacements`.
            generator: of what is drawn.
        """
        raise NotImplementedError

    @property
    def erased_channels(self) -> int:
        """C, where `erased` also takes [C, T]: steps of some channels; 0 where it does not."""
        return 0

    def embedding(self, model: nn.Module) -> nn.Module | None:
        """The layer that embeds the tokens a model reads, [B, T] -> [B, T, E].

        Gradients of tokens are those by what it returns; it is called with the model's first input.
        None where that is numbers, or where there is no such layer.
        """
        return None

    def of_tokens(
        self, values: NDArray[np.float64], encoded: Any, index: NDArray[np.int64]
    ) -> list[NDArray[np.float64]]:
        """Values of tokens as maps over the input; needed where there is an `embedding`.

        Parameters:
            values: [b, ..., T] of each token, padded.
            encoded: all cases.
            index: [b] the positions of those that the values are of.
        """
        raise NotImplementedError

    def elsewhere(
        self, weights: NDArray[np.float64], generator: np.random.Generator
    ) -> NDArray[np.float64]:
        """A map of a case at another place."""
        return np.asarray(shifted(weights, generator), np.float64)

    def known_places(self, encoded: Any) -> Sequence[NDArray[np.bool_]] | None:
        """[B] which positions of each case are known to matter, of the form of its map, or none.

        None where that is unknown of all cases.
        """
        return None

    def collect(self, rows: list[NDArray[np.float64]]) -> Any:
        """The maps of all cases as `attend` returns them."""
        return rows

    def beyond(self, encoded: Any, n: int) -> tuple[str, ...]:
        """Texts of the tokens of case n that its target may copy and the vocabulary lacks."""
        return ()

    def source_texts(self, cases: Any) -> Sequence[str] | None:
        """[B] the text of each case, where they are texts."""
        return None

    def source_lengths(self, encoded: Any) -> NDArray[np.int64] | None:
        """[B] how long each case is, by which figures of written texts are divided; or None."""
        return None

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """How well the attention finds what is known to matter; nothing where that is unknown.

        Parameters:
            seen: with the map "weights".
            outcome: what was predicted for case n.
        """
        return {}

    # What is shown.

    @property
    def shown(self) -> tuple[str, ...]:
        """The maps that pictures and tables of predictions need, "weights" first."""
        return ("weights",)

    @abstractmethod
    def view(self, seen: Inference, n: int, outcome: Outcome) -> CaseView:
        """Case n with its maps, ready to be drawn; needs those of `shown`."""

    def columns(self, seen: Inference) -> dict[str, Any]:
        """Columns of a table of predictions; needs the maps of `shown`."""
        return {}

    def remarks(self, seen: Inference) -> list[str]:
        """What to say of predicted cases, each in a few words."""
        return []

    def figures(self) -> dict[str, Any]:
        """What `metrics.json` holds of the fitted input."""
        return {}

    def reading(self, moved: str) -> list[str]:
        """What a reader of the pictures should know.

        Parameters:
            moved: what a share of the evidence is, in the words of the output, with {} for the
                noun of a position.
        """
        return []

    def alike(self) -> dict[str, Any]:
        """Options of the section `model` that a comparison of attentions sets, where left open."""
        return {}

    def comparing(self) -> list[str]:
        """What to know of a comparison of attentions."""
        return []

    def continue_from(self, test: Any) -> None:
        """Called after the evaluation, with the test part."""
