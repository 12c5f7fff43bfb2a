"""The loss of sequences: cross-entropy of every token, with teacher forcing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from regard.models import Predicted, TokenHead, ctc_losses
from regard.training import Batch, Objective

__all__ = ["TokenLoss", "sampled_share"]

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


class TokenLoss(Objective):
    """Mean of - log p(y_i | y_1 .. y_(i-1), x) over all tokens y_i, smoothed in training.

    With a weight w of CTC it is (1 - w) of that and w of the mean of - log P_CTC(y | x), of a case
    divided among its tokens.

    With scheduled sampling the model predicts every token from the true ones first; then a share
    of the decoder's inputs are these predictions instead, and the loss is taken of a second pass.

    Parameters:
        smoothing: share of the target that is spread over the vocabulary.
        schedule: of scheduled sampling, see `sampled_share`.
        last: share of predictions among the inputs at the end of training.
        ctc_weight: w, for a head with a projection for CTC.
        decode: what greedy search writes for a batch, and the references; with it the score of
            these texts is watched.
        score: of texts against references.
        figure: name of the score.
        best: whether the lowest or the highest score is the best.

    Source: Szegedy et al., 2016, "Rethinking the inception architecture", section 7, for smoothing;
    Duckworth et al., 2019, "Parallel scheduled sampling", for the two passes; Kim, Hori and
    Watanabe, 2017, "Joint CTC-attention based end-to-end speech recognition using multi-task
    learning", equation 13.
    """

    def __init__(
        self,
        *,
        smoothing: float = 0.0,
        schedule: str = "none",
        last: float = 0.0,
        ctc_weight: float = 0.0,
        decode: Callable[[nn.Module, Batch], list[tuple[str, str]]] | None = None,
        score: Callable[[Sequence[str], Sequence[str]], float] | None = None,
        figure: str = "bleu",
        best: Literal["min", "max"] = "max",
    ) -> None:
        super().__init__()
        self.smoothing, self.schedule, self.last = smoothing, schedule, last
        self.ctc_weight = ctc_weight
        self._decode, self._score, self._figure = decode, score, figure
        if decode is not None:
            self.watched: tuple[str, Literal["min", "max"]] = (figure, best)

    def run(self, model: Any, batch: Batch) -> Predicted:
        """Values [n, 3] or, with CTC, [n, 4] of the n tokens of all targets.

        They are the smoothed loss, the loss without smoothing, 1 where the token is the most
        probable one, and the token's share of the loss of CTC: logits of a large vocabulary would
        take more memory than all else.
        """
        head: TokenHead = model.head
        targets = batch.targets
        assert targets is not None
        states, mask = model.encode(*batch.inputs, mask=batch.mask)
        given = targets
        share = sampled_share(self.schedule, self.progress, self.last) if model.training else 0.0
        if share:
            given = self._mixed(head, states, mask, targets, share)
        written = head.teach(states, mask, given)
        true = targets != 0
        drawn = [
            None if each is None else each[true] for each in (written.log_prob, written.entropy)
        ]
        found = [*head.losses(written.states[true], targets[true], smoothing=self.smoothing)]
        if self.ctc_weight:
            with torch.autocast(targets.device.type, enabled=False):
                whole = ctc_losses(head.spell(states.to(head.bias.dtype)), mask, targets)
            found.append((whole / true.sum(1)).unsqueeze(1).expand_as(true)[true])
        return Predicted(torch.stack([each.float() for each in found], 1), {}, *drawn)

    @staticmethod
    @torch.no_grad()
    def _mixed(
        head: TokenHead, states: Tensor, mask: Tensor | None, targets: Tensor, share: float
    ) -> Tensor:
        """The targets [B, L], a share of them replaced by what the model would write there."""
        chosen = (torch.rand(targets.shape, device=targets.device) < share) & (targets != 0)
        logits = head.project(head.teach(states, mask, targets).states[chosen])
        logits[:, :_WRITTEN] = -torch.inf
        return targets.masked_scatter(chosen, logits.argmax(1))

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
