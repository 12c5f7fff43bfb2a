"""The model that points at the words of a story, from the configuration and the fitted output."""

from functools import partial
from typing import Any

from regard.models import SpanReader, WordVectors, make_encoder

__all__ = ["build_pointed_model"]

_NAMES = 50  # vectors for words that are not in the vocabulary


def build_pointed_model(config: Any, output: Any, *, tokens: int, words: int) -> SpanReader:
    """A reader of words with fresh weights.

    Parameters:
        config: the section `model`.
        output: fitted spans.
        tokens: V.
        words: the most of a story.
    """
    make = partial(
        make_encoder,
        config.encoder,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        steps=words,
        stride=1,  # a state for each word
    )
    vectors = WordVectors(tokens, _NAMES, config.embedding_dim, named=config.word_dropout)
    asker = make(channels=vectors.width)
    encoder = make(channels=SpanReader.channels(vectors, asker))
    again = make(channels=2 * encoder.width) if config.echo else None
    pointer = output.head(again or encoder, steps=words)
    return SpanReader(vectors, asker, encoder, again, pointer, dropout=config.dropout)
