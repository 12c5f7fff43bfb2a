"""Cases that are explored in a page: chosen, sorted, filtered and pointed at."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from numpy.typing import NDArray

from regard.plots.page import render

if TYPE_CHECKING:
    from regard.plots.view import CaseView

__all__ = ["MOST_EXPLORED", "Answers", "Explored", "drawing_asset", "explored"]

MOST_EXPLORED = 200
"""Cases of a page; fewer where they are large."""

_BYTES = 3_000_000  # of the cases of a page
_SHOWN = 5  # answers of a case
_CELLS = 32  # that a side of a picture's map has at most
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False, kw_only=True)
class Answers:
    """What is predicted of each class or target of a case, and where from.

    Attributes:
        place: number of the case in its source.
        names: N names of classes or targets, the same for all cases of a page.
        values: [N] the probability of each class, or the predicted numbers.
        shares: whether they are probabilities.
        shown: the numbers of the answers that a page lists, in its order.
        weights: what pictures show, over the steps, words or pixels of the case; not negative.
        weighed: what the weights are, "attention" or "evidence".
        evidence: signed, of each of the answers `shown`; empty where the model has none.
        unit: of the weights, such as "step".
    """

    place: int
    names: Sequence[str]
    values: NDArray[np.floating]
    shares: bool
    shown: Sequence[int]
    weights: NDArray[np.floating]
    weighed: str
    evidence: Sequence[NDArray[np.floating]] = ()
    unit: str = "position"

    @staticmethod
    def likeliest(values: NDArray[np.floating], *, shares: bool, true: int | None) -> list[int]:
        """The numbers of the answers to show: five, of classes the likeliest and the true one."""
        if not shares:
            return list(range(min(_SHOWN, len(values))))
        order: list[int] = np.argsort(-values, kind="stable")[:_SHOWN].tolist()
        if true is not None and true not in order:
            order[-1] = true
        return order


@dataclass(frozen=True, eq=False, kw_only=True)
class Explored:
    """Cases in a page.

    Attributes:
        html: a section with its data and script, hidden until the script runs.
        css: its rules.
        source: the script as a Content-Security-Policy allows it.
        count: of the cases in it.
    """

    html: Markup
    css: Markup
    source: str
    count: int


def explored(views: Sequence[CaseView], *, chosen: str = "", total: int = 0) -> Explored | None:
    """A section of a page in which cases are explored; None where none of them can be.

    Parameters:
        views: the most important first; those without `answers` or `data` are left out, and those
            beyond 200, or beyond 3 MB.
        chosen: how they were chosen of a greater number, for the sentence above them.
        total: that number; 0 for the number of views. One case alone takes the place of what the
            page marks as `still`.
    """
    rows: list[tuple[int, Markup]] = []
    left = _BYTES
    common: dict[str, Any] = {}
    for view in views[:MOST_EXPLORED]:
        answers, of = view.answers, view.data()
        if answers is None or not of:
            continue
        row = _json(_case(view, answers, of))
        left -= len(row.encode("utf-8", "replace"))
        if left < 0:
            break
        rows.append((answers.place, row))
        common = {"names": list(answers.names), "shares": answers.shares, "unit": answers.unit}
    if not rows:
        return None
    listed = Markup(",").join(row for _, row in sorted(rows, key=lambda each: each[0]))
    data = Markup('{},"cases":[{}]}}').format(_json(common)[:-1], listed)
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = render(
        _FOLDER / "explored.html",
        count=len(rows),
        total=total or len(views),
        chosen=chosen,
        unit=common["unit"],
        data=data,
        script=Markup(script),
    )
    css = Markup(drawing_asset("drawing.css") + drawing_asset("explored.css"))
    return Explored(html=Markup(html), css=css, source=f"sha256-{digest}", count=len(rows))


@cache
def drawing_asset(name: str) -> str:
    """A script or stylesheet that the pages of the service share: drawing.js, drawing.css."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _script() -> str:
    """One module: what draws, and what chooses."""
    return drawing_asset("drawing.js") + drawing_asset("explored.js")


def _json(value: Any) -> Markup:
    """As JSON that may stand inside a script element: no <, >, & or ' in it."""
    dumps: Any = json.dumps
    written = htmlsafe_json_dumps(
        value, dumps=dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return Markup(written)


def _case(view: CaseView, answers: Answers, of: Mapping[str, Any]) -> dict[str, Any]:
    """A case as the page has it: numbers packed, maps of pictures in cells."""
    outcome, trust = view.outcome, view.trust
    return {
        "case": view.id,
        "name": view.name,
        "said": outcome.answer,
        "title": outcome.title,
        "group": outcome.group,
        "right": outcome.right,
        "miss": _known(outcome.miss),
        "certainty": _known(outcome.certainty),
        "warning": view.warning,
        "weighed": view.method or answers.weighed,
        "trust": None if trust is None else [trust.verdict, trust.sentence],
        "answers": [[n, _known(float(answers.values[n]), 6)] for n in answers.shown],
        "weights": _map(answers.weights),
        "evidence": [_map(each) for each in answers.evidence],
        "of": _of(of),
    }


def _of(of: Mapping[str, Any]) -> dict[str, Any]:
    if of["kind"] == "picture":
        return {**of, "cell": _cell((of["rows"], of["columns"]))}
    if of["kind"] != "series":
        return dict(of)
    steps = of["steps"]
    return {
        **of,
        "series": [_packed(np.asarray(row), 4) for row in of["series"]],
        "steps": None if steps is None else _packed(np.asarray(steps), 6),
    }


def _known(value: float | None, digits: int = 6) -> float | None:
    """Rounded; None where it is not a finite number."""
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def _map(weights: NDArray[np.floating]) -> dict[str, Any]:
    """A map with three digits; one of a picture by rows of cells, each the sum of its pixels."""
    if weights.ndim == 1:
        return _packed(weights, 3)
    cell = _cell(weights.shape)
    for axis in (0, 1):
        weights = np.add.reduceat(weights, np.arange(0, weights.shape[axis], cell), axis=axis)
    return {**_packed(weights.ravel(), 3), "wide": weights.shape[1]}


def _cell(shape: tuple[int, ...]) -> int:
    """Pixels to a side of a cell."""
    return -(-max(shape) // _CELLS)


def _packed(numbers: NDArray[np.floating], digits: int) -> dict[str, Any]:
    """Numbers as whole ones and their decimals, which is half as long; None where one is missing.

    Parameters:
        numbers: [T].
        digits: significant ones of their range, but no more than single precision has.
    """
    numbers = np.asarray(numbers, np.float64)
    known = np.isfinite(numbers)
    size, decimals = numbers[known], 0
    if size.size and (peak := float(np.abs(size).max())):
        spread = float(np.ptp(size)) or peak
        wanted = digits - 1 - int(np.floor(np.log10(spread)))
        decimals = min(wanted, 6 - int(np.floor(np.log10(peak))))
    whole = np.rint(np.where(known, numbers, 0) * 10.0**decimals).astype(np.int64).tolist()
    if not known.all():
        whole = [each if own else None for each, own in zip(whole, known, strict=True)]
    return {"d": decimals, "v": whole}
