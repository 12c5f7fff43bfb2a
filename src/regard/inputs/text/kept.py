"""What a run folder keeps of texts."""

from typing import Annotated

from pydantic import Field

from regard.kept import Kept, Size

__all__ = ["PairsKept", "TextsKept"]


class _Ngrams(Kept):
    words: str
    pairs: str
    letters: str
    idf: list[float]


class _Leaning(Kept):
    weights: list[Annotated[int, Field(ge=-1000, le=1000)]]
    threshold: Annotated[int, Field(ge=-(10**9), le=0)] | None


class TextsKept(Kept):
    """Most tokens of a text and width of their embedding; the n-grams of the linear model."""

    sizes: Annotated[list[Size], Field(min_length=2, max_length=2)]
    ngrams: _Ngrams | None


class PairsKept(Kept):
    """Most tokens of a source, and what tells the sides of a pair apart."""

    longest: Size
    leaning: _Leaning | None
