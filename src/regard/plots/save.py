"""Write pictures and pages in the format given by the file name."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from regard.plots.fonts import with_names
from regard.plots.page import own_style, svg_text
from regard.runs import check_output, check_suffix, replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["picture_writers", "write_file"]

_Writer = Callable[[], bytes]


def write_file(path: str | Path, writers: Mapping[str, _Writer], *, overwrite: bool) -> None:
    """Write a file in the format given by its ending.

    Parameters:
        path: ends in one of the writers' endings, in lower or upper case.
        writers: ending, such as ".png", to a function that returns the content.
        overwrite: whether a file that exists may be replaced.

    Raises:
        ConfigError: the path has another ending.
        RunError: the file exists, or cannot be written.
    """
    path = Path(path)
    write = writers[check_suffix(path, writers)]
    check_output(path, "file", overwrite=overwrite)
    content = write()
    with replacing(path, overwrite=overwrite) as beside:
        beside.write_bytes(content)


def picture_writers(draw: Callable[[], Axes]) -> dict[str, _Writer]:
    """The writers of a PNG and an SVG of a figure, independent of the user's settings."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    def png() -> bytes:
        with own_style():
            figure = draw().figure
            assert isinstance(figure, Figure)
            for text in figure.findobj(Text):
                assert isinstance(text, Text)
                text.set_text(with_names(text.get_text()))
            file = io.BytesIO()
            figure.savefig(file, format="png", dpi=150)
        return file.getvalue()

    def svg() -> bytes:
        with own_style():
            return svg_text(draw().figure).encode()

    return {".png": png, ".svg": svg}
