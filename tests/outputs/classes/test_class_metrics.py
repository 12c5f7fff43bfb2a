"""The figures of a classifier, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from regard.outputs.classes.metrics import classification_metrics


def test_binary_by_hand() -> None:
    labels = np.array(["no", "no", "yes", "yes", "yes"])
    positive = np.array([0.1, 0.6, 0.4, 0.7, 0.9])
    metrics = classification_metrics(
        labels, np.stack([1 - positive, positive], 1), np.array(["no", "yes"])
    )
    assert metrics["cases"] == 5
    assert metrics["accuracy"] == pytest.approx(3 / 5)
    assert metrics["precision"] == pytest.approx(2 / 3)
    assert metrics["recall"] == pytest.approx(2 / 3)
    assert metrics["f1"] == pytest.approx(2 / 3)
    # Of the six pairs of a yes and a no, one is the wrong way round: .4 below .6.
    assert metrics["roc_auc"] == pytest.approx(5 / 6)
    assert metrics["confusion_matrix"] == [[1, 1], [1, 2]]
    assert [row["support"] for row in metrics["per_class"]] == [2, 3]
    assert metrics["averaging"] == "binary, positive class 'yes'"


def test_many_classes_agree_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 5, 97)
    probabilities = generator.dirichlet(np.ones(5), 97)
    metrics = classification_metrics(labels, probabilities, np.arange(5))
    predicted = probabilities.argmax(1)
    assert metrics["f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    expected = roc_auc_score(labels, probabilities, multi_class="ovr")
    assert metrics["roc_auc"] == pytest.approx(expected)


def test_a_class_that_does_not_occur_counts_for_nothing() -> None:
    labels = np.array([0, 0, 1])
    probabilities = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    metrics = classification_metrics(labels, probabilities, np.arange(3))
    assert metrics["f1"] == metrics["roc_auc"] == 1.0
    one_class = classification_metrics(labels[:2], probabilities[:2], np.arange(3))
    assert one_class["roc_auc"] is None
