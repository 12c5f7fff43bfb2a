"""What `audit.json` holds, described field by field."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from regard.kept import Kept, check_kept

__all__ = ["check_audit"]

_Interval = Annotated[list[float], Field(min_length=3, max_length=3)]


class _Figures(Kept):
    cases: int
    learned: _Interval
    gain: _Interval
    best: float
    share: _Interval
    shuffle: float | None
    seeds: _Interval | None
    comprehensiveness: _Interval | None = None
    sufficiency: _Interval | None = None
    aopcr: _Interval | None = None
    ap: _Interval | None = None
    ap_gain: _Interval | None = None
    ndcg: _Interval | None = None
    ndcg_gain: _Interval | None = None
    pointing: _Interval | None = None
    pointing_gain: _Interval | None = None


_Map = Literal["attention", "evidence"]


class _Verdict(Kept):
    map: _Map
    label: str
    verdict: Literal["believe", "weak", "do not"]
    sentence: str
    figures: _Figures | None


class _Uniform(Kept):
    figure: str
    value: float
    uniform: float


class _Audit(Kept):
    weights: str
    cases: int
    seed: int
    drawn: _Map
    uniform: _Uniform | None = None
    verdicts: list[_Verdict]


def check_audit(audit: Mapping[str, Any]) -> None:
    """Raise a ValueError for verdicts that cannot be shown."""
    check_kept(_Audit, audit)
