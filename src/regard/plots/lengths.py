"""Plot how good generated texts are by the length of their source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from regard.errors import DataError
from regard.plots.style import GREY, VERMILION, axes_of_size, legend_above, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_lengths"]

_LABELS = {"bleu": "BLEU", "exact_match": "exact match", "wer": "word error rate"}
_LENGTHS = {"wer": "words of the reference"}


def plot_lengths(
    rows: Sequence[Mapping[str, Any]],
    *,
    measure: Literal["bleu", "exact_match", "wer"] = "bleu",
    without: Sequence[Mapping[str, Any]] = (),
    baseline: str = "without attention",
    ax: Axes | None = None,
) -> Axes:
    """Draw a figure for each range of lengths: the model's solid, a baseline's dashed.

    Parameters:
        rows: of each range, in ascending order, its lengths "from" and "to", the number of "cases"
            and the figures, such as "bleu" and "exact_match".
        measure: the figure to draw. The lengths are those of the sources, or for "wer" of the
            references, in words.
        without: rows of the same ranges of a model to compare with.
        baseline: its name.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes; the figures start at 0, and shares end at 1.

    Raises:
        DataError: there is no range, or the ranges of both models differ.

    Source: figure 2 of Bahdanau et al., 2015, "Neural machine translation by jointly learning to
    align and translate", ICLR.

    >>> row = {"from": 1, "to": 9, "cases": 31, "bleu": 25.0, "exact_match": 0.5}
    >>> [label.get_text() for label in plot_lengths([row]).get_xticklabels()]
    ['1–9']
    """
    ranges = [(row["from"], row["to"]) for row in rows]
    if not rows:
        raise DataError("rows: wanted a row for each range of lengths, given none")
    if without and [(row["from"], row["to"]) for row in without] != ranges:
        raise DataError("without: wanted the ranges of lengths in `rows`, given others")
    ax = ax or axes_of_size(max(3.2, 1.2 + 0.8 * len(rows)), 2.6)
    at = range(len(rows))

    def plot(drawn: Sequence[Mapping[str, Any]], **look: Any) -> None:
        ax.plot(
            at, [row[measure] for row in drawn], marker="o", markersize=4, clip_on=False, **look
        )

    plot(rows, color=VERMILION, linewidth=1.9, label="model")
    if without:
        plot(without, color=GREY, linewidth=1.3, linestyle=(0, (4, 1.5)), label=baseline)
        legend_above(ax, columns=2)
    ax.set_xticks(at, [f"{low}–{high}" if low != high else f"{low}" for low, high in ranges])
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_ylim(0, 1 if measure == "exact_match" else None)
    if not any(row[measure] for row in [*rows, *without]):
        ax.set_ylim(0, 1)  # no room between 0 and 0
    ax.set_xlabel(_LENGTHS.get(measure, "length of the source"))
    ax.set_ylabel(_LABELS[measure])
    unframe(ax)
    return ax
