"""The head of a model that writes tokens, from the configuration."""

from typing import Any, Literal, cast

from regard.models import (
    CopyHead,
    Decoder,
    Encoder,
    RecurrentDecoder,
    TokenHead,
    TransformerDecoder,
)

__all__ = ["build_head"]


def build_head(config: Any, encoder: Encoder, *, tokens: int, positions: int) -> TokenHead:
    """A decoder with fresh weights, from the section `model`.

    Parameters:
        config: the section.
        encoder: whose states it attends to.
        tokens: V.
        positions: largest number of the encoder's positions.
    """
    shared: dict[str, Any] = {
        "layers": config.decoder_layers,
        "heads": config.heads,
        "attention": config.attention.model_dump(),
        "attention_dim": config.attention_dim,
        "positions": positions,
        "dropout": config.dropout,
    }
    decoder: Decoder
    if config.decoder == "transformer":
        decoder = TransformerDecoder(encoder.width, config.hidden, **shared)
    else:
        decoder = RecurrentDecoder(
            encoder.width,
            config.embedding_dim,
            encoder.width,
            cell=cast(Literal["gru", "lstm"], config.decoder),
            start=encoder.summary,
            order=config.order,
            feeding=config.input_feeding,
            **shared,
        )
    kind = CopyHead if getattr(config, "copying", False) else TokenHead
    return kind(
        decoder,
        tokens,
        config.embedding_dim,
        tied=config.tied,
        dropout=config.embedding_dropout,
        state_dim=encoder.width if config.ctc_weight else None,
    )
