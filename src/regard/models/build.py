"""Models by the names of the configuration."""

from collections.abc import Callable, Mapping
from functools import partial

from regard.models.classifier import AttentionHead, ConjunctiveHead, SeriesModel, make_scores
from regard.models.conv_bilstm import ConvBiLSTM
from regard.models.convolution import Convolution
from regard.models.encoder import Encoder
from regard.models.inception import Inception
from regard.models.recurrent import Recurrent
from regard.models.transformer import Transformer

__all__ = ["ENCODERS", "build_classifier"]

# Each is called as make(channels, hidden=, layers=, dropout=, steps=).
ENCODERS: Mapping[str, Callable[..., Encoder]] = {
    "bilstm": partial(Recurrent, cell="lstm"),
    "gru": partial(Recurrent, cell="gru"),
    "conv": Convolution,
    "conv-bilstm": ConvBiLSTM,
    "inception": Inception,
    "transformer": Transformer,
}

_HEADS = {"attention": AttentionHead, "conjunctive": ConjunctiveHead}


def build_classifier(
    *,
    channels: int,
    classes: int,
    encoder: str,
    attention: str,
    pooling: str,
    hidden: int,
    layers: int,
    attention_dim: int,
    heads: int,
    dropout: float,
    steps: int,
) -> SeriesModel:
    """A classifier of series; the names and sizes are those of the configuration.

    Parameters:
        channels: C.
        classes: N.
        encoder: one of `ENCODERS`.
        attention: "additive", "dot" or "scaled-dot".
        pooling: "attention" or "conjunctive".
        hidden: width inside the encoder.
        layers: of the encoder.
        attention_dim: A, the width of additive scores' comparison space.
        heads: of the attention; their weights are averaged.
        dropout: inside the encoder and on its states.
        steps: longest series of the training part, by which an encoder may choose its stride.
    """
    body = ENCODERS[encoder](channels, hidden=hidden, layers=layers, dropout=dropout, steps=steps)
    scores, query_dim = make_scores(
        attention, heads=heads, key_dim=body.width, attention_dim=attention_dim
    )
    head = _HEADS[pooling](scores, query_dim=query_dim, state_dim=body.width, classes=classes)
    return SeriesModel(body, head, dropout=dropout)
