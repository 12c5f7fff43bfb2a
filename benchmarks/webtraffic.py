"""Planted signatures in weeks of web traffic: are they told apart, and are they where maps look?"""

import statistics
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row
from regard import SeriesClassifier
from regard.data import Cases, webtraffic
from regard.explain import localisation_ap, localisation_ndcg

__all__ = ["run"]

_SEEDS = range(3)
_TEST_SEED = 1000  # far from those that are trained on


@dataclass(frozen=True)
class _Result:
    accuracy: float
    seconds: float
    ndcg: dict[str, float]  # by map
    ap: dict[str, float]


def run() -> list[Row]:
    """`SeriesClassifier()` on 500 weeks, tested on 500 others, with three seeds; an audit of one.

    Early et al. count every step of a week without a signature as one that matters, so that a tenth
    of their NDCG@n is 1 whatever the map, and take the evidence for the true class. Ours is that,
    for the asked figure; without these weeks it is in a row of its own, as are the maps as they
    are drawn, for the predicted class.
    """
    found = []
    for seed in _SEEDS:
        result, model, test = _result(seed)
        found.append(result)
        print(f"webtraffic, seed {seed}: {found[-1]}", flush=True)
    accuracies = [each.accuracy for each in found]
    published = [each.ndcg["evidence of the true class, none as 1"] for each in found]
    rows = [
        Row(
            "webtraffic, test accuracy, ten classes",
            "MILLET .922 (published)",
            "≥ .93",
            _listed(accuracies),
            min(accuracies) >= 0.93,
        ),
        Row(
            "webtraffic, NDCG@n as MILLET counts it",
            "MILLET .675 (published)",
            "> .70",
            _listed(published),
            min(published) > 0.70,
        ),
    ]
    for name in ("evidence of the true class", "drawn", "attention"):
        ndcg, ap = [each.ndcg[name] for each in found], [each.ap[name] for each in found]
        rows.append(
            Row(
                f"webtraffic, {name}, weeks with a signature: NDCG@n; AP (chance .14)",
                "",
                "",
                f"{_listed(ndcg)}; {_listed(ap)}",
            )
        )
    seconds = [each.seconds for each in found]
    rows.append(
        Row("webtraffic, fit", "", "", f"{statistics.median(seconds):.0f} s (median of three)")
    )
    return [*rows, *_verdicts(model, test)]


def _result(seed: int) -> tuple[_Result, SeriesClassifier, Cases]:
    train, test = webtraffic(seed=seed), webtraffic(seed=_TEST_SEED + seed)
    assert test.labels is not None
    model = SeriesClassifier(random_state=seed).fit(train)
    seen = model.infer(test, maps=("evidence", "weights", "attention"))
    evidence = np.stack(seen.maps["evidence"])  # [B, N, T]
    true = np.searchsorted(model.classes_, test.labels)
    maps = {
        "evidence of the true class": evidence[np.arange(len(test)), true],
        "drawn": np.stack(seen.maps["weights"]),
        "attention": np.stack(seen.maps["attention"]),
    }
    ndcg = {name: _ndcg(each, test) for name, each in maps.items()}
    signed = float(np.mean(test.labels != "none"))
    of_true = ndcg["evidence of the true class"]
    ndcg["evidence of the true class, none as 1"] = signed * of_true + 1 - signed
    result = _Result(
        accuracy=float(np.mean(model.predict(test) == test.labels)),
        seconds=model.fit_seconds_,
        ndcg=ndcg,
        ap={name: _ap(each, test) for name, each in maps.items()},
    )
    return result, model, test


def _ndcg(weights: NDArray[np.floating], test: Cases) -> float:
    assert test.spans is not None
    return localisation_ndcg(weights, test.spans, test.lengths)


def _ap(weights: NDArray[np.floating], test: Cases) -> float:
    assert test.spans is not None
    return localisation_ap(weights, test.spans, test.lengths)


def _listed(figures: list[float]) -> str:
    return ", ".join(f"{each:.3f}" for each in figures)


def _verdicts(model: SeriesClassifier, test: Cases) -> list[Row]:
    """The verdicts on the maps of each class."""
    said: dict[str, list[str]] = {}
    for (name, label), each in model.audit(test).verdicts.items():
        said.setdefault(name, []).append(f"{label}: {each.verdict}")
    return [
        Row(f"webtraffic, verdicts on {name}, the last seed", "", "", "; ".join(given))
        for name, given in said.items()
    ]
