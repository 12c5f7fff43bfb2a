"""What every kind of data that is learned from has, and what files have."""

from typing import Literal

from pydantic import Field

from regard.config.section import FilePath, Section, Share

__all__ = ["Files", "Learned", "Split"]


class Learned(Section):
    """Data that training may be stopped by a part of."""

    validation_share: Share | Literal["auto"] = Field(
        "auto",
        description="share of all cases that training is stopped by; auto: 0.1 when at least "
        "1,000 cases remain to train on, otherwise none",
    )


class Split(Learned):
    """Data of which a part is kept for the figures."""

    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of all cases kept for the figures"
    )


class Files(Split):
    """A file, or one to train on and one for the figures."""

    path: FilePath = Field(
        description="file to train on, relative to the working directory; ${NAME} stands for an "
        "environment variable"
    )
    test_path: FilePath | None = Field(
        None, description="file for the figures, used as it is; test_share is then unused"
    )
