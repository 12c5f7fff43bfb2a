"""Every attention mechanism and encoder by name: what it computes, who published it, its defaults.

A row is the one place where a name is bound to its class, formula, paper, flags and default sizes;
the configuration's choices, the models, the command line and the docstrings follow from it. Rows
are plain data that name their class as `"module:class"`, so that nothing here imports torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from regard.registry import Registry

__all__ = [
    "ALIGNMENTS",
    "AROUND",
    "AUTHORS",
    "ENCODERS",
    "FORMS",
    "PICTURE_ENCODERS",
    "SCORES",
    "SENTENCE_ENCODERS",
    "WINDOWS",
    "EncoderRow",
    "Form",
    "Mechanism",
    "Trait",
    "by_author",
    "find_mechanism",
    "why_not",
]

Trait = Literal[
    "asked-by-states",  # says nothing, or always the same, to one learned query
    "draws",  # attends to one sampled position
    "gain",  # multiplies the weights
    "ordered",  # depends on the order of the queries
    "projected-query",  # query_dim=None takes queries in the comparison space
    "walks",  # aligns one key after the other
]


class Mechanism(NamedTuple):
    """One mechanism.

    Attributes:
        name: in configurations and on the command line.
        family: which of the choices it is a member of.
        make: its class or function, or `"module:object"`. A class is called with those of
            `query_dim`, `key_dim`, `hidden_dim`, `max_keys` and `slopes` that its constructor
            names, and with `options` and `constants`.
        formula: what it computes.
        source: who published it.
        use: when to take it.
        options: of the window, with their defaults; a bare number sets the first.
        constants: arguments that are always the same.
        traits: what decides which combinations make sense.
        call: how to make it in Python, where the signature of `make` does not tell.
    """

    name: str
    family: Literal["score", "window", "align", "around"]
    make: Any
    formula: str
    source: str
    use: str = ""
    options: Mapping[str, int | bool] = {}
    constants: Mapping[str, Any] = {}
    traits: tuple[Trait, ...] = ()
    call: str = ""


class EncoderRow(NamedTuple):
    """One encoder.

    Attributes:
        make: its class or a function, or `"module:object"`; called with those of `channels`,
            `hidden`, `layers`, `dropout`, `steps` and `stride` that it names (of pictures `size`
            instead of the last two), and with `constants`.
        about: what it is.
        hidden: default width.
        layers: default number of layers.
        constants: arguments that are always the same.
        may_stride: whether a strided convolution may go before it unasked, as it reads so little
            of a long series at each position.
    """

    make: Any
    about: str
    hidden: int = 64
    layers: int = 1
    constants: Mapping[str, Any] = {}
    may_stride: bool = False


class Form(NamedTuple):
    """A published model: the encoder, the pooling and the origin of its query."""

    encoder: str
    pooling: str
    query: str


def _row(name: str, make: str, formula: str, source: str, use: str, **more: Any) -> Mechanism:
    return Mechanism(name, "score", f"regard.attention:{make}", formula, source, use, **more)


def _table(what: str, family: Any, *rows: Mechanism) -> Registry[Mechanism]:
    return Registry(what, {row.name: row._replace(family=family) for row in rows})


SCORES = _table(
    "score",
    "score",
    _row(
        "additive",
        "Additive",
        "v . tanh(W_q q + W_k k)",
        "Bahdanau, Cho and Bengio 2015",
        "query and key of different widths or kinds; small models; the default",
        traits=("projected-query",),
    ),
    _row(
        "concat",
        "Concat",
        "v . tanh(W [q; k])",
        "Luong, Pham and Manning 2015",
        "additive under its other name: the same numbers, loads either's weights",
    ),
    _row(
        "dot",
        "Dot",
        "q . k",
        "Luong, Pham and Manning 2015",
        "narrow vectors of one space; nothing to learn; saturates when they are wide",
    ),
    _row(
        "scaled-dot",
        "ScaledDot",
        "q . k / sqrt(D)",
        "Vaswani et al. 2017",
        "wide vectors, many heads, long sequences: the fastest",
    ),
    _row(
        "general",
        "General",
        "q W k",
        "Luong, Pham and Manning 2015",
        "dot products between two spaces, or of different widths",
    ),
    _row(
        "cosine",
        "Cosine",
        "beta cos(q, k), beta = 1 / temperature",
        "Graves, Wayne and Danihelka 2014",
        "when the lengths of the vectors must not matter",
        constants={"temperature": 0.1, "learnable": True},
    ),
    _row(
        "location",
        "Location",
        "W_a q, a row of W_a for each position",
        "Luong, Pham and Manning 2015",
        "sequences whose positions mean the same in every case; ignores what stands there",
        traits=("asked-by-states",),
    ),
    _row(
        "location-sensitive",
        "LocationSensitive",
        "v . tanh(W_q q + W_k k + U f + b), f = F * previous weights",
        "Chorowski et al. 2015",
        "decoders that go along their input: speech",
        traits=("asked-by-states", "ordered"),
    ),
    _row(
        "coverage",
        "Coverage",
        "v . tanh(W_q q + W_k k + w_c c + b), c = sum of the weights so far",
        "See, Liu and Manning 2017; Tu et al. 2016",
        "decoders that must not say things twice, or leave things out",
        traits=("asked-by-states", "ordered"),
    ),
    _row(
        "none",
        "Uniform",
        "0: every key alike, which is mean pooling",
        "Wiegreffe and Pinter 2019, as the baseline",
        "to see what attention buys: the same model without any",
    ),
)

WINDOWS = _table(
    "window",
    "window",
    _row(
        "global",
        "Global",
        "every key",
        "Luong, Pham and Manning 2015",
        "unless there is a reason for another; the default",
    ),
    _row(
        "causal",
        "Causal",
        "j <= p",
        "Vaswani et al. 2017",
        "nothing may be seen before it happens",
        traits=("asked-by-states", "ordered"),
    ),
    _row(
        "local-m",
        "LocalMonotonic",
        "|j - p| <= radius",
        "Luong, Pham and Manning 2015",
        "what matters is near; long sequences",
        options={"radius": 10},
        traits=("asked-by-states", "ordered"),
    ),
    _row(
        "local-p",
        "LocalPredictive",
        "|j - c| <= radius, times exp(-(j - c)^2 / (2 (radius / 2)^2)), "
        "c = S sigmoid(v . tanh(W q))",
        "Luong, Pham and Manning 2015",
        "one place matters, and the query can tell where",
        options={"radius": 10, "renormalise": False},
        traits=("asked-by-states", "gain"),
    ),
    _row(
        "sliding",
        "Sliding",
        "p - size < j <= p",
        "Beltagy, Peters and Cohan 2020; Jiang et al. 2023",
        "the recent past of long sequences",
        options={"size": 20},
        traits=("asked-by-states", "ordered"),
    ),
    _row(
        "alibi",
        "ALiBi",
        "score - slope |p - j|",
        "Press, Smith and Lewis 2022",
        "near before far, and sequences longer than those trained on",
        traits=("asked-by-states", "ordered"),
    ),
    _row(
        "relative",
        "Relative",
        "score + q . r_(j - p) / sqrt(Dq), distances clipped",
        "Shaw, Uszkoreit and Vaswani 2018",
        "how far back something lies says whether it matters: music, metre",
        options={"distance": 64},
        traits=("asked-by-states", "ordered"),
    ),
)

ALIGNMENTS = _table(
    "alignment",
    "align",
    _row(
        "softmax",
        "masked_softmax",
        "exp(s_j) / sum_i exp(s_i)",
        "Bahdanau, Cho and Bengio 2015",
        "unless there is a reason for another; the default",
    ),
    _row(
        "sparsemax",
        "sparsemax",
        "max(s_j - tau, 0), summing to one",
        "Martins and Astudillo 2016",
        "exact zeros: a few positions matter, and one wants to read which",
    ),
    _row(
        "entmax15",
        "entmax15",
        "max(s_j / 2 - tau, 0)^2, summing to one",
        "Peters, Niculae and Martins 2019",
        "exact zeros, learned more gently than by sparsemax",
    ),
    _row(
        "hard",
        "Hard",
        "one j, drawn from softmax(s); log p(j) (reward - baseline)",
        "Xu et al. 2015",
        "one position must be named; unbiased gradients of high variance",
        constants={"estimator": "reinforce"},
        traits=("draws",),
    ),
    _row(
        "gumbel",
        "Hard",
        "one j, argmax(s + Gumbel noise); gradient of its softmax",
        "Jang, Gu and Poole 2017",
        "one position must be named; biased gradients of low variance",
        constants={"estimator": "gumbel"},
        traits=("draws",),
    ),
    _row(
        "monotonic",
        "Monotonic",
        "a_ij = p_ij sum_(k<=j) a_(i-1)k prod_(k<=l<j) (1 - p_il), p = sigmoid(s)",
        "Raffel et al. 2017",
        "outputs in the order of their inputs, in linear time: speech",
        traits=("asked-by-states", "walks"),
    ),
)

AROUND = _table(
    "layer",
    "around",
    _row(
        "multi-head",
        "MultiHead",
        "W_o [head_1; ...; head_H], head_h = attention(W_q q, W_k k, W_v v)",
        "Vaswani et al. 2017",
        "several looks at once, over any score, window and alignment",
        call="MultiHead(heads, query_dim)",
    ),
    _row(
        "grouped-query",
        "MultiHead",
        "H heads of queries share fewer heads of keys and values",
        "Ainslie et al. 2023",
        "decoding with a small cache of keys and values",
        call="MultiHead(heads, query_dim, kv_heads=)",
    ),
    _row(
        "rotary",
        "MultiHead",
        "q and k turned by p base^(-2i/D) in each pair of columns",
        "Su et al. 2021",
        "order for dot products, by distance",
        call="MultiHead(heads, query_dim, rotary=Rotary())",
    ),
    _row(
        "pooling",
        "AttentionPooling",
        "sum_s weights_s h_s, the query learned",
        "Yang et al. 2016",
        "one vector, and one map, of a sequence",
        call="AttentionPooling(heads, query_dim)",
    ),
    _row(
        "self-pooling",
        "SelfAttentionPooling",
        "mean_i sum_s weights_is h_s, every state a query",
        "Vaswani et al. 2017, averaged",
        "what depends on what, in one vector; windows that go by the order of the queries",
        call="SelfAttentionPooling(heads)",
    ),
    _row(
        "last-state",
        "LastStatePooling",
        "[sum_s weights_s h_s; h_last], the last state the query",
        "after Bahdanau, Cho and Bengio 2015; Luong, Pham and Manning 2015",
        "numbers predicted from where a series has come to",
        call="LastStatePooling(heads)",
    ),
    _row(
        "conjunctive",
        "ConjunctivePooling",
        "W norm(mean_s sigmoid(score_s) h_s) + b",
        "Early et al. 2024",
        "classify every position, and let attention say how much each counts",
        call="ConjunctivePooling(heads, query_dim, state_dim, logits)",
    ),
    _row(
        "hierarchical",
        "HierarchicalPooling",
        "words pooled to sentences, these to a document",
        "Yang et al. 2016",
        "documents, or any sequence of sequences",
        call="HierarchicalPooling(pool_words, pool_sentences)",
    ),
    _row(
        "stacked",
        "StackedPooling",
        "attend, encode again, attend again",
        "after Yang et al. 2016",
        "a second look at what the first one found",
        call="StackedPooling(attend, encode, pool)",
    ),
)

# Default sizes are the published ones, or those that did well for their cost.
ENCODERS: Registry[EncoderRow] = Registry(
    "encoder",
    {
        "inception": EncoderRow(
            "regard.models.inception:Inception",
            "inception blocks of convolutions, Ismail Fawaz et al. 2020",
            hidden=32,
            layers=3,
            may_stride=True,
        ),
        "conv": EncoderRow(
            "regard.models.convolution:Convolution",
            "a fully convolutional network, Wang, Yan and Oates 2017",
            layers=3,
        ),
        "conv-bilstm": EncoderRow(
            "regard.models.conv_bilstm:ConvBiLSTM",
            "strided convolutions, then a bidirectional LSTM; fast on long series",
        ),
        "bilstm": EncoderRow(
            "regard.models.recurrent:Recurrent",
            "a bidirectional LSTM",
            hidden=32,
            constants={"cell": "lstm"},
        ),
        "gru": EncoderRow(
            "regard.models.recurrent:Recurrent",
            "a bidirectional GRU",
            hidden=32,
            constants={"cell": "gru"},
        ),
        "lstm": EncoderRow(
            "regard.models.recurrent:Recurrent",
            "an LSTM that reads forward",
            constants={"cell": "lstm", "bidirectional": False},
        ),
        "transformer": EncoderRow(
            "regard.models.transformer:Transformer",
            "Transformer layers, Vaswani et al. 2017",
            layers=2,
        ),
    },
)

# Of pictures, in rows and columns.
PICTURE_ENCODERS: Registry[EncoderRow] = Registry(
    "encoder of pictures",
    {
        "conv": EncoderRow(
            "regard.models.picture_convolution:PictureConvolution",
            "residual convolutions, He et al. 2016",
        ),
        "transformer": EncoderRow(
            "regard.models.patches:Patches",
            "Transformer layers over patches, Dosovitskiy et al. 2021",
            layers=4,
        ),
    },
)

# Of the words of a sentence: sums of them, and encoders of sequences beside a sum.
SENTENCE_ENCODERS: Registry[EncoderRow] = Registry(
    "encoder of sentences",
    {
        "mlp": EncoderRow(
            "regard.models.sentences:LayerReader",
            "as position, beside a hidden layer over another such sum",
            hidden=32,
        ),
        "position": EncoderRow(
            "regard.models.sentences:WordSum",
            "the sum of the words, weighted by their places, Sukhbaatar et al. 2015",
            hidden=32,
        ),
        "bag": EncoderRow("regard.models.sentences:WordSum", "the sum of the words", hidden=32),
        **{
            name: ENCODERS[name]._replace(hidden=32, layers=1)
            for name in ("gru", "bilstm", "lstm", "conv", "transformer")
        },
    },
)

FORMS: Mapping[str, Form] = {
    "lstm-attention": Form("lstm", "attention", "states"),
    "lstm-bahdanau": Form("lstm", "attention", "last"),
    "lstm-hierarchical": Form("bilstm", "stacked", "learned"),
}


# By whom a mechanism is often called; of several by the same authors, the one they found best.
AUTHORS: Mapping[str, str] = {
    "ainslie": "grouped-query",
    "bahdanau": "additive",
    "beltagy": "sliding",
    "chorowski": "location-sensitive",
    "early": "conjunctive",
    "graves": "cosine",
    "jang": "gumbel",
    "luong": "general",
    "martins": "sparsemax",
    "peters": "entmax15",
    "press": "alibi",
    "raffel": "monotonic",
    "see": "coverage",
    "su": "rotary",
    "tu": "coverage",
    "vaswani": "scaled-dot",
    "xu": "hard",
    "yang": "pooling",
}


def find_mechanism(name: str) -> Mechanism | None:
    """The mechanism of this name, or of its author's, or None.

    >>> find_mechanism("bahdanau").name
    'additive'
    """
    for known in (name, AUTHORS.get(name.lower(), name)):
        for family in (SCORES, WINDOWS, ALIGNMENTS, AROUND):
            if known in family:
                return family[known]
    return None


def by_author(author: str) -> list[Mechanism]:
    """Every mechanism by an author that `AUTHORS` knows; none for other names.

    >>> [mechanism.name for mechanism in by_author("yang")]
    ['pooling', 'hierarchical', 'stacked']
    """
    if author.lower() not in AUTHORS:
        return []
    rows = [row for family in (SCORES, WINDOWS, ALIGNMENTS, AROUND) for row in family.values()]
    return [row for row in rows if re.search(rf"\b{author}\b", row.source, re.IGNORECASE)]


def why_not(
    score: str, windows: Mapping[str, object], align: str, *, query: str, pooling: str
) -> str | None:
    """Why a combination makes no sense, and which does; None where it makes sense."""
    shown = [WINDOWS[window] for window in windows if window != "global"]
    scoring, aligning = SCORES[score], ALIGNMENTS[align]
    if pooling == "conjunctive":
        odd = [each.name for each in shown]
        odd += [align] if align != "softmax" else []
        odd += [score] if "asked-by-states" in scoring.traits else []
        if odd or query != "learned":
            return (
                f"conjunctive pooling gates every state by itself, so that {odd[0] if odd else 'a'}"
                f"{'' if odd else ' query from the states'} has no meaning; "
                "set pooling to attention"
            )
    if "walks" in aligning.traits and shown:
        return f"{align} chooses itself which keys it sees; leave out the window {shown[0].name}"
    if "walks" in aligning.traits and "ordered" in scoring.traits:
        return (
            f"{align} looks at one key at a time and {score} needs the weights of all; "
            "align by softmax, sparsemax, entmax15, hard or gumbel"
        )
    gains = [each.name for each in shown if "gain" in each.traits]
    if "draws" in aligning.traits and gains:
        return (
            f"{align} looks at one position, which the Gaussian of {gains[0]} would only scale; "
            "align by softmax, sparsemax or entmax15, or take the window local-m"
        )
    ordered = [each.name for each in (*shown, scoring) if "ordered" in each.traits]
    if query != "states" and ordered:
        asking = "the last state alone" if query == "last" else "a learned query"
        return (
            f"{ordered[0]} depends on the order of the queries, and {asking} has no position; "
            "set query to states"
        )
    return None
