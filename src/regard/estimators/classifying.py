"""What classifiers have in common, whatever they classify."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted

from regard.config import Config
from regard.errors import ConfigError, DataError, did_you_mean
from regard.estimators.base import AttentionEstimator, Floats
from regard.runs import Run
from regard.splits import split
from regard.training import CrossEntropy, Objective

__all__ = ["AttentionClassifier", "known_labels"]


class AttentionClassifier(ClassifierMixin, AttentionEstimator):  # type: ignore[misc]
    """An estimator whose targets are classes.

    Attributes:
        classes_: [N] labels, sorted.
    """

    classes_: NDArray[Any]

    def predict(self, X: Any) -> NDArray[Any]:
        """The label of each case: [cases]."""
        check_is_fitted(self)
        labels: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(1)]
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """The probability of each class: [cases, N], columns in the order of `classes_`."""
        check_is_fitted(self)
        logits = torch.from_numpy(self._values(self._read(X)))
        return np.asarray(torch.softmax(logits, 1).numpy())

    def _hold_out(self, cases: Any, config: Config) -> tuple[Any, Any | None]:
        share = config.data.validation_share
        if share == "auto":
            share = 0.1 if len(cases) >= 1000 else 0.0
        labels = known_labels(cases)
        self._find_classes(labels)
        if share == 0:
            return cases, None
        train, validation = split(labels, shares=(1 - share, share), seed=config.seed)
        return cases.take(train), cases.take(validation)

    def _prepare(self, cases: Any, config: Config) -> None:
        self._find_classes(known_labels(cases))
        super()._prepare(cases, config)

    def _find_classes(self, labels: NDArray[Any]) -> None:
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise DataError(
                f"y has only one class, {self.classes_[0]!s}; a classifier needs at least two"
            )

    def _targets(self, cases: Any) -> NDArray[np.int64]:
        """The numbers of the classes of cases whose labels must be known."""
        labels = known_labels(cases)
        unseen = ~np.isin(labels, self.classes_)
        if unseen.any():
            first = int(unseen.argmax())
            raise DataError(f"case {first}: label {labels[first]!s} is not in the training part")
        return np.searchsorted(self.classes_, labels)

    def _objective(self, cases: Any, config: Config) -> Objective:
        training = config.training
        weigh: Any = training.class_weight
        weights = None
        if weigh is not None:
            if isinstance(weigh, dict):  # the labels have become strings, as in JSON
                known = [str(label) for label in self.classes_]
                for label in weigh:
                    if label not in known:
                        raise ConfigError(
                            f"class_weight: there is no class {label}{did_you_mean(label, known)}"
                        )
                weigh = {n: weigh.get(str(label), 1.0) for n, label in enumerate(self.classes_)}
            kinds = np.arange(len(self.classes_))
            factors = compute_class_weight(weigh, classes=kinds, y=self._targets(cases))
            weights = torch.tensor(factors, dtype=torch.float32)
        return CrossEntropy(weights, smoothing=training.label_smoothing)

    def _kept(self) -> dict[str, Any]:
        return {"classes": self.classes_.tolist(), **super()._kept()}

    def _restore(self, run: Run) -> None:
        classes = run.preprocess["classes"]
        if not isinstance(classes, list) or len(classes) < 2:
            raise ValueError(f"classes: wanted a list of at least two, given {classes!r}")
        self.classes_ = np.array(classes)
        super()._restore(run)


def known_labels(cases: Any) -> NDArray[Any]:
    """The labels of cases that must have them."""
    if cases.labels is None:
        raise DataError("the cases have no labels")
    labels: NDArray[Any] = cases.labels
    return labels
