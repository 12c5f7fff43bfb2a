"""What a run folder keeps of forecasts."""

from regard.kept import Kept, Size

__all__ = ["FutureKept"]


class _Calibration(Kept):
    shifts: list[list[list[float]]]
    windows: Size


class FutureKept(Kept):
    """The shifts of the quantiles, where there are some."""

    calibration: _Calibration | None = None
