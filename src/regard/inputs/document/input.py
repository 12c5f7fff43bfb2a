"""Long texts as an input, for each of which a short one is to be written."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regard.inputs.document.requests import requests
from regard.inputs.document.view import DocumentView
from regard.inputs.input import Input
from regard.inputs.text.paired import PairedInput
from regard.inputs.text.sources import EncodedSources
from regard.inputs.text.texts import Texts

__all__ = ["DocumentInput"]


class DocumentInput(PairedInput):
    """Texts that may be truncated, for each of which a short one is to be written."""

    writes = "summary"
    names: ClassVar[tuple[str | None, str | None]] = ("text", "summary")
    sides: ClassVar[str] = "summary"

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        return cls

    def load(self) -> tuple[Texts, Texts | None, str]:
        data = self.config.data
        if data.kind == "requests":
            return requests(cases=data.cases, seed=self.config.seed), None, "requests"
        return super().load()

    def fit(self, cases: Texts) -> EncodedSources:
        encoded = super().fit(cases)
        if encoded.truncated:
            verb = "is" if encoded.truncated == 1 else "are"
            self.notes.append(
                f"{encoded.truncated} of {len(cases)} training texts {verb} truncated to "
                f"{self._limit()} (max_tokens)"
            )
        assert cases.labels is not None
        pairs = zip(cases.texts, cases.labels, strict=True)
        longer = sum(len(text) < len(own) for text, own in pairs)
        if longer:
            self.notes.append(
                f"{longer} of {len(cases)} training texts are shorter than their summaries: are "
                "the columns in the right order?"
            )
        return encoded

    def _view(self, encoded: EncodedSources, n: int, **fields: Any) -> DocumentView:
        return DocumentView(spans=encoded.word_spans[n], **fields)

    def _compare_sides(self, encoded: EncodedSources, targets: list[str]) -> None:
        """Nothing: both sides are in one language."""

    def _longest_sides(self, encoded: EncodedSources, targets: Any) -> NDArray[np.int64]:
        """[B] the tokens of the summaries: texts are truncated."""
        return np.array([len(ids) - 1 for ids in targets])
