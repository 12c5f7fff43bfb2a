"""How well the hops of a model find the sentences that an answer follows from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.explain import average_precision

__all__ = ["located"]


def located(
    weights: Sequence[NDArray[np.float64]],
    supporting: Sequence[NDArray[np.int64]],
    *,
    looks: Sequence[str] = (),
) -> dict[str, Any]:
    """Figures for `metrics.json`, of the cases that have a supporting sentence.

    - `pointing_game`: the share of cases and hops whose sentence with the highest weight is a
      supporting one; `pointing_game_hop_1` and so on are the shares of each hop;
    - `supporting_found`: the share of supporting sentences that have the highest weight in some
      hop;
    - `localisation_ap`: the average precision with which the mean weights of the hops rank the
      supporting sentences before all others, and `localisation_chance`, the share of sentences
      that are supporting, which random weights reach about.

    Parameters:
        weights: B maps [hops, sentences].
        supporting: B arrays of positions of sentences.
        looks: what the hops are called; by default hop_1, hop_2 and so on.

    >>> weights = np.array([[0.1, 0.9, 0.0], [0.6, 0.3, 0.1]])
    >>> found = located([weights], [np.array([1, 2])])
    >>> found["pointing_game"], found["pointing_game_hop_2"], found["supporting_found"]
    (0.5, 0.0, 0.5)
    """
    hits, found, ranked, chance = [], [], [], []
    for rows, places in zip(weights, supporting, strict=True):
        if not len(places):
            continue
        true = np.zeros(rows.shape[1], bool)
        true[places] = True
        most = rows.argmax(1)  # [hops]
        hits.append(true[most])
        found.append(np.isin(np.flatnonzero(true), most))
        ranked.append(average_precision(rows.mean(0), true))
        chance.append(true.mean())
    if not hits:
        return {}
    each = np.mean(hits, axis=0)
    names = looks or [f"hop_{hop + 1}" for hop in range(len(each))]
    return {
        "pointing_game": float(each.mean()),
        **{f"pointing_game_{name}": float(share) for name, share in zip(names, each, strict=True)},
        "supporting_found": float(np.concatenate(found).mean()),
        "localisation_ap": float(np.mean(ranked)),
        "localisation_chance": float(np.mean(chance)),
    }
