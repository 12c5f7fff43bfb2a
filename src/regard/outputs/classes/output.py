"""Classes as an output: one of N for each case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inference import Inference
from regard.inputs.labels import label_names
from regard.outputs.classes.calibration import softmax, temperature_of
from regard.outputs.classes.kept import ClassesKept
from regard.outputs.classes.labels import (
    check_new,
    check_test,
    check_training,
    known_labels,
    labels_of,
)
from regard.outputs.classes.metrics import classification_metrics
from regard.outputs.classes.notes import certainty_notes, class_notes
from regard.outputs.classes.outcome import ClassOutcome
from regard.outputs.classes.rare import rare_classes, without_rare
from regard.outputs.classes.report import ClassificationReport
from regard.outputs.classes.weights import class_factors, positive_class
from regard.outputs.output import CaseScores, Compared, Output, Rated, Rows, counted
from regard.plots import CaseView
from regard.splits import split

if TYPE_CHECKING:
    from regard.models import Predicted
    from regard.outputs.graph import OutputGraph
    from regard.training import Objective

__all__ = ["ClassesOutput"]

_UNSEEN = 3
_CALIBRATED = 100  # cases from which a model is trained to calibrate on
_RUNNERS_UP, _MISTAKES, _EXAMPLES = 3, 6, 30


class ClassesOutput(Output):
    """Classes.

    Attributes:
        classes_: [N] labels, sorted.
        positive_: number of the class that binary precision, recall and F1 are of.
        temperature_: by which logits and evidence are divided, 1 if not calibrated.
        calibrated_on_: number of held-out cases that the temperature is fitted on.
    """

    keeps = ClassesKept
    case_figure = Compared("accuracy", "accuracy")

    _trained: Collection[str] | None = None  # classes of the training part; unknown of saved runs
    classes_: NDArray[Any]
    positive_: int
    temperature_: float
    calibrated_on_: int

    def accept(self, y: Any) -> Any:
        from sklearn.utils import assert_all_finite

        if y is None:
            raise DataError("requires y to be passed, but the target y is None")
        try:
            given = np.asarray(y)
            if given.dtype.kind == "f":
                assert_all_finite(given, allow_nan=True, input_name="y")
        except ValueError as error:
            raise DataError(f"y: {error}") from None
        return y

    def select(self, cases: Any, test: Any | None = None) -> tuple[Any, Any | None, list[str]]:
        """Drop or merge the classes of one case, if the configuration says so."""
        how = self.config.training.rare_classes
        if how == "refuse" or cases.labels is None:
            return cases, test, []
        return without_rare(cases, test, how=how)

    def check(self, cases: Any, source: str) -> NDArray[Any]:
        return check_training(cases, source, rare=bool(self.input.grouped))

    def check_test(self, test: Any, cases: Any, source: str) -> None:
        check_test(test, cases, source)

    def check_new(self, cases: Any, source: str) -> None:
        check_new(cases, self.classes_, source)

    def as_trained(self, cases: Any) -> Any:
        """With the classes in place of their names, which files have."""
        classes = {str(each): each for each in self.classes_}
        labels = np.array([classes[str(each)] for each in cases.labels], self.classes_.dtype)
        return replace(cases, labels=labels)

    def strata(self, cases: Any) -> NDArray[Any]:
        self.fit(cases)
        return labels_of(cases)

    def fit(self, cases: Any) -> None:
        names, counts = np.unique(labels_of(cases), return_counts=True)
        self._trained = {str(name) for name in names}
        self.classes_ = np.unique(known_labels(cases))
        if len(self.classes_) < 2:
            raise DataError(
                f"y has only one class, {self.classes_[0]!s}; a classifier needs at least two"
            )
        self.positive_ = positive_class(self.config.training.positive, self.classes_, counts)
        self.temperature_, self.calibrated_on_ = 1.0, 0

    def kept(self) -> dict[str, Any]:
        calibration = {"temperature": self.temperature_, "cases": self.calibrated_on_}
        return {
            "classes": self.classes_.tolist(),
            "positive": self.positive_,
            "calibration": calibration,
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.classes_ = np.array(kept["classes"])
        self.positive_ = int(kept.get("positive", 1))
        calibration = kept.get("calibration", {"temperature": 1.0, "cases": 0})
        self.temperature_ = float(calibration["temperature"])
        self.calibrated_on_ = int(calibration["cases"])

    def targets(self, cases: Any, encoded: Any) -> NDArray[np.int64]:
        """[B] class numbers."""
        return self._numbers(cases)

    def _numbers(self, cases: Any) -> NDArray[np.int64]:
        labels = labels_of(cases)
        unseen = ~np.isin(labels, self.classes_)
        if unseen.any():
            first = int(unseen.argmax())
            raise DataError(f"case {first}: label {labels[first]!s} is not in the training part")
        return np.searchsorted(self.classes_, labels)

    @property
    def scores(self) -> int:
        """One score for two classes, otherwise a logit for each class."""
        return 1 if self.two_sided else len(self.classes_)

    @property
    def two_sided(self) -> bool:
        return len(self.classes_) == 2

    def objective(self, cases: Any) -> Objective:
        import torch

        from regard.training import CrossEntropy

        targets = self._numbers(cases)
        factors, weights = self.class_factors(targets), None
        if factors is not None:  # 1 on average, so that the learning rate suits them
            weights = torch.from_numpy(factors / factors[targets].mean())
        return CrossEntropy(weights, smoothing=self.config.training.label_smoothing)

    def class_factors(self, targets: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """[N] factors on the loss of each class, or None; targets [B] are the training part's."""
        return class_factors(self.config.training.class_weight, self.classes_, targets)

    def case_factors(self, targets: NDArray[np.int64]) -> NDArray[np.float64] | None:
        factors = self.class_factors(targets)
        return None if factors is None else factors[targets].astype(np.float64)

    def linear_targets(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """1 for the class of a case, -1 for others."""
        numbers = np.arange(1, 2) if self.two_sided else np.arange(len(self.classes_))
        return np.where(targets[:, None] == numbers, 1.0, -1.0)

    def linear_factor(self, held: NDArray[np.float64], targets: NDArray[Any]) -> float:
        """That makes them logits, by the cross-entropy of cases that were left out."""
        logits = np.hstack([-held / 2, held / 2]) if self.two_sided else held
        return 1 / temperature_of(logits, targets)

    def scaled(self, predicted: Predicted) -> Predicted:
        """Logits and evidence divided by the temperature, which leaves the order of classes."""
        return predicted.divided(self.temperature_)

    def graph(self) -> OutputGraph:
        from regard.outputs.classes.graph import ClassesGraph

        return ClassesGraph(self.classes_.tolist())

    def calibration_parts(self, cases: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """A tenth of at least 100 cases, if the configuration says `refit`."""
        labels = labels_of(cases)
        wanted = self.config.training.calibration == "refit" and len(cases) >= _CALIBRATED
        if not wanted or len(rare_classes(labels)):
            return None
        first, held = split(labels, shares=(0.9, 0.1), seed=self.config.seed)
        return first, held

    def calibrate(self, held: Inference) -> None:
        """Fit the temperature."""
        if self.config.training.calibration == "none":
            return
        self.temperature_ = temperature_of(held.values, self._numbers(held.cases))
        self.calibrated_on_ = len(held)

    def share(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """The positive evidence for the predicted class.

        Where that of most positions is negative, as when all share a negative constant, it is
        counted from the median, so that the constant does not hide what distinguishes them.
        """
        flat = evidence.reshape(len(evidence), -1)
        own = evidence[flat.sum(1).argmax()]
        return np.asarray((own - min(0.0, np.median(own))).clip(min=0))

    moves = "the probability of the class by {:.2f}"

    def left(self, rows: Rows, before: Rows, parts: Sequence[Any]) -> NDArray[np.float64]:
        """The probability of the class that was predicted."""
        predicted = np.stack(before).argmax(1)
        return np.asarray(softmax(np.stack(rows))[np.arange(len(rows)), predicted])

    def moved_by(self, rows: Rows, before: Rows) -> NDArray[np.float64]:
        """Total variation between the probabilities."""
        one, other = (softmax(np.stack(each)) for each in (rows, before))
        return np.asarray(np.abs(one - other).sum(1) / 2)

    def beyond_guessing(self, seen: Inference, weigh: object) -> NDArray[np.float64]:
        """Whether the class is right, minus whether it is the most frequent one."""
        numbers = self._numbers(seen.cases)
        if len(np.unique(numbers)) < 2:
            raise DataError(
                f"all cases are of the class {self.classes_[numbers[0]]}: whether the model does "
                "better than guessing cannot be told"
            )
        right: NDArray[np.bool_] = seen.values.argmax(1) == numbers
        return np.asarray(right.astype(np.float64) - (numbers == np.bincount(numbers).argmax()))

    def groups(self, values: Any) -> tuple[NDArray[np.int64], list[str]]:
        """Cases that are predicted as one class."""
        return np.asarray(values.argmax(1)), [str(name) for name in self.classes_]

    def answered(self, rows: Rows) -> NDArray[np.float64]:
        """The logit of the predicted class."""
        logits = np.stack(rows)
        return np.asarray(np.eye(logits.shape[1])[logits.argmax(1)])

    def probabilities(self, seen: Inference) -> NDArray[np.float64]:
        """[B, N] softmax of the logits."""
        return np.asarray(softmax(seen.values))

    def metrics(self, seen: Inference) -> dict[str, Any]:
        figures = classification_metrics(
            seen.cases.labels,
            self.probabilities(seen),
            self.classes_,
            positive=self.positive_,
        )
        calibration = {"temperature": self.temperature_, "cases": self.calibrated_on_}
        return figures | {"calibration": calibration}

    def notes(self, metrics: Mapping[str, Any]) -> list[str]:
        """What to know of the classes, their figures and their probabilities."""
        training = self.config.training
        return certainty_notes(
            metrics,
            calibrated=self.calibrated_on_ > 0,
            calibration=training.calibration,
            weighted=training.class_weight is not None,
        ) + class_notes(metrics, self._trained)

    def compared(self, metrics: Mapping[str, Any]) -> list[Compared]:
        """F1 for two classes, otherwise accuracy; and how well it is localised if that is known."""
        binary = "binary" in metrics["averaging"]
        first = Compared("F1", "f1") if binary else Compared("accuracy", "accuracy")
        found = (
            Compared("localisation", "localisation_ap"),
            Compared("pointing game", "pointing_game"),
        )
        return [first, *(figure for figure in found if figure.name in metrics)]

    def case_scores(self, seen: Inference) -> CaseScores:
        """1 where the prediction is right, otherwise 0."""
        right = seen.values.argmax(1) == self._numbers(seen.cases)
        return CaseScores(seen.cases.ids, right.astype(np.float64), np.arange(len(seen)))

    def outcome(self, seen: Inference, n: int) -> ClassOutcome:
        row = softmax(seen.values[n])
        first, *others = np.argsort(-row, kind="stable")[: 1 + _RUNNERS_UP]
        labels = seen.cases.labels
        return ClassOutcome(
            true=None if labels is None else str(labels[n]) or None,
            predicted=str(self.classes_[first]),
            probability=float(row[first]),
            runners_up=tuple((str(self.classes_[c]), float(row[c])) for c in others),
        )

    def columns(self, seen: Inference) -> tuple[dict[str, Any], str]:
        """`case`, `label` (of questions `answer`), `true` if known, `probability NAME` of classes.

        A label that is missing in a file with labels is an empty text.
        """
        probabilities, cases = self.probabilities(seen), seen.cases
        predicted = label_names(self.classes_)[probabilities.argmax(1)]
        columns: dict[str, Any] = {"case": cases.ids, self.input.predicted or "label": predicted}
        summary = counted(len(cases))
        if cases.labels is not None:
            true = columns["true"] = label_names(cases.labels)
            summary += f", {(predicted == true).sum()} right"
            unknown = true == ""
            summary += f", {unknown.sum()} without a label" if unknown.any() else ""
            unseen = true[~np.isin(true, label_names(self.classes_)) & ~unknown]
            if len(unseen):
                shown = [repr(str(name)) for name in np.unique(unseen)]
                shown[_UNSEEN:] = ["..."] * (len(shown) > _UNSEEN)
                summary += f", {len(unseen)} labelled with no class of the run ({', '.join(shown)})"
        for name, column in zip(self.classes_, probabilities.T, strict=True):
            columns[f"probability {name}"] = column.round(6)
        return columns, summary

    def rated(self, seen: Inference) -> Rated:
        return Rated([str(name) for name in self.classes_], self.probabilities(seen), shares=True)

    def worst(self, seen: Inference) -> NDArray[np.int64]:
        """Those that are wrong, the most confident first."""
        probabilities = self.probabilities(seen)
        predicted = probabilities.argmax(1)
        wrong = np.flatnonzero(predicted != self._numbers(seen.cases))
        return wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")]

    def report(
        self, seen: Inference, view: Callable[[int], CaseView], **common: Any
    ) -> ClassificationReport:
        """Examples of each class, and the most confident mistakes."""
        truth = self._numbers(seen.cases)
        each = max(1, min(3, _EXAMPLES // len(self.classes_)))
        examples = [np.flatnonzero(truth == n)[:each] for n in range(len(self.classes_))]
        return ClassificationReport(
            classes=[str(name) for name in self.classes_],
            examples=[view(int(n)) for n in np.concatenate(examples)],
            mistakes=[view(int(n)) for n in self.worst(seen)[:_MISTAKES]],
            **common,
        )
