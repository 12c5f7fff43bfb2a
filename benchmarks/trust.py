"""How often the verdicts on maps are right, on models whose maps are known."""

import statistics
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.planted import Planted, planted_models
from benchmarks.planted_tasks import planted_tasks
from benchmarks.table import Row
from regard import SeriesClassifier
from regard.config import read_config
from regard.data import Cases
from regard.estimators.erasure import Erasure
from regard.explain import Verdict, localisation_ap, placement_p
from regard.jobs import load_parts

__all__ = ["run"]

_EXAMPLE = Path(__file__).parent.parent / "examples" / "sine.json"
_SEEDS = range(10)
_PLACEMENTS = 39
_RANDOM_MAPS = 600


def run() -> list[Row]:
    """Planted models, the sine example with ten seeds, and random maps of it."""
    return [*_planted(), *_sine()]


def _planted() -> Iterator[Row]:
    right, judged, believed, lies, models = 0, 0, 0, 0, 0
    for planted in chain(planted_models(), planted_tasks()):
        models += 1
        found = {key: each.verdict for key, each in _audited(planted).items()}
        for key, expected in planted.expected.items():
            if key not in found:
                continue
            judged += 1
            right += found[key] == expected
            lies += expected == "do not"
            believed += expected == "do not" and found[key] == "believe"
    yield Row(
        f"verdicts on {models} planted models, {judged} maps and classes: right",
        "",
        "≥ .95",
        f"{right / judged:.3f}",
        right >= 0.95 * judged,
    )
    yield Row(
        f"of these {lies} that are to be refused: believed",
        "",
        "≤ 1 in 40",
        f"{believed}",
        40 * believed <= lies,
    )


def _audited(planted: Planted) -> Mapping[tuple[str, str], Verdict]:
    audit = planted.model.audit(planted.test, planted.labels)
    ap = float("nan")
    test = planted.test
    if isinstance(test, Cases):
        assert test.spans is not None
        weights = planted.model.infer(test, maps=("attention",)).maps["attention"]
        ap = localisation_ap(np.stack(weights), test.spans, test.lengths)
    for (name, label), each in audit.verdicts.items():
        expected = planted.expected.get((name, label), "")
        wrong = expected and expected != each.verdict
        print(
            f"{'WRONG ' if wrong else ''}{planted.name}: {name} of {label}: {each.verdict}: "
            f"{each.sentence} [AP {ap:.2f}] {each.figures}",
            flush=True,
        )
    return audit.verdicts


def _sine() -> Iterator[Row]:
    verdicts, gains, found, seconds = [], [], [], []
    for seed in _SEEDS:
        config = read_config(_EXAMPLE, {"seed": str(seed)})
        train, validation, test, *_ = load_parts(config)
        model = SeriesClassifier.from_config(config).fit(train, validation=validation)
        start = perf_counter()
        audit = model.audit(test)
        seconds.append(perf_counter() - start)
        flat = audit.verdicts["attention", "1"]
        print(f"sine, seed {seed}: {seconds[-1]:.1f} s: {audit.to_dict()['verdicts']}", flush=True)
        verdicts.append(flat.verdict)
        assert flat.figures is not None
        gains.append(flat.figures.gain.value)
        found.append(localisation_ap(model.attend(test), test.spans, test.lengths))
    believed = verdicts.count("believe")
    yield Row(
        "sine, attention of the flat class: gain; localisation AP; believed",
        "",
        "in 9 of 10 seeds",
        f"{statistics.median(gains):.2f}; {statistics.median(found):.3f}; {believed} of 10",
        believed >= 9,
    )
    yield Row(
        "sine, an audit of 200 cases",
        "",
        "≤ 20 s",
        f"{statistics.median(seconds):.1f} s ({min(seconds):.1f}-{max(seconds):.1f})",
        statistics.median(seconds) <= 20,
    )
    yield _false_alarms(model, test)


def _false_alarms(model: SeriesClassifier, test: Cases) -> Row:
    """Random maps of a true model, each held against 39 others."""
    generator = np.random.default_rng(0)
    some = test.take(np.flatnonzero(model.predict(test) == 1)[:_RANDOM_MAPS])
    erasure = Erasure(model, some, generator)
    own = erasure.maps["attention"].own
    drawn = np.stack([erasure.gains(erasure.moved(own)) for _ in range(1 + _PLACEMENTS)], 1)
    p = np.array([placement_p(row[0], row[1:]) for row in drawn])
    share = float((p <= 0.05).mean())
    return Row(
        f"{len(p)} random maps of a true model: p ≤ .05",
        ".05",
        ".03 to .07",
        f"{share:.3f}",
        0.03 <= share <= 0.07,
    )
