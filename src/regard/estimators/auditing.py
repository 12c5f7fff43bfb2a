"""Whether to believe the maps of an estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, nearest
from regard.estimators.erasure import METHODS, Erasure, Floats, Maps, weighed
from regard.estimators.published import published
from regard.explain import (
    FEWEST,
    LEAST_GAIN,
    Belief,
    Figures,
    Interval,
    Verdict,
    discoveries,
    judge,
    mean_interval,
    placement_p,
    ratio_interval,
)

if TYPE_CHECKING:
    from regard.estimators.base import AttentionEstimator

__all__ = ["Audit", "CaseAudit", "Uniform", "attributed", "audit", "refuse_unaudited"]

_PLACEMENTS = 39  # of a single map: the smallest p is 1 in 40
_FIFTH = 0.2  # of a map, by which models with different seeds are compared


class CaseAudit(NamedTuple):
    """Whether the map of one case is more than chance.

    Attributes:
        map: "attention" or "evidence".
        part: of the answer that is asked for, such as a word that was written; "" for all of it.
        gain: left(least erased) - left(most erased), as in `Figures`.
        elsewhere: [39] the same of the map at other places.
        occlusion: the same of what erasing one window after the other finds.
        p: share of the 40 that are as high as the gain.
        found: whether it is more than chance, of all cases asked for together; one in twenty of
            those found is not.
    """

    map: str
    part: str
    gain: float
    elsewhere: Floats
    occlusion: float
    p: float
    found: bool


class Uniform(NamedTuple):
    """What the attention is for: a figure of the test part beside that of equal weights.

    Attributes:
        figure: which, such as "accuracy".
        value: of the model.
        uniform: of one that was trained alike, with the score `none`.
    """

    figure: str
    value: float
    uniform: float


@dataclass(frozen=True, eq=False)
class Audit:
    """The verdicts on the maps of a model.

    Attributes:
        verdicts: map and predicted class, or the names of predicted numbers, to what to think.
        drawn: the map that pictures show.
        cases: how many were looked at.
        seed: of what was drawn.
        uniform: what attention is worth; None where no model was trained again.
    """

    verdicts: Mapping[tuple[str, str], Verdict]
    drawn: str
    cases: int
    seed: int
    _estimator: AttentionEstimator = field(repr=False)
    uniform: Uniform | None = None

    def of(self, X: Any) -> list[list[CaseAudit]]:
        """For each case, its maps held against 39 placements of each.

        Parameters:
            X: a few cases, as for `predict`.
        """
        estimator = self._estimator
        erasure = Erasure(estimator, estimator._cases(X), np.random.default_rng(self.seed))
        if erasure.short().any():
            at = erasure.cases.ids[int(erasure.short().argmax())]
            raise DataError(f"case {at}: has one {estimator.input_.noun}, which has no elsewhere")
        best = erasure.gains(erasure.occlusion())
        asked = [each.name for each in erasure.questions]
        found: dict[str, list[CaseAudit]] = {}
        for name, (own, _) in erasure.maps.items():
            gains = erasure.gains(own)
            others = np.stack([erasure.gains(erasure.moved(own)) for _ in range(_PLACEMENTS)], 1)
            p = np.array([placement_p(*each) for each in zip(gains, others, strict=True)])
            columns = asked, gains, others, best, p, discoveries(p)
            found[name] = [
                CaseAudit(name, part, float(gain), row, float(top), float(own_p), bool(more))
                for part, gain, row, top, own_p, more in zip(*columns, strict=True)
            ]
        return [list(each) for each in zip(*found.values(), strict=True)]

    def to_dict(self) -> dict[str, Any]:
        """The verdicts as JSON holds them; intervals as value, low, high."""
        rows = [asdict(each) for each in self.verdicts.values()]
        for row in rows:
            figures = row["figures"] or {}
            for name, figure in figures.items():
                if isinstance(figure, Interval):
                    figures[name] = [round(each, 6) for each in figure]
                elif isinstance(figure, float):
                    figures[name] = round(figure, 6)
        uniform = {} if self.uniform is None else {"uniform": self.uniform._asdict()}
        about = {"cases": self.cases, "seed": self.seed, "drawn": self.drawn}
        return about | uniform | {"verdicts": rows}

    def _repr_html_(self) -> str:
        from regard.plots import said
        from regard.plots.notebook import html_table

        head = ("map", "predicted", "verdict", "why", "cases")
        rows = [
            (
                one.map,
                one.label,
                said(one.verdict, measured=one.figures is not None),
                one.sentence,
                one.figures.cases if one.figures else "",
            )
            for one in self.verdicts.values()
        ]
        return html_table(f"Audit of the maps on {self.cases} cases", head, rows)


def attributed(
    estimator: AttentionEstimator, cases: Any, method: str, *, channels: bool = False
) -> Maps:
    """See `AttentionEstimator.attributions`."""
    if method not in METHODS:
        near = nearest(method, METHODS)
        hint = "" if near is None else f"; did you mean {near!r}?"
        raise ConfigError(f"method: wanted one of {', '.join(METHODS)}, not {method!r}{hint}")
    refuse_unaudited(estimator)
    return Erasure(estimator, cases, np.random.default_rng(0)).by(method, channels=channels)


def audit(
    estimator: AttentionEstimator,
    X: Any,
    y: Any,
    *,
    cases: int,
    seed: int,
    others: Sequence[AttentionEstimator],
    watch: Callable[[int, int], None] | None = None,
) -> Audit:
    """See `AttentionEstimator.audit`."""
    incoming, output = estimator.input_, estimator.output_
    refuse_unaudited(estimator, compared=bool(others))
    if cases < FEWEST:
        raise ConfigError(f"cases: wanted at least {FEWEST}, not {cases}")
    generator = np.random.default_rng(seed)
    given = _labelled(estimator, X, y)
    given = given.take(output.apart(given))
    if output.searched and len(given) > cases:
        given = given.take(np.sort(generator.choice(len(given), cases, replace=False)))
    seen = estimator.infer(given)
    beyond = output.beyond_guessing(seen, partial(weighed, estimator, seen.encoded))
    learned = mean_interval(beyond, seed=seed)
    groups, names = output.groups(seen.values)
    chosen = _choose(groups, cases, generator)
    groups = groups[chosen]
    some = given.take(chosen)
    erasure = Erasure(estimator, some, generator)
    if (short := erasure.short()).any():  # a map of one position cannot be placed elsewhere
        if short.all():
            raise DataError(f"no case has two {incoming.noun}s, of which one could be erased")
        chosen, groups = chosen[~short], groups[~short]
        some = given.take(chosen)
        erasure = Erasure(estimator, some, generator)
    maps = erasure.maps
    references = erasure.references()
    done, steps = 0, 2 * len(maps) + len(references) + 1

    def told() -> None:
        nonlocal done
        done += 1
        if watch is not None:
            watch(done, steps)

    ends, gains = {}, {}
    for name, each in (maps | references).items():
        most, least = ends[name] = erasure.ends(each.own)
        gains[name] = (least - most).mean(0) - erasure.gains(erasure.elsewhere(each))
        told()
    moved = erasure.moved_by_shuffling() if "attention" in maps else None
    same = {
        name: _agreement(each.own, groups, erasure, others, name) for name, each in maps.items()
    }
    told()
    more = published(erasure, ends, told)

    def verdict(name: str, label: str, own: NDArray[np.bool_]) -> Verdict:
        verdict: Belief = "do not"
        sentence = (
            f"{int(own.sum())} of the cases looked at have this answer, and {FEWEST} are wanted; "
            "hold out more, or audit other cases with labels"
        )
        figures = None
        if own.sum() >= FEWEST:
            best = np.stack([gains[each][own] for each in references])
            agreed = same[name]
            figures = Figures(
                cases=int(own.sum()),
                learned=learned,
                gain=mean_interval(gains[name][own], seed=seed),
                best=float(best.mean(1).max()),
                share=ratio_interval(gains[name][own], best, least=LEAST_GAIN, seed=seed),
                shuffle=(
                    float(np.median(moved[own]))
                    if name == "attention" and moved is not None
                    else None
                ),
                seeds=None if agreed is None else mean_interval(agreed[own], seed=seed),
                **{figure: _known(each[own], seed) for figure, each in more[name].items()},
            )
            verdict, sentence = judge(figures, moves=output.moves)
        return Verdict(map=name, label=label, verdict=verdict, sentence=sentence, figures=figures)

    verdicts = {
        (name, label): verdict(name, label, groups == number)
        for number, label in enumerate(names)
        for name in maps
    }
    drawn = "evidence" if incoming.by_evidence else "attention"
    return Audit(verdicts, drawn, len(chosen), seed, estimator)


def _known(values: Floats, seed: int) -> Interval | None:
    """The mean of the values that are known, where these are enough."""
    known = values[~np.isnan(values)]
    return mean_interval(known, seed=seed) if len(known) >= FEWEST else None


def refuse_unaudited(estimator: AttentionEstimator, *, compared: bool = False) -> None:
    """Refuse a model whose maps are not audited, or not compared with those of other seeds."""
    if not (estimator.input_.replacements and estimator.output_.moves):
        raise ConfigError(
            f"maps of a model that was trained to {estimator.task} are not held against what moves "
            "its answers"
        )
    if compared and estimator.output_.searched:
        raise ConfigError(
            "retrain: other models write other texts, and their maps cannot be compared; leave it "
            "out"
        )


def _labelled(estimator: AttentionEstimator, X: Any, y: Any) -> Any:
    """X as cases with labels, by which it is known whether the model has learned anything."""
    cases = estimator._cases(X)
    if y is not None:
        labels = np.asarray(y)
        if len(labels) != len(cases):
            raise DataError(f"y: wanted one for each of {len(cases)} cases, given {len(labels)}")
        cases = replace(cases, labels=labels)
    if not estimator.output_.known(cases):
        raise DataError("y: wanted the labels of the cases, since the model may know nothing")
    if not len(cases):
        raise DataError("X: wanted at least one case")
    return cases


def _choose(
    groups: NDArray[np.int64], count: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Positions of so many cases, as evenly from the groups as they allow."""
    order = generator.permutation(len(groups))
    numbers = groups[order]
    place = np.empty(len(groups), np.int64)  # of each case in its group
    for number in np.unique(groups):
        own = np.flatnonzero(numbers == number)
        place[own] = np.arange(len(own))
    return np.sort(order[np.argsort(place, kind="stable")[:count]])


def _agreement(
    maps: Maps,
    groups: NDArray[np.int64],
    erasure: Erasure,
    others: Sequence[AttentionEstimator],
    name: str,
) -> Floats | None:
    """[B] overlap with the maps of other models, minus that with those of another case."""
    if not others:
        return None
    overlaps = []
    for other in others:
        drawn = np.random.default_rng(0)
        theirs = Erasure(other, erasure.cases, drawn, erasure.questions).maps[name].own
        next_alike = np.arange(len(maps))  # the next case of the same group
        for number in np.unique(groups):
            own = np.flatnonzero(groups == number)
            next_alike[own] = np.roll(own, -1)
        overlaps.append(
            [
                _overlap(own, theirs[n]) - _overlap(own, _resized(theirs[after], own.shape))
                for n, (own, after) in enumerate(zip(maps, next_alike, strict=True))
            ]
        )
    return np.asarray(np.mean(overlaps, axis=0))


def _overlap(one: Floats, other: Floats) -> float:
    """Share of the highest fifth of a map that is among the highest fifth of another."""
    count = max(1, round(_FIFTH * one.size))
    tops = [set(np.argsort(-each, axis=None, kind="stable")[:count]) for each in (one, other)]
    return len(tops[0] & tops[1]) / count


def _resized(weights: Floats, shape: tuple[int, ...]) -> Floats:
    """A map laid over a case of another size."""
    for axis, size in enumerate(shape):
        nearest = np.arange(size) * weights.shape[axis] // size
        weights = weights.take(nearest, axis=axis)
    return weights
