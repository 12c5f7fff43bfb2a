"""A decoder of Transformer layers."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from regard.attention import Attention, Causal, MultiHead, ScaledDot
from regard.models.build import make_cross_attention
from regard.models.decoder import Decoder, Written
from regard.models.transformer import sinusoids
from regard.models.transformer_layers import DecoderCache, TransformerDecoderLayer

__all__ = ["TransformerDecoder"]


class TransformerDecoder(Decoder):
    """Pre-norm Transformer decoder: D = E = width.

    Parameters:
        state_dim: Ds.
        width: D, and the width of the embedded tokens.
        layers: number of stacked layers.
        heads: H of both attentions.
        attention: of the cross-attention: score, window and align, as the configuration resolves
            them. Self-attention is by scaled dot products.
        attention_dim: width in which additive scores compare, over all heads.
        positions: largest number of the encoder's positions.
        dropout: in every layer, in training.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.1, with the normalisation
    first as in Xiong et al., 2020, "On layer normalization in the Transformer architecture".
    """

    def __init__(
        self,
        state_dim: int,
        width: int,
        layers: int,
        *,
        heads: int,
        attention: Mapping[str, Any],
        attention_dim: int,
        positions: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.width = width

        def layer() -> TransformerDecoderLayer:
            cross = make_cross_attention(
                attention,
                heads=heads,
                query_dim=width,
                state_dim=state_dim,
                attention_dim=attention_dim,
                positions=positions,
                project=True,
            )
            assert isinstance(cross, MultiHead)
            return TransformerDecoderLayer(
                MultiHead([Attention(ScaledDot(), window=Causal())] * heads, width),
                cross,
                width,
                2 * width,
                dropout=dropout,
            )

        self.layers: Sequence[TransformerDecoderLayer]
        self.layers = nn.ModuleList(layer() for _ in range(layers))  # type: ignore[assignment]
        self.norm = nn.LayerNorm(width)

    def start(self, states: Tensor, mask: Tensor | None = None) -> tuple[DecoderCache, ...]:
        return tuple(layer.start(states, mask) for layer in self.layers)

    def forward(
        self, tokens: Tensor, cache: tuple[DecoderCache, ...], *, need_weights: bool = False
    ) -> Written:
        steps, first = tokens.shape[1], cache[0].position
        states = tokens + sinusoids(steps, self.width, like=tokens, first=first)
        caches, weights, sampled = [], [], []
        for layer, own in zip(self.layers, cache, strict=True):
            decoded = layer(states, own, need_weights=need_weights)
            states = decoded.states
            caches.append(decoded.cache)
            weights.append(decoded.cross_weights)
            if decoded.log_prob is not None:
                sampled.append((decoded.log_prob, decoded.entropy))
        log_prob, entropy = None, None
        if sampled:
            log_prob, entropy = (torch.stack(each).sum(0) for each in zip(*sampled, strict=True))
            if len(self.layers) > 1:  # a layer above sees what was sampled at positions before
                log_prob = log_prob.cumsum(1)
        return Written(
            self.norm(states),
            tuple(caches),
            torch.stack(weights, 1) if need_weights else None,
            log_prob,
            entropy,
        )
