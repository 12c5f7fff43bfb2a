"""Figures of maps as the literature has them, which no verdict depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regard.estimators.erasure import Erasure, Floats, Maps
from regard.explain import SHARES, average_precision, most_and_least, ndcg

__all__ = ["published"]

_BINS = 0.01, 0.05, 0.1, 0.2, 0.5
_STEPS = 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5


def published(
    erasure: Erasure, ends: Mapping[str, Floats], told: Callable[[], None]
) -> dict[str, dict[str, Floats]]:
    """For each map [B] values by the name of the figure, NaN where a case has none.

    Comprehensiveness is what is lost of an answer without the highest positions of a map,
    sufficiency what is lost with these alone, each the mean of five shares of the positions. The
    area over the curve of ten steps of 5 % is divided by eleven, since nothing is erased at the
    beginning, and the area for one random order of each case goes from it. All are in what
    `Output.left` returns, such as the probability of the predicted class, and means of the ways to
    erase.

    Parameters:
        erasure: of the cases.
        ends: name of a map to what `Erasure.ends` found of it.
        told: is called after each map.

    Source: DeYoung et al., 2020, "ERASER: a benchmark to evaluate rationalized NLP models" (ACL);
    Samek et al., 2017, "Evaluating the visualization of what a deep neural network has learned";
    Early et al., 2024, "Inherently interpretable time series classification via multiple instance
    learning" (ICLR), which subtracts random orders, has logits, and cuts out what we replace.
    """
    drawn = [erasure.generator.random(shape) for shape in erasure.shapes]
    random = np.array([_left(erasure, drawn, share) for share in _STEPS])
    known = erasure.input.known_places(erasure.encoded)
    found = {}
    for name, marked in erasure.maps.items():
        each = marked.own
        curve = dict(zip(SHARES, ends[name][0], strict=True))
        more = [share for share in (*_BINS, *_STEPS) if share not in curve]
        curve |= {share: _left(erasure, each, share) for share in more}
        alone = [_left(erasure, each, share, alone=True) for share in _BINS]
        over = random - [curve[share] for share in _STEPS]
        found[name] = {
            "comprehensiveness": erasure.before
            - np.mean([curve[share] for share in _BINS], axis=0),
            "sufficiency": erasure.before - np.mean(alone, axis=0),
            "aopcr": over.sum(0) / (1 + len(_STEPS)),
        }
        if known is not None:
            found[name] |= _localised(each, erasure.elsewhere(marked), known)
        told()
    return found


def _left(erasure: Erasure, maps: Maps, share: float, *, alone: bool = False) -> Floats:
    """[B] what is left without the positions of the highest weights, or with these alone."""
    most = [most_and_least(each, share)[0] for each in maps]
    where = [~each for each in most] if alone else most
    every = np.arange(len(erasure))
    left = [erasure.left(every, where, how) for how in erasure.input.replacements]
    return np.asarray(np.mean(left, axis=0))


def _localised(
    maps: Maps, elsewhere: Maps, known: Sequence[NDArray[np.bool_]]
) -> dict[str, Floats]:
    """How well maps find the places that are known, and how much better than elsewhere."""
    scores: dict[str, Callable[[Floats, NDArray[np.bool_]], float]] = {
        "ap": average_precision,
        "ndcg": ndcg,
        "pointing": lambda weights, inside: float(inside[weights.argmax()]),
    }
    found: dict[str, Floats] = {}
    for name, score in scores.items():
        here, there = (
            np.array(
                [
                    score(weights.ravel(), inside.ravel()) if inside.any() else np.nan
                    for weights, inside in zip(each, known, strict=True)
                ]
            )
            for each in (maps, elsewhere)
        )
        found |= {name: here, f"{name}_gain": here - there}
    return found
