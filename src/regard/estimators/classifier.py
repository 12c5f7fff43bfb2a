"""What classifiers have in common, whatever they classify."""

from typing import Any

from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from regard.estimators.base import AttentionEstimator, Floats
from regard.inference import Inference

__all__ = ["AttentionClassifier"]


class AttentionClassifier(ClassifierMixin, AttentionEstimator):  # type: ignore[misc]
    """An estimator whose output is classes.

    Attributes:
        classes_: [N] labels, sorted.
    """

    classes_: NDArray[Any]

    def predict(self, X: Any) -> NDArray[Any]:
        """The label of each case: [cases]."""
        probabilities = self.predict_proba(X)
        labels: NDArray[Any] = self.classes_[probabilities.argmax(1)]
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """The probability of each class: [cases, N], columns in the order of `classes_`."""
        return self.probabilities(self.infer(X))

    def probabilities(self, seen: Inference) -> Floats:
        """The probability of each class, of cases that went through the model: [cases, N]."""
        output: Any = self.output_
        probabilities: Floats = output.probabilities(seen)
        return probabilities
