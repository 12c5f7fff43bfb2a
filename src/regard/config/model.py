"""The section `model`: what is trained."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, ValidationInfo, field_validator, model_validator

from regard.catalogue import ENCODERS, FORMS, EncoderRow, find_mechanism
from regard.config.attention import AttentionConfig
from regard.config.section import Depth, Section, Share, Width, choices, one_of
from regard.registry import Registry

__all__ = ["ModelConfig", "NetworkConfig"]


class NetworkConfig(Section):
    """An encoder, and an attention to its states."""

    encoder: str = Field("inception", description="maps the input to states")
    attention: AttentionConfig = Field(
        cast(AttentionConfig, "additive"),
        validate_default=True,
        description="the mechanism: the name of a score, window or alignment, or a table of them",
    )
    hidden: Width | None = Field(
        None, description="width of the encoder; null takes the encoder's default"
    )
    layers: Depth | None = Field(
        None, description="number of layers of the encoder; null takes the encoder's default"
    )
    attention_dim: Width = Field(
        64, description="width A of the space in which additive scores compare, over all heads"
    )
    dropout: Share = Field(
        0.1, description="dropout rate on the columns of the states and between layers"
    )

    encoders: ClassVar[Registry[EncoderRow]] = ENCODERS
    sizes: ClassVar[Mapping[str, tuple[int, int]]] = {}

    @field_validator("encoder", mode="before")
    @classmethod
    def _known_encoder(cls, encoder: Any) -> Any:
        return one_of(encoder, cls.encoders)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        """The schema, with the names of the encoders as they are when it is asked for."""
        schema = handler.resolve_ref_schema(handler(core))
        choices(cls.encoders)(schema["properties"]["encoder"])
        return schema

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Resolve the heads of an attention's table, and the encoder's default sizes."""
        if not isinstance(given, dict):
            return given
        given = cls._prepare(_lift_heads(given))
        encoder = given.get("encoder") or cls.model_fields["encoder"].default
        sizes = cls.sizes.get(encoder) if isinstance(encoder, str) else None
        if sizes is None and isinstance(encoder, str) and encoder in cls.encoders:
            sizes = cls.encoders[encoder].hidden, cls.encoders[encoder].layers
        defaults = dict(zip(("hidden", "layers"), sizes or (), strict=False))
        return {**defaults, **{name: x for name, x in given.items() if x is not None}}

    @classmethod
    def _prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What is given, before defaults are filled in."""
        return given


class ModelConfig(NetworkConfig):
    """What is trained: an encoder, and an attention that pools its states."""

    pooling: str | None = Field(
        None, validate_default=True, description="how states become one context"
    )
    form: Literal["lstm-attention", "lstm-bahdanau", "lstm-hierarchical"] | None = Field(
        None,
        description="a published model, which sets encoder, pooling and query: "
        "lstm-attention, lstm-bahdanau or lstm-hierarchical",
    )

    heads: Depth = Field(
        1,
        description="number of heads of the pooling attention, each with a learned query; their "
        "weights are averaged",
    )

    poolings: ClassVar[Mapping[str, str]] = {
        "attention": "weight the states, then apply a linear layer to the context",
        "conjunctive": "apply a linear layer to every state, gate each and average",
        "stacked": "self-attention, an LSTM over its contexts, then attention pooling",
    }
    preferred_pooling: ClassVar[str | None] = None

    @classmethod
    def _prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Encoder, pooling and query as the form sets them, where one is named."""
        form = given.get("form")
        if not isinstance(form, str) or form not in FORMS:
            return given
        encoder, pooling, query = FORMS[form]
        if encoder not in cls.encoders:
            raise ValueError(f"the form {form} reads sequences; leave out the form")
        attention = given.get("attention", cls.model_fields["attention"].default)
        if isinstance(attention, str):
            mechanism = find_mechanism(attention)
            attention = {mechanism.family: mechanism.name} if mechanism else attention
        asks = attention.get("query") if isinstance(attention, dict) else None
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        for name, value, own in (
            ("encoder", given.get("encoder"), encoder),
            ("pooling", given.get("pooling"), pooling),
            ("attention.query", asks, query),
        ):
            if value not in (None, own, defaults.get(name)):
                raise ValueError(f"the form {form} has {name} {own}; leave out {name} or the form")
        if isinstance(attention, dict):
            attention = {**attention, "query": query}
        return {**given, "encoder": encoder, "pooling": pooling, "attention": attention}

    @field_validator("pooling")
    @classmethod
    def _settle_pooling(cls, pooling: str | None, info: ValidationInfo) -> str:
        if pooling is not None:
            one_of(pooling, cls.poolings)
        attention = info.data.get("attention")
        if attention is None:  # is wrong itself
            return pooling or "attention"
        reason = None if pooling is None else cls.refuse_pooling(pooling, attention)
        if reason:
            raise ValueError(reason)
        return pooling or cls.preferred_pooling or cls.prefer_pooling(attention)

    @classmethod
    def prefer_pooling(cls, attention: AttentionConfig) -> str:
        """The pooling to take where none is given."""
        return "attention" if attention.why_not("conjunctive") else "conjunctive"

    @classmethod
    def refuse_pooling(cls, pooling: str, attention: AttentionConfig) -> str | None:
        """Why a pooling does not go with an attention; None where it does."""
        if attention.query == "last" and pooling != "attention":
            return f"the query is the last state under attention pooling only, not {pooling}"
        return attention.why_not(pooling)


def _lift_heads(given: dict[str, Any]) -> dict[str, Any]:
    """Move the heads in an attention's table to the field `heads`."""
    attention = given.get("attention")
    if not isinstance(attention, dict) or "heads" not in attention:
        return given
    rest = {name: value for name, value in attention.items() if name != "heads"}
    return {**given, "attention": rest, "heads": attention["heads"]}
