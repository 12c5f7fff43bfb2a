"""What an input and an output add to the configuration."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from regard.catalogue import ENCODERS, EncoderRow
from regard.config.section import Section
from regard.registry import Registry

__all__ = ["Sections"]


class Sections(NamedTuple):
    """The part of an input or an output in the configuration of its tasks.

    Attributes:
        data: of an input, a section for each kind of data, with the field `kind: Literal[...]`;
            that of the kind "arrays", for data given from Python, may be left out.
        model: section whose fields are added to `model`; of an output it may be a subclass of
            `ModelConfig`, which then decides how poolings are chosen.
        training: section whose fields are added to `training`.
        defaults: dotted field to default, such as {"model.dropout": 0.5}; those of the output go
            before those of the input.
        encoders: the table of its encoders, where they are not those of sequences.
        sizes: encoder to hidden width and layers, where they differ from the encoder's own.
        poolings: further poolings, each with what it is.
        pooling: the pooling by default; None takes what suits the mechanism.
        target: of an output, the kind of its targets: "class", "numbers", "columns",
            "span" or "tokens".
    """

    data: tuple[type[Section], ...] = ()
    model: type[Section] | None = None
    training: type[Section] | None = None
    defaults: Mapping[str, Any] = {}
    encoders: Registry[EncoderRow] = ENCODERS
    sizes: Mapping[str, tuple[int, int]] = {}
    poolings: Mapping[str, str] = {}
    pooling: str | None = None
    target: str = "none"
