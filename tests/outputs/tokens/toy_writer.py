"""A small model that writes tokens, in double precision."""

from typing import Any

import torch
from torch import Tensor, nn

from regard.config import AttentionConfig
from regard.models import RecurrentDecoder, SeriesModel, TokenEncoder, TokenHead, make_encoder
from regard.training import Batch

__all__ = ["toy_batch", "toy_writer"]

E, HIDDEN, S = 5, 3, 4


def toy_writer(tokens: int, *, seed: int = 0, dropout: float = 0.0, align: str = "softmax") -> Any:
    """A GRU in Bahdanau's order over a bidirectional GRU, with random weights."""
    torch.manual_seed(seed)
    encoder = make_encoder("gru", channels=E, hidden=HIDDEN, layers=1, dropout=0.0, steps=S)
    attention = AttentionConfig.model_validate({"align": align, "query": "states"})
    decoder = RecurrentDecoder(
        encoder.width,
        E,
        encoder.width,
        cell="gru",
        layers=1,
        order="bahdanau",
        feeding=False,
        attention=attention.model_dump(),
        heads=1,
        attention_dim=4,
        positions=S,
        dropout=dropout,
    )
    head = TokenHead(decoder, tokens, E, tied=False, dropout=dropout)
    nn.init.normal_(head.bias)
    reader = TokenEncoder(encoder, 11, E, dropout=dropout, unknown=0.0)
    return SeriesModel(reader, head, dropout=0.0).double()


def toy_batch(*targets: list[int]) -> Any:
    """Sources at random of different lengths, with these targets, without their ends."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([S - n % S for n in range(len(targets))])
    mask = torch.arange(S) < lengths.unsqueeze(1)
    source = torch.randint(4, 11, mask.shape, generator=generator) * mask
    texts: list[Tensor] = [torch.tensor([*each, 3]) for each in targets]
    return Batch((source,), mask, nn.utils.rnn.pad_sequence(texts, batch_first=True))
