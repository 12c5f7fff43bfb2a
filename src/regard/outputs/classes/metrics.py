"""Test metrics of a classifier."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.outputs.classes.calibration import certainty

__all__ = ["classification_metrics"]


def classification_metrics(
    labels: NDArray[Any],
    probabilities: NDArray[np.float64],
    classes: NDArray[Any],
    *,
    positive: int = 1,
) -> dict[str, Any]:
    """Accuracy, precision, recall, F1, ROC AUC, confusion matrix and metrics per class, for JSON.

    With two classes, precision, recall and F1 are those of the positive one; with more they are
    macro-averaged over the classes that occur among labels or predictions. ROC AUC is one-vs-rest,
    averaged over the classes that occur among the labels; None if all labels are equal, or no class
    has two cases and lacks two, so that it would tell of one of them alone. How far the
    probabilities can be relied on is in `brier`, `ece` and `reliability`, and in the mean
    `probability` of each class beside its `share` of the cases, which agree where it is right.

    Parameters:
        labels: [B] true labels, all among the classes.
        probabilities: [B, N].
        classes: [N], sorted.
        positive: number of the positive class; used with two classes.
    """
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        precision_recall_fscore_support,
        roc_auc_score,
    )

    predicted = classes[probabilities.argmax(1)]
    *each, support = precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=0
    )
    figures = dict(zip(("precision", "recall", "f1"), each, strict=True))
    binary = len(classes) == 2
    occur = (support > 0) | np.isin(classes, predicted)
    ranked = [
        roc_auc_score(labels == name, probabilities[:, column])
        for column, name in enumerate(classes)
        if 0 < (labels == name).sum() < len(labels)
    ]
    several = ((support > 1) & (len(labels) - support > 1)).any()
    return {
        "cases": len(labels),
        "accuracy": float(accuracy_score(labels, predicted)),
        **{name: float(f[positive] if binary else f[occur].mean()) for name, f in figures.items()},
        "roc_auc": float(np.mean(ranked)) if several else None,
        "averaging": f"binary, positive class '{classes[positive]}'" if binary else "macro",
        "positive_class": str(classes[positive]) if binary else None,
        **certainty(probabilities, np.searchsorted(classes, labels)),
        "confusion_matrix": confusion_matrix(labels, predicted, labels=classes).tolist(),
        "per_class": [
            {
                "class": str(name),
                **{figure: float(values[n]) for figure, values in figures.items()},
                "support": int(support[n]),
                "share": float(support[n] / len(labels)),
                "probability": float(probabilities[:, n].mean()),
            }
            for n, name in enumerate(classes)
        ],
    }
