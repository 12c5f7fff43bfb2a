"""The model of texts: embedding, encoder and head, plus a linear model of the n-grams."""

from collections.abc import Callable
from functools import partial
from typing import Any

from regard.attention import AttentionPooling, HierarchicalPooling, SelfAttentionPooling
from regard.models import (
    Encoder,
    NgramTerm,
    SentenceModel,
    SeriesModel,
    StateReader,
    TextModel,
    TokenEncoder,
    make_attentions,
    make_encoder,
    make_pooling,
)

__all__ = ["build_pair_model", "build_text_model"]


def build_text_model(
    config: Any, output: Any, *, tokens: int, features: int, width: int, steps: int
) -> TextModel:
    """A model of texts with fresh weights, from the section `model` and the fitted output.

    `tokens` is V, `features` the number of n-grams or 0, `width` the width of the embedding and
    `steps` the maximum number of tokens of a training text.
    """
    encoder = partial(
        make_encoder,
        config.encoder,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
    )
    model: SeriesModel | SentenceModel
    if config.pooling == "hierarchical":
        model = _sentence_model(config, output, encoder, width, steps)
    else:
        states = encoder(channels=width, steps=steps)
        model = SeriesModel(states, output.head(states, steps=steps), dropout=config.dropout)
    return TextModel(
        tokens,
        width,
        model,
        ngrams=NgramTerm(features, output.scores) if features else None,
        word_dropout=config.word_dropout,
        embedding_dropout=config.embedding_dropout,
    )


def build_pair_model(config: Any, output: Any, *, tokens: int, steps: int) -> SeriesModel:
    """A model of texts to be written from texts, with fresh weights.

    `tokens` is V of the sources and `steps` the maximum number of tokens of a training source.
    """
    width, transformer = config.embedding_dim, config.encoder == "transformer"
    encoder = make_encoder(
        config.encoder,
        channels=width,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        steps=steps,
        heads=config.heads if config.decoder == "transformer" else None,
        kernel=0 if width == config.hidden else 1,  # no convolution of words
        weight_dropout=0.0,
    )
    reader = TokenEncoder(
        encoder,
        None if config.joint else tokens,
        width,
        dropout=config.embedding_dropout,
        unknown=0.0 if config.copying else config.word_dropout,  # copying hides words
    )
    head = output.head(reader, steps=steps)
    if config.joint:
        reader.borrow(head.embedding)
    # a Transformer has dropout in every layer, and its last one normalises
    return SeriesModel(reader, head, dropout=0.0 if transformer else config.dropout)


def _sentence_model(
    config: Any, output: Any, make: Callable[..., Encoder], width: int, steps: int
) -> SentenceModel:
    """Words to sentences and sentences to the text, with the same kind of encoder."""
    attention = config.attention.model_dump()

    def level(channels: int) -> tuple[Encoder, AttentionPooling | SelfAttentionPooling]:
        encoder = make(channels=channels, steps=1)  # one position per word or sentence
        attentions, query_dim = make_attentions(
            attention,
            heads=config.heads,
            state_dim=encoder.width,
            attention_dim=config.attention_dim,
            positions=steps,
        )
        return encoder, make_pooling(attentions, query_dim, attention["query"])

    words, pool_words = level(width)
    sentences, pool_sentences = level(words.width)
    readers = {"encode_words": StateReader(words), "encode_sentences": StateReader(sentences)}
    return SentenceModel(
        HierarchicalPooling(pool_words, pool_sentences, **readers),
        context_dim=sentences.width,
        outputs=output.scores,
        two_sided=output.two_sided,
        dropout=config.dropout,
    )
