"""The cases of a run's report that can be explored: which they are, and what is said of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard import jobs
from regard.estimators import SeriesClassifier, SeriesRegressor
from regard.inference import Inference
from regard.jobs.views import explorable, to_explore
from reports import whole_reports

SMALL: dict[str, Any] = {
    "hidden": 4, "layers": 1, "epochs": 1, "updates_per_epoch": 1, "device": "cpu",
}  # fmt: skip


def _data(page: Path) -> dict[str, Any]:
    found = re.search(r'<script id="cases-data"[^>]*>(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    content: dict[str, Any] = json.loads(found[1])
    return content


def _waves(count: int) -> np.ndarray:
    return np.stack([np.sin(np.arange(31) * (1 + n % 2) / 3) + 0.01 * n for n in range(count)])


def _fitted(**options: Any) -> SeriesClassifier:
    model = SeriesClassifier(**SMALL, random_state=0, convolutions=False, **options)
    return model.fit(_waves(24), ["slow", "fast"] * 12)


class _Worst:
    """An estimator's output that knows which of the cases are the worst."""

    def __init__(self, worst: list[int]) -> None:
        self.output_ = self
        self._worst = np.array(worst, np.int64)

    def worst(self, _: Inference) -> Any:
        return self._worst


@pytest.mark.parametrize(
    ("count", "wrong"), [(7, 2), (7, 7), (7, 0), (150, 120), (211, 3), (211, 190), (5000, 4000)]
)
def test_the_worst_and_others_are_explored(count: int, wrong: int) -> None:
    worst = np.random.default_rng(0).permutation(count)[:wrong].tolist()
    chosen = to_explore(_Worst(worst), Inference(None, None, np.zeros(count)))  # type: ignore[arg-type]
    assert len(chosen) == len(set(chosen)) == min(count, 200)
    assert set(worst[:100]) <= set(chosen)
    assert chosen[: 2 * min(3, wrong, count - wrong) : 2] == worst[: min(3, wrong, count - wrong)]


def test_the_others_lie_evenly() -> None:
    chosen = to_explore(_Worst([]), Inference(None, None, np.zeros(5000)))  # type: ignore[arg-type]
    for some in (chosen[:50], chosen):
        gaps = np.diff(np.sort(some))
        assert gaps.max() <= 3 * 5000 / len(some)


def test_what_is_in_the_page_is_what_the_model_says() -> None:
    model, new = _fitted(pooling="attention"), _waves(70)[3:]
    seen = model.infer(new, maps=("weights",))
    views = explorable(model, seen, [66, 0, 5])
    evidence, probabilities = model.evidence(new), model.predict_proba(new)
    for view, n in zip(views, (66, 0, 5), strict=True):
        assert view.answers is not None
        assert view.answers.place == n
        assert view.answers.names[view.answers.shown[0]] == model.predict(new)[n]
        np.testing.assert_allclose(view.answers.values, probabilities[n])
        np.testing.assert_allclose(view.answers.weights, seen.maps["weights"][n])
        wanted = evidence[n][list(view.answers.shown)]
        np.testing.assert_allclose(np.stack(view.answers.evidence), wanted, atol=1e-6)


def test_a_pooling_without_evidence_has_none() -> None:
    model = _fitted(pooling="stacked")
    [view] = explorable(model, model.infer(_waves(1), maps=("weights",)), [0])
    assert view.answers is not None
    assert list(view.answers.evidence) == []


def test_numbers_are_listed_in_their_order() -> None:
    targets = np.random.default_rng(0).standard_normal((20, 7))
    model = SeriesRegressor(**SMALL, random_state=0).fit(_waves(20), targets)
    seen = model.infer(_waves(3), maps=("weights",))
    [view] = explorable(model, seen, [2])
    assert view.answers is not None
    assert list(view.answers.shown) == [0, 1, 2, 3, 4]
    assert not view.answers.shares
    np.testing.assert_allclose(view.answers.values, model.predict(_waves(3))[2])


def test_reports_and_pages_of_a_run(tmp_path: Path) -> None:
    rows = [[("slow", "fast")[n % 2], *wave] for n, wave in enumerate(_waves(40).tolist())]
    file = tmp_path / "waves.csv"
    file.write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    config = {
        "data": {"kind": "csv", "path": str(file), "test_share": 0.5},
        "model": {"hidden": 4, "layers": 1, "pooling": "attention"},
        "training": {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"},
    }
    run = tmp_path / "run"
    with whole_reports():
        metrics = jobs.train(config, run)
    data = _data(run / "report.html")
    assert data["names"] == ["fast", "slow"]
    assert len(data["cases"]) == metrics["cases"] == 20
    assert sum(case["right"] for case in data["cases"]) == round(20 * metrics["accuracy"])
    assert {case["group"] for case in data["cases"]} == {"fast", "slow"}

    jobs.explain(run, file, "7", tmp_path / "case.html")
    [case] = _data(tmp_path / "case.html")["cases"]
    assert case["name"] == "Case 7"
    jobs.explain_all(run, file, tmp_path / "album", cases=["3", "11"])
    names = [case["case"] for case in _data(tmp_path / "album" / "index.html")["cases"]]
    assert names == ["3", "11"]
