"""Figures as text."""

import io

import pytest
from matplotlib.figure import Figure

from regard.plots import plot_attention
from regard.plots.page import own_style, svg_text
from regard.plots.style import axes_of_size


def _figure() -> Figure:
    axes = plot_attention([0.0, 3.0, 1.0], [0.1, 0.8, 0.1], ax=axes_of_size(4.4, 1.9))
    assert isinstance(axes.figure, Figure)
    return axes.figure


@pytest.mark.parametrize("transparent", [True, False])
def test_laid_out_once_it_is_as_matplotlib_saves_it(transparent: bool) -> None:
    file = io.StringIO()
    with own_style():
        options = {"dpi": 200, "metadata": {"Date": None}}
        _figure().savefig(file, format="svg", transparent=transparent, **options)
        assert svg_text(_figure(), transparent=transparent) == file.getvalue()
