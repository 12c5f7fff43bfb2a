"""The figures of a classifier, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, roc_auc_score

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
    assert [row["share"] for row in metrics["per_class"]] == [0.4, 0.6]
    mean = (0.1 + 0.6 + 0.4 + 0.7 + 0.9) / 5
    found = [row["probability"] for row in metrics["per_class"]]
    assert found == pytest.approx([1 - mean, mean])
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
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
    metrics = classification_metrics(labels, probabilities, np.arange(3))
    assert metrics["f1"] == metrics["roc_auc"] == 1.0
    one_class = classification_metrics(labels[:2], probabilities[:2], np.arange(3))
    assert one_class["roc_auc"] is None


def test_a_ranking_by_one_case_is_none() -> None:
    labels = np.array([0, 1])
    probabilities = np.array([[0.4, 0.6], [0.6, 0.4]])  # of one pair, the wrong way round
    assert classification_metrics(labels, probabilities, np.arange(2))["roc_auc"] is None


def test_the_positive_class_is_the_one_named() -> None:
    """A model that never says `faulty`: its F1 is 0, and not the .97 of the other class."""
    labels = np.repeat(["faulty", "fine"], [3, 97])
    probabilities = np.tile([0.1, 0.9], (100, 1))
    classes = np.array(["faulty", "fine"])
    metrics = classification_metrics(labels, probabilities, classes, positive=0)
    assert (metrics["f1"], metrics["recall"], metrics["accuracy"]) == (0, 0, 0.97)
    assert metrics["averaging"] == "binary, positive class 'faulty'"
    other = classification_metrics(labels, probabilities, classes, positive=1)
    assert other["f1"] == pytest.approx(2 * 97 / (2 * 97 + 3))


def test_certainty_by_hand() -> None:
    probabilities = np.array([[0.92, 0.08], [0.98, 0.02], [0.3, 0.7], [0.26, 0.74]])
    found = classification_metrics(np.array([0, 1, 1, 1]), probabilities, np.array([0, 1]))
    # .92 and .98 share a bin of which one of two is right, .7 and .74 one that is all right.
    assert found["reliability"] == [
        {"probability": pytest.approx(0.72), "right": 1, "cases": 2},
        {"probability": pytest.approx(0.95), "right": 0.5, "cases": 2},
    ]
    assert found["ece"] == pytest.approx((0.28 + 0.45) / 2)
    expected = (0.08**2 + 0.98**2 + 0.3**2 + 0.26**2) / 4
    assert found["brier"] == pytest.approx(expected)
    positive = probabilities[:, 1]
    assert found["brier"] == pytest.approx(brier_score_loss([0, 1, 1, 1], positive))


def test_certainty_of_a_calibrated_and_an_overconfident_model() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.full(3, 0.4), 20_000)
    labels = np.array([generator.choice(3, p=row) for row in probabilities])
    classes = np.arange(3)
    sure = probabilities**3 / (probabilities**3).sum(1, keepdims=True)
    honest, boasting = (classification_metrics(labels, p, classes) for p in (probabilities, sure))
    assert honest["ece"] < 0.01 < 0.08 < boasting["ece"]
    assert honest["brier"] < boasting["brier"]
    truth = np.eye(3)[labels]
    assert boasting["brier"] == pytest.approx(((sure - truth) ** 2).sum(1).mean())
