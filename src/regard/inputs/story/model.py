"""The model of stories, from the configuration and the fitted output."""

from typing import Any

import torch

from regard.inputs.text.encoded import UNKNOWN, padded
from regard.inputs.text.tokenizer import Tokenizer
from regard.models import Echo, MemoryNetwork, WordSum, make_attentions, make_reader

__all__ = ["build_story_model"]

_STD = 0.3  # of vectors of words that are compared with each other


def build_story_model(
    config: Any, output: Any, tokenizer: Tokenizer, *, sentences: int, words: int
) -> MemoryNetwork:
    """A memory network with fresh weights.

    Parameters:
        config: the section `model`.
        output: fitted classes.
        tokenizer: of sentences and questions, by which the names of the classes are read as well.
        sentences: longest story.
        words: longest sentence, in tokens.
    """
    reader = make_reader(
        config.encoder,
        tokens=tokenizer.size,
        vectors=config.hops + 1,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
    )
    matching = WordSum(tokenizer.size, reader.width, 1, positions=False, std=_STD)
    names = tokenizer.encode([str(name) for name in output.classes_], max_tokens=words)
    known = [ids[ids != UNKNOWN] for ids in names.ids]
    answers = padded(known, max(1, *(len(ids) for ids in known)))
    hops = [
        make_attentions(
            config.attention.model_dump(),
            heads=1,
            state_dim=reader.width,
            attention_dim=config.attention_dim,
            positions=sentences,
        )[0][0]
        for _ in range(config.hops)
    ]
    return MemoryNetwork(
        reader,
        matching,
        hops,
        echo=Echo(reader.width, sentences) if config.echo else None,
        answers=torch.from_numpy(answers),
        two_sided=output.two_sided,
        sentences=sentences,
        dropout=config.dropout,
        word_dropout=config.word_dropout,
        time_noise=config.time_noise,
    )
