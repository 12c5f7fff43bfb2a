"""Minimum risk training: texts are drawn from the model, and better ones made more probable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from regard.models import Predicted, Source, TokenHead, read_source, sample
from regard.outputs.tokens.metrics import bleu, sentence_scores
from regard.outputs.tokens.objective import TokenLoss
from regard.outputs.tokens.sentence_bleu import token_bleu
from regard.training import Batch

if TYPE_CHECKING:
    from regard.tokens import Vocabulary

__all__ = ["MinimumRisk", "corpus_metric", "sentence_metric"]

_Metric = Callable[[Sequence[int], Sequence[int]], float]
_Limits = Callable[[Source], Tensor]


def sentence_metric(name: str, vocabulary: Vocabulary) -> _Metric:
    """A metric of tokens by name: "bleu", see `token_bleu`; "chrf" of the texts; "exact".

    >>> sentence_metric("exact", None)([5, 6], [5, 6])
    1.0
    """
    if name == "bleu":
        return token_bleu
    if name == "exact":
        return lambda ids, reference: float(ids == reference)

    def chrf(ids: Sequence[int], reference: Sequence[int]) -> float:
        decode = vocabulary.decode
        return float(sentence_scores([decode(ids)], [decode(reference)], "chrf")[0])

    return chrf


def corpus_metric(name: str) -> Callable[[Sequence[str], Sequence[str]], float]:
    """A metric of texts against references by name: corpus BLEU; means of "chrf" and "exact".

    >>> corpus_metric("exact")(["a b", "c"], ["a b", "d"])
    0.5
    """
    if name == "bleu":
        return bleu
    measure: Any = name
    return lambda texts, references: float(sentence_scores(texts, references, measure).mean())


class MinimumRisk(TokenLoss):
    """The expected cost of a case's text, among some texts.

        R = sum over y in S of Q(y) (1 - metric(y, y*))
        Q(y) = P(y)^a / (sum over y' in S of P(y')^a)

    S are texts drawn from the model as it translates, without dropout, each once, and the
    reference y*. P(y) is the probability of all tokens of y with its end; its gradient is that of
    training. In evaluation the loss is that of `TokenLoss`. What hard attention draws is not
    rewarded: its scores stay as they are.

    Parameters:
        metric: of a text and the reference, as numbers of their tokens without the end; 0 to 1.
        limits: from the sources to [B], the most tokens to draw.
        samples: texts drawn for each case.
        sharpness: a; the smaller, the more alike all texts count.
        others: as of `TokenLoss`.

    Source: Shen et al., 2016, "Minimum risk training for neural machine translation", equations 9
    to 11 and algorithm 1; section 4.2 for the sharpness.
    """

    def __init__(
        self,
        metric: _Metric,
        limits: _Limits,
        *,
        samples: int,
        sharpness: float = 0.005,
        **others: Any,
    ) -> None:
        super().__init__(**others)
        self._metric, self._limits = metric, limits
        self.samples, self.sharpness = samples, sharpness

    def run(self, model: Any, batch: Batch) -> Predicted:
        """Values [B, 1], the risk of each case, in training; otherwise those of `TokenLoss`."""
        if not model.training:
            return super().run(model, batch)
        head: TokenHead = model.head
        texts, cases, costs = self._texts(model, batch)
        source = read_source(model, batch.inputs, batch.mask).of(cases)
        losses, _, _ = head.losses(head.teach(source, texts), source, texts, smoothing=0.0)
        of = (texts != 0).nonzero()[:, 0]
        log_probs = -losses.new_zeros(len(texts)).index_add(0, of, losses)
        return Predicted(self.risk(log_probs, cases, costs).unsqueeze(1), {})

    def risk(self, log_probs: Tensor, cases: Tensor, costs: Tensor) -> Tensor:
        """R of each case, from log P and the costs [M] of all texts, and their cases [M], sorted.

        >>> risk = MinimumRisk(max, max, samples=2, sharpness=1.0).risk
        >>> probabilities = torch.tensor([0.1, 0.3, 0.5])
        >>> risk(probabilities.log(), torch.tensor([0, 0, 1]), torch.tensor([1.0, 0.0, 0.2]))
        tensor([0.2500, 0.2000])
        """
        counts = torch.bincount(cases)
        places = torch.arange(len(cases), device=cases.device)
        places = places - (counts.cumsum(0) - counts)[cases]
        table = log_probs.new_full((len(counts), int(counts.max())), -torch.inf)
        scores = table.index_put((cases, places), self.sharpness * log_probs)
        shares = scores.softmax(1)[cases, places]
        return torch.zeros_like(table[:, 0]).index_add(0, cases, shares * costs)

    @torch.no_grad()
    def _texts(self, model: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens [M, L] of the texts in each S, padded with zeros, their cases [M], costs [M]."""
        assert batch.targets is not None
        drawn = self._drawn(model, batch)
        texts: list[Tensor] = []
        cases: list[int] = []
        costs: list[float] = []
        for case, target in enumerate(batch.targets.tolist()):
            reference = _text(target)
            candidates = dict.fromkeys([reference, *map(_text, drawn[case])])
            candidates.pop((), None)  # none was possible
            for ids in candidates:
                texts.append(torch.tensor(ids))
                cases.append(case)
                costs.append(1 - self._metric(ids[:-1], reference[:-1]))
        device = batch.targets.device
        padded = nn.utils.rnn.pad_sequence(texts, batch_first=True).to(device)
        return padded, torch.tensor(cases, device=device), torch.tensor(costs, device=device)

    def _drawn(self, model: Any, batch: Batch) -> list[list[list[int]]]:
        """N texts of each case, drawn from the model in evaluation."""
        model.eval()
        try:
            source = read_source(model, batch.inputs, batch.mask)
            cache, limits = model.head.start(source), self._limits(source)
            seed = int(torch.randint(2**62, ()))  # of torch's generator, as all of training
            generator = torch.Generator(source.states.device).manual_seed(seed)
            found = sample(
                model.head.step, cache, limits=limits, generator=generator, samples=self.samples
            )
        finally:
            model.train()
        tokens: list[list[list[int]]] = found.tokens.tolist()
        return tokens


def _text(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens without padding."""
    return tuple(token for token in tokens if token)
