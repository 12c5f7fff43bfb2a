"""Paired differences between models, with intervals over seeds and cases."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from commands import TINY
from regard import jobs
from regard.jobs.comparison_table import latex_of
from regard.jobs.differences import differences, paired_interval, read_scores, remarks, write_scores
from regard.outputs import CaseScores, Compared

ACCURACY = Compared("accuracy", "accuracy")


def _scores(values: Any, *, first: int = 0, blocks: Any = None) -> CaseScores:
    values = np.asarray(values, np.float64)
    names = np.array([f"case {first + n}" for n in range(len(values))])
    return CaseScores(names, values, np.arange(len(values)) if blocks is None else blocks)


def test_differences_are_paired_by_case_and_seed() -> None:
    found = differences(
        {
            "good": {0: _scores([1, 1, 0, 1]), 1: _scores([1, 1, 1, 1])},
            "bad": {0: _scores([0, 1, 0, 1]), 1: _scores([1, 1, 0, 0])},
        },
        best="good",
    )
    assert found["good"].best
    assert found["good"].mean == 7 / 8
    assert found["bad"].by_seed == {0: -1 / 4, 1: -2 / 4}
    assert found["bad"].difference == -3 / 8
    low, high = found["bad"].low, found["bad"].high
    assert low is not None
    assert high is not None
    assert low < -3 / 8 < high


def test_the_best_by_another_figure_need_not_have_the_best_scores() -> None:
    """By F1, say, while the scores are those of accuracy."""
    found = differences({"a": {0: _scores([1, 1, 1])}, "b": {0: _scores([1, 1, 0])}}, best="b")
    assert found["b"].best
    assert found["a"].difference == pytest.approx(1 / 3)
    assert differences({"a": {0: _scores([1, 1])}}, best="c") == {}  # its runs have no scores


def test_with_one_seed_the_interval_is_that_of_a_paired_t_test() -> None:
    apart = np.random.default_rng(0).normal(0.3, 2.0, 400)
    found = paired_interval([apart], [np.arange(400)], same=True)
    expected = stats.ttest_1samp(apart, 0).confidence_interval(0.95)
    assert found == pytest.approx([expected.low, expected.high])


def test_seeds_that_differ_widen_the_interval() -> None:
    """The cases of a seed are all alike, so that only seeds are left: their variance is 4/3 / 4."""
    apart = [np.full(50, value) for value in (-1.0, -1.0, 1.0, 1.0)]
    low, high = paired_interval(apart, [np.arange(50)] * 4, same=True) or (0.0, 0.0)
    expected = stats.ttest_1samp([-1, -1, 1, 1], 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("seeds", "share"), [(2, 0.15), (3, 0.1)])
@pytest.mark.parametrize("own", [0.0, 1.0])
def test_models_that_are_alike_are_seldom_said_to_differ(
    seeds: int, share: float, own: float
) -> None:
    """Also of few seeds that change much more than the cases do; two can agree by chance."""
    rng, said = np.random.default_rng(0), 0
    for _ in range(150):
        cases = rng.normal(size=50)
        apart = [own * rng.normal() + cases + rng.normal(size=50) for _ in range(seeds)]
        low, high = paired_interval(apart, [np.arange(50)] * seeds, same=True) or (-1, 1)
        said += not low <= 0 <= high
    assert said / 150 < share


def test_the_interval_is_wider_among_many_models() -> None:
    """The best of ten is better than the others by chance, which an interval for a pair forgets."""
    apart: list[Any] = [np.arange(30.0)]
    pair = paired_interval(apart, [np.arange(30)], same=True) or (0, 0)
    ten = paired_interval(apart, [np.arange(30)], same=True, models=10) or (0, 0)
    # Tables of the studentized range: q(.95; 10, 29) is 4.83, Student's t of 29 is 2.045.
    assert (ten[1] - ten[0]) / (pair[1] - pair[0]) == pytest.approx(
        4.83 / np.sqrt(2) / 2.045, rel=3e-3
    )


def test_four_parts_of_their_own_say_more_than_one_part_four_times() -> None:
    values = np.random.default_rng(0).normal(size=400)
    for same, cases in ((True, 400), (False, 1600)):
        found = paired_interval([values] * 4, [np.arange(400)] * 4, same=same) or (0.0, 0.0)
        reach = 1.96 * values.std() / np.sqrt(cases)
        assert found == pytest.approx([values.mean() - reach, values.mean() + reach], abs=reach / 7)
    uneven = [np.arange(400), np.arange(30)]
    assert paired_interval([values, values[:30]], uneven, same=False) is not None


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Five seeds with a test part each; each differs from the truth, and so does each case."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(40):
        seeds = 0.2 + 0.05 * rng.normal(size=5)
        apart = [own + rng.normal(size=80) for own in seeds]
        low, high = paired_interval(apart, [np.arange(80)] * 5, same=False) or (1, 0)
        held += low <= 0.2 <= high
    assert held >= 35


def test_what_depends_on_each_other_counts_together() -> None:
    """Ten blocks of forty equal cases are ten cases, and not four hundred."""
    values = np.random.default_rng(0).normal(size=10)
    blocks = np.repeat(np.arange(10), 40)
    many = paired_interval([np.repeat(values, 40)], [blocks], same=True)
    few = paired_interval([values], [np.arange(10)], same=True)
    assert many == pytest.approx(few)
    assert paired_interval([np.ones(40)], [np.zeros(40, np.int64)], same=True) is None


def test_other_cases_are_not_paired() -> None:
    pair: dict[str, Any] = {"a": {0: _scores([1, 1])}, "b": {0: _scores([0, 1], first=5)}}
    assert list(differences(pair, best="a")) == ["a"]


def test_scores_are_read_as_they_were_written(tmp_path: Path) -> None:
    given = CaseScores(np.array(["a, b", 'c"d']), np.array([0.1, 1 / 3]), np.array([0, 0]))
    write_scores(tmp_path / "scores.csv", given)
    found = read_scores(tmp_path / "scores.csv")
    assert found is not None
    for own, other in zip(found, given, strict=True):
        np.testing.assert_array_equal(own, other)
    assert read_scores(tmp_path / "none.csv") is None


def test_it_says_what_a_seed_changes_and_what_does_not_differ() -> None:
    def rows(right: int) -> NDArray[np.float64]:
        return (np.arange(100) < right).astype(np.float64)

    scores = {
        "best": {0: _scores(rows(90)), 1: _scores(rows(94))},
        "near": {0: _scores(rows(91)), 1: _scores(rows(92))},
        "far": {0: _scores(rows(20)), 1: _scores(rows(24))},
    }
    apart = differences(scores, best="best")
    assert [own.differs for own in apart.values()] == [None, False, True]
    seed, alike = remarks(ACCURACY, scores, apart)
    # Variances of two seeds: .0008, .00005 and .0008.
    assert f"by {np.sqrt((0.0008 + 0.00005 + 0.0008) / 3):.4f} (standard deviation)" in seed
    assert "test part" not in seed
    assert alike.startswith("no difference to the best is shown for near: the interval")
    one = {name: {0: of[0]} for name, of in scores.items()}
    told = remarks(ACCURACY, one, differences(one, best="best"))
    assert "with one seed" in told[0]
    assert "over cases has 0 in it" in told[1]
    alone = {"best": one["best"]}
    assert remarks(ACCURACY, alone, differences(alone, best="best")) == []
    other = {"best": {0: _scores(rows(90)), 1: _scores(rows(94), first=7)}}
    assert (
        "it changes the test part too"
        in remarks(ACCURACY, other, differences(other, best="best"))[0]
    )


def test_a_table_in_latex() -> None:
    table = [["attention", "F1", "differs"], ["local-p 10%", "0.9 ± 0.1", "-0.02 [-0.03, +0.00]"]]
    assert latex_of(table).splitlines() == [
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"attention & F1 & differs \\",
        r"\midrule",
        r"local-p 10\% & 0.9 $\pm$ 0.1 & $-$0.02 [$-$0.03, $+$0.00] \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _config(task: str, folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    if task == "classify":
        return TINY
    training = {"epochs": 1, "updates_per_epoch": 1, "device": "cpu"}
    model = {"encoder": "conv", "hidden": 4, "pooling": "attention"}
    path = folder / "data.csv"
    data: dict[str, Any]
    if task == "regress":
        np.savetxt(path, rng.normal(size=(30, 9)), delimiter=",")
        data = {"kind": "csv", "path": str(path)}
    else:
        rows = [f"2024-01-{day:02},{value:.3f}" for day, value in enumerate(rng.normal(size=31), 1)]
        path.write_text("\n".join(["ds,y", *rows]))
        data = {"kind": "table", "path": str(path), "time": "ds", "target": "y", "horizon": 2}
        data |= {"window": 6}
        del model["pooling"]
    return {"task": task, "data": data, "model": model, "training": training}


@pytest.mark.parametrize(
    ("task", "figure", "first", "best"),
    [
        ("classify", "accuracy", "f1", max),
        ("regress", "mae", "rmse", min),
        ("forecast", "mae", "mae", min),
    ],
)
def test_the_mean_of_the_scores_is_the_figure(
    task: str, figure: str, first: str, best: Callable[..., str], tmp_path: Path
) -> None:
    """And the best attention is the best of the table's first column."""
    compared = jobs.compare(_config(task, tmp_path), ["dot", "general"], tmp_path / "out", seeds=2)
    for one in compared.trained:
        run = tmp_path / "out" / f"{one.attention}-seed{one.seed}"
        scores = read_scores(run / "scores.csv")
        assert scores is not None
        assert scores.values.mean() == pytest.approx(one.metrics[figure], rel=1e-6)
    means: dict[str, float] = {}
    for one in compared.trained:
        means[one.attention] = means.get(one.attention, 0.0) + one.metrics[first] / 2
    winner = best(means, key=lambda name: means[name])
    title = "accuracy" if figure == "accuracy" else "MAE"
    at = compared.table[0].index(f"{title} to the best")
    assert {row[0]: row[at] for row in compared.table[1:]}[winner] == "best"
    rows = list(csv.DictReader((tmp_path / "out" / "compare.csv").read_text().splitlines()))
    for row in rows:
        mate = next(r for r in rows if (r["attention"], r["seed"]) == (winner, row["seed"]))
        apart = float(row[figure]) - float(mate[figure])
        assert float(row["difference"]) == pytest.approx(apart, abs=1e-9)
    assert (tmp_path / "out" / "compare.tex").read_text().startswith(r"\begin{tabular}")


def test_windows_that_overlap_are_in_one_block(tmp_path: Path) -> None:
    jobs.train(_config("forecast", tmp_path), tmp_path / "run")
    with (tmp_path / "run" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    blocks = [int(row["block"]) for row in rows]
    assert blocks == [at // 2 for at in range(len(rows))]
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["horizon"] == 2
