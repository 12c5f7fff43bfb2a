"""Configuration sections of inputs that texts are written from in order, such as speech."""

from typing import ClassVar

from pydantic import Field

from regard.config.section import Length, Section
from regard.config.sections import Sections

__all__ = ["transcript_sections"]


class _Reduction(Section):
    """How long sequences become shorter ones, and what attends to them."""

    preferred_attention: ClassVar[str] = "location-sensitive"

    stride: Length = Field(
        3,
        description="frames, or steps of a series, for each position of the encoder, by a strided "
        "convolution",
    )


def transcript_sections(data: tuple[type[Section], ...], training: type[Section]) -> Sections:
    """The sections of an input, with what suits texts that follow it in time.

    Parameters:
        data: a section for each kind of data.
        training: section whose fields are added to `training`.
    """
    return Sections(
        data=data,
        model=_Reduction,
        training=training,
        defaults={
            "model.encoder": "conv",
            "model.decoder_layers": 1,
            "model.tokens": "character",
            "model.ctc_weight": 0.3,
            "model.length_penalty": 0.0,
            "training.epochs": 20,
            "training.updates_per_epoch": 50,
            "training.patience": 15,
            "training.batch_size": 32,
            "training.learning_rate": 0.002,
        },
        sizes={"conv": (128, 2), "conv-bilstm": (128, 1), "bilstm": (128, 1), "gru": (128, 1)},
    )
