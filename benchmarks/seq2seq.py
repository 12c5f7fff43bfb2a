"""The training loop and the beam search of the peers in speed."""

from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from benchmarks.seq2seq_models import Memory, Seq2Seq

__all__ = ["Example", "Trainer", "translate"]

_BEGIN, _END = 2, 3
_UNWRITTEN = [0, 1, _BEGIN]  # padding, unknown and begin


class Example(NamedTuple):
    """Token numbers of a source and of its translation, both with the end."""

    source: list[int]
    target: list[int]


class Trainer:
    """Adam, a warm-up and the inverse square root, smoothed labels, clipped gradients.

    Parameters:
        model: to train.
        examples: to train it on.
        batch_tokens: target tokens of a batch, with padding, at most.
        learning_rate: the largest, after the warm-up.
        warmup: updates.
        label_smoothing: share of the probability that goes to all tokens alike.
        clip: norm of the gradient at most.
        seed: of the order of the batches.
    """

    def __init__(
        self,
        model: Seq2Seq,
        examples: Sequence[Example],
        *,
        batch_tokens: int,
        learning_rate: float,
        warmup: int = 1000,
        label_smoothing: float = 0.1,
        clip: float = 1.0,
        seed: int = 0,
    ) -> None:
        self._model, self._clip = model, clip
        self._batches = [
            (_padded([each.source for each in batch]), _padded([each.target for each in batch]))
            for batch in _by_length(examples, batch_tokens)
        ]
        self._tokens = sum(len(example.target) for example in examples)
        self._generator = np.random.default_rng(seed)
        self._loss = nn.CrossEntropyLoss(ignore_index=0, label_smoothing=label_smoothing)
        self._optimiser = torch.optim.Adam(model.parameters(), learning_rate, betas=(0.9, 0.98))
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda update: min((update + 1) / warmup, (warmup / (update + 1)) ** 0.5),
        )

    def epoch(self) -> tuple[float, float]:
        """Pass over the examples once; returns the mean loss and target tokens a second."""
        self._model.train()
        total, start = 0.0, perf_counter()
        for at in self._generator.permutation(len(self._batches)):
            sources, targets = self._batches[at]
            begin = torch.full_like(targets[:, :1], _BEGIN)
            logits = self._model(sources, torch.cat([begin, targets[:, :-1]], 1))
            loss = self._loss(logits.flatten(0, 1), targets.flatten())
            self._optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
            self._optimiser.step()
            self._schedule.step()
            total += float(loss.detach()) * int((targets != 0).sum())
        return total / self._tokens, self._tokens / (perf_counter() - start)


@torch.inference_mode()
def translate(
    model: Seq2Seq,
    sources: Sequence[Sequence[int]],
    *,
    beam: int = 5,
    batch: int = 64,
    length_penalty: float = 1.0,
    longest: int = 100,
) -> list[list[int]]:
    """Beam search over batches of sentences that are similarly long.

    Parameters:
        model: trained.
        sources: token numbers with the end.
        beam: hypotheses of each sentence.
        batch: sentences at a time.
        length_penalty: power of the length by which a log-probability is divided.
        longest: tokens of a translation at most.

    Returns:
        Token numbers of each translation, without the end.
    """
    model.eval()
    order = sorted(range(len(sources)), key=lambda n: -len(sources[n]))
    found: list[list[int]] = [[]] * len(sources)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        best = _search(model, _padded([sources[n] for n in part]), beam, length_penalty, longest)
        for n, tokens in zip(part, best, strict=True):
            found[n] = tokens
    return found


def _search(
    model: Seq2Seq, sources: Tensor, beam: int, length_penalty: float, longest: int
) -> list[list[int]]:
    """The best translation of each of the sources [B, S].

    A sentence is done when its best hypothesis has ended, and leaves the batch.
    """
    memory, state = model.encode(sources)
    memory, state = _repeat(memory, beam), _repeat(state, beam)
    best: list[list[int]] = [[] for _ in sources]
    sentences = torch.arange(len(sources))  # of the batch that is left, B' of them
    prefixes = torch.full((len(sources) * beam, 1), _BEGIN)
    scores = torch.full((len(sources), beam), -torch.inf)
    scores[:, 0] = 0.0  # all hypotheses of a sentence are equal
    ended = torch.zeros(len(sources), beam, dtype=torch.bool)
    lengths = torch.ones(len(sources), beam)
    for length in range(1, longest + 1):
        logits, state = model.step(memory, state, prefixes)
        logits[:, _UNWRITTEN] = -torch.inf
        tokens = logits.shape[1]
        log_probs = logits.log_softmax(1).view(len(sentences), beam, tokens)
        log_probs[ended] = -torch.inf  # what has ended stays as it is, by one more end
        log_probs[..., _END].masked_fill_(ended, 0.0)
        candidates = scores.unsqueeze(2) + log_probs  # [B', beam, V]
        divisor = torch.where(ended, lengths, float(length)) ** length_penalty
        _, chosen = (candidates / divisor.unsqueeze(2)).flatten(1).topk(beam)
        parents, token = chosen // tokens, chosen % tokens  # [B', beam]
        scores = candidates.flatten(1).gather(1, chosen)
        lengths = torch.where(ended, lengths, float(length)).gather(1, parents)
        ended = token == _END
        rows = (torch.arange(len(sentences)).unsqueeze(1) * beam + parents).flatten()
        prefixes = torch.cat([prefixes[rows], token.view(-1, 1)], 1)
        state = tuple(each[rows] for each in state)

        done = ended[:, 0] if length < longest else torch.ones_like(ended[:, 0])
        for at in done.nonzero().flatten().tolist():
            written = prefixes[at * beam, 1:].tolist()
            stop = written.index(_END) if _END in written else len(written)
            best[int(sentences[at])] = written[:stop]
        if done.all():
            break
        if done.any():
            rows = (~done).repeat_interleave(beam)
            sentences, scores = sentences[~done], scores[~done]
            ended, lengths, prefixes = ended[~done], lengths[~done], prefixes[rows]
            memory = tuple(each[rows] for each in memory)
            state = tuple(each[rows] for each in state)
    return best


def _repeat(tensors: Memory, beam: int) -> Memory:
    return tuple(each.repeat_interleave(beam, 0) for each in tensors)


def _padded(sequences: Sequence[Sequence[int]]) -> Tensor:
    """[B, T], padded with zeros."""
    return pad_sequence([torch.tensor(each) for each in sequences], batch_first=True)


def _by_length(examples: Sequence[Example], batch_tokens: int) -> list[list[Example]]:
    """Batches of examples with similarly long targets and sources."""
    batches: list[list[Example]] = []
    for example in sorted(examples, key=lambda each: (len(each.target), len(each.source))):
        if not batches or len(example.target) * (len(batches[-1]) + 1) > batch_tokens:
            batches.append([])
        batches[-1].append(example)
    return batches
