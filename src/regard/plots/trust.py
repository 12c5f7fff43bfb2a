"""Whether to believe the map of a case, below its picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["Trust", "said", "said_of_uniform"]

_WIDTH, _HEIGHT, _EDGE = 320, 18, 12  # of the strip, in units of its own
_SCALE, _APART = 10, 24  # of the numbers below it: their height, and the least between two
_SAID = {
    "believe": "Believe",
    "weak": "Weak",
    "do not": "Do not believe",
}


def said(verdict: str, *, measured: bool = True) -> str:
    """A verdict in words, or that there were too few cases to measure it."""
    return _SAID[verdict] if measured else "Too few cases"


def said_of_uniform(figure: str, value: float, uniform: float) -> str:
    """What attention is worth, in words.

    >>> said_of_uniform("accuracy", 0.99, 0.75)
    'accuracy 0.990; 0.750 of a model trained alike with equal weights, the score none'
    """
    return (
        f"{figure} {value:.3f}; {uniform:.3f} of a model trained alike with equal weights, the "
        "score none"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Trust:
    """The verdict on a map, and how the map of this case does.

    Attributes:
        verdict: as `said` has it.
        sentence: why, of all cases that are predicted alike.
        gain: what erasing moves that the map of this case marks; None where that was not measured.
        part: of the answer that this is of, such as a word; "" for all of it.
        elsewhere: the same of the map placed elsewhere.
        occlusion: the same of what erasing one window after the other finds.
    """

    verdict: str
    sentence: str
    gain: float | None = None
    part: str = ""
    elsewhere: Sequence[float] = ()
    occlusion: float = 0.0

    def html(self) -> Markup:
        """A sentence, and a strip of ticks where this case was measured."""
        strip = "" if self.gain is None else self._strip(self.gain)
        of = f" Below, the map of {self.part}." if self.part and strip else ""
        return Markup('<p class="trust"><b>{}</b>: {}.{}</p>{}').format(
            self.verdict, self.sentence, of, strip
        )

    def _strip(self, gain: float) -> Markup:
        """Grey ticks of the map elsewhere, a black one of this map, a ring of occlusion.

        Below them is a scale, and what they are, in words.
        """
        every = [*self.elsewhere, gain, self.occlusion, 0.0]
        low, high = min(every), max(every)

        def place(moved: float) -> float:
            share = (moved - low) / (high - low) if high > low else 0.5
            return _EDGE + share * (_WIDTH - 2 * _EDGE)

        def x(moved: float) -> str:
            return f"{place(moved):.1f}"

        def tick(moved: float, kind: str, top: int) -> Markup:
            ends = {"x": x(moved), "y1": top, "y2": _HEIGHT - top}
            return Markup('<line class="{}" x1="{x}" x2="{x}" y1="{y1}" y2="{y2}"/>').format(
                kind, **ends
            )

        label = (
            f"Erasing what this map marks moves the answer by {gain:.2f} (black tick), the same "
            f"map elsewhere by {min(self.elsewhere):.2f} to {max(self.elsewhere):.2f} (grey "
            f"ticks), and what occlusion finds by {self.occlusion:.2f} (ring)."
        )
        parts = [tick(each, "elsewhere", 5) for each in self.elsewhere]
        ring = Markup('<circle class="occlusion" cx="{}" cy="{}" r="4"/>')
        parts += [ring.format(x(self.occlusion), _HEIGHT / 2), tick(gain, "here", 1)]
        bottom = _HEIGHT + _SCALE
        numbered = [0.0] + [end for end in (low, high) if abs(place(end) - place(0)) > _APART]
        number = Markup('<text x="{}" y="{}" text-anchor="middle">{:.2g}</text>')
        parts += [tick(0.0, "zero", 0), *(number.format(x(at), bottom - 1, at) for at in numbered)]
        return Markup(
            '<svg class="strip" aria-hidden="true" viewBox="0 0 {} {}">{}</svg>'
            '<p class="strip-said">{}</p>'
        ).format(_WIDTH, bottom, Markup("").join(parts), label)
