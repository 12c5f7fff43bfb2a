"""The configuration of a task, composed of the sections of its input and its output."""

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import Field, create_model

from regard.config.files import Learned
from regard.config.model import ModelConfig, NetworkConfig
from regard.config.section import Section
from regard.config.sections import Sections
from regard.config.training import TrainingConfig
from regard.registry import load
from regard.tasks import INPUTS, OUTPUTS, TASKS, Task

__all__ = ["Config", "config_of", "kinds_of"]


class Config(Section):
    """Everything that a run is made from; `config_of` gives the subclass of a task."""

    task: str
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: Any
    model: Any
    training: Any
    plugins: tuple[str, ...] = Field(
        (), description="modules that registered names used here; written, and never imported"
    )
    versions: dict[str, str] = Field(
        default_factory=dict, description="of the packages that made the run; written, not read"
    )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name of the task: the class is composed and belongs to no module."""
        return _composed, (self.task, self.model_dump())


def config_of(task: str) -> type[Config]:
    """The configuration of a task by name.

    Raises:
        ConfigError: there is no such task.
    """
    return _compose(task, TASKS.find(task))


def _composed(task: str, content: dict[str, Any]) -> Config:
    return config_of(task).model_validate(content)


def kinds_of(config: type[Config]) -> dict[str, type[Section]]:
    """The kinds of data of a task by name."""
    sections = get_args(config.model_fields["data"].annotation)
    return {get_args(each.model_fields["kind"].annotation)[0]: each for each in sections}


@cache
def _compose(name: str, task: Task) -> type[Config]:
    output: Sections = load(OUTPUTS.find(task.output).sections)()
    incoming: Sections = load(INPUTS.find(task.input).sections)(output.target)
    defaults = {**incoming.defaults, **output.defaults}
    own = [part for part in (output.model, incoming.model) if part is not None]
    pools = not any("attention" in part.model_fields for part in own)
    parts = (output.model, incoming.model, *[ModelConfig] * pools)
    model = _section("model", parts, defaults)
    if issubclass(model, NetworkConfig):
        model.encoders, model.sizes = incoming.encoders, {**output.sizes, **incoming.sizes}
    if issubclass(model, ModelConfig):
        model.poolings = {**model.poolings, **incoming.poolings}
        model.preferred_pooling = incoming.pooling
    training = _section("training", (output.training, incoming.training, TrainingConfig), defaults)
    fields: dict[str, Any] = {
        "task": (Literal[name], "classify" if name == "classify" else ...),
        "data": (_kinds(incoming.data), Field(discriminator="kind")),
        "model": (model, Field(default_factory=model)),
        "training": (training, Field(default_factory=training)),
    }
    composed: type[Config] = create_model("Config", __base__=Config, **fields)
    return composed


class _ArrayData(Learned):
    """Cases given from Python, where an input has no such section of its own."""

    kind: Literal["arrays"]


def _kinds(data: tuple[type[Section], ...]) -> Any:
    """The union of the sections for each kind of data."""
    kinds = [get_args(each.model_fields["kind"].annotation)[0] for each in data]
    sections = data if "arrays" in kinds else (*data, _ArrayData)
    return Union[sections]  # noqa: UP007 - of a tuple


def _section(
    name: str, parts: tuple[type[Section] | None, ...], defaults: Mapping[str, Any]
) -> Any:
    """A section with the fields and checks of all parts, and other defaults."""
    bases = tuple(part for part in parts if part is not None)
    if issubclass(bases[0], bases[-1]) and len(bases) > 1:
        bases = bases[:-1]
    joined = create_model(name.capitalize(), __base__=bases)
    changed: dict[str, Any] = {}
    for dotted, default in defaults.items():
        section, _, field_name = dotted.partition(".")
        if section == name:
            field = copy(joined.model_fields[field_name])
            field.default = default
            changed[field_name] = (field.annotation, field)
    return create_model(name.capitalize(), __base__=joined, **changed)
