"""Times in zones: instants in UTC, and the clock on the wall.

A zone is a name such as Europe/Berlin, whose offset from UTC changes with summer time, or an offset
such as +02:00. Where clocks are set back, the clock shows an hour twice; its first passage is
meant. Where they are set forward, an hour is left out; a time within it means what the clock would
show without the change (02:30 is 03:30 in summer time).
"""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError

__all__ = ["as_zone", "check_zone", "instants_of", "on_clock", "written"]

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})?$")
_DAY = np.timedelta64(1, "D")


def as_zone(text: str) -> str:
    """The one spelling of a zone.

    >>> as_zone("Z"), as_zone("+0530"), as_zone("UTC+02:00"), as_zone("Asia/Tokyo")
    ('UTC', '+05:30', '+02:00', 'Asia/Tokyo')
    """
    if text.upper() in ("Z", "UTC", "GMT"):
        return "UTC"
    found = _OFFSET.match(text)
    return f"{found[1]}{found[2]}:{found[3] or '00'}" if found else text


def check_zone(name: str, zone: str) -> str:
    """Refuse an unknown zone, and return the one spelling of a known one."""
    zone = as_zone(zone)
    try:
        if _OFFSET.match(zone) is None:
            ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise ConfigError(
            f"{name}: no zone {zone!r}; wanted a name such as Europe/Berlin, or UTC"
        ) from None
    return zone


def on_clock(instants: NDArray[Any], zone: str | None) -> NDArray[Any]:
    """What the clock of a zone shows at instants in UTC; of any shape, datetime64[us].

    >>> on_clock(np.array(["2024-03-30T23:00", "2024-03-31T22:00"], "M8[us]"), "Europe/Berlin")
    array(['2024-03-31T00:00:00.000000', '2024-04-01T00:00:00.000000'],
          dtype='datetime64[us]')
    """
    if zone is None or zone == "UTC":
        return instants
    if found := _OFFSET.match(zone):
        return np.asarray(instants + _fixed(found))
    import polars as pl

    clock = pl.Series(np.ravel(instants)).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    shown: NDArray[Any] = clock.dt.replace_time_zone(None).to_numpy().astype("M8[us]")
    return shown.reshape(instants.shape)


def instants_of(clock: NDArray[Any], zone: str | None) -> NDArray[Any]:
    """The instants at which the clock of a zone shows these times [T].

    >>> instants_of(np.array(["2024-03-31T02:30", "2024-10-27T02:30"], "M8[us]"), "Europe/Berlin")
    array(['2024-03-31T01:30:00.000000', '2024-10-27T00:30:00.000000'],
          dtype='datetime64[us]')
    """
    if zone is None or zone == "UTC":
        return clock
    if found := _OFFSET.match(zone):
        return np.asarray(clock - _fixed(found))
    import polars as pl

    local = pl.Series(clock).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    found_at = local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    instants: NDArray[Any] = found_at.to_numpy().astype("M8[us]")
    left_out = np.isnat(instants)
    if left_out.any():  # by the offset of the day before
        day_before = clock[left_out] - _DAY
        instants[left_out] = instants_of(day_before, zone) + _DAY
    return instants


def written(instants: NDArray[Any], zone: str) -> NDArray[np.str_]:
    """Times as text with their offset from UTC.

    >>> written(np.array(["2024-05-30T22:00"], "M8[us]"), "Europe/Berlin").tolist()
    ['2024-05-31T00:00:00+02:00']
    """
    clock = on_clock(instants, zone)
    minutes = ((clock - instants) // np.timedelta64(1, "m")).astype(int)
    whole = (clock == clock.astype("M8[s]")).all()
    return np.array(
        [
            f"{shown}{'-' if ahead < 0 else '+'}{abs(ahead) // 60:02}:{abs(ahead) % 60:02}"
            for shown, ahead in zip(
                np.datetime_as_string(clock.ravel(), unit="s" if whole else "us").tolist(),
                minutes.ravel().tolist(),
                strict=True,
            )
        ]
    ).reshape(instants.shape)


def _fixed(found: re.Match[str]) -> np.timedelta64:
    minutes = 60 * int(found[2]) + int(found[3] or 0)
    return np.timedelta64(-minutes if found[1] == "-" else minutes, "m")
