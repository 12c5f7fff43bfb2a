"""What estimators of texts, or of stories with questions, have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regard.estimators.base import AttentionEstimator

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["TextEstimator"]


class TextEstimator(AttentionEstimator):
    """An estimator whose X are texts, or pairs of texts, each with a y."""

    def __sklearn_tags__(self) -> Tags:
        tags: Any = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags
