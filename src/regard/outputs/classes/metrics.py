"""The figures of a classifier on cases that it has not seen."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

__all__ = ["classification_metrics"]


def classification_metrics(
    labels: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]
) -> dict[str, Any]:
    """Accuracy, precision, recall, F1, ROC AUC, confusion matrix and the figures of each class.

    Precision, recall and F1 are those of the second class where there are two, and the unweighted
    mean over the classes that occur, in truth or prediction, where there are more (macro). ROC AUC
    is computed from the probabilities; with more than two classes it is the mean of each class
    against the rest, over the classes that occur among the labels, and None where none can be
    ranked.

    Parameters:
        labels: [B] true labels, all of them among the classes.
        probabilities: [B, N].
        classes: [N], sorted.

    Returns:
        Plain numbers and lists, ready for JSON.
    """
    predicted = classes[probabilities.argmax(1)]
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=0
    )
    binary = len(classes) == 2
    occur = (support > 0) | np.isin(classes, predicted)
    overall = [
        float(figure[1] if binary else figure[occur].mean()) for figure in (precision, recall, f1)
    ]
    ranked = [
        roc_auc_score(labels == name, probabilities[:, column])
        for column, name in enumerate(classes)
        if 0 < (labels == name).sum() < len(labels)
    ]
    return {
        "cases": len(labels),
        "accuracy": float(accuracy_score(labels, predicted)),
        "precision": overall[0],
        "recall": overall[1],
        "f1": overall[2],
        "roc_auc": float(np.mean(ranked)) if ranked else None,
        "averaging": f"binary, positive class '{classes[1]}'" if binary else "macro",
        "confusion_matrix": confusion_matrix(labels, predicted, labels=classes).tolist(),
        "per_class": [
            {
                "class": str(name),
                "precision": float(precision[n]),
                "recall": float(recall[n]),
                "f1": float(f1[n]),
                "support": int(support[n]),
            }
            for n, name in enumerate(classes)
        ],
    }
