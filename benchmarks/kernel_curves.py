"""Time and memory of additive attention against the length, forward and backward, as a picture.

`python -m benchmarks.kernel_curves OUT.png`, with lengths after it for others than 256 to 8192.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

from benchmarks.additive_forms import DOT, KERAS, OURS, USUAL, WEIGHTLESS
from benchmarks.peak_memory import measure

__all__ = ["Point", "curve", "draw"]

_LENGTHS = (256, 512, 1024, 2048, 4096, 8192)
_WIDTH = 64
_MEGABYTES, _SECONDS = 6000.0, 20.0  # beyond which a peer is not asked
_LOOKS = {  # how a form is called and drawn
    USUAL: ("PyTorch, as usual", "#8b99aa", "-"),
    KERAS: ("Keras", "#cf8f3a", "--"),  # may lie on the one above
    OURS: ("regard", "#e0480b", "-"),
    WEIGHTLESS: ("regard, no weights", "#2380c8", "-"),
    DOT: ("dot product (SDPA)", "#3b4654", ":"),
}


@dataclass(frozen=True)
class Point:
    """What one form takes for Q = K = length, B = 1, A = 64.

    Attributes:
        form: of `additive_forms.FORMS`.
        length: Q and K.
        seconds: of forward and backward.
        megabytes: at the peak, beyond inputs and outputs.
    """

    form: str
    length: int
    seconds: float
    megabytes: float


def curve(lengths: Sequence[int] = _LENGTHS) -> list[Point]:
    """Measure every form at these lengths, in ascending order.

    The usual forms stop where they would take over 6 GB or 20 s, by the square of the length.
    """
    points: list[Point] = []
    for form in _LOOKS:
        for length in sorted(lengths):
            if form in (USUAL, KERAS) and points and points[-1].form == form:
                last = points[-1]
                growth = (length / last.length) ** 2
                if last.megabytes * growth > _MEGABYTES or last.seconds * growth > _SECONDS:
                    break
            used = measure(form, (1, length, length, _WIDTH))
            points.append(Point(form, length, used.seconds, used.megabytes))
            print(points[-1], flush=True)
    return points


def draw(points: Sequence[Point], path: Path) -> None:
    """Two panels on logarithmic scales, written as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.3), layout="constrained")
    panels = figure.subplots(1, 2)
    titles = ("Time of forward and backward", "Memory beyond inputs and outputs")
    for axes, title, attribute in zip(panels, titles, ("seconds", "megabytes"), strict=True):
        lengths = sorted({point.length for point in points})
        ends = []
        for form, (name, colour, style) in _LOOKS.items():
            own = [point for point in points if point.form == form]
            if not own:
                continue
            # nothing may be below what the system counts memory in, or what a clock tells
            heights = [max(getattr(point, attribute), _LEAST[attribute]) for point in own]
            at = [point.length for point in own]
            axes.plot(at, heights, style, color=colour, marker="o", markersize=4, linewidth=1.8)
            ends.append((heights[-1], at[-1], name, colour))
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(lengths, [f"{length:,}" for length in lengths])
        first, last = lengths[0] / 1.15, lengths[-1] * 1.15
        axes.set_xlim(first, last * 6)
        axes.minorticks_off()
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("queries and keys", loc="left")
        low, high = axes.get_ylim()
        high *= (high / low) ** 0.1  # for the names
        axes.set_ylim(low, high)
        shown = {tick: told for tick, told in _TICKS[attribute].items() if low <= tick <= high}
        axes.set_yticks(list(shown), list(shown.values()))
        axes.hlines(list(shown), first, last, color="#e6e9ee", linewidth=0.8, zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines["bottom"].set_bounds(first, last)
        _label(axes, ends, lengths[-1])
    figure.savefig(path, dpi=200)


_LEAST = {"seconds": 1e-5, "megabytes": 0.1}
_TICKS = {
    "seconds": {
        1e-4: "0.1 ms",
        1e-3: "1 ms",
        1e-2: "10 ms",
        1e-1: "0.1 s",
        1.0: "1 s",
        10.0: "10 s",
    },
    "megabytes": {
        0.1: "0.1 MB",
        1.0: "1 MB",
        10.0: "10 MB",
        100.0: "100 MB",
        1e3: "1 GB",
        1e4: "10 GB",
    },
}


def _label(axes: Any, ends: list[tuple[float, int, str, str]], last: int) -> None:
    """Write each name beside the end of its line, or above where lines to the right go on.

    Those that end together stand one above the other.
    """
    low, high = (log(bound) for bound in axes.get_ylim())
    gap = 0.062 * (high - low)
    above = max((log(height) for height, at, *_ in ends if at != last), default=low)
    lowest = {last: low}  # where the next name of a column may stand
    for height, at, name, colour in sorted(ends):
        placed = max(log(height), lowest.get(at, above + gap))
        lowest[at] = placed + gap
        axes.annotate(
            name,
            (at, exp(placed)),
            xytext=(8 if at == last else 0, 0),
            textcoords="offset points",
            ha="left" if at == last else "center",
            va="center",
            fontsize=9.5,
            color=colour,
        )


def main() -> None:
    """Measure and draw."""
    path, *lengths = sys.argv[1:]
    draw(curve([int(length) for length in lengths] or _LENGTHS), Path(path))


if __name__ == "__main__":
    main()
