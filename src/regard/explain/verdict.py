"""Whether to believe a map, in one sentence with a number behind it."""

from dataclasses import dataclass
from typing import Literal

from regard.explain.chance import Interval

__all__ = ["FEWEST", "LEAST_GAIN", "Belief", "Figures", "Verdict", "judge"]

Belief = Literal["believe", "weak", "do not"]

FEWEST = 10  # cases, of which an interval says something
LEAST_GAIN = 0.05  # of the best map, below which there is nowhere to look
_DEAD = 0.05  # below which weights do not matter
_HALF = 0.5  # of what the best map finds


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured of a map of the cases that are predicted alike.

    From `comprehensiveness` on they are figures of the literature; a verdict depends on `aopcr`.

    Attributes:
        cases: how many.
        learned: how much better than guessing the model does on all cases that were given: accuracy
            minus the share of the most frequent class; of numbers, the mean absolute error of their
            mean minus that of the model, in standard deviations.
        gain: mean over cases of left(least erased) - left(most erased), minus the same of the map
            placed elsewhere. What is left of an answer is the probability of the predicted class,
            or 1 minus the change of a number in standard deviations; the mean is over shares of the
            positions and ways to replace them.
        best: the highest gain of what asks the model itself: occlusion, and the gradient where
            there is one.
        share: gain divided by that.
        shuffle: median change of the answer with the trained weights in another order: total
            variation of the probabilities, or standard deviations; None for a map that is not of
            weights.
        seeds: overlap of the highest fifth of the map with that of models with other seeds, minus
            the overlap with that of another case; None where there is one model.
        comprehensiveness: how much of the answer is lost without the highest 1, 5, 10, 20 or 50 %
            of the positions, the mean of these.
        sufficiency: the same with these alone; low is good.
        aopcr: area over the curve of what is left without the highest 5 to 50 %, minus the area for
            an order drawn at random.
        ap, ap_gain: average precision with which the map ranks the positions that are known to
            matter first, and that minus the figure of the map placed elsewhere; None where fewer
            than `FEWEST` cases have such positions.
        ndcg, ndcg_gain: likewise of `localisation_ndcg`.
        pointing, pointing_gain: likewise of whether the highest position is among them.
    """

    cases: int
    learned: Interval
    gain: Interval
    best: float
    share: Interval
    shuffle: float | None = None
    seeds: Interval | None = None
    comprehensiveness: Interval | None = None
    sufficiency: Interval | None = None
    aopcr: Interval | None = None
    ap: Interval | None = None
    ap_gain: Interval | None = None
    ndcg: Interval | None = None
    ndcg_gain: Interval | None = None
    pointing: Interval | None = None
    pointing_gain: Interval | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What to think of a map of the cases that are predicted alike.

    Attributes:
        map: "attention" or "evidence".
        label: the predicted class, or the names of predicted numbers.
        verdict: "believe", "weak" or "do not".
        sentence: why.
        figures: what was measured; None where there are too few cases.
    """

    map: str
    label: str
    verdict: Belief
    sentence: str
    figures: Figures | None


def judge(figures: Figures, *, moves: str) -> tuple[Belief, str]:
    """The verdict and its sentence.

    Parameters:
        figures: of the map.
        moves: what erasing moves, with a place for the number.

    >>> sure = Interval(0.4, 0.3, 0.5)
    >>> figures = Figures(cases=50, learned=sure, gain=sure, best=0.4, share=Interval(1, 0.9, 1.1))
    >>> verdict, sentence = judge(figures, moves="the probability by {:.2f}")
    >>> verdict
    'believe'
    >>> sentence
    'erasing what it marks moves the probability by 0.40 more than erasing the same elsewhere'
    """
    gain, share = figures.gain, figures.share
    if figures.learned.low <= 0:
        return "do not", f"the model does no better than guessing ({_shown(figures.learned)})"
    most = max(figures.best, gain.value)
    if most < LEAST_GAIN:
        return "do not", (
            "there is nowhere to look: what is best to erase moves "
            f"{moves.format(max(0.0, most))} more than erasing the same elsewhere"
        )
    if figures.shuffle is not None and figures.shuffle < _DEAD:
        return "do not", (
            "the same answer comes out whatever the weights: in another order they move "
            f"{moves.format(figures.shuffle)}"
        )
    if gain.high < 0:
        return "do not", f"it points away from what moves the answer ({_shown(gain)})"
    if gain.low <= 0:
        return "do not", f"it is no better than the same map elsewhere ({_shown(gain)})"
    if figures.aopcr is not None and figures.aopcr.low <= LEAST_GAIN:
        return "do not", (
            "there is nowhere to look: as many positions erased at random move the answer about as "
            f"far (AOPCR {_shown(figures.aopcr)})"
        )
    moved = (
        f"erasing what it marks moves {moves.format(gain.value)} more than erasing the same "
        "elsewhere"
    )
    if figures.seeds is not None:
        if figures.seeds.low <= 0:
            return "weak", f"{moved}, but another seed looks elsewhere ({_shown(figures.seeds)})"
        moved += f", and another seed looks there too ({_shown(figures.seeds)})"
    if share.low < _HALF:
        value, low, high = (f"{100 * each:.0f}" for each in share)
        return "weak", (
            f"{moved}, which is not surely half of what occlusion or the gradient finds "
            f"({value} %, 95 % from {low} to {high} %)"
        )
    return "believe", moved


def _shown(interval: Interval) -> str:
    value, low, high = (f"{each:+.2f}" for each in interval)
    return f"{value}, 95 % from {low} to {high}"
