"""Alignment error rate of a translator's attention, on sentences aligned by hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.alignment_gold import Gold, alignment_gold, over_words
from benchmarks.table import Row
from benchmarks.translation_data import languages_of
from regard import Translator
from regard.explain import Links, alignment_error_rate, links_of
from regard.models import read_source
from regard.training import batch_indices

__all__ = ["alignments"]

_PEERS = "eflomal .168 trained on these pairs alone, .134 with Multi30k's; diagonal .531"


def alignments(runs: Sequence[Path], *, quick: bool = False) -> list[Row]:
    """Of run folders from English to French: by layer of the decoder, the mean of its heads.

    The targets are those of the gold. The weights of a word are read at the step that writes it,
    or at the step after it, where it is the decoder's input ("Shift-Att").

    Source: Chen et al., 2020, "Accurate word alignment induction from neural machine translation".
    """
    gold = alignment_gold()
    if quick:
        sources, targets, sure, possible = gold
        gold = Gold(sources[:40], targets[:40], sure[:40], possible[:40])
    rows = []
    for path in runs:
        if languages_of(path) != ("en", "fr"):
            raise ValueError(f"{path}: wanted a run from English to French")
        rows.append(_row(path.name, gold, Translator.load(path)))
    return rows


def _row(name: str, gold: Gold, model: Translator) -> Row:
    found: dict[tuple[int, str], list[Links]] = {}
    pairs = zip(gold.sources, gold.targets, _maps(gold, model), strict=True)
    for source, target, (weights, source_spans, target_spans) in pairs:
        for layer, rows in enumerate(weights):
            readings = {"at its output": rows[:-1], "at its input": rows[1:]}
            for reading, own in readings.items():
                merged = over_words(own, source_spans, target_spans, source, target)
                found.setdefault((layer, reading), []).append(links_of(merged))
    errors = {
        key: alignment_error_rate(links, gold.sure, gold.possible) for key, links in found.items()
    }
    best = min(errors, key=lambda key: errors[key].error_rate)
    each = "; ".join(
        f"layer {layer + 1} {reading} {errors[layer, reading].error_rate:.3f}"
        for layer, reading in errors
    )
    _, precision, recall = errors[best]
    return Row(
        f"{name}: alignment error rate on {len(gold.sources)} sentences of the Hansards",
        _PEERS,
        "",
        f"{each}; the lowest has precision {precision:.2f}, recall {recall:.2f}",
    )


@torch.inference_mode()
def _maps(
    gold: Gold, translator: Translator
) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Of each pair: weights [layers, T + 1, S + 1], and the tokens' characters, [S + 1, 2], [T, 2].

    The last row and column are of the end.
    """
    incoming: Any = translator.input_
    output: Any = translator.output_
    model: Any = translator.model_
    sides = ([" ".join(words) for words in texts] for texts in (gold.sources, gold.targets))
    cases = incoming.take(*sides, fitting=True)
    encoded = incoming.encode(cases)
    ids = output.targets(cases, encoded)
    spans = [each.spans for each in output.target_vocabulary_.encode(cases.labels.tolist())]
    part = incoming.part(encoded, targets=ids, training=False)
    weights: list[Any] = [None] * len(ids)
    for index in batch_indices(part.lengths.numpy(), batch_size=32, shuffle=False):
        batch = part[index]
        source = read_source(model, batch.inputs, batch.mask)
        taught = model.head.teach(source, batch.targets, need_weights=True).weights
        for at, each in zip(index, taught.mean(2).double().numpy(), strict=True):
            weights[at] = each[:, : len(ids[at]), : len(encoded.ids[at])]
    for at, own in enumerate(weights):
        yield own, np.asarray(encoded.spans[at]), np.asarray(spans[at])
