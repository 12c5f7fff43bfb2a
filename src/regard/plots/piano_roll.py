"""Plot a piece as a piano roll, and how much one of its notes looked at the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.format import one_line
from regard.plots.lines import add_lane, check_weights, weight_scale
from regard.plots.style import BLUE, GREY, TINT, VERMILION, legend_above, unframe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

__all__ = [
    "MOST_STEPS",
    "VOICE_COLOURS",
    "event_boxes",
    "note_name",
    "piano_roll_axes",
    "plot_piano_roll",
    "steps_shown",
]

MOST_STEPS = 64
"""Steps of a piece that are drawn, if not said otherwise; of more those around a note."""

VOICE_COLOURS = (
    *(BLUE, "#a89200", "#cc79a7", "#2f6f5e"),
    *("#56b4e9", "#8a6242", "#b04a90", "#009e73"),
)
"""Of voices in their order; they differ for every type of colour vision."""

_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_BLACK = (1, 3, 6, 8, 10)  # keys
_GIVEN = 0.4  # opacity of notes that were given
_BAR, _LOOK = 0.8, 2.6  # heights of a note and of its tint, in semitones
_GAP = 0.12  # between a note and the one before, in steps
_LEAST = 0.01  # of the highest weight, below which nothing is drawn
_ROW, _LOW, _HIGH = 0.06, 1.2, 4.2  # height of a semitone, and of all, in inches
_KEY = 0.2  # height of a line of the legend, in inches
_LANE = 0.7  # height of the lane of probabilities, in inches
_SIDES, _HEAD, _FOOT = (0.5, 0.12), 0.12, 0.46  # room around the axes, in inches


def plot_piano_roll(
    pitches: ArrayLike,
    *,
    held: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    note: tuple[int, int] | None = None,
    written: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    voices: Sequence[str] = (),
    most: int = MOST_STEPS,
    ax: Axes | None = None,
) -> Axes:
    """Draw notes as bars: time to the right, pitch upwards, a colour for each voice.

    Behind the notes is a tint: the stronger, the more the chosen note looked at them. Rests have a
    row of their own below the notes.

    Parameters:
        pitches: [T, V] MIDI numbers, -1 for a rest.
        held: [T, V] boolean, notes that go on from the step before.
        weights: [T, V], not negative: how much the chosen note looked at each.
        note: step and voice of the chosen note, which is outlined if there are weights.
        written: [T, V] boolean, notes that a model wrote; the others were given and are pale.
        probabilities: [T, V] of the written notes, in a lane below; others are not read.
        voices: V names; without them all notes have one colour.
        most: number of steps to draw; of a longer piece those around the chosen note, or the last.
        ax: where to draw; by default the axes of a new figure that fits the piece.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, weights that are negative or not finite, or a note
            outside of the piece.

    >>> axes = plot_piano_roll([[60, 48], [60, 50]], held=[[0, 0], [1, 0]], voices=["high", "low"])
    >>> axes.get_xlabel(), [text.get_text() for text in axes.get_legend().get_texts()]
    ('step', ['high', 'low'])
    """
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    roll: NDArray[np.int64] = np.asarray(pitches, np.int64)
    if roll.ndim != 2 or 0 in roll.shape:
        raise DataError(f"pitches: wanted [steps, voices], given the shape {list(roll.shape)}")
    goes_on = _fitting("held", held, roll, False)
    own = _fitting("written", written, roll, True)
    looks = _fitting("weights", weights, roll, 0.0)
    check_weights(looks)
    if voices and len(voices) != roll.shape[1]:
        raise DataError(f"voices: wanted {roll.shape[1]} names, given {len(voices)}")
    if note is not None and not all(
        0 <= at < size for at, size in zip(note, roll.shape, strict=True)
    ):
        raise DataError(f"note: wanted a step and a voice of {list(roll.shape)}, given {note}")
    shown = steps_shown(len(roll), note, most)
    lane = probabilities is not None
    ax = ax or piano_roll_axes(roll, steps=len(shown), voices=voices, lane=lane)
    boxes = event_boxes(roll)
    inside = np.zeros(roll.shape, bool)
    inside[shown.start : shown.stop] = True
    _tints(ax, boxes, looks, inside)
    sounds = inside & (roll >= 0)
    names = voices if voices else [""] * roll.shape[1]
    colours = [
        VOICE_COLOURS[at % len(VOICE_COLOURS)] if voices else BLUE for at in range(len(names))
    ]
    for voice, colour in enumerate(colours):
        column = np.zeros(roll.shape, bool)
        column[:, voice] = True
        for given, alpha in ((own, 1.0), (~own, _GIVEN)):
            found = sounds & column & given
            ax.add_collection(_bars(boxes[found], goes_on[found], to_rgba(colour, alpha)))
    if note is not None and weights is not None:
        left, bottom, wide, high = boxes[note]
        frame = Rectangle((left, bottom), wide, high, fill=False, edgecolor="black", linewidth=1.3)
        ax.add_patch(frame)
    _dress(ax, roll, shown)
    if probabilities is not None:
        values = _fitting("probabilities", probabilities, roll, 0.0)
        _add_probabilities(ax, values, own & inside, colours)
    _say_what_is_left_out(ax, looks, shown)
    _explain(ax, voices, colours, own[inside].reshape(-1, roll.shape[1]))
    return ax


def event_boxes(pitches: NDArray[np.int64]) -> NDArray[np.float64]:
    """[T, V, 4] left, bottom, width and height of every event in a piano roll, for its tint.

    >>> event_boxes(np.array([[60], [-1]])).tolist()
    [[[-0.5, 58.7, 1.0, 2.6]], [[0.5, 54.7, 1.0, 2.6]]]
    """
    left = np.broadcast_to(np.arange(len(pitches))[:, None] - 0.5, pitches.shape)
    middle = np.where(pitches < 0, _rest_row(pitches), pitches)
    size = np.ones(pitches.shape)
    return np.stack([left, middle - _LOOK / 2, size, _LOOK * size], axis=-1).round(6)


def note_name(pitch: int) -> str:
    """The name of a MIDI number, a rest for -1.

    >>> note_name(60), note_name(61), note_name(-1)
    ('C4', 'C♯4', 'rest')
    """
    return "rest" if pitch < 0 else f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def steps_shown(steps: int, note: tuple[int, int] | None, most: int = MOST_STEPS) -> range:
    """The steps that are drawn: at most so many, three quarters of them before the note.

    >>> steps_shown(5, None), steps_shown(200, (100, 0)), steps_shown(200, None)
    (range(0, 5), range(52, 116), range(136, 200))
    """
    at = steps - 1 if note is None else note[0]
    start = max(0, min(at - most * 3 // 4, steps - most))
    return range(start, min(steps, start + most))


def piano_roll_axes(
    pitches: NDArray[np.int64],
    *,
    steps: int,
    width: float = 8.0,
    voices: Sequence[str] = (),
    lane: bool = False,
    above: float = 0.0,
) -> Axes:
    """The axes of a new figure that fit a piano roll.

    Parameters:
        pitches: [T, V] of the piece.
        steps: that are drawn; few of them make the figure narrower.
        width: of the figure at most, in inches.
        voices: their names, for the legend.
        lane: whether there is one of probabilities.
        above: further space above, in inches.
    """
    from matplotlib.figure import Figure

    low, high = _range(pitches)
    wide = min(width - sum(_SIDES), max(0.3 * steps, 2.4))
    tall = min(max(_ROW * (high - low), _LOW), _HIGH) + _LANE * lane
    key = -(-(len(voices) + 2) // _columns(wide, voices)) * _KEY
    full, deep = wide + sum(_SIDES), tall + _HEAD + key + _FOOT + above
    box = _SIDES[0] / full, _FOOT / deep, wide / full, tall / deep
    return Figure(figsize=(full, deep)).add_axes(box)


def _fitting(name: str, given: ArrayLike | None, roll: NDArray[Any], filled: Any) -> NDArray[Any]:
    """What is given, of the type and the shape wanted."""
    if given is None:
        return np.full(roll.shape, filled)
    array = np.asarray(given, type(filled))
    if array.shape != roll.shape:
        raise DataError(f"{name}: wanted the shape {list(roll.shape)}, given {list(array.shape)}")
    return array


def _rest_row(pitches: NDArray[np.int64]) -> float:
    """Where rests lie."""
    return float(pitches[pitches >= 0].min(initial=128)) % 128 - 4


def _range(pitches: NDArray[np.int64]) -> tuple[float, float]:
    """Where the axis of pitch begins and ends."""
    sounding = pitches[pitches >= 0]
    high = float(sounding.max(initial=-1)) if len(sounding) else 4.0
    low = float(sounding.min()) if len(sounding) else 0.0
    return (_rest_row(pitches) if (pitches < 0).any() else low) - 2, high + 2


def _tints(
    ax: Axes, boxes: NDArray[np.float64], looks: NDArray[np.float64], inside: NDArray[np.bool_]
) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    drawn = inside & (looks > _LEAST * looks.max())
    strength = np.minimum(weight_scale(looks)(looks[drawn]), 1.0)
    colours = np.empty((len(strength), 4))
    colours[:, :3], colours[:, 3] = to_rgb(VERMILION), TINT * np.asarray(strength)
    ax.add_collection(PolyCollection(_corners(boxes[drawn]), facecolors=colours, linewidths=0))


def _bars(
    boxes: NDArray[np.float64], goes_on: NDArray[np.bool_], colour: tuple[float, ...]
) -> PolyCollection:
    """Notes with a gap before them, if they begin."""
    from matplotlib.collections import PolyCollection

    bars = boxes.copy()
    gap = np.where(goes_on, 0.0, _GAP)
    bars[:, 0] += gap
    bars[:, 2] -= gap
    bars[:, 1] += (_LOOK - _BAR) / 2
    bars[:, 3] = _BAR
    return PolyCollection(_corners(bars), facecolors=colour, linewidths=0)


def _corners(boxes: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Of each box [4, 2]."""
    left, bottom, wide, high = boxes.reshape(-1, 4).T
    right, top = left + wide, bottom + high
    corners = (left, bottom), (right, bottom), (right, top), (left, top)
    return list(np.stack([np.stack(each, -1) for each in corners], axis=1))


def _dress(ax: Axes, roll: NDArray[np.int64], shown: range) -> None:
    """Axes, names of notes, and rows of black keys."""
    from matplotlib.ticker import MaxNLocator

    low, high = _range(roll)
    ax.set_xlim(shown.start - 0.5, shown.stop - 0.5)
    ax.set_ylim(low, high)
    bottom = low
    ticks: dict[float, str] = {}
    if (roll < 0).any():
        ticks[_rest_row(roll)] = "rest"
        bottom = _rest_row(roll) + 1.5
    span = high - bottom
    named = (0, 2, 4, 5, 7, 9, 11) if span < 14 else (0, 4, 7) if span < 32 else (0, 7)
    for pitch in range(int(np.ceil(bottom)), int(high) + 1):
        if pitch % 12 in named and bottom < pitch < high:
            ticks[pitch] = note_name(pitch)
        if pitch % 12 in _BLACK:
            ax.axhspan(pitch - 0.5, pitch + 0.5, color=GREY, alpha=0.1, linewidth=0, zorder=0)
    ax.set_yticks([*ticks], [*ticks.values()], fontsize="small")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=9))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("step")
    unframe(ax)


def _add_probabilities(
    ax: Axes, values: NDArray[np.float64], drawn: NDArray[np.bool_], colours: Sequence[str]
) -> None:
    """A lane with a dot for each written note."""
    low, high = ax.get_ylim()
    figure = ax.get_figure(root=True)
    assert figure is not None
    share = min(0.4, _LANE / (ax.get_position().height * float(figure.get_size_inches()[1])))
    ax.set_ylim(low - (high - low) * share / (1 - share), high)
    lane = add_lane(ax, share - 0.04, axis="left")
    for voice, colour in enumerate(colours):
        steps = np.flatnonzero(drawn[:, voice])
        lane.plot(steps, values[steps, voice], "o", color=colour, markersize=3, clip_on=False)
    for level in (0, 0.5, 1):
        lane.axhline(level, color=GREY, linewidth=0.4, zorder=0)
    lane.set_ylim(0, 1)
    lane.set_xlim(ax.get_xlim())
    lane.set_yticks([0, 1], ["0", "1"], fontsize="small")
    lane.tick_params(axis="y", length=0)
    lane.spines["left"].set_visible(False)
    lane.set_ylabel("probability", fontsize="small")


def _say_what_is_left_out(ax: Axes, looks: NDArray[np.float64], shown: range) -> None:
    if len(shown) == len(looks):
        return
    said = f"step ({shown.start} to {shown.stop - 1} of 0 to {len(looks) - 1}"
    if looks.any():
        outside = 1 - looks[shown.start : shown.stop].sum() / looks.sum()
        said += f", {outside:.0%} of the weights are on others"
    ax.set_xlabel(f"{said})")


def _explain(
    ax: Axes, voices: Sequence[str], colours: Sequence[str], written: NDArray[np.bool_]
) -> None:
    """A legend of voices, and of given and written notes where both are drawn."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linewidth=4, label=one_line(name, 16))
        for name, colour in zip(voices, colours, strict=False)
    ]
    if written.any() and not written.all():
        handles += [
            Line2D([], [], color=GREY, linewidth=4, label="written"),
            Line2D([], [], color=GREY, linewidth=4, alpha=_GIVEN, label="given"),
        ]
    if handles:
        figure = ax.get_figure(root=True)
        assert figure is not None
        wide = ax.get_position().width * float(figure.get_size_inches()[0])
        legend_above(ax, columns=_columns(wide, voices), handles=handles)


def _columns(wide: float, voices: Sequence[str]) -> int:
    """Columns of the legend above axes of this width in inches."""
    longest = max((len(one_line(name, 16)) for name in voices), default=7)
    return max(1, int(wide / (0.6 + 0.07 * max(longest, 7))))
