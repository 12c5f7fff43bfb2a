"""Attention by the names of the configuration."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from regard.attention import (
    Additive,
    ALiBi,
    Attention,
    Causal,
    Concat,
    Cosine,
    Coverage,
    Dot,
    General,
    Global,
    Hard,
    LocalMonotonic,
    LocalPredictive,
    Location,
    LocationSensitive,
    Monotonic,
    ScaledDot,
    Score,
    Sliding,
    Uniform,
    Window,
    Windows,
    alibi_slopes,
    entmax15,
    masked_softmax,
    sparsemax,
)

__all__ = ["ALIGNMENTS", "SCORES", "WINDOWS", "Widths", "make_attentions", "make_score"]


class Widths(NamedTuple):
    """What a mechanism is made from; each takes of it what it needs.

    Attributes:
        query: Dq.
        key: Dk.
        hidden: A, for each head.
        positions: the most keys that there will be.
    """

    query: int
    key: int
    hidden: int
    positions: int


SCORES: Mapping[str, Callable[[Widths], Score]] = {
    "additive": lambda w: Additive(w.query, w.key, w.hidden),
    "concat": lambda w: Concat(w.query, w.key, w.hidden),
    "dot": lambda _: Dot(),
    "scaled-dot": lambda _: ScaledDot(),
    "general": lambda w: General(w.query, w.key),
    # Cosines alone, between -1 and 1, could not tell any position from a hundred others.
    "cosine": lambda _: Cosine(0.1, learnable=True),
    "location": lambda w: Location(w.query, w.positions),
    "location-sensitive": lambda w: LocationSensitive(w.query, w.key, w.hidden),
    "coverage": lambda w: Coverage(w.query, w.key, w.hidden),
    "none": lambda _: Uniform(),
}

WINDOWS: Mapping[str, Callable[..., Window]] = {
    "global": lambda widths, slope: Global(),
    "causal": lambda widths, slope: Causal(),
    "local-m": lambda widths, slope, radius: LocalMonotonic(radius),
    "local-p": lambda widths, slope, radius, renormalise: LocalPredictive(
        radius, query_dim=widths.query, hidden_dim=widths.hidden, renormalise=renormalise
    ),
    "sliding": lambda widths, slope, size: Sliding(size),
    "alibi": lambda widths, slope: ALiBi(slope),
}

ALIGNMENTS: Mapping[str, Callable[[], Any]] = {
    "softmax": lambda: masked_softmax,
    "sparsemax": lambda: sparsemax,
    "entmax15": lambda: entmax15,
    "hard": lambda: Hard("reinforce"),
    "gumbel": lambda: Hard("gumbel"),
    "monotonic": lambda: Monotonic(),
}


def make_score(name: str, widths: Widths, *, learned: bool) -> tuple[Score, int]:
    """A score by name, and how wide its queries are.

    Parameters:
        name: one of `SCORES`.
        widths: what to make it from.
        learned: whether the query is learned, which lets additive attention do without W_q.

    >>> make_score("additive", Widths(5, 5, 7, 11), learned=True)[1]
    7
    """
    if name == "additive" and learned:
        return Additive(None, widths.key, widths.hidden), widths.hidden
    return SCORES[name](widths), widths.query


def make_attentions(
    table: Mapping[str, Any], *, heads: int, state_dim: int, attention_dim: int, positions: int
) -> tuple[list[Attention], int]:
    """An attention for each head, of states at states or of learned queries at states.

    Parameters:
        table: score, window, align and query, as the configuration resolves them.
        heads: H.
        state_dim: D.
        attention_dim: A, shared among the heads.
        positions: the most states that there will be.

    Returns:
        The attentions, and how wide their queries are.
    """
    widths = Widths(state_dim, state_dim, max(1, attention_dim // heads), positions)
    made = []
    for slope in alibi_slopes(heads):
        score, query_dim = make_score(table["score"], widths, learned=table["query"] == "learned")
        windows = [
            WINDOWS[name](widths, slope, **options) for name, options in table["window"].items()
        ]
        window = windows[0] if len(windows) == 1 else Windows(*windows)
        made.append(Attention(score, window=window, align=ALIGNMENTS[table["align"]]()))
    return made, query_dim
