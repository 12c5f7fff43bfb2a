"""One typed configuration, the same words as the estimators' parameters.

    {"task": "classify", "seed": 0, "data": {...}, "model": {...}, "training": {...}}

Everything but the data has a default; `config.json` of a run folder holds all of it, resolved.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from regard.catalogue import ALIGNMENTS, SCORES, WINDOWS, find_mechanism, why_not
from regard.errors import ConfigError, did_you_mean

__all__ = [
    "ArrayData",
    "Attention",
    "Config",
    "CsvData",
    "Data",
    "Model",
    "NpzData",
    "SineData",
    "TableData",
    "Training",
    "TsData",
    "read_config",
    "resolve_config",
]

_Encoder = Literal["bilstm", "gru", "conv", "conv-bilstm", "inception", "transformer"]
_Pooling = Literal["attention", "conjunctive"]
_Share = Annotated[float, Field(ge=0, lt=1)]
_Range = tuple[float, float]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Data(_Section):
    """What every kind of data has."""

    scaling: Literal["auto", "series", "channel", "none"] = Field(
        "auto",
        description="to zero mean and unit variance: series, each case by itself; channel, with "
        "the training part's figures; none; auto: channel, unless the sizes of the cases differ "
        "tenfold or more between quartiles, then series",
    )
    missing: Literal["refuse", "interpolate"] = Field(
        "refuse", description="what to do with missing values"
    )
    validation_share: _Share | Literal["auto"] = Field(
        "auto",
        description="share of all cases that training is stopped by; auto: 0.1 when at least "
        "1,000 cases remain to train on, otherwise none",
    )


class _SplitData(_Data):
    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of all cases kept for the figures"
    )


class SineData(_SplitData):
    """Sine waves, of which some have a stretch held flat; see `regard.data.sine`."""

    kind: Literal["sine"]
    series: int = Field(10_000, ge=1, description="how many")
    steps: int = Field(500, ge=2, description="of each, over [0, 2 pi]")
    normal_share: float = Field(0.5, ge=0, le=1, description="share without a flat stretch")
    frequency: _Range = Field((1.0, 4.0), description="range it is drawn from")
    amplitude: _Range = Field((1.0, 10.0), description="range it is drawn from")
    start: _Range = Field((0.0, 0.9), description="of the stretch, as a share of the steps")
    length: _Range = Field((0.1, 0.5), description="of the stretch, as a share of the steps")
    noise: float = Field(0.0, ge=0, description="standard deviation, as a share of the amplitude")
    phase: _Range = Field((0.0, 0.0), description="range it is drawn from, in radians")


def _expand(path: str) -> str:
    """The path with ${NAME} replaced by the environment's value."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(f"the environment variable {found[1]} is not set")
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", value, path)


_Path = Annotated[str, AfterValidator(_expand)]


class _Files(_SplitData):
    path: _Path = Field(
        description="file to train on, relative to the working directory; ${NAME} stands for an "
        "environment variable"
    )
    test_path: _Path | None = Field(
        None, description="file for the figures, used as it is; test_share is then unused"
    )


class CsvData(_Files):
    """CSV or TSV: one series a row, its label first."""

    kind: Literal["csv"]


class TsData(_Files):
    """The .ts format of the time-series archives."""

    kind: Literal["ts"]


class NpzData(_Files):
    """NumPy's .npz with X, y and, for unequal lengths, lengths."""

    kind: Literal["npz"]


class TableData(_Files):
    """A long table, CSV or Parquet: a row per case and time."""

    kind: Literal["table"]
    case: str = Field("case", description="column that says which case a row belongs to")
    time: str = Field("time", description="column by which the steps of a case are ordered")
    label: str = Field("label", description="column with the class of the case")
    channels: tuple[str, ...] | None = Field(
        None, description="columns to use; by default all that are not case, time or label"
    )


class ArrayData(_Data):
    """Arrays given from Python: the configuration of an estimator that was saved."""

    kind: Literal["arrays"]


Data = Annotated[
    SineData | CsvData | TsData | NpzData | TableData | ArrayData, Field(discriminator="kind")
]


def _as_windows(given: Any) -> Any:
    """ "local-p", {"local-p": 10} or {"local-p": {"radius": 10}} -> the last, every option given.

    Several names in one table are several windows at once.
    """
    if isinstance(given, str):
        given = {given: {}}
    if not isinstance(given, dict) or not given:
        raise ValueError(f'wanted a name, or a table such as {{"local-p": 10}}, not {given!r}')
    windows = {}
    for name, options in given.items():
        if name not in WINDOWS:
            raise ValueError(f"{name!r} is not a window{did_you_mean(str(name), WINDOWS)}")
        known = WINDOWS[name].options
        if isinstance(options, int | float) and not isinstance(options, bool) and known:
            options = {next(iter(known)): options}
        if not isinstance(options, dict):
            wanted = f"a number, its {next(iter(known))}" if known else "an empty table"
            raise ValueError(f"{name}: wanted {wanted}, not {options!r}")
        for option, value in options.items():
            if option not in known:
                has = did_you_mean(option, known) if known else "; it has none"
                raise ValueError(f"{name}: unknown option {option!r}{has}")
            if isinstance(known[option], bool):
                if not isinstance(value, bool):
                    raise ValueError(f"{name}.{option}: wanted true or false, not {value!r}")
            elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}.{option}: wanted a whole number from 1 on, not {value!r}")
        windows[name] = {**known, **options}
    return windows


class Attention(_Section):
    """A mechanism: score, window and alignment, and who asks.

    A name alone, of any of the three, leaves the others at their defaults.
    """

    score: Literal[
        "additive",
        "concat",
        "dot",
        "scaled-dot",
        "general",
        "cosine",
        "location",
        "location-sensitive",
        "coverage",
    ] = Field("additive", description="how well a query matches a state")
    window: Annotated[dict[str, dict[str, int | bool]], BeforeValidator(_as_windows)] = Field(
        "global",
        validate_default=True,
        description="which states a query may see: global, causal, local-m, local-p, sliding or "
        "alibi, or a table from name to its number, in positions of the encoder",
    )
    align: Literal["softmax", "sparsemax", "entmax15", "hard", "gumbel", "monotonic"] = Field(
        "softmax", description="how scores become weights"
    )
    query: Literal["learned", "states"] | None = Field(
        None,
        description="who asks: a learned query for each head, or every state, their contexts "
        "averaged; by default learned, unless the mechanism goes by the order of the queries",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        """A name as a table, and who asks by default."""
        if isinstance(given, str):
            mechanism = find_mechanism(given)
            if mechanism is None or mechanism.family == "around":
                hint = (
                    f" the name of a layer: in Python, regard.attention's {mechanism.python}"
                    if mechanism
                    else f" known{did_you_mean(given, [*SCORES, *WINDOWS, *ALIGNMENTS])}"
                )
                raise ValueError(f"{given!r} is{'' if mechanism else ' not'}{hint}")
            given = {mechanism.family: given}
        if isinstance(given, dict) and given.get("query") is None:
            window = given.get("window", "global")
            names = [given.get("score"), given.get("align")]
            names += window if isinstance(window, dict) else [window]
            asked = any(name in _ASKED_BY_STATES for name in names)
            return {**given, "query": "states" if asked else "learned"}
        return given

    @model_validator(mode="after")
    def _refuse_nonsense(self) -> Self:
        reason = self.why_not("attention")
        if reason:
            raise ValueError(reason)
        return self

    def why_not(self, pooling: str) -> str | None:
        """Why it makes no sense under this pooling, and what would; None when it does."""
        return why_not(self.score, self.window, self.align, query=self.query or "", pooling=pooling)


# Mechanisms that say nothing, or always the same, to one learned query.
_ASKED_BY_STATES = (
    "causal",
    "local-m",
    "local-p",
    "sliding",
    "alibi",
    "location",
    "location-sensitive",
    "coverage",
    "monotonic",
)


class Model(_Section):
    """What is trained."""

    encoder: _Encoder = Field("inception", description="how series become states")
    attention: Attention = Field(
        "additive",
        validate_default=True,
        description="the mechanism: the name of a score, window or alignment, or a table of them",
    )
    pooling: _Pooling | None = Field(
        None,
        validate_default=True,
        description="conjunctive: classify every state, gate each and average; attention: weigh "
        "the states, then classify the context; by default conjunctive where the mechanism can",
    )
    hidden: Annotated[int, Field(ge=1)] | None = Field(
        None, description="width inside the encoder; by default what suits it"
    )
    layers: Annotated[int, Field(ge=1)] | None = Field(
        None, description="of the encoder; by default what suits it"
    )
    attention_dim: Annotated[int, Field(ge=1)] = Field(
        64,
        description="width of the space in which additive attention compares, over all heads",
    )
    heads: int = Field(
        1,
        ge=1,
        description="of the pooling attention, each with its learned query; their weights are "
        "averaged",
    )
    dropout: _Share = Field(
        0.1,
        description="share of the columns of the states, and between layers, dropped in training",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_sizes(cls, given: Any) -> Any:
        """Resolve hidden and layers, which each encoder has its own defaults for."""
        if not isinstance(given, dict):
            return given
        given = _lift_heads(given)
        encoder = given.get("encoder", cls.model_fields["encoder"].default)
        sizes = dict(zip(("hidden", "layers"), _SIZES.get(str(encoder), ()), strict=False))
        return {**sizes, **{name: x for name, x in given.items() if x is not None}}

    @field_validator("pooling")
    @classmethod
    def _choose_pooling(cls, pooling: _Pooling | None, info: ValidationInfo) -> _Pooling:
        attention = info.data.get("attention")
        if attention is None:  # is wrong itself
            return "attention"
        reason = attention.why_not("conjunctive")
        if pooling == "conjunctive" and reason:
            raise ValueError(reason)
        return pooling or ("attention" if reason else "conjunctive")


def _lift_heads(given: dict[str, Any]) -> dict[str, Any]:
    """The heads of an attention's table to where they are kept, in the place of those there."""
    attention = given.get("attention")
    if not isinstance(attention, dict) or "heads" not in attention:
        return given
    rest = {name: value for name, value in attention.items() if name != "heads"}
    return {**given, "attention": rest, "heads": attention["heads"]}


# Hidden width and layers: the published sizes, or those that did well for their cost.
_SIZES = {
    "bilstm": (32, 1),
    "gru": (32, 1),
    "conv": (64, 3),
    "conv-bilstm": (64, 1),
    "inception": (32, 3),
    "transformer": (64, 2),
}


class Training(_Section):
    """How it is trained."""

    epochs: int = Field(50, ge=1, description="at the most; without a validation part, exactly")
    patience: int = Field(
        5, ge=0, description="epochs without a lower validation loss after which training stops"
    )
    batch_size: int = Field(32, ge=1, description="cases in an update, at the most")
    learning_rate: float = Field(0.003, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(0.01, ge=0, description="of AdamW")
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="of the learning rate: to zero after a short warm-up, or constant"
    )
    gradient_clip: float = Field(
        1.0, ge=0, description="largest norm of an update's gradient; 0 does not clip"
    )
    class_weight: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="balanced: inversely to the class's frequency; or factors by label, 1 if "
        "left out",
    )
    label_smoothing: _Share = Field(
        0.1, description="share of the target that is spread over all classes"
    )
    augmentation: Literal["warp", "none"] = Field(
        "warp", description="in training, vary each case's speed, start and scale a little"
    )
    updates_per_epoch: int = Field(
        10, ge=1, description="at least; a small training part is passed over several times"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto takes a GPU if there is one; cpu and cuda insist"
    )


class Config(_Section):
    """Everything that a run is made from."""

    task: Literal["classify"] = "classify"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: Data
    model: Model = Model()
    training: Training = Training()
    versions: dict[str, str] = Field(
        default_factory=dict, description="what the run was made with; written, not read"
    )


def read_config(path: Path, changes: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file.

    Parameters:
        path: JSON.
        changes: dotted field to JSON value (or a plain word), such as {"training.epochs": "3"}.

    Raises:
        ConfigError: with the file and the field.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {str(error.strerror).lower()}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: cannot be read: not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}: not JSON, line {error.lineno} column {error.colno}: {error.msg}"
        ) from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: wanted a JSON object, not a {type(content).__name__}")
    for field, value in (changes or {}).items():
        _set(content, field, value)
    return resolve_config(content, source=f"{path} with --set" if changes else str(path))


def resolve_config(content: Mapping[str, Any], *, source: str = "config") -> Config:
    """Check a configuration and fill in every default.

    Parameters:
        content: as read from JSON.
        source: what to call it in errors.

    Raises:
        ConfigError: the first wrong field, what was wanted and what was given.

    >>> resolve_config({"data": {"kind": "sine"}}).training.epochs
    50
    """
    try:
        return Config.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise ConfigError(f"{source}: {_explain(dict(error.errors()[0]), content)}") from None


def _set(content: dict[str, Any], field: str, value: str) -> None:
    *sections, name = field.split(".")
    for section in sections:
        inner = content.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {field}: {section} is not a section")
        content = inner
    try:
        content[name] = json.loads(value)
    except json.JSONDecodeError:
        content[name] = value  # a plain word, such as model.encoder=gru


_KINDS = {
    get_args(section.model_fields["kind"].annotation)[0]: section
    for section in (SineData, CsvData, TsData, NpzData, TableData, ArrayData)
}


def _explain(problem: dict[str, Any], content: Mapping[str, Any]) -> str:
    """One of pydantic's problems as `field: what was wanted, what was given`."""
    kind, given = problem["type"], problem["input"]
    # Pydantic names the choices of a union, and the kind of data, as if they were levels.
    location = [str(part) for part in problem["loc"] if "[" not in str(part)]
    location = [part for part in location if not part.startswith("constrained-")]
    if location[:1] == ["data"] and location[1:2] and location[1] in _KINDS:
        del location[1]
    if kind == "extra_forbidden":
        section = _section(location[:-1], content)
        return f"{'.'.join(location)}: unknown key{did_you_mean(location[-1], section)}"
    field = ".".join(location) or "config"
    known = [name for name in _KINDS if name != "arrays"]
    if kind == "missing":
        return f"{field}: missing"
    if kind == "union_tag_not_found":
        return f"{field}.kind: missing; choose one of {', '.join(known)}"
    if kind == "union_tag_invalid":
        tag = problem["ctx"]["tag"]
        return f"{field}.kind: '{tag}' is unknown{did_you_mean(tag, known)}"
    if kind == "literal_error":
        choices = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = did_you_mean(str(given), choices)
        return f"{field}: {json.dumps(given)} is not one of {', '.join(choices)}" + (
            near if near.startswith("; did") else ""
        )
    if kind == "value_error":
        return f"{field}: {problem['ctx']['error']}"
    wanted = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{field}: wanted {wanted}, not {json.dumps(given)}"


def _section(location: list[str], content: Mapping[str, Any]) -> list[str]:
    """The names that are known at this place."""
    if not location:
        return [name for name in Config.model_fields if name != "versions"]
    sections: dict[str, type[BaseModel]] = {"model": Model, "training": Training}
    if location[1:] == ["attention"]:
        return [*Attention.model_fields, "heads"]
    section = sections.get(location[0]) or _KINDS[content["data"]["kind"]]
    return list(section.model_fields)
