"""Models by the names of the configuration."""

from collections.abc import Callable, Mapping
from functools import partial

from regard.models.classifier import AttentionHead, ConjunctiveHead, SeriesModel, make_score
from regard.models.conv_bilstm import ConvBiLSTM
from regard.models.convolution import Convolution
from regard.models.encoder import Encoder
from regard.models.recurrent import Recurrent
from regard.models.transformer import Transformer

__all__ = ["ENCODERS", "build_classifier"]

# Each is called as make(channels, hidden=, layers=, dropout=, steps=).
ENCODERS: Mapping[str, Callable[..., Encoder]] = {
    "bilstm": partial(Recurrent, cell="lstm"),
    "gru": partial(Recurrent, cell="gru"),
    "conv": Convolution,
    "conv-bilstm": ConvBiLSTM,
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
    queries: int,
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
        queries: how many the attention learns and averages.
        dropout: inside the encoder and on its states.
        steps: longest series of the training part, by which an encoder may choose its stride.
    """
    body = ENCODERS[encoder](channels, hidden=hidden, layers=layers, dropout=dropout, steps=steps)
    score, query_dim = make_score(attention, key_dim=body.width, attention_dim=attention_dim)
    head = _HEADS[pooling](
        score, query_dim=query_dim, queries=queries, state_dim=body.width, classes=classes
    )
    return SeriesModel(body, head, dropout=dropout)
