"""Every attention mechanism by name: what it computes, who published it, what goes with what.

Plain data, so that the configuration and the command line know it without importing torch;
`regard.attention` has the classes.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = [
    "ALIGNMENTS",
    "AROUND",
    "SCORES",
    "WINDOWS",
    "Mechanism",
    "find_mechanism",
    "why_not",
]

_Family = Literal["score", "window", "align", "around"]


class Mechanism(NamedTuple):
    """One mechanism.

    Attributes:
        name: in configurations and on the command line.
        family: which of the choices it is a member of.
        python: how `regard.attention` makes it.
        formula: what it computes.
        source: who published it.
        use: when to take it.
        options: of the window, with their defaults; the first is the one that a bare number sets.
    """

    name: str
    family: _Family
    python: str
    formula: str
    source: str
    use: str
    options: Mapping[str, int | bool] = {}


def _named(*mechanisms: Mechanism) -> dict[str, Mechanism]:
    return {mechanism.name: mechanism for mechanism in mechanisms}


SCORES = _named(
    Mechanism(
        "additive",
        "score",
        "Additive(query_dim, key_dim, hidden_dim)",
        "v . tanh(W_q q + W_k k)",
        "Bahdanau, Cho and Bengio 2015",
        "query and key of different widths or kinds; small models; the default",
    ),
    Mechanism(
        "concat",
        "score",
        "Concat(query_dim, key_dim, hidden_dim)",
        "v . tanh(W [q; k])",
        "Luong, Pham and Manning 2015",
        "additive under its other name: the same numbers, loads either's weights",
    ),
    Mechanism(
        "dot",
        "score",
        "Dot()",
        "q . k",
        "Luong, Pham and Manning 2015",
        "narrow vectors of one space; nothing to learn; saturates when they are wide",
    ),
    Mechanism(
        "scaled-dot",
        "score",
        "ScaledDot(scale=None, learnable=False)",
        "q . k / sqrt(D)",
        "Vaswani et al. 2017",
        "wide vectors, many heads, long sequences: the fastest",
    ),
    Mechanism(
        "general",
        "score",
        "General(query_dim, key_dim)",
        "q W k",
        "Luong, Pham and Manning 2015",
        "dot products between two spaces, or of different widths",
    ),
    Mechanism(
        "cosine",
        "score",
        "Cosine(temperature=1.0)",
        "beta cos(q, k), beta = 1 / temperature",
        "Graves, Wayne and Danihelka 2014",
        "when the lengths of the vectors must not matter",
    ),
    Mechanism(
        "location",
        "score",
        "Location(query_dim, max_keys)",
        "W_a q, a row of W_a for each position",
        "Luong, Pham and Manning 2015",
        "sequences whose positions mean the same in every case; ignores what stands there",
    ),
    Mechanism(
        "location-sensitive",
        "score",
        "LocationSensitive(query_dim, key_dim, hidden_dim)",
        "v . tanh(W_q q + W_k k + U f + b), f = F * previous weights",
        "Chorowski et al. 2015",
        "decoders that go along their input: speech",
    ),
    Mechanism(
        "coverage",
        "score",
        "Coverage(query_dim, key_dim, hidden_dim)",
        "v . tanh(W_q q + W_k k + w_c c + b), c = sum of the weights so far",
        "See, Liu and Manning 2017; Tu et al. 2016",
        "decoders that must not say things twice, or leave things out",
    ),
    Mechanism(
        "none",
        "score",
        "Uniform()",
        "0: every key alike, which is mean pooling",
        "Wiegreffe and Pinter 2019, as the baseline",
        "to see what attention buys: the same model without any",
    ),
)

WINDOWS = _named(
    Mechanism(
        "global",
        "window",
        "Global()",
        "every key",
        "Luong, Pham and Manning 2015",
        "unless there is a reason for another; the default",
    ),
    Mechanism(
        "causal",
        "window",
        "Causal()",
        "j <= p",
        "Vaswani et al. 2017",
        "nothing may be seen before it happens",
    ),
    Mechanism(
        "local-m",
        "window",
        "LocalMonotonic(radius)",
        "|j - p| <= radius",
        "Luong, Pham and Manning 2015",
        "what matters is near; long sequences",
        {"radius": 10},
    ),
    Mechanism(
        "local-p",
        "window",
        "LocalPredictive(radius, query_dim=, hidden_dim=)",
        "|j - c| <= radius, times exp(-(j - c)^2 / (2 (radius / 2)^2)), "
        "c = S sigmoid(v . tanh(W q))",
        "Luong, Pham and Manning 2015",
        "one place matters, and the query can tell where",
        {"radius": 10, "renormalise": False},
    ),
    Mechanism(
        "sliding",
        "window",
        "Sliding(size)",
        "p - size < j <= p",
        "Beltagy, Peters and Cohan 2020; Jiang et al. 2023",
        "the recent past of long sequences",
        {"size": 20},
    ),
    Mechanism(
        "alibi",
        "window",
        "ALiBi(slopes)",
        "score - slope |p - j|",
        "Press, Smith and Lewis 2022",
        "near before far, and sequences longer than those trained on",
    ),
)

ALIGNMENTS = _named(
    Mechanism(
        "softmax",
        "align",
        "masked_softmax",
        "exp(s_j) / sum_i exp(s_i)",
        "Bahdanau, Cho and Bengio 2015",
        "unless there is a reason for another; the default",
    ),
    Mechanism(
        "sparsemax",
        "align",
        "sparsemax",
        "max(s_j - tau, 0), summing to one",
        "Martins and Astudillo 2016",
        "exact zeros: a few positions matter, and one wants to read which",
    ),
    Mechanism(
        "entmax15",
        "align",
        "entmax15",
        "max(s_j / 2 - tau, 0)^2, summing to one",
        "Peters, Niculae and Martins 2019",
        "exact zeros, learned more gently than by sparsemax",
    ),
    Mechanism(
        "hard",
        "align",
        'Hard("reinforce")',
        "one j, drawn from softmax(s); log p(j) (reward - baseline)",
        "Xu et al. 2015",
        "one position must be named; unbiased gradients of high variance",
    ),
    Mechanism(
        "gumbel",
        "align",
        'Hard("gumbel")',
        "one j, argmax(s + Gumbel noise); gradient of its softmax",
        "Jang, Gu and Poole 2017",
        "one position must be named; biased gradients of low variance",
    ),
    Mechanism(
        "monotonic",
        "align",
        "Monotonic()",
        "a_ij = p_ij sum_(k<=j) a_(i-1)k prod_(k<=l<j) (1 - p_il), p = sigmoid(s)",
        "Raffel et al. 2017",
        "outputs in the order of their inputs, in linear time: speech",
    ),
)

AROUND = _named(
    Mechanism(
        "multi-head",
        "around",
        "MultiHead(heads, query_dim)",
        "W_o [head_1; ...; head_H], head_h = attention(W_q q, W_k k, W_v v)",
        "Vaswani et al. 2017",
        "several looks at once, over any score, window and alignment",
    ),
    Mechanism(
        "grouped-query",
        "around",
        "MultiHead(heads, query_dim, kv_heads=)",
        "H heads of queries share fewer heads of keys and values",
        "Ainslie et al. 2023",
        "decoding with a small cache of keys and values",
    ),
    Mechanism(
        "rotary",
        "around",
        "MultiHead(heads, query_dim, rotary=Rotary())",
        "q and k turned by p base^(-2i/D) in each pair of columns",
        "Su et al. 2021",
        "order for dot products, by distance",
    ),
    Mechanism(
        "pooling",
        "around",
        "AttentionPooling(heads, query_dim)",
        "sum_s weights_s h_s, the query learned",
        "Yang et al. 2016",
        "one vector, and one map, of a sequence",
    ),
    Mechanism(
        "self-pooling",
        "around",
        "SelfAttentionPooling(heads)",
        "mean_i sum_s weights_is h_s, every state a query",
        "Vaswani et al. 2017, averaged",
        "what depends on what, in one vector; windows that go by the order of the queries",
    ),
    Mechanism(
        "last-state",
        "around",
        "LastStatePooling(heads)",
        "[sum_s weights_s h_s; h_last], the last state the query",
        "after Bahdanau, Cho and Bengio 2015; Luong, Pham and Manning 2015",
        "numbers predicted from where a series has come to",
    ),
    Mechanism(
        "conjunctive",
        "around",
        "ConjunctivePooling(heads, query_dim, state_dim, logits)",
        "mean_s sigmoid(score_s) (W h_s + b)",
        "Early et al. 2024",
        "classify every position, and let attention say how much each counts",
    ),
    Mechanism(
        "hierarchical",
        "around",
        "HierarchicalPooling(pool_words, pool_sentences)",
        "words pooled to sentences, these to a document",
        "Yang et al. 2016",
        "documents, or any sequence of sequences",
    ),
    Mechanism(
        "stacked",
        "around",
        "StackedPooling(attend, encode, pool)",
        "attend, encode again, attend again",
        "after Yang et al. 2016",
        "a second look at what the first one found",
    ),
)

_ORDERED = ("causal", "local-m", "sliding", "alibi")
_RECURRENT = ("location-sensitive", "coverage")


def find_mechanism(name: str) -> Mechanism | None:
    """The mechanism of this name, or None."""
    for family in (SCORES, WINDOWS, ALIGNMENTS, AROUND):
        if name in family:
            return family[name]
    return None


def why_not(
    score: str, windows: Mapping[str, object], align: str, *, query: str, pooling: str
) -> str | None:
    """Why a choice makes no sense, and what would; None when it does make sense."""
    shown = [window for window in windows if window != "global"]
    ordered = [name for name in (*shown, score) if name in (*_ORDERED, *_RECURRENT)]
    if pooling == "conjunctive":
        odd = [*shown, *([align] if align != "softmax" else [])]
        odd += [score] if score in ("location", *_RECURRENT) else []
        if odd or query != "learned":
            return (
                f"conjunctive pooling gates every state by itself, so that {odd[0] if odd else 'a'}"
                f"{'' if odd else ' query from the states'} has no meaning; "
                "set pooling to attention"
            )
    if align == "monotonic" and shown:
        return f"monotonic says itself which keys may be seen; leave out the window {shown[0]}"
    if align == "monotonic" and score in _RECURRENT:
        return (
            f"monotonic looks at one key at a time and {score} needs the weights of all; "
            "align by softmax, sparsemax, entmax15, hard or gumbel"
        )
    if align in ("hard", "gumbel") and "local-p" in shown:
        return (
            f"{align} looks at one position, which the Gaussian of local-p would only scale; "
            "align by softmax, sparsemax or entmax15, or take the window local-m"
        )
    if query != "states" and ordered:
        asking = "the last state alone" if query == "last" else "a learned query"
        return (
            f"{ordered[0]} goes by the order of the queries, and {asking} has no place in "
            "any; set query to states"
        )
    return None
