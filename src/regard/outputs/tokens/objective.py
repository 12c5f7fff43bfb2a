"""The loss of sequences: cross-entropy of every token, with teacher forcing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from regard.attention import coverage_loss, expected
from regard.models import Predicted, Source, TokenHead, Written, ctc_losses, read_source
from regard.training import Batch, Objective

__all__ = ["TokenLoss", "sampled_share", "unevenness"]

_WRITTEN = 3  # the first token that a search may write: not padding, unknown or the begin


def sampled_share(schedule: str, progress: float, last: float) -> float:
    """The share of the decoder's inputs that are predictions, at a share of the training.

        linear           last p
        exponential      last (1 - exp(-5 p)) / (1 - exp(-5))
        inverse-sigmoid  last (sigma(12 p - 6) - sigma(-6)) / (sigma(6) - sigma(-6))

    Parameters:
        schedule: "none", "linear", "exponential" or "inverse-sigmoid".
        progress: p, from 0 to 1.
        last: the share at the end.

    Source: Bengio et al., 2015, "Scheduled sampling for sequence prediction with recurrent neural
    networks", section 2.4, with the curves scaled to run from 0 to `last`.

    >>> sampled_share("linear", 0.5, 0.2)
    0.1
    """
    if schedule == "none":
        return 0.0
    if schedule == "linear":
        return last * progress
    if schedule == "exponential":
        return last * math.expm1(-5 * progress) / math.expm1(-5)
    low, high, now = (1 / (1 + math.exp(-x)) for x in (-6, 6, 12 * progress - 6))
    return last * (now - low) / (high - low)


def unevenness(weights: Tensor, true: Tensor, mask: Tensor | None = None) -> Tensor:
    """[B] sum_i (1 - sum_t a_ti)^2: 0 where every position gets a weight of 1 over a whole text.

    Parameters:
        weights: [B, M, H, L, S] of the tokens over positions i, of which the mean over the layers M
            and the heads H is taken.
        true: boolean [B, L], which of them are tokens t of the text.
        mask: boolean [B, S], which positions there are; None for all.

    Source: Xu et al., 2015, "Show, attend and tell", equation 14, without its lambda.

    >>> weights = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    >>> unevenness(weights[None, None, None], torch.tensor([[True, True]]))
    tensor([0.5000])
    """
    sums = (weights.mean((1, 2)) * true.unsqueeze(2)).sum(1)  # [B, S]
    squares = (1 - sums).square()
    if mask is not None:
        squares = squares * mask
    return squares.sum(1)


class TokenLoss(Objective):
    """Mean of - log p(y_i | y_1 .. y_(i-1), x) over all tokens y_i, smoothed in training.

    With a weight w of CTC it is (1 - w) of that and w of the mean of - log P_CTC(y | x), of a case
    divided among its tokens.

    In training, lambda times the `unevenness` of each case and gamma times its
    `coverage_loss` are added to the sum of its losses.

    With hard attention the decoder takes each case twice: once it draws, once it attends to the
    expectation, by softmax (`expected`). The loss is the mean of both. What the second reaches at a
    token is the baseline of the reward there, which does not depend on what was drawn, so that the
    gradient stays unbiased; and the gradient of the second finds where to look.

    With scheduled sampling the model predicts every token from the true ones first; then a share
    of the decoder's inputs are these predictions instead, and the loss is taken of a second pass.

    Parameters:
        smoothing: share of the target that is spread over the vocabulary.
        schedule: of scheduled sampling, see `sampled_share`.
        last: share of predictions among the inputs at the end of training.
        ctc_weight: w, for a head with a projection for CTC.
        doubly_stochastic: lambda.
        coverage: gamma.
        decode: what greedy search writes for a batch, and the references; with it the score of
            these texts is watched.
        score: of texts against references.
        figure: name of the score.
        best: whether the lowest or the highest score is the best.

    Source: Szegedy et al., 2016, "Rethinking the inception architecture", section 7, for smoothing;
    Duckworth et al., 2019, "Parallel scheduled sampling", for the two passes; Kim, Hori and
    Watanabe, 2017, "Joint CTC-attention based end-to-end speech recognition using multi-task
    learning", equation 13; Xu et al., 2015, "Show, attend and tell", section 4.1, for hard
    attention, there with the expectation for half of the cases and a moving average as baseline.
    """

    def __init__(
        self,
        *,
        smoothing: float = 0.0,
        schedule: str = "none",
        last: float = 0.0,
        ctc_weight: float = 0.0,
        doubly_stochastic: float = 0.0,
        coverage: float = 0.0,
        decode: Callable[[nn.Module, Batch], list[tuple[str, str]]] | None = None,
        score: Callable[[Sequence[str], Sequence[str]], float] | None = None,
        figure: str = "bleu",
        best: Literal["min", "max"] = "max",
    ) -> None:
        super().__init__()
        self.smoothing, self.schedule, self.last = smoothing, schedule, last
        self.ctc_weight = ctc_weight
        self.doubly_stochastic, self.coverage = doubly_stochastic, coverage
        self._decode, self._score, self._figure = decode, score, figure
        if decode is not None:
            self.watched: tuple[str, Literal["min", "max"]] = (figure, best)

    def run(self, model: Any, batch: Batch) -> Predicted:
        """Values [n, 3] or, with CTC, [n, 4] of the n tokens of all targets; twice if hard.

        They are the smoothed loss, the loss without smoothing, 1 where the token is the most
        probable one, and the token's share of the loss of CTC: logits of a large vocabulary would
        take more memory than all else.
        """
        head: TokenHead = model.head
        targets = batch.targets
        assert targets is not None
        source = read_source(model, batch.inputs, batch.mask)
        given = targets
        share = sampled_share(self.schedule, self.progress, self.last) if model.training else 0.0
        if share:
            given = self._mixed(head, source, targets, share)
        true = targets != 0
        spelt: list[Tensor] = []
        if self.ctc_weight:
            with torch.autocast(targets.device.type, enabled=False):
                states = source.states.to(head.bias.dtype)
                whole = ctc_losses(head.spell(states), source.mask, targets)
            spelt = [(whole / true.sum(1)).unsqueeze(1).expand_as(true)[true]]
        weighed = model.training and (self.doubly_stochastic > 0 or self.coverage > 0)
        written = head.teach(source, given, need_weights=weighed)
        values = self._values(head, written, targets, source, spelt, weighed)
        if written.log_prob is None or written.entropy is None:
            return Predicted(values, {})
        second = expected(head).teach(source, given, need_weights=weighed)
        other = self._values(head, second, targets, source, spelt, weighed)
        baseline = -other[:, 1].detach()
        none = torch.zeros_like(written.log_prob[true])  # nothing is drawn
        return Predicted(
            torch.cat([values, other]),
            {},
            torch.cat([written.log_prob[true], none]),
            torch.cat([written.entropy[true], none]),
            torch.cat([baseline, baseline]),
        )

    def _values(
        self,
        head: TokenHead,
        written: Written,
        targets: Tensor,
        source: Source,
        spelt: Sequence[Tensor],
        weighed: bool,
    ) -> Tensor:
        """The values of one pass of the decoder, with those of CTC, if any, and the penalties."""
        true = targets != 0
        losses = head.losses(written, source, targets, smoothing=self.smoothing)
        found = [*losses, *spelt]
        values = torch.stack([each.float() for each in found], 1)
        if weighed:
            assert written.weights is not None
            weights = written.weights.float()
            penalty = self.doubly_stochastic * unevenness(weights, true, source.mask)
            looks = weights.mean((1, 2)) * true.unsqueeze(2)
            penalty = penalty + self.coverage * coverage_loss(looks)
            values[:, 0] += penalty.sum() / len(values)
        return values

    @staticmethod
    @torch.no_grad()
    def _mixed(head: TokenHead, source: Source, targets: Tensor, share: float) -> Tensor:
        """The targets [B, L], a share of them replaced by what the model would write there."""
        chosen = (torch.rand(targets.shape, device=targets.device) < share) & (targets != 0)
        log_probs = head.log_probs(head.teach(source, targets), source, chosen)
        log_probs[:, :_WRITTEN] = -torch.inf
        return targets.masked_scatter(chosen, log_probs.argmax(1))

    def losses(self, values: Tensor, targets: Tensor) -> Tensor:
        """Values -> [n], of the decoder, not smoothed."""
        return values[:, 1]

    def forward(self, values: Tensor, targets: Tensor) -> Tensor:
        return self._joint(values, values[:, 0]).mean()

    def _joint(self, values: Tensor, own: Tensor) -> Tensor:
        """[n] the losses of the decoder with those of CTC."""
        if not self.ctc_weight:
            return own
        return (1 - self.ctc_weight) * own + self.ctc_weight * values[:, 3]

    def summary(self, values: Tensor, targets: Tensor) -> Any:
        """Sum of the losses, number of tokens, and how many are predicted right."""
        losses = self._joint(values, values[:, 1])
        return losses.double().sum(), len(values), values[:, 2].sum()

    def ignorant(self, model: Any, values: Tensor) -> Tensor:
        """The values of equal probabilities of the decoder."""
        equal = torch.full_like(values, math.log(len(model.head.bias)))
        equal[:, 3:] = values[:, 3:]
        return equal

    def validated(self, model: nn.Module, batch: Batch) -> Any:
        """The summary and, where their score is watched, the texts that greedy search writes."""
        texts = [] if self._decode is None else self._decode(model, batch)
        return super().validated(model, batch), texts

    def figures(self, batches: Sequence[Any]) -> dict[str, float]:
        """Loss and accuracy of the next token, and the score of the texts where that is watched."""
        losses, counts, right = zip(*(summary for summary, _ in batches), strict=True)
        loss = float(sum(losses)) / sum(counts)
        found = {"loss": loss, "accuracy": float(sum(right)) / sum(counts)}
        if self._score is not None:
            pairs = [pair for _, texts in batches for pair in texts]
            found[self._figure] = self._score(*map(list, zip(*pairs, strict=True)))
        return found
