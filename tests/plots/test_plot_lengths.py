"""How good generated texts are by the length of their source."""

from typing import Any

import numpy as np
import pytest

from regard.errors import DataError
from regard.plots import plot_lengths


def _rows(*figures: float) -> list[dict[str, Any]]:
    return [
        {
            "from": 3 * n,
            "to": 3 * n + min(n, 2),
            "cases": 31,
            "bleu": bleu,
            "exact_match": bleu / 99,
        }
        for n, bleu in enumerate(figures)
    ]


def test_the_model_and_another() -> None:
    ax = plot_lengths(_rows(40, 30, 20), without=_rows(35, 15, 5), baseline="without attention")
    own, other = ax.get_lines()
    assert np.asarray(own.get_ydata()).tolist() == [40, 30, 20]
    assert np.asarray(other.get_ydata()).tolist() == [35, 15, 5]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "3–4", "6–8"]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["model", "without attention"]
    assert ax.get_ylim()[0] == 0


def test_exact_match_is_a_share() -> None:
    ax = plot_lengths(_rows(99, 33), measure="exact_match")
    assert ax.get_ylabel() == "exact match"
    assert ax.get_ylim() == (0, 1)
    assert np.asarray(ax.get_lines()[0].get_ydata()) == pytest.approx([1, 1 / 3])
    assert ax.get_legend() is None


def test_errors() -> None:
    with pytest.raises(DataError, match="rows: wanted a row for each range of lengths, given none"):
        plot_lengths([])
    with pytest.raises(DataError, match="without: wanted the ranges of lengths in `rows`"):
        plot_lengths(_rows(1, 2), without=_rows(1))
