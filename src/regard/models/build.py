"""Parts of a model by the names of the catalogue and the configuration."""

from collections.abc import Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

from torch import nn

from regard.attention import (
    Attention,
    AttentionPooling,
    ConjunctivePooling,
    LastStatePooling,
    MultiHead,
    Score,
    SelfAttentionPooling,
    StackedPooling,
    Window,
    Windows,
    alibi_slopes,
)
from regard.catalogue import ALIGNMENTS, ENCODERS, PICTURE_ENCODERS, SCORES, WINDOWS, Mechanism
from regard.errors import ConfigError
from regard.models.conv_bilstm import choose_stride
from regard.models.encoder import Encoder
from regard.models.grid import GridEncoder
from regard.models.heads import AttentionHead, ConjunctiveHead, ContextHead
from regard.models.recurrent import ForwardReader
from regard.models.reduced import Reduced
from regard.registry import call_with, load

__all__ = [
    "make_attentions",
    "make_cross_attention",
    "make_encoder",
    "make_grid_encoder",
    "make_head",
    "make_pooling",
    "make_shared_attention",
]


def make_grid_encoder(
    name: str, *, size: int, positions: bool = False, **sizes: float | None
) -> GridEncoder:
    """An encoder of pictures by name.

    Parameters:
        name: one of `catalogue.PICTURE_ENCODERS`.
        size: rows and columns of a picture.
        positions: whether states have to say where they are.
        sizes: channels C, hidden width, layers, and dropout rate between layers.

    Raises:
        ConfigError: unknown name.
    """
    row = PICTURE_ENCODERS.find(name)
    available = {**sizes, "size": size, "positions": positions, **row.constants}
    encoder: GridEncoder = call_with(f"encoder {name!r}", load(row.make), available)
    return encoder


def make_encoder(
    name: str,
    *,
    steps: int,
    positions: int = 50,
    stride: int | None = None,
    **sizes: float | None,
) -> Encoder:
    """An encoder by name.

    Parameters:
        name: one of `catalogue.ENCODERS`.
        steps: longest sequence of the training part, which sets the stride of a strided encoder.
        positions: least number of positions of a strided encoder, if there are as many steps.
        stride: steps for each position; an encoder that does not stride itself has a convolution
            that does in front of it. None reduces nothing, or as `positions` says.
        sizes: channels C, hidden width, layers, and dropout rate between layers.

    Raises:
        ConfigError: unknown name, or a parameter of the encoder is missing.
    """
    row = ENCODERS.find(name)
    own = 1 if row.may_stride else choose_stride(steps, positions=positions)
    available = {**sizes, "steps": steps, "stride": stride or own}
    make = load(row.make)
    reduced = (stride or 1) > 1 and "stride" not in signature(make).parameters
    if reduced:
        available["channels"] = sizes["hidden"]
    encoder: Encoder = call_with(f"encoder {name!r}", make, {**available, **row.constants})
    if not (isinstance(encoder, Encoder) and hasattr(encoder, "width")):
        raise ConfigError(
            f"encoder {name!r}: wanted an Encoder with its width, the D of its states [B, S, D], "
            f"given {type(encoder).__name__}"
        )
    if reduced:
        channels, width = (int(sizes[name] or 0) for name in ("channels", "hidden"))
        return Reduced(channels, encoder, width=width, stride=int(stride or 1))
    return encoder


def make_head(
    encoder: Encoder,
    *,
    attention: Mapping[str, Any],
    pooling: str,
    attention_dim: int,
    heads: int,
    steps: int,
    outputs: int,
    two_sided: bool = False,
) -> nn.Module:
    """A pooling of an encoder's states and a linear layer.

    Parameters:
        encoder: whose states are pooled.
        attention: score, window, align and query, as the configuration resolves them.
        pooling: "attention", "conjunctive" or "stacked".
        attention_dim: A, over all heads.
        heads: H; their weights are averaged.
        steps: longest sequence of the training part.
        outputs: N.
        two_sided: whether a single output z becomes the logits (-z / 2, z / 2) of two classes.
    """
    width = encoder.width
    positions = -(-steps // encoder.stride)
    make = partial(
        make_attentions, state_dim=width, attention_dim=attention_dim, positions=positions
    )
    attentions, query_dim = make(attention, heads=heads)
    if pooling == "conjunctive":
        scores = [each.score for each in attentions]
        gated = ConjunctivePooling(scores, query_dim, width, outputs)
        return ConjunctiveHead(gated, two_sided=two_sided)
    out: dict[str, Any] = {"outputs": outputs, "two_sided": two_sided}
    if pooling == "stacked":
        [first], _ = make({**attention, "query": "states"}, heads=1)
        pool = make_pooling(attentions, query_dim, attention["query"])
        stacked = StackedPooling(first, ForwardReader(width), pool)
        return ContextHead(stacked, context_dim=width, **out)
    if attention["query"] == "last":
        return ContextHead(LastStatePooling(attentions), context_dim=2 * width, **out)
    pool = make_pooling(attentions, query_dim, attention["query"])
    return AttentionHead(pool, context_dim=width, **out)


def make_pooling(
    attentions: Sequence[Attention], query_dim: int, query: str
) -> AttentionPooling | SelfAttentionPooling:
    """Pooling by learned queries, or by the states themselves if `query` is "states"."""
    if query == "states":
        return SelfAttentionPooling(attentions)
    return AttentionPooling(attentions, query_dim)


def make_attentions(
    table: Mapping[str, Any],
    *,
    heads: int,
    state_dim: int,
    attention_dim: int,
    positions: int,
    query_dim: int | None = None,
    slopes: Any = None,
) -> tuple[list[Attention], int]:
    """One attention per head, from states or learned queries to states.

    Parameters:
        table: score, window, align and query, as the configuration resolves them.
        heads: H.
        state_dim: D.
        attention_dim: A, divided among the heads.
        positions: largest number of states.
        query_dim: width of queries that are not states of the same width; None is D.
        slopes: of ALiBi, for each head; None takes those of the paper.

    Returns:
        The attentions, and the width Dq of their queries.
    """
    asked = query_dim or state_dim
    available = {
        "query_dim": asked,
        "key_dim": state_dim,
        "hidden_dim": max(1, attention_dim // heads),
        "max_keys": positions,
    }
    scoring, aligning = SCORES.find(table["score"]), ALIGNMENTS.find(table["align"])
    projected = table["query"] == "learned" and "projected-query" in scoring.traits
    made = []
    width = asked
    for slope in slopes or alibi_slopes(heads):
        score: Score = _make(scoring, available | ({"query_dim": None} if projected else {}))
        width = score.query_dim or asked
        placed = {**available, "query_dim": width, "slopes": slope}
        windows: list[Window] = [
            _make(WINDOWS.find(name), {**placed, **options})
            for name, options in table["window"].items()
        ]
        window = windows[0] if len(windows) == 1 else Windows(*windows)
        made.append(Attention(score, window=window, align=_make(aligning, available)))
    return made, width


def make_shared_attention(
    table: Mapping[str, Any], *, heads: int, width: int, attention_dim: int
) -> Attention:
    """The attention that all heads of a self-attention share.

    Parameters:
        table: score, window and align, as the configuration resolves them.
        heads: H.
        width: of queries and keys of a head.
        attention_dim: A, divided among the heads.
    """
    sizes = {"state_dim": width, "attention_dim": attention_dim // heads, "positions": 1}
    [shared], _ = make_attentions(table, heads=1, slopes=[alibi_slopes(heads)], **sizes)
    return shared


def make_cross_attention(
    table: Mapping[str, Any],
    *,
    heads: int,
    query_dim: int,
    state_dim: int,
    attention_dim: int,
    positions: int,
    project: bool,
) -> Attention | MultiHead:
    """The attention of a decoder to an encoder's states.

    Parameters:
        table: score, window and align, as the configuration resolves them.
        heads: H.
        query_dim: Dq, width of the decoder's states.
        state_dim: Ds, width of the encoder's states.
        attention_dim: A, divided among the heads.
        positions: largest number of the encoder's positions.
        project: whether a single head, too, is a `MultiHead`; several always are.
    """
    if heads == 1 and not project:
        [attention], _ = make_attentions(
            table,
            heads=1,
            state_dim=state_dim,
            query_dim=query_dim,
            attention_dim=attention_dim,
            positions=positions,
        )
        return attention
    each, _ = make_attentions(
        table,
        heads=heads,
        state_dim=query_dim // heads,
        attention_dim=attention_dim,
        positions=positions,
    )
    if "alibi" not in table["window"] and not any(True for _ in each[0].parameters()):
        each = each[:1] * heads  # alike: computed at once
    return MultiHead(each, query_dim, key_dim=state_dim)


def _make(row: Mechanism, available: Mapping[str, Any]) -> Any:
    """Call a class; a function, such as `masked_softmax`, is the mechanism itself."""
    make = load(row.make)
    if not isinstance(make, type):
        return make
    return call_with(f"{row.family} {row.name!r}", make, {**available, **row.constants})
