"""The translator of texts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from regard.errors import DataError
from regard.estimators.base import Floats
from regard.estimators.writer import TextWriter
from regard.models import read_source
from regard.tokens import Vocabulary
from regard.training import batch_indices

__all__ = ["Alignment", "Translator"]

_BATCH = 128


class Alignment(NamedTuple):
    """Which words of a source each word of a target looked at.

    Attributes:
        source: words of the source, and "[END]".
        target: words of the target, and "[END]"; characters where these are the tokens.
        weights: [target, source], rows sum to one; with heads [layers, heads, target, source].
    """

    source: list[str]
    target: list[str]
    weights: Floats


class Translator(TextWriter):
    """Writes a text for each text with an attention model, and shows where each word looked.

    X is a list of strings, y the list of what to write for each.

    Parameters:
        {parameters}

    Attributes:
        vocabulary_: of the sources, and of the targets where it is joint.
        target_vocabulary_: of the targets.
        history_: one row of figures per epoch.
        fit_seconds_: wall-clock time of fit.
        model_: the trained `torch.nn.Module`.

    >>> sources, targets = ["one two", "two one", "two two", "one one"] * 3, ["1 2", "2 1"] * 6
    >>> model = Translator(tokens="word", epochs=1, random_state=0).fit(sources, targets)
    >>> len(model.predict(["two one", "one"]))
    2
    >>> model.align(["two one"], ["2 1"])[0].weights.shape
    (3, 3)
    """

    task = "translate"

    vocabulary_: Vocabulary
    longest_: int

    translate = TextWriter.predict

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
            seen = self.infer(X, maps=("attention",))
            maps = seen.maps["attention"]
            return [
                Alignment(seen.encoded.words_of(n), output.units(best.ids, best.beyond)[0], maps[n])
                for n, (best, *_) in enumerate(seen.values)
            ]
        targets = self.predict(X) if y is None else y
        cases = self.input_.take(X, targets, fitting=True)
        for n, target in enumerate([] if y is None else cases.labels):
            if unknown := output.unknown_in(target):
                raise DataError(f"y, case {n}: {unknown}")
        encoded = self.input_.encode(cases)
        ids: Any = output.targets(cases, encoded)
        part = self.input_.part(encoded, targets=ids, training=False)
        device = self._placed(self.model_)
        found: list[Any] = [None] * len(cases)
        model: Any = self.model_
        with torch.inference_mode():
            for index in batch_indices(part.lengths.numpy(), batch_size=_BATCH, shuffle=False):
                batch = part[index]
                inputs = [each.to(device) for each in batch.inputs]
                mask = None if batch.mask is None else batch.mask.to(device)
                source = read_source(model, inputs[0], mask)
                assert batch.targets is not None
                given = batch.targets.to(device)
                weights = model.head.teach(source, given, need_weights=True).weights
                weights = weights if heads else weights.mean((1, 2))
                by_name = {"attention": weights.double().cpu().numpy()}
                laid = self.input_.lay(model, by_name, encoded, index)["attention"]
                for at, each in zip(index, laid, strict=True):
                    found[at] = self._aligned(each, encoded, at, ids[at])
        return found

    attend = align  # with the words of the source, too

    def _aligned(self, laid: Floats, encoded: Any, at: int, ids: NDArray[np.int64]) -> Alignment:
        output: Any = self.output_
        beyond = self.input_.beyond(encoded, at)
        rows = np.moveaxis(output.over_units(np.moveaxis(laid, -2, 0), ids, beyond), 0, -2)
        return Alignment(encoded.words_of(at), output.units(ids, beyond)[0], rows)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
