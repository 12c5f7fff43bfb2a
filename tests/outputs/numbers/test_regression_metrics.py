"""The figures of predicted numbers, by hand and against scikit-learn."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from regard.errors import DataError
from regard.outputs.numbers.metrics import regression_metrics


def test_by_hand() -> None:
    # Errors of the prediction 1, 0, -2; of the training mean, 3: 2, 1, -4.
    truth, predicted = np.array([[1.0], [2.0], [7.0]]), np.array([[2.0], [2.0], [5.0]])
    metrics = regression_metrics(truth, predicted, ["price"], mean=np.array([3.0]))
    expected = {
        "mae": 3 / 3,
        "rmse": (5 / 3) ** 0.5,
        # The truth's mean is 10/3; the squares around it are 49/9, 16/9 and 121/9.
        "r2": 1 - 5 / (186 / 9),
        "mean_mae": 7 / 3,
        "mean_rmse": (21 / 3) ** 0.5,
    }
    (row,) = metrics["per_target"]
    assert row.pop("target") == "price"
    assert row == pytest.approx(expected)
    for name, figure in expected.items():
        assert metrics[name] == pytest.approx(figure)
    assert metrics["cases"] == 3


def test_several_targets_agree_with_scikit_learn(rng: np.random.Generator) -> None:
    truth = rng.normal(size=(97, 5)) * [1, 10, 100, 0.1, 3] + 7
    predicted = truth + rng.normal(size=(97, 5))
    mean = np.array([6.0, 7.0, 8.0, 9.0, 10.0])
    names = [f"target {m}" for m in range(5)]
    metrics = regression_metrics(truth, predicted, names, mean=mean)
    constant = np.tile(mean, (97, 1))
    assert metrics["mae"] == pytest.approx(mean_absolute_error(truth, predicted))
    assert metrics["rmse"] == pytest.approx(root_mean_squared_error(truth, predicted))
    assert metrics["r2"] == pytest.approx(r2_score(truth, predicted))
    assert metrics["mean_mae"] == pytest.approx(mean_absolute_error(truth, constant))
    assert metrics["mean_rmse"] == pytest.approx(root_mean_squared_error(truth, constant))
    assert [row["target"] for row in metrics["per_target"]] == names
    for m, row in enumerate(metrics["per_target"]):
        assert row["mae"] == pytest.approx(mean_absolute_error(truth[:, m], predicted[:, m]))
        assert row["r2"] == pytest.approx(r2_score(truth[:, m], predicted[:, m]))
        assert row["mean_mae"] == pytest.approx(mean_absolute_error(truth[:, m], constant[:, m]))
    assert json.loads(json.dumps(metrics)) == metrics


def test_a_constant_truth_has_no_r2_and_counts_for_nothing() -> None:
    truth = np.array([[0.1, 1.0], [0.1, 3.0], [0.1, 5.0]])
    metrics = regression_metrics(truth, truth + np.array([0.0, 1.0]), ["a", "b"], mean=[0.1, 3.0])
    assert [row["r2"] for row in metrics["per_target"]] == [None, pytest.approx(1 - 3 / 8)]
    assert metrics["r2"] == pytest.approx(1 - 3 / 8)
    alone = regression_metrics(truth[:, :1], truth[:, :1], ["a"], mean=[0.1])
    assert alone["r2"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": np.zeros(3)}, r"truth: wanted \[cases, targets\], given the shape \[3\]"),
        ({"truth": np.zeros((0, 2))}, r"truth: wanted \[cases, targets\], given .* \[0, 2\]"),
        (
            {"predicted": np.zeros((2, 3))},
            r"predicted: wanted the shape \[3, 2\] of truth, given \[2, 3\]",
        ),
        ({"predicted": np.full((3, 2), np.nan)}, "predicted: wanted finite numbers, given some"),
        ({"names": ["a"]}, "names: wanted 2, one for each target, given 1"),
        ({"mean": np.zeros(3)}, "mean: wanted 2 finite numbers, one for each target"),
    ],
)
def test_what_does_not_go_together(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "truth": np.zeros((3, 2)),
        "predicted": np.ones((3, 2)),
        "names": ["a", "b"],
        "mean": np.zeros(2),
    }
    given |= change
    names = given.pop("names")
    with pytest.raises(DataError, match=message):
        regression_metrics(given["truth"], given["predicted"], names, mean=given["mean"])
