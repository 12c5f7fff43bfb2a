"""Models by the names of the configuration."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import nn

from regard.attention import AttentionPooling, SelfAttentionPooling
from regard.models.conv_bilstm import ConvBiLSTM, choose_stride
from regard.models.convolution import Convolution
from regard.models.encoder import Encoder
from regard.models.heads import AttentionHead, ConjunctiveHead, SeriesModel
from regard.models.inception import Inception
from regard.models.mechanisms import make_attentions
from regard.models.recurrent import Recurrent
from regard.models.transformer import Transformer

__all__ = ["ENCODERS", "Sizes", "build_classifier", "build_regressor"]


class Sizes(NamedTuple):
    """What an encoder is made from; each takes of it what it needs.

    Attributes:
        channels: C.
        hidden: width inside the encoder.
        layers: how many.
        dropout: between recurrent or Transformer layers.
        steps: longest series of the training part, by which an encoder may choose its stride.
    """

    channels: int
    hidden: int
    layers: int
    dropout: float
    steps: int


def _bilstm(sizes: Sizes) -> Encoder:
    return Recurrent(sizes.channels, "lstm", sizes.hidden, sizes.layers, dropout=sizes.dropout)


def _lstm(sizes: Sizes) -> Encoder:
    return Recurrent(
        sizes.channels,
        "lstm",
        sizes.hidden,
        sizes.layers,
        dropout=sizes.dropout,
        bidirectional=False,
    )


def _gru(sizes: Sizes) -> Encoder:
    return Recurrent(sizes.channels, "gru", sizes.hidden, sizes.layers, dropout=sizes.dropout)


def _conv(sizes: Sizes) -> Encoder:
    return Convolution(sizes.channels, sizes.hidden, sizes.layers)


def _conv_bilstm(sizes: Sizes) -> Encoder:
    stride = choose_stride(sizes.steps)
    return ConvBiLSTM(
        sizes.channels, sizes.hidden, sizes.layers, stride=stride, dropout=sizes.dropout
    )


def _inception(sizes: Sizes) -> Encoder:
    return Inception(sizes.channels, sizes.hidden, sizes.layers)


def _transformer(sizes: Sizes) -> Encoder:
    return Transformer(sizes.channels, sizes.hidden, sizes.layers, dropout=sizes.dropout)


ENCODERS: Mapping[str, Callable[[Sizes], Encoder]] = {
    "bilstm": _bilstm,
    "gru": _gru,
    "lstm": _lstm,
    "conv": _conv,
    "conv-bilstm": _conv_bilstm,
    "inception": _inception,
    "transformer": _transformer,
}


def build_classifier(*, channels: int, classes: int, **options: Any) -> SeriesModel:
    """A classifier of series; a binary problem gets one score, not two.

    Parameters:
        channels: C.
        classes: N.
        options: the rest of those of `build_regressor`.
    """
    binary = classes == 2
    outputs = 1 if binary else classes
    return build_regressor(channels=channels, outputs=outputs, two_sided=binary, **options)


def build_regressor(
    *,
    channels: int,
    outputs: int,
    encoder: str,
    attention: Mapping[str, Any],
    pooling: str,
    hidden: int,
    layers: int,
    attention_dim: int,
    heads: int,
    dropout: float,
    steps: int,
    two_sided: bool = False,
) -> SeriesModel:
    """A model of series; the names and sizes are those of the configuration.

    Parameters:
        channels: C.
        outputs: N.
        encoder: one of `ENCODERS`.
        attention: score, window, align and query, as the configuration resolves them.
        pooling: "attention" or "conjunctive".
        hidden: width inside the encoder.
        layers: of the encoder.
        attention_dim: A, the width of additive scores' comparison space.
        heads: of the attention; their weights are averaged.
        dropout: of the columns of the states, and between recurrent or Transformer layers.
        steps: longest series of the training part, by which an encoder may choose its stride.
        two_sided: whether a single output becomes the logits of two classes.
    """
    body = ENCODERS[encoder](Sizes(channels, hidden, layers, dropout, steps))
    attentions, query_dim = make_attentions(
        attention,
        heads=heads,
        state_dim=body.width,
        attention_dim=attention_dim,
        positions=-(-steps // body.stride),
    )
    widths = {"state_dim": body.width, "outputs": outputs}
    head: nn.Module
    if pooling == "conjunctive":
        scores = [each.score for each in attentions]
        head = ConjunctiveHead(scores, query_dim=query_dim, **widths, two_sided=two_sided)
    else:
        pool = (
            AttentionPooling(attentions, query_dim)
            if attention["query"] == "learned"
            else SelfAttentionPooling(attentions)
        )
        head = AttentionHead(pool, **widths, two_sided=two_sided)
    return SeriesModel(body, head, dropout=dropout)
