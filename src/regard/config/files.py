"""What every kind of data has that is trained on, and what files have."""

from math import prod
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from regard.config.section import FilePath, Section, Share

__all__ = ["Files", "Learned", "Made", "Rows", "Split"]

_MOST_VALUES = 10**9  # of cases that are made up


class Learned(Section):
    """Data of which a part may be held out for early stopping."""

    validation_share: Share | Literal["auto"] = Field(
        "auto",
        description="share of all cases held out for early stopping; auto: 0.1 when at least "
        "1,000 cases remain to train on, otherwise none",
    )


class Split(Learned):
    """Data of which a part is held out for the figures."""

    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of all cases held out for the figures"
    )


class Made(Split):
    """Cases that are made up, of a size in memory that is checked before."""

    size_of: ClassVar[tuple[str, ...]]
    """Fields whose product is the number of values of all cases."""

    each: ClassVar[int] = 1
    """Further factor, where a case has more values than a field says."""

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        values = prod(getattr(self, name) for name in self.size_of) * self.each
        if values > _MOST_VALUES:
            raise ValueError(
                f"{' times '.join(self.size_of)} is about {values:,} values; wanted at most "
                f"{_MOST_VALUES:,}"
            )
        return self


class Files(Split):
    """A file, or one to train on and one for the figures."""

    path: FilePath = Field(
        description="file to train on, relative to the working directory; ${NAME} stands for an "
        "environment variable"
    )
    test_path: FilePath | None = Field(
        None, description="file for the figures, used whole; test_share is then ignored"
    )


class Rows(Files):
    """A file with the paths of files in each row, which may say what part the row belongs to."""

    folder: FilePath | None = Field(
        None,
        description="folder that the paths in the rows are relative to, itself relative to the "
        "working directory; by default that of the file",
    )
    encoding: str = Field("utf-8", description="of the file")
    split: str | None = Field(
        None,
        description="column with the part that each row belongs to: train, valid or test; shares "
        "are then taken only for parts that it does not name, and a validation_share of 0 trains "
        "on part valid, too",
    )

    @model_validator(mode="after")
    def _one_test_part(self) -> Self:
        if self.split is not None and self.test_path is not None:
            raise ValueError("split and test_path exclude each other; leave out one of them")
        return self
