"""Paired differences between models that were tested on the same cases, with intervals."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.outputs import CaseScores, Compared

__all__ = ["Difference", "differences", "paired_interval", "read_scores", "remarks", "write_scores"]

_RESAMPLES = 2000
_TAILS = (2.5, 97.5)

_Floats = NDArray[np.float64]


class Difference(NamedTuple):
    """A model's mean score, and how far it is from the best one's on the same cases.

    Attributes:
        mean: of the scores, over cases and seeds.
        difference: mean of the paired differences, 0 for the best.
        low, high: ends of its interval of 95 %; None where there is nothing to resample.
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
        writer = csv.writer(file)
        writer.writerow(["case", "block", "score"])
        writer.writerows(zip(scores.cases, scores.blocks, scores.values.tolist(), strict=True))


def read_scores(path: Path) -> CaseScores | None:
    """What `write_scores` has written; None where there is no file, as in older runs."""
    if not path.is_file():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    cases, blocks, values = zip(*rows, strict=True)
    return CaseScores(np.array(cases), np.array(values, np.float64), np.array(blocks, np.int64))


def differences(
    scores: Mapping[str, Mapping[int, CaseScores]], *, best: str, seed: int = 0
) -> dict[str, Difference]:
    """The difference of every model to the best one.

    The best has the best mean score. A model is compared with it on the seeds that both have and
    where both have the same cases; one without such a seed is left out.

    Parameters:
        scores: model to seed to scores.
        best: "highest" or "lowest".
        seed: random seed of the resampling.
    """
    means = {
        name: float(np.mean([own.values.mean() for own in of.values()]))
        for name, of in scores.items()
        if of
    }
    if not means:
        return {}
    first = (max if best == "highest" else min)(means, key=lambda name: means[name])
    found = {}
    for name, mean in means.items():
        pairs = {
            at: (own, scores[first][at])
            for at, own in scores[name].items()
            if at in scores[first] and np.array_equal(own.cases, scores[first][at].cases)
        }
        if not pairs:
            continue
        apart = [own.values - other.values for own, other in pairs.values()]
        blocks = [own.blocks for own, _ in pairs.values()]
        same = all(
            np.array_equal(own.cases, pairs[min(pairs)][0].cases) for own, _ in pairs.values()
        )
        interval = None if name == first else paired_interval(apart, blocks, same=same, seed=seed)
        low, high = interval or (None, None)
        by_seed = {at: float(own.mean()) for at, own in zip(pairs, apart, strict=True)}
        difference = float(np.mean(list(by_seed.values())))
        found[name] = Difference(mean, difference, low, high, by_seed, name == first)
    return found


def paired_interval(
    apart: Sequence[_Floats], blocks: Sequence[NDArray[np.int64]], *, same: bool, seed: int = 0
) -> tuple[float, float] | None:
    """The interval of 95 % of a mean difference, by a bootstrap over seeds and cases.

    Seeds are drawn with replacement, and blocks of cases: the same blocks for all seeds if these
    have the same test part, otherwise blocks of each. Of few seeds a bootstrap gives too little
    spread, (S - 1) / S of the variance, so the differences between seeds are stretched by the root
    of its inverse. With one seed the interval is over the cases alone.

    Parameters:
        apart: of each seed, the [B] differences of the cases.
        blocks: of each seed, the [B] numbers of the blocks.
        same: whether the seeds have the same cases, in the same order.
        seed: random seed.

    Returns:
        The 2.5th and the 97.5th percentile; None where there is one block and one seed.

    Reference:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13.
    """
    generator, count = np.random.default_rng(seed), len(apart)
    sums, sizes = zip(*map(_by_block, apart, blocks), strict=True)
    means = np.array([own.mean() for own in apart])
    if count == 1 and len(sizes[0]) == 1:
        return None
    stretched = means + (means - means.mean()) * (np.sqrt(count / max(count - 1, 1)) - 1)
    drawn = np.empty(_RESAMPLES)
    for at in range(_RESAMPLES):
        chosen = generator.integers(count, size=count)
        moved = np.empty(count)
        index = generator.integers(len(sizes[0]), size=len(sizes[0]))
        for place, own in enumerate(chosen):
            if not same:
                index = generator.integers(len(sizes[own]), size=len(sizes[own]))
            moved[place] = sums[own][index].sum() / sizes[own][index].sum() - means[own]
        drawn[at] = (stretched[chosen] + moved).mean()
    low, high = np.percentile(drawn, _TAILS)
    return float(low), float(high)


def _by_block(values: _Floats, blocks: NDArray[np.int64]) -> tuple[_Floats, _Floats]:
    """The sum of the values in each block, and how many there are."""
    _, codes = np.unique(blocks, return_inverse=True)
    sums = np.bincount(codes, values).astype(np.float64)
    return sums, np.bincount(codes).astype(np.float64)


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
    else:
        notes = ["with one seed, the intervals leave out what another seed would change"]
    alike = [name for name, own in apart.items() if own.differs is False]
    if alike:
        notes.append(
            f"no difference to the best is shown for {', '.join(alike)}: the interval of 95 % over "
            "seeds and cases has 0 in it"
        )
    return notes
