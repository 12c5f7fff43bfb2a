"""Metrics of forecasts, by hand and against scikit-learn."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

from regard.errors import DataError
from regard.outputs.future.metrics import forecast_metrics

W, M, H = 7, 3, 5


def _given(rng: np.random.Generator) -> dict[str, Any]:
    truth = rng.normal(size=(W, M, H)) * np.array([1.0, 10.0, 100.0])[:, None]
    return {
        "truth": truth,
        "predicted": truth + rng.normal(size=(W, M, H)),
        "names": ["a", "b", "c"],
        "scale": np.array([2.0, 0.5, 4.0]),
        "origins": np.arange(100, 100 + W),
        "rolling": [0, 5],
        "series": np.array(list("snnsssn")),
        "baselines": {"naive": truth + rng.normal(size=(W, M, H)), "linear": truth + 2},
    }


def _metrics(given: dict[str, Any]) -> dict[str, Any]:
    given = dict(given)
    return forecast_metrics(given.pop("truth"), given.pop("predicted"), **given)


def test_by_hand() -> None:
    # [W=2, M=1, horizon=2]; errors 1, -2 and 3, 0.
    truth = np.array([[[10.0, 20.0]], [[30.0, 40.0]]])
    predicted = np.array([[[11.0, 18.0]], [[33.0, 40.0]]])
    metrics = forecast_metrics(
        truth,
        predicted,
        names=["load"],
        scale=[4.0],
        origins=np.array(["2020-01-01T05:00", "2020-01-02"], dtype="datetime64[us]"),
        rolling=[1],
        baselines={"naive": truth - 4},
    )
    errors = {"mae": 6 / 4, "rmse": (14 / 4) ** 0.5, "mase": 6 / 4 / 4}
    steps = [
        {"step": 1, "mae": 2.0, "rmse": pytest.approx(5**0.5)},
        {"step": 2, "mae": 1.0, "rmse": pytest.approx(2**0.5)},
    ]
    assert metrics == {
        "windows": 2,
        **{name: pytest.approx(figure) for name, figure in errors.items()},
        "per_target": [
            {"target": "load", **{name: pytest.approx(figure) for name, figure in errors.items()}}
        ],
        "per_series": [
            {
                "series": "0",
                "target": "load",
                "mae": 1.5,
                "baselines": {"naive": 4.0},
                "best": "model",
            }
        ],
        "by_step": steps,
        "by_origin": [{"origin": "2020-01-02", "mae": 1.5, "rmse": pytest.approx(4.5**0.5)}],
        "baselines": {
            "naive": {
                "mae": 4.0,
                "rmse": 4.0,
                "mase": 1.0,
                "by_step": [{"step": h, "mae": 4.0, "rmse": 4.0} for h in (1, 2)],
            }
        },
    }


def test_several_targets_agree_with_scikit_learn(rng: np.random.Generator) -> None:
    given = _given(rng)
    metrics = _metrics(given)

    def flat(array: Any) -> Any:  # [W * horizon, M]
        return np.moveaxis(array, 1, 2).reshape(-1, M)

    truth, predicted = given["truth"], given["predicted"]
    assert metrics["mae"] == pytest.approx(mean_absolute_error(flat(truth), flat(predicted)))
    assert metrics["rmse"] == pytest.approx(root_mean_squared_error(flat(truth), flat(predicted)))
    each = mean_absolute_error(flat(truth), flat(predicted), multioutput="raw_values")
    assert metrics["mase"] == pytest.approx(np.mean(each / given["scale"]))
    for m, row in enumerate(metrics["per_target"]):
        assert row["target"] == "abc"[m]
        assert row["mase"] == pytest.approx(each[m] / given["scale"][m])
    rows = {(row["series"], row["target"]): row for row in metrics["per_series"]}
    assert len(rows) == 2 * M
    for name, m in (("n", 0), ("s", 2)):
        own = given["series"] == name
        row, naive = rows[name, "abc"[m]], given["baselines"]["naive"]
        assert row["mae"] == pytest.approx(
            mean_absolute_error(truth[own, m].ravel(), predicted[own, m].ravel())
        )
        assert row["baselines"]["naive"] == pytest.approx(
            mean_absolute_error(truth[own, m].ravel(), naive[own, m].ravel())
        )
    for h, row in enumerate(metrics["by_step"]):
        now = truth[:, :, h], predicted[:, :, h]
        assert row["step"] == h + 1
        assert row["mae"] == pytest.approx(mean_absolute_error(*now))
        assert row["rmse"] == pytest.approx(root_mean_squared_error(*now))
    assert [row["origin"] for row in metrics["by_origin"]] == ["100", "105"]
    for w, row in zip([0, 5], metrics["by_origin"], strict=True):
        assert row["mae"] == pytest.approx(mean_absolute_error(truth[w].T, predicted[w].T))
        assert row["rmse"] == pytest.approx(root_mean_squared_error(truth[w].T, predicted[w].T))
    naive = given["baselines"]["naive"]
    found = metrics["baselines"]["naive"]
    assert found["rmse"] == pytest.approx(root_mean_squared_error(flat(truth), flat(naive)))
    assert found["by_step"][4]["mae"] == pytest.approx(
        mean_absolute_error(truth[:, :, 4], naive[:, :, 4])
    )
    assert metrics["baselines"]["linear"]["mae"] == pytest.approx(2)
    assert "coverage" not in metrics
    assert json.loads(json.dumps(metrics)) == metrics


def test_quantiles(rng: np.random.Generator) -> None:
    given = _given(rng)
    truth = given["truth"]
    quantiles = {level: truth + shift for level, shift in ((0.9, 3.0), (0.1, -1.0), (0.3, 0.5))}
    quantiles[0.9][:2] = truth[:2] - 1  # in two of seven windows even the highest is too low
    metrics = _metrics(given | {"quantiles": quantiles})
    levels, intervals = metrics["coverage"][:3], metrics["coverage"][3:]
    assert [row["level"] for row in levels] == [0.1, 0.3, 0.9]
    assert [row["wanted"] for row in levels] == [0.1, 0.3, 0.9]
    assert [row["found"] for row in levels] == [0.0, 1.0, pytest.approx(5 / 7)]
    losses = [
        mean_pinball_loss(truth.ravel(), quantiles[level].ravel(), alpha=level)
        for level in (0.1, 0.3, 0.9)
    ]
    assert [row["pinball"] for row in levels] == pytest.approx(losses)
    assert metrics["pinball"] == pytest.approx(np.mean(losses))
    assert intervals == [
        {"interval": [0.1, 0.9], "wanted": 0.8, "found": pytest.approx(5 / 7)},
    ]
    assert json.loads(json.dumps(metrics)) == metrics


def test_a_target_without_a_scale_has_no_mase(rng: np.random.Generator) -> None:
    given = _given(rng)
    given["scale"] = np.array([0.0, 0.5, 0.0])
    metrics = _metrics(given)
    assert [row["mase"] is None for row in metrics["per_target"]] == [True, False, True]
    assert metrics["mase"] == metrics["per_target"][1]["mase"]
    assert _metrics(given | {"scale": np.zeros(M)})["mase"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": np.zeros((W, H))}, r"truth: wanted \[windows, targets, steps\], given .*7, 5"),
        ({"predicted": np.zeros((W, H, M))}, r"predicted: wanted the shape \[7, 3, 5\] of truth"),
        ({"baselines": {"naive": np.zeros(3)}}, r"baselines\['naive'\]: wanted the shape"),
        ({"quantiles": {0.1: np.full((W, M, H), np.inf)}}, r"quantiles\[0.1\]: wanted finite"),
        ({"quantiles": {10: np.zeros((W, M, H))}}, "levels between 0 and 1, given 10"),
        ({"names": ["a"]}, "names: wanted 3, one for each target, given 1"),
        ({"scale": np.array([1.0, -1.0, 1.0])}, "scale: wanted 3 finite numbers"),
        ({"origins": np.arange(3)}, r"origins: wanted one for each of 7 windows, .* \[3\]"),
        ({"rolling": [7]}, "rolling: wanted positions of windows, 0 to 6"),
    ],
)
def test_what_does_not_go_together(
    change: dict[str, Any], message: str, rng: np.random.Generator
) -> None:
    with pytest.raises(DataError, match=message):
        _metrics(_given(rng) | change)


def test_each_series_has_its_best_forecast_and_its_coverage() -> None:
    """Off by 1 in series a and by 3 in b; the baseline is off by 2 in a, 2 in b."""
    truth = np.array([[[10.0, 12.0]], [[20.0, 24.0]], [[10.0, 14.0]]])
    off = np.array([1.0, 3.0, 1.0])[:, None, None]
    # The band ends 1.5 above and below the forecast: it holds the truth of a, and none of b.
    rows = forecast_metrics(
        truth, truth + off, names=["load"], scale=[1.0], origins=[1, 1, 2], rolling=[0],
        baselines={"naive": truth - 2}, series=["a", "b", "a"],
        quantiles={0.1: truth + off - 1.5, 0.9: truth + off + 1.5},
    )["per_series"]  # fmt: skip
    assert [(row["series"], row["best"], row["coverage"]) for row in rows] == [
        ("a", "model", 1.0), ("b", "naive", 0.0),
    ]  # fmt: skip


def test_what_is_alike_as_printed_is_not_better() -> None:
    truth = np.zeros((1, 1, 1))
    rows = forecast_metrics(
        truth, truth + 2.930004, names=["load"], scale=[1.0], origins=[1], rolling=[0],
        baselines={"naive": truth + 2.930001},
    )["per_series"]  # fmt: skip
    assert rows[0]["best"] == "model"
