"""Tokens a second in training and sentences a second in translating, beside the peers.

The peers are the loop and the batched beam search of `seq2seq.py` over torch's own modules, of the
same sizes, and Joey NMT where `JOEYNMT_PYTHON` names the Python of an environment that has it. All
read the same tokens, in batches of as many, and take their turns.
"""

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.joey import JoeyNMT
from benchmarks.seq2seq import Example, Trainer, translate
from benchmarks.seq2seq_models import GRUTranslator, Seq2Seq, TransformerTranslator
from benchmarks.table import Row
from benchmarks.translation_data import Pairs, multi30k
from regard import Translator
from regard.models import beam_search
from regard.training import batch_indices, fit

__all__ = ["speed"]

_BATCH_TOKENS = 3_000  # of the target, with padding
_SENTENCES = 64  # translated at a time
_LONGEST = 60  # tokens of a translation
_ROUNDS = 5

_OURS: Mapping[str, Mapping[str, Any]] = {
    "Transformer": {"encoder": "transformer", "hidden": 128, "layers": 4, "heads": 4},
    "recurrent": {"encoder": "gru", "hidden": 192, "attention_dim": 192, "embedding_dim": 256},
}


def speed(*, quick: bool = False) -> list[Row]:
    """Both models; quick: one round of 300 pairs."""
    train, test = multi30k("train").head(4_000), multi30k("test")
    if quick:
        train, test = train.head(300), test.head(32)
    rounds = 1 if quick else _ROUNDS
    return [row for name in _OURS for row in _rows(name, train, test, rounds)]


def _rows(name: str, train: Pairs, test: Pairs, rounds: int) -> list[Row]:
    ours = {precision: _Ours(name, train, precision) for precision in ("float32", "bf16")}
    one = ours["float32"]
    examples = one.examples()
    peer = _peer(name, one.model.target_vocabulary_.size)
    trainer = Trainer(peer, examples, batch_tokens=_BATCH_TOKENS, learning_rate=1e-3)
    training: dict[str, Callable[[], float]] = {
        "ours": one.tokens_a_second,
        "ours, bf16": ours["bf16"].tokens_a_second,
        "torch": lambda: trainer.epoch()[1],
    }
    sources = one.sources(test)
    decoding: dict[str, Callable[[], float]] = {
        "ours": lambda: one.sentences_a_second(sources),
        "torch": lambda: _sentences_a_second(peer, sources),
    }
    python = os.environ.get("JOEYNMT_PYTHON")
    if python:
        joey = JoeyNMT(python, name, one.model.target_vocabulary_, train, test, _BATCH_TOKENS)
        training["Joey NMT"] = joey.tokens_a_second
        decoding["Joey NMT"] = joey.sentences_a_second
    return [
        _row(f"{name}, target tokens a second in training", training, rounds, asked=1.5),
        _row(f"{name}, sentences a second, beam 5", decoding, rounds, asked=2.0),
    ]


def _row(
    what: str, contestants: Mapping[str, Callable[[], float]], rounds: int, *, asked: float
) -> Row:
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + (rounds > 1)):
        for name, measure in contestants.items():
            figure = measure()
            print(f"{what}, {name}: {figure:.1f}", flush=True)
            if number or rounds == 1:  # the first is to warm up
                found[name].append(figure)
    own = {name: found.pop(name) for name in list(found) if name.startswith("ours")}
    said = []
    best: dict[str, float] = {}
    for name, figures in own.items():
        ratios = []
        for peer, others in found.items():
            each = sorted(a / b for a, b in zip(figures, others, strict=True))
            best[peer] = max(best.get(peer, 0.0), statistics.median(each))
            middle = statistics.median(each)
            ratios.append(f"{middle:.2f} ({each[0]:.2f}-{each[-1]:.2f}) x {peer}")
        said.append(f"{name} {statistics.median(figures):.0f}: {', '.join(ratios)}")
    return Row(
        f"{what}, {torch.get_num_threads()} threads",
        "; ".join(f"{name} {statistics.median(each):.0f}" for name, each in found.items()),
        f"≥ {asked} x",
        "; ".join(said),
        min(best.values()) >= asked,
    )


class _Ours:
    """A translator of some sizes on its training part, as `fit` has it."""

    def __init__(self, name: str, train: Pairs, precision: str) -> None:
        self.model = model = Translator(
            **_OURS[name],
            precision=precision,
            epochs=1,
            updates_per_epoch=1,
            batch_tokens=2 * _BATCH_TOKENS,  # of both sides
            validation_share=0.0,
            random_state=0,
            device="cpu",
        ).fit(*train)
        cases = model.input_.take(*train, fitting=True)
        self._encoded = model.input_.encode(cases)
        targets: Any = model.output_.targets(cases, self._encoded)
        self._targets = targets
        self._part = model.input_.part(self._encoded, targets=targets, training=True)
        self._objective = model.output_.objective(cases)
        self._settings = model.resolve(0).training
        self._tokens = sum(map(len, targets))

    def tokens_a_second(self) -> float:
        """Of an epoch more, on Lightning's trainer."""
        start = perf_counter()
        fit(self.model.model_, self._part, None, self._objective, self._settings, seed=0)
        return self._tokens / (perf_counter() - start)

    def examples(self) -> list[Example]:
        """The tokens of the training part."""
        pairs = zip(self._encoded.ids, self._targets, strict=True)
        return [Example(source.tolist(), target.tolist()) for source, target in pairs]

    def sources(self, test: Pairs) -> list[list[int]]:
        """The tokens of sentences to translate."""
        encoded = self.model.input_.encode(self.model.input_.take(test.sources))
        return [ids.tolist() for ids in encoded.ids]

    @torch.inference_mode()
    def sentences_a_second(self, sources: Sequence[Sequence[int]]) -> float:
        """Beam search over batches of similar length."""
        start = perf_counter()
        lengths = np.array([len(each) for each in sources])
        model: Any = self.model.model_
        for index in batch_indices(lengths, batch_size=_SENTENCES, shuffle=False):
            longest = int(lengths[index].max())
            tokens = torch.zeros(len(index), longest, dtype=torch.int64)
            for row, at in enumerate(index):
                tokens[row, : lengths[at]] = torch.tensor(sources[at])
            states, mask = model.encode(tokens, mask=tokens != 0)
            beam_search(
                model.head.step,
                model.head.start(states, mask),
                limits=torch.full((len(index),), _LONGEST),
                beam=5,
            )
        return len(sources) / (perf_counter() - start)


def _peer(name: str, tokens: int) -> Seq2Seq:
    torch.manual_seed(0)
    if name == "recurrent":
        sizes: dict[str, Any] = {
            "width": 256,
            "hidden": 192,
            "layers": 1,
            "attention_dim": 192,
            "dropout": 0.3,
        }
        return GRUTranslator(tokens, tokens, **sizes)
    sizes = {"width": 128, "layers": 4, "heads": 4, "feed_forward": 256, "dropout": 0.3}
    return TransformerTranslator(tokens, tokens, **sizes)


def _sentences_a_second(peer: Seq2Seq, sources: Sequence[Sequence[int]]) -> float:
    start = perf_counter()
    translate(peer, sources, beam=5, batch=_SENTENCES, longest=_LONGEST)
    return len(sources) / (perf_counter() - start)
