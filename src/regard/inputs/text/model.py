"""The model of texts: an embedding, an encoder and a head, and a linear model of the n-grams."""

from typing import Any

from regard.attention import AttentionPooling, HierarchicalPooling, SelfAttentionPooling
from regard.models import (
    Encoder,
    NgramTerm,
    SentenceModel,
    SeriesModel,
    StateReader,
    TextModel,
    make_attentions,
    make_encoder,
    make_pooling,
)

__all__ = ["build_text_model"]


def build_text_model(
    config: Any, output: Any, *, tokens: int, features: int, width: int, steps: int
) -> TextModel:
    """A model of texts with fresh weights.

    Parameters:
        config: the section `model`.
        output: fitted, gives the head.
        tokens: V.
        features: number of n-grams; 0 for a model without them.
        width: of the embedding.
        steps: the most tokens of a text of the training part.
    """
    model: SeriesModel | SentenceModel
    if config.pooling == "hierarchical":
        model = _sentence_model(config, output, width=width, steps=steps)
    else:
        encoder = _encoder(config, width, steps)
        model = SeriesModel(encoder, output.head(encoder, steps=steps), dropout=config.dropout)
    return TextModel(
        tokens,
        width,
        model,
        ngrams=NgramTerm(features, output.scores) if features else None,
        word_dropout=config.word_dropout,
        embedding_dropout=config.embedding_dropout,
    )


def _encoder(config: Any, channels: int, steps: int) -> Encoder:
    return make_encoder(
        config.encoder,
        channels=channels,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        steps=steps,
    )


def _sentence_model(config: Any, output: Any, *, width: int, steps: int) -> SentenceModel:
    """Words to sentences to the text, each with an encoder of the same kind."""
    attention = config.attention.model_dump()

    def level(channels: int) -> tuple[Encoder, AttentionPooling | SelfAttentionPooling]:
        encoder = _encoder(config, channels, 1)  # a word, or a sentence, is a position
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
    pool = HierarchicalPooling(
        pool_words,
        pool_sentences,
        encode_words=StateReader(words),
        encode_sentences=StateReader(sentences),
    )
    return SentenceModel(
        pool,
        context_dim=sentences.width,
        outputs=output.scores,
        two_sided=output.two_sided,
        dropout=config.dropout,
    )
