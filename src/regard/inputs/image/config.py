"""Configuration of pictures."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from regard.catalogue import PICTURE_ENCODERS
from regard.config.files import Files, Learned, Made, Rows
from regard.config.section import MOST_COUNT, Count, FilePath, Section
from regard.config.sections import Sections

__all__ = ["sections"]


class _Pictures(Section):
    """Fields of every kind of pictures."""

    size: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None,
        description="pixels of the longer side after resizing, the ratio kept; null takes the "
        "longest side of the training pictures, at most 128",
    )


class _Gaps(Section):
    """Fields of pictures some of which may be left out."""

    missing: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what to do with pictures that cannot be read or have no label or text, in "
        "training: refuse the data, or leave them out, with a note; in predicting they get no "
        "answer",
    )


class _Table(_Pictures, _Gaps, Rows):
    """CSV, TSV, Parquet, Feather or JSON lines: the path of a picture in each row."""

    kind: Literal["table"]
    picture: str = Field("path", description="column with the paths of the pictures")
    id: str | None = Field(None, description="column that names the cases; by default their paths")


class _TableData(_Table):
    """The path of a picture and its class in each row."""

    label: str = Field("label", description="column with the class of the picture")


class _Captions(_Table):
    """The path of a picture and its caption in each row."""

    target: str = Field("caption", description="column with the text to write for the picture")


class _FolderData(_Pictures, _Gaps, Files):
    """A folder with a folder of pictures for each class."""

    kind: Literal["folder"]


class _NpzData(_Pictures, Files):
    """A NumPy archive with X, y and, where they are known, boxes."""

    kind: Literal["npz"]


class _IdxData(_Pictures, Files):
    """The files of MNIST and its kin: pictures in one, labels in another."""

    kind: Literal["idx"]
    labels_path: FilePath = Field(description="file with the labels to train on")
    test_labels_path: FilePath | None = Field(None, description="file with the labels of test_path")


class _ClutterData(_Pictures, Made):
    """Drawn shapes, one whole among pieces of others; see `regard.data.clutter`."""

    kind: Literal["clutter"]
    size_of: ClassVar[tuple[str, ...]] = ("pictures", "size", "size")
    pictures: Count = Field(3000, description="how many")
    size: Annotated[int, Field(ge=28, le=1024)] = Field(64, description="rows and columns of each")
    pieces: int = Field(12, ge=0, le=MOST_COUNT, description="of other shapes in each picture")
    piece: Annotated[int, Field(ge=1, le=28)] = Field(10, description="rows and columns of a piece")


class _SceneData(_Pictures, Made):
    """Drawn scenes of coloured shapes with their captions; see `regard.data.scenes`."""

    kind: Literal["scenes"]
    size_of: ClassVar[tuple[str, ...]] = ("pictures", "size", "size")
    pictures: Count = Field(5000, description="how many")
    size: Annotated[int, Field(ge=28, le=1024)] = Field(48, description="rows and columns of each")
    objects: Annotated[int, Field(ge=1, le=3)] = Field(
        2, description="the most in a picture; every number from 1 on is equally frequent"
    )


class _ArrayData(_Pictures, _Gaps, Learned):
    """Pictures given from Python, in the configuration of a saved estimator."""

    kind: Literal["arrays"]


class _Training(Section):
    """Training fields of pictures."""

    augmentation: Literal["shift", "shift-flip", "none"] = Field(
        "shift",
        description="shift moves each picture a little in training; shift-flip also turns half of "
        "them over, left to right; none leaves them unchanged",
    )


def sections(target: str) -> Sections:
    """The sections of pictures, for a kind of target."""
    if target == "tokens":
        return Sections(
            data=(_Captions, _SceneData, _ArrayData),
            training=_Training,
            encoders=PICTURE_ENCODERS,
            defaults={
                "model.encoder": "conv",
                "model.attention_dim": 128,
                "model.decoder_layers": 1,
                "model.dropout": 0.1,
                "model.embedding_dropout": 0.1,
                "model.tokens": "word",
                "model.longest": 0.25,
                "training.epochs": 20,
                "training.patience": 8,
                "training.batch_size": 64,
                "training.learning_rate": 0.004,
            },
        )
    return Sections(
        data=(_TableData, _FolderData, _NpzData, _IdxData, _ClutterData, _ArrayData),
        training=_Training,
        encoders=PICTURE_ENCODERS,
        defaults={
            "model.encoder": "conv",
            "training.epochs": 20,
            "training.batch_size": 64,
            "training.weight_decay": 0.05,
        },
        pooling="attention",
    )
