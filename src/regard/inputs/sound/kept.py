"""What a run folder keeps of recordings."""

from regard.inputs.series.kept import SeriesKept
from regard.kept import Size

__all__ = ["SoundKept"]


class SoundKept(SeriesKept):
    """What it keeps of their features as series, and samples in a second."""

    rate: Size
