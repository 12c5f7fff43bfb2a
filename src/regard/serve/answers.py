"""What a model says of cases, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.explain import as_weights
from regard.plots.save import picture_writers

if TYPE_CHECKING:
    from regard.inference import Inference
    from regard.serve.served import Served

__all__ = ["METHODS", "Question", "answered"]

METHODS = ("occlusion", "gradient", "integrated-gradients")
"""Of finding maps that ask the model again."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of cases; those of which the same is asked go through the model together.

    Attributes:
        what: the predictions; with their maps, verdicts and pictures; or the maps alone.
        maps: names of the maps; a picture shows the first.
        picture: whether each case is drawn.
        options: names and values, of the output.
    """

    what: Literal["predict", "explain", "attend"]
    maps: tuple[str, ...] = ()
    picture: bool = False
    options: tuple[tuple[str, Any], ...] = ()


def answered(served: Served, question: Question, cases: Any) -> list[dict[str, Any]]:
    """An answer for each case.

    Raises:
        RegardError: the cases cannot be predicted, or an option is wrong.
    """
    estimator = served.estimator
    incoming = estimator.input_
    own = {name for name in question.maps if name not in METHODS}
    if question.what == "explain":
        own |= {*incoming.shown}
    options = served.options | dict(question.options)
    seen = estimator.infer(cases, maps=tuple(sorted(own)), **options)
    if question.what == "predict":
        return _rows(served, seen)
    found: dict[str, list[NDArray[np.float64]]] = {
        name: seen.maps[name] for name in question.maps if name in own
    }
    if methods := [name for name in question.maps if name in METHODS]:
        from regard.estimators import attributed

        found |= {name: attributed(estimator, cases, name) for name in methods}
    maps = [{name: _numbers(found[name][n]) for name in question.maps} for n in range(len(seen))]
    if question.what == "attend":
        return [{"case": str(seen.cases.ids[n]), "maps": maps[n]} for n in range(len(seen))]
    if question.maps and question.maps[0] in METHODS:
        seen = replace(seen, maps={**seen.maps, "weights": _shares(found[question.maps[0]])})
    rows = _rows(served, seen)
    return [_explained(served, question, seen, n, rows[n], maps[n]) for n in range(len(seen))]


def _explained(
    served: Served,
    question: Question,
    seen: Inference,
    n: int,
    row: dict[str, Any],
    maps: dict[str, Any],
) -> dict[str, Any]:
    estimator = served.estimator
    outcome = estimator.output_.outcome(seen, n)
    view = estimator.input_.view(seen, n, outcome)
    found = {
        "case": row["case"],
        "prediction": {name: value for name, value in row.items() if name != "case"},
        "said": outcome.answer,
        "title": outcome.title,
        "others": outcome.others,
        "right": outcome.right,
        "warning": view.warning,
        "maps": maps,
        "of": view.data(),
        "verdicts": served.verdicts(seen, n),
    }
    if question.picture:
        found["picture"] = picture_writers(view.draw)[".svg"]().decode()
    return found


def _rows(served: Served, seen: Inference) -> list[dict[str, Any]]:
    """The columns of `regard predict` by case; lists where a case has several rows."""
    columns, _ = served.estimator.output_.columns(seen)
    count = len(seen)
    rows: list[dict[str, Any]] = [{"case": str(seen.cases.ids[n])} for n in range(count)]
    for name, column in columns.items():
        cells = [_cell(each) for each in (column if isinstance(column, list) else _plain(column))]
        per = len(cells) // count
        if name == "case":
            continue
        for n, row in enumerate(rows):
            row[name] = cells[n] if per == 1 else cells[n * per : (n + 1) * per]
    return rows


def _plain(column: Any) -> Any:
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _cell(value: Any) -> Any:
    """A value of a table as JSON has it."""
    value = value.item() if hasattr(value, "item") else value
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _numbers(array: NDArray[np.float64]) -> Any:
    return np.asarray(array, np.float64).tolist()


def _shares(maps: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """What is not negative as weights, even where nothing is."""
    return [
        as_weights(each.clip(min=0).ravel(), np.full(each.size, 1 / each.size)).reshape(each.shape)
        for each in maps
    ]
