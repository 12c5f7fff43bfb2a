"""Models by the names of the configuration."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

from torch import nn

from regard.attention import (
    Attention,
    AttentionPooling,
    HierarchicalPooling,
    LastStatePooling,
    SelfAttentionPooling,
    StackedPooling,
)
from regard.models.conv_bilstm import ConvBiLSTM, choose_stride
from regard.models.convolution import Convolution
from regard.models.encoder import Encoder
from regard.models.forecaster import (
    ContextForecast,
    Forecaster,
    HorizonForecast,
    LinearForecast,
)
from regard.models.heads import AttentionHead, ConjunctiveHead, ContextHead, Ensemble, SeriesModel
from regard.models.inception import Inception
from regard.models.mechanisms import make_attentions
from regard.models.ngrams import NgramTerm
from regard.models.recurrent import ForwardReader, Recurrent
from regard.models.text import SentenceModel, StateReader, TextModel
from regard.models.transformer import Transformer

__all__ = [
    "ENCODERS",
    "Sizes",
    "build_classifier",
    "build_ensemble",
    "build_forecaster",
    "build_regressor",
    "build_text_classifier",
]


_FORECAST_POSITIONS = 14  # coarser than for classes: what is to come asks for the shape


class Sizes(NamedTuple):
    """What an encoder is made from; each takes of it what it needs.

    Attributes:
        channels: C.
        hidden: width inside the encoder.
        layers: how many.
        dropout: between recurrent or Transformer layers.
        steps: longest series of the training part, by which an encoder may choose its stride.
        positions: how many an encoder that strides leaves of them, about.
    """

    channels: int
    hidden: int
    layers: int
    dropout: float
    steps: int
    positions: int = 50


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
    stride = choose_stride(sizes.steps, positions=sizes.positions)
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
    form: str | None = None,
    two_sided: bool = False,
) -> SeriesModel:
    """A model of series; the names and sizes are those of the configuration.

    Parameters:
        channels: C.
        outputs: N.
        encoder: one of `ENCODERS`.
        attention: score, window, align and query, as the configuration resolves them.
        pooling: "attention", "conjunctive" or "stacked".
        hidden: width inside the encoder.
        layers: of the encoder.
        attention_dim: A, the width of additive scores' comparison space.
        heads: of the attention; their weights are averaged.
        dropout: of the columns of the states, and between recurrent or Transformer layers.
        steps: longest series of the training part, by which an encoder may choose its stride.
        form: what encoder, pooling and query came from; not looked at.
        two_sided: whether a single output becomes the logits of two classes.
    """
    body = ENCODERS[encoder](Sizes(channels, hidden, layers, dropout, steps))
    head = _make_head(
        body,
        attention=attention,
        pooling=pooling,
        attention_dim=attention_dim,
        heads=heads,
        steps=steps,
        outputs=outputs,
        two_sided=two_sided,
    )
    return SeriesModel(body, head, dropout=dropout)


def build_ensemble(*, members: int, **options: Any) -> SeriesModel | Ensemble:
    """One model of series, or several that are averaged.

    Parameters:
        members: how many.
        options: those of `build_regressor`.
    """
    if members == 1:
        return build_regressor(**options)
    return Ensemble([build_regressor(**options) for _ in range(members)])


def _make_head(
    body: Encoder,
    *,
    attention: Mapping[str, Any],
    pooling: str,
    attention_dim: int,
    heads: int,
    steps: int,
    outputs: int,
    two_sided: bool = False,
) -> nn.Module:
    make = partial(
        make_attentions,
        state_dim=body.width,
        attention_dim=attention_dim,
        positions=-(-steps // body.stride),
    )
    attentions, query_dim = make(attention, heads=heads)
    out: dict[str, Any] = {"outputs": outputs, "two_sided": two_sided}
    if pooling == "conjunctive":
        scores = [each.score for each in attentions]
        return ConjunctiveHead(scores, query_dim=query_dim, state_dim=body.width, **out)
    if pooling == "stacked":
        [first], _ = make({**attention, "query": "states"}, heads=1)
        reader = ForwardReader(body.width)
        stacked = StackedPooling(first, reader, _pool(attentions, query_dim, attention))
        return ContextHead(stacked, context_dim=body.width, **out)
    if attention["query"] == "last":
        return ContextHead(LastStatePooling(attentions), context_dim=2 * body.width, **out)
    pool = _pool(attentions, query_dim, attention)
    return AttentionHead(pool, state_dim=body.width, **out)


def _pool(
    attentions: Sequence[Attention], query_dim: int, attention: Mapping[str, Any]
) -> AttentionPooling | SelfAttentionPooling:
    if attention["query"] == "states":
        return SelfAttentionPooling(attentions)
    return AttentionPooling(attentions, query_dim)


def build_text_classifier(
    *,
    tokens: int,
    classes: int,
    features: int,
    embedding_dim: int,
    word_dropout: float,
    embedding_dropout: float,
    **options: Any,
) -> TextModel:
    """A classifier of texts.

    Parameters:
        tokens: V.
        classes: N.
        features: how many n-grams there are; 0 for a model without them.
        embedding_dim: width of the embedding.
        word_dropout: share of the tokens that are taken for unknown in training.
        embedding_dropout: share of the embedding's columns that are dropped in training.
        options: the rest of those of `build_regressor`.
    """
    model: SeriesModel | SentenceModel
    if options["pooling"] == "hierarchical":
        model = _sentence_model(width=embedding_dim, classes=classes, **options)
    else:
        model = build_classifier(channels=embedding_dim, classes=classes, **options)
    return TextModel(
        tokens,
        embedding_dim,
        model,
        ngrams=NgramTerm(features, 1 if classes == 2 else classes) if features else None,
        word_dropout=word_dropout,
        embedding_dropout=embedding_dropout,
    )


def _sentence_model(
    *,
    width: int,
    classes: int,
    encoder: str,
    attention: Mapping[str, Any],
    hidden: int,
    layers: int,
    attention_dim: int,
    heads: int,
    dropout: float,
    steps: int,
    **_: Any,
) -> SentenceModel:
    """Words to sentences to the text, both read by encoders of the same kind."""

    def level(channels: int) -> tuple[Encoder, AttentionPooling | SelfAttentionPooling]:
        # One step: a word, or a sentence, is a position.
        body = ENCODERS[encoder](Sizes(channels, hidden, layers, dropout, 1))
        attentions, query_dim = make_attentions(
            attention,
            heads=heads,
            state_dim=body.width,
            attention_dim=attention_dim,
            positions=steps,
        )
        return body, _pool(attentions, query_dim, attention)

    words, pool_words = level(width)
    sentences, pool_sentences = level(words.width)
    pool = HierarchicalPooling(
        pool_words,
        pool_sentences,
        encode_words=StateReader(words),
        encode_sentences=StateReader(sentences),
    )
    binary = classes == 2
    return SentenceModel(
        pool,
        context_dim=sentences.width,
        outputs=1 if binary else classes,
        two_sided=binary,
        dropout=dropout,
    )


def build_forecaster(
    *,
    targets: int,
    others: int,
    known: int,
    horizon: int,
    outputs: int,
    linear: LinearForecast | None,
    encoder: str,
    attention: Mapping[str, Any],
    pooling: str,
    hidden: int,
    layers: int,
    attention_dim: int,
    heads: int,
    dropout: float,
    steps: int,
    form: str | None = None,
) -> Forecaster:
    """A forecaster.

    Parameters:
        targets: M.
        others: past-only and known columns.
        known: F, the known ones of them.
        horizon: steps to forecast.
        outputs: for each step: the forecast, then quantiles.
        linear: model of the window to add, or None.
        pooling: "horizon", "attention" or "stacked".
        steps: T of a window.
        encoder, attention, hidden, layers, attention_dim, heads, dropout, form: as for
            `build_regressor`.
    """
    sizes = Sizes(1 + others, hidden, layers, dropout, steps, _FORECAST_POSITIONS)
    body = ENCODERS[encoder](sizes)
    head: HorizonForecast | ContextForecast
    if pooling == "horizon":
        attentions, query_dim = make_attentions(
            attention,
            heads=heads,
            state_dim=body.width,
            attention_dim=attention_dim,
            positions=-(-steps // body.stride),
        )
        head = HorizonForecast(
            attentions,
            query_dim=query_dim,
            state_dim=body.width,
            horizon=horizon,
            targets=targets,
            known=known,
            outputs=outputs,
            dropout=dropout,
        )
        last = head.out
    else:
        of_context = _make_head(
            body,
            attention=attention,
            pooling=pooling,
            attention_dim=attention_dim,
            heads=heads,
            steps=steps,
            outputs=horizon * outputs,
        )
        head = ContextForecast(of_context, horizon=horizon, known=known, outputs=outputs)
        last = cast(nn.Linear, of_context.classify)
    if linear is not None:  # begins as the linear model alone
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    return Forecaster(body, head, targets=targets, linear=linear, dropout=dropout)
