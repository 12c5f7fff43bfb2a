"""What classifiers have in common, whatever they classify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from regard.estimators.base import AttentionEstimator, Floats
from regard.inference import Inference

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["AttentionClassifier"]


class AttentionClassifier(AttentionEstimator):
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

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy, as scikit-learn's classifiers have it."""
        from sklearn.metrics import accuracy_score

        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        tags.target_tags.required = True
        return tags
