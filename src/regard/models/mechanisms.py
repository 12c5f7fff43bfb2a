"""Attentions and encoders by the names of the catalogue."""

from collections.abc import Mapping
from typing import Any

from regard.attention import Attention, Score, Window, Windows, alibi_slopes
from regard.catalogue import ALIGNMENTS, ENCODERS, SCORES, WINDOWS, Mechanism
from regard.models.conv_bilstm import choose_stride
from regard.models.encoder import Encoder
from regard.registry import call_with, load

__all__ = ["make_attentions", "make_encoder"]


def make_encoder(
    name: str,
    *,
    channels: int,
    hidden: int,
    layers: int,
    dropout: float,
    steps: int,
    positions: int = 50,
) -> Encoder:
    """An encoder by name.

    Parameters:
        name: one of `catalogue.ENCODERS`.
        channels: C.
        hidden: width of the encoder.
        layers: number of layers.
        dropout: rate between recurrent or Transformer layers.
        steps: longest sequence of the training part, by which a strided encoder sets its stride.
        positions: how many positions a strided encoder leaves, about.

    Raises:
        ConfigError: there is no such encoder, or it takes something else.
    """
    row = ENCODERS.find(name)
    available = {
        "channels": channels,
        "hidden": hidden,
        "layers": layers,
        "dropout": dropout,
        "steps": steps,
        "stride": choose_stride(steps, positions=positions),
        **row.constants,
    }
    encoder: Encoder = call_with(f"encoder {name!r}", load(row.make), available)
    return encoder


def make_attentions(
    table: Mapping[str, Any], *, heads: int, state_dim: int, attention_dim: int, positions: int
) -> tuple[list[Attention], int]:
    """An attention for each head, of queries that are states or learned, over states.

    Parameters:
        table: score, window, align and query, as the configuration resolves them.
        heads: H.
        state_dim: D.
        attention_dim: A, shared among the heads.
        positions: the largest number of states.

    Returns:
        The attentions, and the width Dq of their queries.
    """
    available = {
        "query_dim": state_dim,
        "key_dim": state_dim,
        "hidden_dim": max(1, attention_dim // heads),
        "max_keys": positions,
    }
    scoring, aligning = SCORES.find(table["score"]), ALIGNMENTS.find(table["align"])
    projected = table["query"] == "learned" and "projected-query" in scoring.traits
    made = []
    for slope in alibi_slopes(heads):
        widths = {**available, "query_dim": None} if projected else available
        score: Score = _make(scoring, widths)
        query_dim = score.query_dim or state_dim
        placed = {**available, "query_dim": query_dim, "slopes": slope}
        windows: list[Window] = [
            _make(WINDOWS.find(name), {**placed, **options})
            for name, options in table["window"].items()
        ]
        window = windows[0] if len(windows) == 1 else Windows(*windows)
        made.append(Attention(score, window=window, align=_make(aligning, available)))
    return made, query_dim


def _make(row: Mechanism, available: Mapping[str, Any]) -> Any:
    """A class is called; a function, as `masked_softmax`, is the mechanism itself."""
    make = load(row.make)
    if not isinstance(make, type):
        return make
    return call_with(f"{row.family} {row.name!r}", make, {**available, **row.constants})
