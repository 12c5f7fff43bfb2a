"""Recurrent decoders, in Bahdanau's order and in Luong's."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from regard.attention import Memory
from regard.models.build import make_cross_attention
from regard.models.decoder import Decoder, Written
from regard.models.dropout import dropout as drop
from regard.models.encoder import summary_of
from regard.models.recurrent import CELLS, advance

__all__ = ["RecurrentCache", "RecurrentDecoder"]


class RecurrentCache(NamedTuple):
    """What a recurrent decoder needs of the previous positions and of the encoder's states.

    Attributes:
        hidden: [B, layers, D] of a GRU; a pair of them, hidden and cell, of an LSTM.
        memory: keys and values of the encoder's states, prepared once.
        attention: state of the attention, if its mechanism reads the previous step.
        fed: [B, E], the output of the previous position, with input feeding; otherwise None.
        position: number of positions so far.
    """

    hidden: Any
    memory: Memory
    attention: Any = None
    fed: Tensor | None = None
    position: int = 0

    @property
    def shared(self) -> tuple[str, ...]:
        """Fields that the hypotheses of a case have in common, for `reorder`."""
        return ("memory",)


class RecurrentDecoder(Decoder):
    """A GRU or an LSTM that attends to an encoder's states.

        bahdanau:  c_i = attention(s_(i-1), h);     s_i = cell([y_(i-1); c_i], s_(i-1))
                   t_i = tanh(W [s_i; c_i; y_(i-1)])
        luong:     s_i = cell(y_(i-1), s_(i-1));    c_i = attention(s_i, h)
                   t_i = tanh(W [s_i; c_i])

    With input feeding the cell of Luong's order reads [y_(i-1); t_(i-1)]. The first state is
    s_0 = tanh(W_0 [h_first; h_last]), of the first and the last of the encoder's states, where the
    two directions of a bidirectional network have read everything, or tanh(W_0 mean(h)).

    Parameters:
        state_dim: Ds.
        token_dim: E, width of the embedded tokens and of the outputs t_i; D is E.
        hidden: width of s_i.
        cell: "gru" or "lstm".
        layers: number of stacked layers; the last one attends.
        start: of which of the encoder's states the first state is made: "ends" or "mean".
        order: "bahdanau" attends with the state before the step, "luong" with the one after.
        feeding: whether Luong's cell reads the previous output, too.
        attention: score, window and align, as the configuration resolves them.
        heads: H; more than one project queries, keys and values as `MultiHead` does.
        attention_dim: width in which additive scores compare, over all heads.
        positions: largest number of the encoder's positions.
        dropout: rate between layers and on the outputs, in training.

    Source: Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning to
    align and translate", appendix A.2, with tanh in place of maxout; Luong, Pham and Manning, 2015,
    "Effective approaches to attention-based neural machine translation", sections 3 and 3.3.
    """

    def __init__(
        self,
        state_dim: int,
        token_dim: int,
        hidden: int,
        *,
        cell: Literal["gru", "lstm"],
        layers: int,
        start: Literal["ends", "mean"] = "ends",
        order: Literal["bahdanau", "luong"],
        feeding: bool,
        attention: Mapping[str, Any],
        heads: int,
        attention_dim: int,
        positions: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.width, self.hidden, self.order, self.feeding = token_dim, hidden, order, feeding
        self.dropout = dropout
        self.attention = make_cross_attention(
            attention,
            heads=heads,
            query_dim=hidden,
            state_dim=state_dim,
            attention_dim=attention_dim,
            positions=positions,
            project=False,
        )
        context = state_dim if heads == 1 else hidden
        read = {"bahdanau": context, "luong": token_dim if feeding else 0}[order]
        between = dropout if layers > 1 else 0.0
        self.network = CELLS[cell](
            token_dim + read, hidden, layers, batch_first=True, dropout=between
        )
        self._start = start
        self.first = nn.Linear(
            (1 + (start == "ends")) * state_dim, layers * hidden * (2 if cell == "lstm" else 1)
        )
        self.readout = nn.Linear(
            hidden + context + (token_dim if order == "bahdanau" else 0), token_dim
        )

    @property
    def _reads_context(self) -> bool:
        """Whether a state depends on what the positions before attended to."""
        return self.order == "bahdanau" or self.feeding

    def start(self, states: Tensor, mask: Tensor | None = None) -> RecurrentCache:
        first = torch.tanh(self.first(summary_of(self._start, states, mask)))
        hidden: Any = first.view(len(states), -1, self.hidden)
        if isinstance(self.network, nn.LSTM):
            hidden = tuple(hidden.chunk(2, 1))
        fed = states.new_zeros(len(states), self.width) if self.feeding else None
        return RecurrentCache(hidden, self.attention.prepare(states, mask=mask), None, fed)

    def forward(
        self, tokens: Tensor, cache: RecurrentCache, *, need_weights: bool = False
    ) -> Written:
        if not self._reads_context:
            states, hidden = advance(self.network, tokens, cache.hidden)
            attended = self.attention(
                states,
                cache.memory,
                position=cache.position,
                state=cache.attention,
                need_weights=need_weights,
            )
            position = cache.position + tokens.shape[1]
            cache = cache._replace(hidden=hidden, attention=attended.state, position=position)
            outputs = self._read(states, attended.context)
            weights, log_prob, entropy = attended.weights, attended.log_prob, attended.entropy
        else:
            steps, looks = [], []
            for token in torch.split(tokens, 1, dim=1):
                step, cache, attended = self._step(token, cache, need_weights)
                steps.append(step)
                looks.append(attended)
            outputs = torch.cat(steps, 1)
            if self.order == "bahdanau":  # no step reads the output before: all at once
                contexts = torch.cat([each.context for each in looks], 1)
                outputs = self._read(outputs, contexts, tokens)
            weights = _joined([each.weights for each in looks], -2)
            log_prob = _joined([each.log_prob for each in looks], -1)
            entropy = _joined([each.entropy for each in looks], -1)
        if weights is not None:  # [B, Q, K] or [B, H, Q, K] -> [B, 1, H, Q, K]
            weights = weights.reshape(len(weights), 1, -1, *weights.shape[-2:])
        if log_prob is not None and log_prob.dim() == 3:
            log_prob, entropy = log_prob.sum(1), entropy.sum(1)
        if log_prob is not None and self._reads_context:
            log_prob = log_prob.cumsum(1)
        return Written(outputs, cache, weights, log_prob, entropy)

    def _step(
        self, token: Tensor, cache: RecurrentCache, need_weights: bool
    ) -> tuple[Tensor, RecurrentCache, Any]:
        """One position: [B, 1, E] -> its output [B, 1, E], or in Bahdanau's order its state."""
        how: Any = {"state": cache.attention, "need_weights": need_weights}
        how["position"] = cache.position
        if self.order == "bahdanau":
            before = cache.hidden[0] if isinstance(cache.hidden, tuple) else cache.hidden
            attended = self.attention(before[:, -1:], cache.memory, **how)
            read = torch.cat([token, attended.context], 2)
            output, hidden = advance(self.network, read, cache.hidden)
        else:
            fed = cache.fed
            assert fed is not None
            read = torch.cat([token, fed.unsqueeze(1)], 2)
            state, hidden = advance(self.network, read, cache.hidden)
            attended = self.attention(state, cache.memory, **how)
            output = self._read(state, attended.context)
            cache = cache._replace(fed=output.squeeze(1))
        after = {"hidden": hidden, "attention": attended.state, "position": cache.position + 1}
        return output, cache._replace(**after), attended

    def _read(self, *parts: Tensor) -> Tensor:
        """The outputs t_i [B, L, E]."""
        output = torch.tanh(self.readout(torch.cat(parts, 2)))
        return drop(output, self.dropout, self.training)


def _joined(parts: Sequence[Tensor | None], dim: int) -> Tensor | None:
    """The parts of all steps, or None where they have none."""
    present = [part for part in parts if part is not None]
    return torch.cat(present, dim) if present else None
