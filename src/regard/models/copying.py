"""A head that writes tokens of the vocabulary, or copies those of the source."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from regard.models.cross_entropy import projected_cross_entropy
from regard.models.decoder import Decoder, Written
from regard.models.heads import shares
from regard.models.tokens import Source, TokenHead

__all__ = ["CopyCache", "CopyHead", "CopyParts"]

_UNKNOWN = 1
_SPECIAL = 3  # the last special token, the end
_CASES = 16  # whose probabilities of all tokens are held at once
_NONE = 1e-30  # in place of zero, whose logarithm is then finite
_LEAST = 1e-6  # for words that can only be copied, where attention is hard and points elsewhere


class CopyParts(NamedTuple):
    """What the probability of n tokens is made of.

    Attributes:
        gate: [n] logits of g, the share that is written from the vocabulary.
        pointed: [n, S] weights of the source's positions, which sum to one.
        source: [n, S] their tokens.
    """

    gate: Tensor
    pointed: Tensor
    source: Tensor

    def copied(self, tokens: Tensor) -> Tensor:
        """[n, S] weights of the positions that hold a token [n], 0 elsewhere."""
        return self.pointed * (self.source == tokens.unsqueeze(1))


class CopyCache(NamedTuple):
    """What the decoder remembers, and what can be copied.

    Attributes:
        decoder: its cache.
        source: [B, S] tokens.
        mask: boolean [B, S], or None.
        tokens: V and the largest number of words beyond the vocabulary in a source of the batch.
    """

    decoder: Any
    source: Tensor
    mask: Tensor | None
    tokens: int

    @property
    def shared(self) -> tuple[str, ...]:
        """Fields that the hypotheses of a case have in common, for `reorder`."""
        return ("source", "mask")


class CopyHead(TokenHead):
    """A decoder that writes a token of the vocabulary or points at one of the source.

        p(y) = g softmax(W t + b)[y]  +  (1 - g) sum over s with x_s = y of a_s
        g = sigmoid(w t + c)

    t is the decoder's state from which a token is told, a its attention in the last layer, the mean
    over the heads, scaled to sum to one. Words of a source that the vocabulary lacks have numbers
    of that source alone, V, V + 1 and so on: so they can be copied. Encoder and decoder read them
    as unknown tokens.

    A token of the target is smoothed as far as it is written and not copied.

    Parameters are those of `TokenHead`; the source must be tokens of the same vocabulary.

    Source: See, Liu and Manning, 2017, "Get to the point: summarization with pointer-generator
    networks", equations 8 and 9; there the gate reads context, state and input by themselves, from
    which a recurrent decoder here makes t.
    """

    def __init__(self, decoder: Decoder, tokens: int, width: int, **options: Any) -> None:
        super().__init__(decoder, tokens, width, **options)
        self.gate = nn.Linear(decoder.width, 1)

    def start(self, source: Source) -> CopyCache:
        assert source.read is not None
        most = int(source.read.max()) + 1 if source.read.numel() else 0
        tokens = max(len(self.bias), most)
        return CopyCache(super().start(source), source.read, source.mask, tokens)

    def read(self, tokens: Tensor, cache: CopyCache, *, need_weights: bool = False) -> Written:
        """As of `TokenHead`, always with weights."""
        known = tokens.masked_fill(tokens >= len(self.bias), _UNKNOWN)
        written = super().read(known, cache.decoder, need_weights=True)
        return Written(
            written.states,
            cache._replace(decoder=written.cache),
            written.weights,
            written.log_prob,
            written.entropy,
        )

    def parts(self, written: Written, source: Tensor, mask: Tensor | None, at: Tensor) -> CopyParts:
        """What is pointed at, at the n places where `at` [B, L] is True.

        Parameters:
            source: [B, S] tokens.
            mask: boolean [B, S], or None.
        """
        assert written.weights is not None
        cases = at.nonzero()[:, 0]
        looks = _wide(written.weights[:, -1].mean(1)[at])  # [n, S]
        own = None if mask is None else mask[cases]
        gate = _wide(self.gate(written.states[at])).squeeze(1)
        return CopyParts(gate, shares(looks, own), source[cases])

    def losses(
        self, written: Written, source: Source, targets: Tensor, *, smoothing: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The losses of the n tokens of the targets [B, L].

        Parameters, and what is returned, are those of `TokenHead.losses`; the losses without
        smoothing are - log p(y). Which tokens are the most probable ones is told in evaluation;
        in training, where it takes long and nobody asks, none are.
        """
        losses, own = self._losses(written, source, targets, smoothing=smoothing)
        true = targets != 0
        return losses, own, self._right(written, source, true, targets[true])

    def told(self, written: Written, source: Source, targets: Tensor) -> Tensor:
        _, own = self._losses(written, source, targets, smoothing=0.0)
        return -own

    def _losses(
        self, written: Written, source: Source, targets: Tensor, *, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        """The first two of `losses`."""
        assert source.read is not None
        true = targets != 0
        beyond = targets >= len(self.bias)
        known = targets.masked_fill(beyond, _UNKNOWN)
        smoothed, plain, _ = projected_cross_entropy(
            written.states[true],
            self.weight,
            self.bias,
            known[true],
            smoothing=smoothing,
            alike=False,  # a token that is copied has no loss of its own
        )
        beyond, targets = beyond[true], targets[true]
        parts = self.parts(written, source.read, source.mask, true)
        generated = logsigmoid(parts.gate) - plain.detach()
        generated = generated.masked_fill(beyond, -torch.inf)
        pointed = parts.copied(targets).sum(1)
        pointed = torch.where(beyond, pointed.clamp(min=_LEAST), pointed.clamp(min=_NONE))
        copied = pointed.log() + logsigmoid(-parts.gate)
        found = torch.logaddexp(generated, copied)
        # The gradient of - log p to what - log softmax depends on is the share of p it made.
        share = (generated - found).exp().detach().masked_fill(beyond, 0.0)
        own = -found.detach()
        losses = -found + share * (smoothed - plain.detach())
        return losses, own

    def _right(self, written: Written, source: Source, at: Tensor, targets: Tensor) -> Tensor:
        """[n] whether the targets are the most probable tokens; False in training."""
        right = torch.zeros_like(targets, dtype=torch.bool)
        if not self.training:
            for first in range(0, len(at), _CASES):
                some = torch.zeros_like(at)
                some[first : first + _CASES] = at[first : first + _CASES]
                own = some[at]
                right[own] = self.log_probs(written, source, some).argmax(1) == targets[own]
        return right

    def log_probs(self, written: Written, source: Source, at: Tensor) -> Tensor:
        """[n, V + X] log-probabilities of all tokens and of the X that the batch has beside."""
        assert source.read is not None
        tokens = max(len(self.bias), int(source.read.max()) + 1)
        parts = self.parts(written, source.read, source.mask, at)
        return self._mixed(self.project(written.states[at]), parts, tokens)

    def step(
        self, tokens: Tensor, cache: CopyCache, *, need_weights: bool = False
    ) -> tuple[Tensor, Any, Tensor | None]:
        """As of `TokenHead`, with log-probabilities [B, V + X] in place of logits."""
        written = self.read(tokens.unsqueeze(1), cache)
        every = torch.ones_like(tokens, dtype=torch.bool).unsqueeze(1)
        parts = self.parts(written, cache.source, cache.mask, every)
        log_probs = self._mixed(self.project(written.states[:, 0]), parts, cache.tokens)
        assert written.weights is not None
        weights = written.weights.mean((1, 2)).squeeze(1) if need_weights else None
        return log_probs, written.cache, weights

    def maps(self, written: Written, source: Source, targets: Tensor) -> dict[str, Tensor]:
        """As of `TokenHead`; "copied" is what each position gave to the probability of each token.

        A row of it sums to the share of the token that was copied; the rest was written, as is the
        end.
        """
        assert source.read is not None
        every = torch.ones_like(targets, dtype=torch.bool)
        parts = self.parts(written, source.read, source.mask, every)
        tokens = targets.flatten()
        pointed = torch.sigmoid(-parts.gate).unsqueeze(1) * parts.copied(tokens)
        whole = self.log_probs(written, source, every).exp().gather(1, tokens.unsqueeze(1))
        words = parts.source > _SPECIAL
        copied = (pointed * words / whole).view(*targets.shape, -1)
        return {**super().maps(written, source, targets), "copied": copied}

    def _mixed(self, logits: Tensor, parts: CopyParts, tokens: int) -> Tensor:
        """[n, tokens] log-probabilities, from logits [n, V]."""
        probabilities = _wide(logits).softmax(1) * torch.sigmoid(parts.gate).unsqueeze(1)
        beside = probabilities.new_zeros(len(logits), tokens - logits.shape[1])
        pointed = torch.sigmoid(-parts.gate).unsqueeze(1) * parts.pointed
        mixed = torch.cat([probabilities, beside], 1)
        return mixed.scatter_add(1, parts.source, pointed.to(mixed.dtype)).log()


def _wide(values: Tensor) -> Tensor:
    """In single precision or better."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
