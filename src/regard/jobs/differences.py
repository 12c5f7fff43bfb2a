"""Paired differences between models that were tested on the same cases, with intervals."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.outputs import CaseScores, Compared
from regard.runs import unescaped, write_rows

__all__ = ["Difference", "differences", "paired_interval", "read_scores", "remarks", "write_scores"]

_LEVEL = 0.95

_Floats = NDArray[np.float64]


class Difference(NamedTuple):
    """A model's mean score, and how far it is from the best one's on the same cases.

    Attributes:
        mean: of the scores, over cases and seeds.
        difference: mean of the paired differences, 0 for the best.
        low, high: ends of its interval of 95 %; None where one block and one seed
            leave no spread.
        by_seed: seed to its difference.
        best: whether it is the best one.
    """

    mean: float
    difference: float
    low: float | None
    high: float | None
    by_seed: Mapping[int, float]
    best: bool = False

    @property
    def differs(self) -> bool | None:
        """Whether the interval leaves out 0; None where there is no interval."""
        if self.low is None or self.high is None:
            return None
        return not self.low <= 0 <= self.high


def write_scores(path: Path, scores: CaseScores) -> None:
    """A CSV file with a row for each case: its name, its block and its score."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = zip(scores.cases, scores.blocks, scores.values.tolist(), strict=True)
        write_rows(file, [("case", "block", "score"), *rows])


def read_scores(path: Path) -> CaseScores | None:
    """What `write_scores` has written; None where there is no file, as in older runs."""
    if not path.is_file():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    cases, blocks, values = zip(*rows, strict=True)
    cases = tuple(map(unescaped, cases))
    return CaseScores(np.array(cases), np.array(values, np.float64), np.array(blocks, np.int64))


def differences(
    scores: Mapping[str, Mapping[int, CaseScores]], *, best: str
) -> dict[str, Difference]:
    """The difference of every model to the best one.

    A model is compared with it on the seeds that both have and where both have the same cases; one
    without such a seed is left out.

    Parameters:
        scores: model to seed to scores.
        best: name of the best model, whatever it is the best by.
    """
    means = {
        name: float(np.mean([own.values.mean() for own in of.values()]))
        for name, of in scores.items()
        if of
    }
    if best not in means:
        return {}
    found = {}
    for name, mean in means.items():
        pairs = {
            at: (own, scores[best][at])
            for at, own in scores[name].items()
            if at in scores[best] and np.array_equal(own.cases, scores[best][at].cases)
        }
        if not pairs:
            continue
        apart = [own.values - other.values for own, other in pairs.values()]
        blocks = [own.blocks for own, _ in pairs.values()]
        same = all(
            np.array_equal(own.cases, pairs[min(pairs)][0].cases) for own, _ in pairs.values()
        )
        interval = (
            None if name == best else paired_interval(apart, blocks, same=same, models=len(means))
        )
        low, high = interval or (None, None)
        by_seed = {at: float(own.mean()) for at, own in zip(pairs, apart, strict=True)}
        difference = float(np.mean(list(by_seed.values())))
        found[name] = Difference(mean, difference, low, high, by_seed, name == best)
    return found


def paired_interval(
    apart: Sequence[_Floats], blocks: Sequence[NDArray[np.int64]], *, same: bool, models: int = 2
) -> tuple[float, float] | None:
    """The interval of 95 % of a mean difference over random seeds and cases.

    Seeds and blocks of cases are random effects: crossed if all seeds have the same cases,
    otherwise the blocks are nested in the seeds. The degrees of freedom of the variance are
    Satterthwaite's, so that two seeds that differ much give a wide interval. The quantile is
    Tukey's for all pairs of the models, since the best one is chosen by the same scores; of two
    models it is Student's t. With one seed the interval is over the cases alone.

    Parameters:
        apart: of each seed, the [B] differences of the cases.
        blocks: of each seed, the [B] numbers of the blocks.
        same: whether the seeds have the same cases, in the same order.
        models: how many models are compared with each other.

    Returns:
        Its ends; None where there is one block and one seed.

    Reference:
        Satterthwaite, "An approximate distribution of estimates of variance components", 1946;
        Tukey, "The problem of multiple comparisons", 1953.
    """
    from scipy import stats

    parts = [_by_block(*each) for each in zip(apart, blocks, strict=True)]
    if len(parts) == 1 and len(parts[0]) == 1:
        return None
    crossed = same and min(len(parts), len(parts[0])) > 1
    variance, freedom = _crossed(np.array(parts)) if crossed else _nested(parts)
    middle = float(np.mean([part.mean() for part in parts]))
    if models == 2:
        quantile = float(stats.t.ppf((1 + _LEVEL) / 2, freedom))
    else:
        quantile = float(stats.studentized_range.ppf(_LEVEL, models, freedom)) / np.sqrt(2)
    reach = float(quantile * np.sqrt(variance))
    return middle - reach, middle + reach


def _by_block(values: _Floats, blocks: NDArray[np.int64]) -> _Floats:
    """One value for each block, with the mean of all values and the variance of that mean."""
    _, codes = np.unique(blocks, return_inverse=True)
    apart = np.bincount(codes, values - values.mean())
    return np.asarray(values.mean() + apart * len(apart) / len(values), np.float64)


def _crossed(values: _Floats) -> tuple[float, float]:
    """Variance of the mean of [S, B] values of seeds by blocks, and its degrees of freedom."""
    seeds, count = values.shape
    by_seed, by_block = values.mean(1, keepdims=True), values.mean(0, keepdims=True)
    both = (seeds - 1) * (count - 1)
    rest = float(np.square(values - by_seed - by_block + values.mean()).sum()) / both
    of_seeds = float(count * by_seed.var(ddof=1))
    of_blocks = float(seeds * by_block.var(ddof=1))
    total = rest + max(of_seeds - rest, 0) + max(of_blocks - rest, 0)
    squares = [(of_seeds, seeds - 1), (of_blocks, count - 1), (rest, both)]
    return total / (seeds * count), _freedom(total, squares)


def _nested(parts: Sequence[_Floats]) -> tuple[float, float]:
    """The same of seeds that have blocks of their own."""
    seeds = len(parts)
    inside = float(
        np.mean([part.var(ddof=1) / len(part) if len(part) > 1 else 0 for part in parts])
    )
    squares = [(inside, sum(len(part) - 1 for part in parts))]
    total = inside
    if seeds > 1:
        between = float(np.var([part.mean() for part in parts], ddof=1))
        squares.append((between, seeds - 1))
        total = max(between, inside)
    return total / seeds, _freedom(total, squares)


def _freedom(total: float, squares: Sequence[tuple[float, int]]) -> float:
    """Satterthwaite's degrees of freedom of a sum of mean squares, at least one."""
    spread = sum(square**2 / freedom for square, freedom in squares if freedom)
    return max(total**2 / spread, 1.0) if spread else 1.0


def remarks(
    figure: Compared,
    scores: Mapping[str, Mapping[int, CaseScores]],
    apart: Mapping[str, Difference],
) -> list[str]:
    """What another seed changes, and what the differences to the best one say.

    Parameters:
        figure: the mean of the scores.
        scores: model to seed to scores.
        apart: their differences.
    """
    if not apart:
        return []
    several = [of for of in scores.values() if len(of) > 1]
    if several:
        spreads = [np.var([own.values.mean() for own in of.values()], ddof=1) for of in several]
        first, *others = several[0].values()
        parts = all(np.array_equal(first.cases, own.cases) for own in others)
        notes = [
            f"another seed changes the {figure.title} of the same attention by "
            f"{np.sqrt(np.mean(spreads)):.4f} (standard deviation)"
            + ("" if parts else "; it changes the test part too")
        ]
    elif len(apart) > 1:
        notes = ["with one seed, the intervals leave out what another seed would change"]
    else:
        return []
    alike = [name for name, own in apart.items() if own.differs is False]
    if alike:
        notes.append(
            f"no difference to the best is shown for {', '.join(alike)}: the interval of 95 % over "
            f"{'seeds and cases' if several else 'cases'} has 0 in it"
        )
    return notes
