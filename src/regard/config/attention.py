"""The attention of a model: a name, or a table of score, window and alignment."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from regard.bounded import shown
from regard.catalogue import (
    ALIGNMENTS,
    AUTHORS,
    SCORES,
    WINDOWS,
    by_author,
    find_mechanism,
    why_not,
)
from regard.config.section import MOST_DEPTH, MOST_LENGTH, Section, choices, one_of
from regard.errors import did_you_mean

__all__ = ["AttentionConfig", "asked_by_states"]

_Option = Annotated[int, Field(le=MOST_LENGTH)] | bool


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
            elif type(value) is not int or not 1 <= value <= MOST_LENGTH:
                wanted = f"a whole number from 1 to {MOST_LENGTH:,}"
                raise ValueError(f"{name}.{option}: wanted {wanted}, not {shown(value)}")
        windows[name] = {**known, **options}
    return windows


def _canonical(family: str, given: Any) -> Any:
    """The name of a mechanism of this family that is called by its author.

    Raises:
        ValueError: the author has several of this family.
    """
    mechanism = find_mechanism(given) if isinstance(given, str) else None
    if mechanism is None or mechanism.family == family:
        return given if mechanism is None else mechanism.name
    names = [each.name for each in by_author(given) if each.family == family]
    if len(names) > 1:
        raise ValueError(f"{family}: by {given} are {', '.join(names)}; choose one")
    return names[0] if names else given


class AttentionConfig(Section):
    """A mechanism: score, window and alignment, and the query.

    The name of one of the three leaves the others at their defaults.
    """

    score: Annotated[str, BeforeValidator(lambda name: one_of(name, SCORES))] = Field(
        "additive",
        description="how well a query matches a state",
        json_schema_extra=choices(SCORES),
    )
    window: Annotated[dict[str, dict[str, _Option]], BeforeValidator(_as_windows)] = Field(
        "global",
        validate_default=True,
        description="which states a query may see: global, causal, local-m, local-p, sliding, "
        "alibi or relative, or a table from name to its number, in positions of the encoder",
    )
    align: Annotated[str, BeforeValidator(lambda name: one_of(name, ALIGNMENTS))] = Field(
        "softmax", description="how scores become weights", json_schema_extra=choices(ALIGNMENTS)
    )
    query: Literal["learned", "states", "last"] | None = Field(
        None,
        description="learned: a query for each head; states: every state is a query, and their "
        "contexts are averaged; last: the last state is the query, and is concatenated to the "
        "context; by default learned, unless the mechanism depends on the order of the queries",
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        """The schema of what is accepted: a name, a table with the heads too, or null."""
        table = handler.resolve_ref_schema(handler(core))
        windows = [*WINDOWS]
        number = {"type": "integer", "minimum": 1, "maximum": MOST_LENGTH}
        options = {"anyOf": [number, {"type": "object"}]}
        table["properties"]["window"] |= {
            "anyOf": [
                {"enum": windows},
                {
                    "type": "object",
                    "propertyNames": {"enum": windows},
                    "additionalProperties": options,
                },
            ]
        }
        for name in ("type", "additionalProperties"):
            del table["properties"]["window"][name]
        table["properties"]["heads"] = {"type": "integer", "minimum": 1, "maximum": MOST_DEPTH}
        names = [*SCORES, *WINDOWS, *ALIGNMENTS, *AUTHORS]
        whole = dict(table)
        table.clear()
        table |= {"anyOf": [{"enum": names}, whole, {"type": "null"}]}
        return table

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        """A name as a table, with the default query."""
        if isinstance(given, str):
            mechanism = find_mechanism(given)
            if mechanism is None or mechanism.family == "around":
                hint = (
                    f" the name of a layer: in Python, regard.attention's {mechanism.call}"
                    if mechanism
                    else f" known{did_you_mean(given, [*SCORES, *WINDOWS, *ALIGNMENTS, *AUTHORS])}"
                )
                raise ValueError(f"{given!r} is{'' if mechanism else ' not'}{hint}")
            given = {mechanism.family: mechanism.name}
        if isinstance(given, dict):
            given = {field: _canonical(field, value) for field, value in given.items()}
        if isinstance(given, dict) and given.get("query") is None:
            window = given.get("window", "global")
            names = [given.get("score"), given.get("align")]
            names += window if isinstance(window, dict) else [window]
            rows = [find_mechanism(name) for name in names if isinstance(name, str)]
            asked = any("asked-by-states" in row.traits for row in rows if row is not None)
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


def asked_by_states(given: Any, default: Any) -> Any:
    """An attention whose queries are given by the model, with what it leaves open as in a default.

    Parameters:
        given: a name or a table, as a user has written it.
        default: a table.

    Raises:
        ValueError: a query is named.
    """
    mechanism = find_mechanism(given) if isinstance(given, str) else None
    if mechanism is not None and mechanism.family != "around":
        given = {mechanism.family: mechanism.name}
    if not isinstance(given, dict):
        return given
    if given.get("query") not in (None, "states"):
        raise ValueError("attention.query: the queries are those of the model; leave it")
    return {**default, **given, "query": "states"}
