"""The contract of every output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.config import Config
from regard.errors import ConfigError
from regard.inference import Inference
from regard.kept import Kept
from regard.plots import CaseView, Outcome, Report

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.config import TrainingConfig
    from regard.inputs.input import Input
    from regard.models import Encoder, Predicted
    from regard.outputs.graph import OutputGraph
    from regard.training import Batch, Objective, Part

__all__ = ["CaseScores", "Compared", "FineTuning", "Output", "Question", "Rated", "Rows", "counted"]

Rows = Sequence[NDArray[np.float64]]
"""Numbers of each case."""

_SHOWN = 6


def counted(cases: int) -> str:
    """What a summary of predictions begins with."""
    return "1 prediction" if cases == 1 else f"{cases} predictions"


class Compared(NamedTuple):
    """A figure by which attentions are compared.

    Attributes:
        title: at the head of its column.
        name: in `metrics.json`.
        best: "highest" or "lowest".
    """

    title: str
    name: str
    best: str = "highest"

    @property
    def worst(self) -> str:
        """The other end."""
        return "lowest" if self.best == "highest" else "highest"


class CaseScores(NamedTuple):
    """A score of every case of a test part, by which models are compared case by case.

    Attributes:
        cases: [B] what the source calls each case.
        values: [B] scores.
        blocks: [B] cases with the same number depend on each other, such as windows that overlap;
            they are resampled together.
    """

    cases: NDArray[Any]
    values: NDArray[np.float64]
    blocks: NDArray[np.int64]


class FineTuning(NamedTuple):
    """A second training, of the weights that the first one ends with.

    Attributes:
        objective: its loss.
        settings: its section `training`.
        figure: name of the loss in the history.
    """

    objective: Objective
    settings: TrainingConfig
    figure: str


class Question(NamedTuple):
    """What is asked of an answer when parts of its case are erased.

    Attributes:
        part: of the answer, such as a word of a text; None for all of it.
        other: another part, whose map is that of this one elsewhere; None where there is none.
        name: of the part.
    """

    part: Any = None
    other: Any = None
    name: str = ""


class Rated(NamedTuple):
    """What is predicted of each class or target, in the order of the evidence.

    Attributes:
        names: N of them.
        values: [B, N] probabilities, or numbers in the units of the data.
        shares: whether they are probabilities.
    """

    names: Sequence[str]
    values: NDArray[np.float64]
    shares: bool


class Output(ABC):
    """One kind of prediction: its targets, head, objective, figures, words and report.

    Attributes that end in an underscore are fitted, and can be read from the estimator as well.

    Parameters:
        config: resolved.

    Attributes:
        input: the input beside it, with which an output of texts may share a vocabulary.
    """

    input: Input

    moved: str = "each {}'s share of the evidence"
    """What a share of the evidence is, in words; {} stands for a position."""

    options: ClassVar[tuple[str, ...]] = ()
    """Names of the options of `answer`."""

    unexported: ClassVar[str] = "predictions of this kind are not exported"
    """Why there is no `graph`, where there is none."""

    watch: Callable[[int, int], None] | None = None
    """What is told, while a batch is written, how many of how many steps are done."""

    files: ClassVar[tuple[str, ...]] = ()
    """Endings of files other than tables that predictions can be written to (`write`)."""

    keeps: ClassVar[type[Kept] | None] = None
    """What `kept` returns, by which it is checked before `restore`; None checks nothing."""

    lengths: ClassVar[tuple[str, ...]] = ()
    """Fields of `model` that the ranges of figures by length depend on; () without such figures."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @property
    def case_figure(self) -> Compared | None:
        """The figure that is the mean of a score of each case; None where there is no such score.

        A class may have it as an attribute.
        """
        return None

    @property
    def line(self) -> str:
        """The column that a text file of predictions has a line of; "" where it says too little."""
        return ""

    # Targets.

    def accept(self, y: Any) -> Any:
        """Targets given from Python for fitting, worded as scikit-learn does where refused."""
        return y

    def select(self, cases: Any, test: Any | None = None) -> tuple[Any, Any | None, list[str]]:
        """The cases to learn from and those of a test file, and notes on what was changed.

        Called before `check`, with labels that are still to be checked.
        """
        return cases, test, []

    def check(self, cases: Any, source: str) -> NDArray[Any] | None:
        """[B] the strata of cases that can be learned from; None where they have none.

        Raises:
            DataError: they cannot be learned from; names the source.
        """
        return self.strata(cases)

    def check_test(self, test: Any, cases: Any, source: str) -> None:
        """Refuse a test file whose targets do not go with those of the file to train on."""

    def check_new(self, cases: Any, source: str) -> None:
        """Refuse a file of new cases whose targets, if it has some, are not those of the run."""

    def as_trained(self, cases: Any) -> Any:
        """New cases whose targets have the types of those trained on."""
        return cases

    def strata(self, cases: Any) -> NDArray[Any] | None:
        """[B] what each part gets its share of."""
        return np.zeros(len(cases), np.int64)

    def fit(self, cases: Any) -> None:
        """Fit on the training part."""

    def kept(self) -> dict[str, Any]:
        """What `preprocess.json` holds of the fitted output."""
        return {}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take back what was kept, as `keeps` says it; a ValueError says that it is damaged."""

    def targets(self, cases: Any, encoded: Any) -> NDArray[Any] | None:
        """The targets of cases that must have them, as the objective takes them.

        Parameters:
            cases: with their targets.
            encoded: the same cases as the input has encoded them, in which a target may have a
                place.
        """
        targets: NDArray[Any] | None = cases.labels
        return targets

    # The model.

    @property
    def scores(self) -> int:
        """How many numbers the head gives for a case."""
        return 1

    def linear_targets(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """[B, scores] the numbers that a linear model is fitted to."""
        return targets.astype(np.float64)

    def case_factors(self, targets: NDArray[Any]) -> NDArray[np.float64] | None:
        """[B] factors on the loss of each case, or None."""
        return None

    def linear_factor(self, held: NDArray[np.float64], targets: NDArray[Any]) -> float:
        """By which the values of a linear model are multiplied to be scores.

        Parameters:
            held: [B, scores] its values of cases that it was not fitted to.
            targets: of these cases.
        """
        return 1.0

    @property
    def two_sided(self) -> bool:
        """Whether a single score z becomes the logits (-z / 2, z / 2) of two classes."""
        return False

    def head(self, encoder: Encoder, *, steps: int) -> nn.Module:
        """What follows the encoder; by default a pooling and a linear layer.

        Parameters:
            encoder: whose states it takes.
            steps: longest sequence of the training part.
        """
        from regard.models import make_head

        model = self.config.model
        return make_head(
            encoder,
            attention=model.attention.model_dump(),
            pooling=model.pooling,
            attention_dim=model.attention_dim,
            heads=model.heads,
            steps=steps,
            outputs=self.scores,
            two_sided=self.two_sided,
        )

    def ensemble(self, one: Callable[[], nn.Module]) -> nn.Module:
        """The model, from what builds one network."""
        return one()

    @abstractmethod
    def objective(self, cases: Any) -> Objective:
        """The loss, with what it needs of the training part."""

    def cautions(self, model: nn.Module, part: Part) -> list[str]:
        """What the user should know of a model that was just built and the part to train it on."""
        return []

    def fine_tuning(self, cases: Any) -> FineTuning | None:
        """A second training, on the same cases; None trains just once."""
        return None

    @property
    def for_new(self) -> dict[str, Any]:
        """The options of `answer` for new cases, where these are not run as a test part is."""
        return {}

    def check_options(self, **options: Any) -> None:
        """Refuse options of `answer` that are wrong, with a ConfigError that names them."""
        for name in options:
            raise ConfigError(f"{name}: this kind of prediction takes no such option")

    def answer(self, model: nn.Module, batch: Batch, **options: Any) -> Predicted:
        """Run a model on a batch; an output may search where others take one forward pass.

        Parameters:
            options: those of `options`.
        """
        return self.scaled(model(*batch.inputs, mask=batch.mask))

    def scaled(self, predicted: Predicted) -> Predicted:
        """What a model says, and maps inside it, as predictions have them."""
        return predicted

    def graph(self) -> OutputGraph:
        """What an exported model says.

        Raises:
            ConfigError: predictions of this kind are not exported; says why.
        """
        raise ConfigError(f"export: {self.unexported}; run it with regard serve")

    def unpack(self, row: NDArray[np.float64], encoded: Any, n: int) -> Any:
        """The values of case n, from the row of numbers that `answer` gives for it.

        Parameters:
            row: of finite numbers.
            encoded: all cases, as the input has encoded them.
            n: position of the case among them.
        """
        return row

    def gather(self, values: Sequence[Any]) -> Any:
        """The values of all cases, from those of each."""
        return np.stack(values)

    def trim(self, values: Any, laid: NDArray[np.float64]) -> NDArray[np.float64]:
        """A map of a case as pictures show it; one over a written text is cut to its length.

        Parameters:
            values: of the case.
            laid: the map, laid over the input.
        """
        return laid

    def share(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """[N, ...] evidence of a case -> [...] how much of it made the prediction, not negative.

        Counted from the median of the positions, so that a constant which all of them share does
        not hide what distinguishes them.
        """
        middle = np.median(evidence, axis=tuple(range(1, evidence.ndim)), keepdims=True)
        return np.asarray(np.abs(evidence - middle).sum(0))

    # Whether maps are to be believed.

    moves: ClassVar[str] = ""
    """What erasing parts of a case moves, and by how much; empty where maps aren't audited."""

    searched: ClassVar[bool] = False
    """Whether answers are searched for, which takes long; only cases looked at are answered."""

    def known(self, cases: Any) -> bool:
        """Whether cases come with what is true of them."""
        return cases.labels is not None

    def apart(self, cases: Any) -> NDArray[np.int64]:
        """Positions of the cases that do not depend on each other."""
        return np.arange(len(cases))

    def questions(self, values: Any, generator: np.random.Generator) -> list[Question]:
        """[B] what is asked of each answer; of one with several parts it is one of them, drawn."""
        return [Question()] * len(values)

    def parts(self, values: Any) -> list[list[Any]] | None:
        """[B] all parts of each answer, as of `Question`; None where an answer is asked as a whole.

        `row` of each is a view of the maps.
        """
        return None

    def row(self, laid: NDArray[np.float64], part: Any) -> NDArray[np.float64]:
        """The map of a part of an answer, from those of all its parts."""
        return laid

    def given(self, values: Any) -> list[NDArray[np.int64]] | None:
        """Targets that stay as they were when parts of a case are erased; None where none do."""
        return None

    def weighed(self, model: nn.Module, batch: Batch) -> Tensor:
        """[b, ...] numbers by which answers are compared, where parts of the cases are erased.

        Parameters:
            batch: with the targets that are `given`.
        """
        return self.answer(model, batch).values

    def left(self, rows: Rows, before: Rows, parts: Sequence[Any]) -> NDArray[np.float64]:
        """[B] how much of each answer is left, 1 for all, when parts of the cases are erased.

        Parameters:
            rows: as `weighed`, of the cases with parts erased.
            before: of the whole cases.
            parts: of the answers.
        """
        raise NotImplementedError

    def moved_by(self, rows: Rows, before: Rows) -> NDArray[np.float64]:
        """[B] how far answers are from those before, 0 where they are the same."""
        raise NotImplementedError

    def beyond_guessing(
        self, seen: Inference, weigh: Callable[[list[NDArray[np.int64]]], Rows]
    ) -> NDArray[np.float64]:
        """[B] how much better each answer is than the best guess without looking at the case.

        Parameters:
            seen: cases that are `known`.
            weigh: what `weighed` says of the cases with these targets.
        """
        raise NotImplementedError

    def groups(self, values: Any) -> tuple[NDArray[np.int64], list[str]]:
        """[B] the numbers of what answers are judged together, and their names."""
        raise NotImplementedError

    def answered(self, rows: Rows) -> NDArray[np.float64]:
        """[B, N] 1 where a number of the rows is the answer, otherwise 0."""
        raise NotImplementedError

    def calibration_parts(self, cases: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Positions to train a first model on, and to calibrate on with it; None trains just once.

        Asked where there is no validation part: what is fitted with a model of most cases holds for
        the model of all of them, and none is lost to the training.
        """
        return None

    @property
    def refits(self) -> bool:
        """Whether to train again on training and validation part, once the epochs are known."""
        return False

    def calibrate(self, held: Inference) -> None:
        """Fit on held-out cases what makes predictions as certain as they are right.

        Called once at the end of training, if there is a validation part, and before the input
        learns from it (`Input.finish`). Early stopping has seen these cases, the weights have not.
        Without one it is called before training, if there are `calibration_parts`.
        What is fitted belongs to `kept`, and is optional in `restore`: older runs lack it. It is
        applied where predictions arise, in `answer` or later; `fit` resets it, so that the values
        in `held` are without it.

        Parameters:
            held: the validation part, with its targets, as `infer` returns it.
        """

    # What is shown.

    def keep(self, cases: Any) -> NDArray[np.int64] | None:
        """Positions of the cases whose maps a report needs; None keeps all."""
        return None

    @abstractmethod
    def metrics(self, seen: Inference) -> dict[str, Any]:
        """The figures on a test part."""

    @abstractmethod
    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """The figures by which attentions are compared, the most important first."""

    def case_scores(self, seen: Inference) -> CaseScores:
        """The scores of a test part, whose mean is `case_figure`; needed where that is given."""
        raise NotImplementedError

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """What the user should know of the figures."""
        return []

    @abstractmethod
    def outcome(self, seen: Inference, n: int) -> Outcome:
        """What was predicted for case n, and what is true."""

    def rated(self, seen: Inference) -> Rated | None:
        """What is predicted of each class or target; None where there is no such list."""
        return None

    def worst(self, seen: Inference) -> NDArray[np.int64]:
        """Positions in a test part of the mistakes or errors that are known, the worst first."""
        return np.arange(0)

    @abstractmethod
    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """Columns of a table of predictions, and a summary in a few words."""

    def to_write(self, cases: Any) -> Any | None:
        """Some cases of a test part that is only read, for the report to show what is written."""
        return None

    def write(self, seen: Inference, n: int, path: Path) -> None:
        """Write the prediction of case n to a file that ends in one of `files`."""
        raise NotImplementedError

    def report(self, seen: Inference, view: Callable[[int], CaseView], **common: Any) -> Report:
        """The report of a test part.

        Parameters:
            seen: the test part, with the map "weights".
            view: case n, ready to be drawn.
            common: the fields that every report has.
        """
        return Report(examples=[view(n) for n in range(min(_SHOWN, len(seen)))], **common)
