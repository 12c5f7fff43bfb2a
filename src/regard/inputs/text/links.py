"""What is known to belong together in a text and the text written for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.explain import alignment_ap, true_links
from regard.inference import Inference

__all__ = ["known_links", "precision_of_links", "unit_places"]


def known_links(seen: Inference, n: int, outcome: Any) -> NDArray[np.bool_] | None:
    """[units written, source words] which belong together in case n.

    The links of a case are known of its label: None where it has none, or another text is written.
    """
    if seen.cases.links is None or not outcome.right:
        return None
    places = unit_places(outcome.units, outcome.predicted)
    return true_links(seen.cases.links[n], seen.encoded.word_spans[n], places)


def precision_of_links(seen: Inference, outcome: Callable[[int], Any]) -> dict[str, Any]:
    """Average precision of the true links among the source words, and that of chance.

    Over what is written of the cases predicted right; where no true link is known, or the model has
    no attention, nothing.
    """
    weights, true = [], []
    for n, looks in enumerate(seen.maps["weights"]):
        links = known_links(seen, n, outcome(n)) if looks.any() else None
        if links is not None:
            weights.append(looks)
            true.append(links)
    if not weights:
        return {}
    shares = [row.mean() for links in true for row in links if row.any()]
    return {
        "localisation_ap": alignment_ap(weights, true),
        "localisation_chance": float(np.mean(shares)),
    }


def unit_places(units: Sequence[str], text: str) -> NDArray[np.int64]:
    """[T, 2] half-open (start, stop) characters of words in a text; empty where one is missing."""
    places, at = [], 0
    for unit in units:
        start = text.find(unit, at)
        stop = at if start < 0 else start + len(unit)
        places.append((at if start < 0 else start, stop))
        at = stop
    return np.array(places, np.int64).reshape(-1, 2)
