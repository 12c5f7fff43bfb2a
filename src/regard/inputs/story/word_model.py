"""Models that read stories word by word, from the configuration and the fitted output."""

from functools import partial
from typing import Any

from regard.models import SpanReader, StoryReader, StoryWriter, WordVectors, make_encoder

__all__ = ["build_span_reader", "build_story_writer"]

_NAMES = 50  # vectors for words that are not in the vocabulary


def build_span_reader(config: Any, output: Any, *, tokens: int, words: int) -> SpanReader:
    """A model with fresh weights that points at words.

    Parameters:
        config: the section `model`.
        output: fitted spans.
        tokens: V.
        words: the most of a story.
    """
    reader = _reader(config, tokens, words, named=config.word_dropout)
    return SpanReader(reader, output.head(reader.last, steps=words))


def build_story_writer(config: Any, output: Any, *, tokens: int, words: int) -> StoryWriter:
    """A model with fresh weights that writes tokens; parameters as of `build_span_reader`.

    Where it copies, its batches hide words.
    """
    named = 0.0 if config.copying else config.word_dropout
    reader = _reader(config, tokens, words, named=named)
    return StoryWriter(reader, output.head(reader.last, steps=words), dropout=config.dropout)


def _reader(config: Any, tokens: int, words: int, *, named: float) -> StoryReader:
    make = partial(
        make_encoder,
        config.encoder,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        steps=words,
        stride=1,  # a state for each word
    )
    vectors = WordVectors(tokens, _NAMES, config.embedding_dim, named=named)
    asker = make(channels=vectors.width)
    encoder = make(channels=StoryReader.channels(vectors, asker))
    again = make(channels=2 * encoder.width) if config.echo else None
    return StoryReader(vectors, asker, encoder, again, dropout=config.dropout)
