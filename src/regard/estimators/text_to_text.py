"""Estimators that write texts from texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regard.errors import DataError
from regard.estimators.base import Floats
from regard.estimators.contract import check_is_fitted
from regard.estimators.texts import TextEstimator
from regard.estimators.writer import TextWriter
from regard.models import read_source
from regard.tokens import Vocabulary
from regard.training import batch_indices

__all__ = ["Alignment", "TextToText"]

_BATCH = 128


@dataclass(frozen=True, eq=False)
class Alignment:
    """Which words of a source each word of a target looked at.

    `source, target, weights = ...` takes the first three.

    Attributes:
        source: words of the source, and "[END]".
        target: words of the target, and "[END]"; characters where these are the tokens.
        weights: [target, source], rows sum to one; with heads [layers, heads, target, source].
        copied: [target, source], how much of each target word was copied from each source word; a
            row sums to the share that was copied. None for a model that does not copy.
    """

    source: list[str]
    target: list[str]
    weights: Floats
    copied: Floats | None = None

    def __iter__(self) -> Iterator[Any]:
        yield from (self.source, self.target, self.weights)

    def _repr_html_(self) -> str:
        from regard.plots.notebook import html_table

        weights = self.weights.reshape(-1, *self.weights.shape[-2:]).mean(0)  # of heads
        most = weights.argmax(1)
        rows = [
            (word, self.source[at], float(own[at]))
            for word, at, own in zip(self.target, most, weights, strict=True)
        ]
        return html_table("Alignment", ("target", "looked most at", "weight"), rows)


class TextToText(TextWriter, TextEstimator):
    """An estimator that writes a text for each text, and says which words looked at which."""

    vocabulary_: Vocabulary
    longest_: int

    def align(self, X: Any, y: Any = None, *, heads: bool = False) -> list[Alignment]:
        """Which words of its source each word of a target looked at.

        Parameters:
            X: B sources.
            y: B targets; None aligns the translations.
            heads: whether to return each layer and head of the decoder, and not their mean.

        Raises:
            DataError: y has another length, or a target has unknown characters.
        """
        check_is_fitted(self)
        output: Any = self.output_
        if y is None and not heads:
            seen = self.infer(X, maps=self._names)
            return [
                Alignment(
                    seen.encoded.words_of(n),
                    output.units(best.ids, best.beyond)[0],
                    *(seen.maps[name][n] for name in self._names),
                )
                for n, (best, *_) in enumerate(seen.values)
            ]
        targets = self.predict(X) if y is None else y
        cases = self.input_.take(X, targets, fitting=True)
        encoded = self.input_.encode(cases)
        for n, target in enumerate([] if y is None else cases.labels):
            if unknown := output.unknown_in(target, self.input_.beyond(encoded, n)):
                raise DataError(f"y, case {n}: {unknown}")
        ids: Any = output.targets(cases, encoded)
        part = self.input_.part(encoded, targets=ids, training=False)
        device = self._placed(self.model_)
        found: list[Any] = [None] * len(cases)
        model: Any = self.model_
        with torch.inference_mode():
            for index in batch_indices(part.lengths.numpy(), batch_size=_BATCH, shuffle=False):
                batch = part[index]
                mask = None if batch.mask is None else batch.mask.to(device)
                source = read_source(model, [each.to(device) for each in batch.inputs], mask)
                assert batch.targets is not None
                given = batch.targets.to(device)
                written = model.head.teach(source, given, need_weights=True)
                maps = {"attention": written.weights} if heads else {}
                maps = maps or model.head.maps(written, source, given)
                arrays = {name: each.double().cpu().numpy() for name, each in maps.items()}
                laid = self.input_.lay(model, arrays, encoded, index)
                for place, at in enumerate(index):
                    own = [laid[name][place] for name in maps]
                    found[at] = self._aligned(own, encoded, at, ids[at])
        return found

    attend = align  # with the words of the source, too

    @property
    def _names(self) -> tuple[str, ...]:
        """The maps of an alignment."""
        copying = getattr(self.input_.config.model, "copying", False)
        return ("attention", "copied") if copying else ("attention",)

    def _aligned(
        self, laid: list[Floats], encoded: Any, at: int, ids: NDArray[np.int64]
    ) -> Alignment:
        """From maps [..., tokens, source words] of one case."""
        output: Any = self.output_
        beyond = self.input_.beyond(encoded, at)
        maps = [
            np.moveaxis(output.over_units(np.moveaxis(each, -2, 0), ids, beyond), 0, -2)
            for each in laid
        ]
        return Alignment(encoded.words_of(at), output.units(ids, beyond)[0], *maps)
