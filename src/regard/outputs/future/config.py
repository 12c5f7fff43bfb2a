"""The configuration of forecasts."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from regard.config.attention import AttentionConfig
from regard.config.model import ModelConfig
from regard.config.section import Section
from regard.config.sections import Sections

__all__ = ["sections"]

_Level = Annotated[float, Field(gt=0, lt=1)]


def _as_tuple(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


class _Model(ModelConfig):
    """A model of future steps."""

    linear: bool | None = Field(
        None,
        validate_default=True,
        description="whether to add a linear model of the window; null adds it unless a form is "
        "given",
    )
    quantiles: Annotated[tuple[_Level, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="levels to forecast beside the median, such as [0.1, 0.9]"
    )

    poolings: ClassVar = {
        "horizon": "every step to forecast has a query of its own",
        "attention": "one context for all steps",
        "stacked": ModelConfig.poolings["stacked"],
    }

    @classmethod
    def prefer_pooling(cls, attention: AttentionConfig) -> str:
        """The default pooling."""
        return "horizon" if attention.query == "learned" else "attention"

    @classmethod
    def refuse_pooling(cls, pooling: str, attention: AttentionConfig) -> str | None:
        """Why a pooling cannot be combined with an attention; None if it can."""
        if pooling == "horizon" and attention.query != "learned":
            return f"horizon pooling has learned queries, not {attention.query}; use attention"
        return None

    @field_validator("linear")
    @classmethod
    def _choose_linear(cls, linear: bool | None, info: ValidationInfo) -> bool:
        return info.data.get("form") is None if linear is None else linear


class _Training(Section):
    """How forecasts are trained."""

    refit: bool | None = Field(
        None,
        description="whether to train again on training and validation part, for as long as gave "
        "the lowest validation loss; null: unless there are quantiles, which are calibrated on the "
        "validation part",
    )


def sections() -> Sections:
    """The sections of the configuration for forecasts."""
    return Sections(
        model=_Model,
        training=_Training,
        defaults={
            "model.encoder": "conv-bilstm",
            "training.epochs": 8,
            "training.patience": 3,
            "training.batch_size": 64,
            "training.learning_rate": 0.002,
            "training.updates_per_epoch": 50,
        },
        target="columns",
    )
