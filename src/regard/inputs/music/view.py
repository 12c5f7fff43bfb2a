"""A piece with what a model wrote of it: to look at, to listen to, and where each note looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from rich.text import Text

from regard.errors import DataError
from regard.inputs.music.pieces import HELD, REST, Kind
from regard.inputs.music.synth import render as sound_of
from regard.inputs.sound.player import player
from regard.inputs.text.tints import terminal_tint
from regard.plots.chord_chart import chord_axes, chord_boxes, chords_shown, plot_chords
from regard.plots.format import one_line
from regard.plots.lines import weight_scale
from regard.plots.page import inline_svg, own_style, render
from regard.plots.piano_roll import (
    MOST_STEPS,
    event_boxes,
    note_name,
    piano_roll_axes,
    plot_piano_roll,
    steps_shown,
)
from regard.plots.style import TINT
from regard.plots.view import CaseView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PieceView"]

_FOLDER = Path(__file__).parent
_RATE = 22_050
_POINTED = 1200  # events of a page at most
_WEIGHTS = 24  # of an event on a page, the highest ones
_LEVELS = 8  # of their tints
_LISTED = 300  # events in the table of a page
_STEP = 0.145  # width of a step on a page, in inches
_TITLE = 0.3  # room for a title, in inches


@dataclass(frozen=True, eq=False, kw_only=True)
class PieceView(CaseView):
    """A piece, what of it a model wrote, and where each event of it looked.

    Attributes:
        events: [T, V] texts, as of `Pieces`.
        kind: of the events.
        voices: V names, or ().
        per_quarter: steps of a quarter note; None leaves it to the synthesiser.
        weights: [T * V, T * V], not negative: how much each event looked at each, in the order of
            steps and then voices; rows of events that were given may be zero.
        written: [T, V] boolean, events that the model wrote; the others were given.
        note: step and voice of the event whose weights are drawn; by default the last
            written one that is no rest.
        probabilities: [T, V] of the written events, or None.
        warning: a reason to doubt the prediction, or "".
    """

    grid: ClassVar[str] = "pieces"
    css: ClassVar[str] = (_FOLDER / "view.css").read_text(encoding="utf-8")

    events: NDArray[np.str_]
    kind: Kind
    voices: Sequence[str] = ()
    per_quarter: float | None = None
    weights: NDArray[np.floating]
    written: NDArray[np.bool_]
    note: tuple[int, int] | None = None
    probabilities: NDArray[np.floating] | None = None
    warning: str = ""

    def __post_init__(self) -> None:
        shape = np.shape(self.events)
        if len(shape) != 2 or 0 in shape:
            raise DataError(f"events: wanted [steps, voices], given the shape {list(shape)}")
        if self.kind == "chords" and shape[1] != 1:
            raise DataError(f"events: wanted one chord in each step, given {shape[1]}")
        if self.voices and len(self.voices) != shape[1]:
            raise DataError(f"voices: wanted {shape[1]} names, given {len(self.voices)}")
        wanted = {"weights": (self.events.size,) * 2, "written": shape}
        if self.probabilities is not None:
            wanted["probabilities"] = shape
        for name, size in wanted.items():
            given = np.shape(getattr(self, name))
            if given != size:
                raise DataError(f"{name}: wanted the shape {list(size)}, given {list(given)}")
        if self.note is not None and not (
            0 <= self.note[0] < shape[0] and 0 <= self.note[1] < shape[1]
        ):
            raise DataError(f"note: wanted a step and a voice of {list(shape)}, given {self.note}")

    @property
    def name(self) -> str:
        return f"Case {self.id}" if self.id else "Typed piece"

    @property
    def chosen(self) -> tuple[int, int]:
        """Step and voice of the event whose weights are drawn."""
        if self.note is not None:
            return self.note
        found = np.argwhere(self.written & (self.events != REST))
        step, voice = (found[-1] if len(found) else np.array(self.events.shape) - 1).tolist()
        return step, voice

    @cached_property
    def _pitches(self) -> NDArray[np.int64]:
        """[T, V], -1 for rests; not of chords."""
        numbers = np.where(self.events == REST, "-1", np.char.rstrip(self.events, HELD))
        return numbers.astype(np.int64)

    @property
    def _noun(self) -> str:
        return "chord" if self.kind == "chords" else "note"

    def _looks(self, at: tuple[int, int]) -> NDArray[np.float64]:
        """[T, V] the weights of an event."""
        row = self.weights[at[0] * self.events.shape[1] + at[1]]
        return np.asarray(row, np.float64).reshape(self.events.shape)

    def _label(self, at: tuple[int, int]) -> str:
        """What an event is."""
        if self.kind == "chords":
            return str(self.events[at])
        return note_name(int(self._pitches[at]))

    def _place(self, at: tuple[int, int]) -> str:
        """What and where an event is, such as "alto E4 at step 12"."""
        voice = f"{self.voices[at[1]]} " if self.voices else ""
        return f"{voice}{self._label(at)} at step {at[0]}"

    def _most(self, at: tuple[int, int], count: int) -> list[tuple[tuple[int, int], float]]:
        """The events with the highest weights of one, and these."""
        looks = self._looks(at)
        best = np.argsort(-looks, axis=None, kind="stable")[:count]
        found = [divmod(int(each), looks.shape[1]) for each in best]
        return [(place, float(looks[place])) for place in found if looks[place] > 0]

    def player(self) -> Markup:
        sound = sound_of(self.events, kind=self.kind, per_quarter=self.per_quarter, rate=_RATE)
        return player(sound, _RATE, label=f"Piece {self.id}", lossy=True)

    def picture(self, name: str) -> Markup:
        """The picture of the chosen note, and the player."""
        with own_style(name):
            svg = inline_svg(self._figure(width=6.0).figure, label=self._described)
        return svg + self.player()

    def html(self) -> str:
        listed = [
            (
                step,
                self.voices[voice] if self.voices else "",
                self._label((step, voice)),
                "" if self.probabilities is None else f"{self.probabilities[step, voice]:.3f}",
                ", ".join(
                    f"{self._place(each)} ({weight:.2f})"
                    for each, weight in self._most((step, voice), 3)
                ),
            )
            for step, voice in self._listed()
        ]
        return render(
            _FOLDER / "view.html",
            view=self,
            drawn=self._drawn(),
            noun=self._noun,
            first=self._place(self.chosen),
            attends=bool(self.weights.any()),
            looked=listed,
            summary=self._summary(len(listed)),
        )

    def draw(self) -> Axes:
        ax = self._figure(width=8.0, above=_TITLE)
        figure = ax.get_figure(root=True)
        assert figure is not None
        top = 1 - 0.08 / float(figure.get_size_inches()[1])
        figure.suptitle(
            self.title, x=0.01, y=top, ha="left", va="top", parse_math=False, fontsize="large"
        )
        return ax

    def terminal(self, *, colour: bool, width: int | None = None) -> Text:
        """Rows of note names or chord symbols, tinted by the weights of the chosen one.

        Steps run to the right, as many as fit around the chosen note, which is in brackets; below
        are the highest of its weights.
        """
        lines = [*self._rows(colour=colour, width=width or 80)]
        best = self._most(self.chosen, 4)
        said = ", ".join(f"{self._place(at)} {weight:.2f}" for at, weight in best)
        lines.append(Text(f"{self._place(self.chosen)} looked at: {said or 'nothing'}"))
        return Text("\n").join(lines)

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        chords = all(view.kind == "chords" for view in views)
        given = any(not view.written.all() for view in views)
        likely = any(view.probabilities is not None for view in views)
        if chords:
            what = "symbols follow each other in lines of eight"
            one, dots = "symbol", "The blue bar below a symbol is as long as it was probable."
        else:
            what = "time runs to the right in steps and pitch upwards; each bar is a note"
            one, dots = "note", "The dots below show how probable each written note was."
        pale = f" Pale {one}s were given, the others written by the model."
        return Markup(
            '<p class="soft">How to read this: {}. The outlined {} is the chosen one: the stronger '
            'the tint behind another, <span class="key tints"></span>, the more the model looked '
            "at it when it wrote the chosen one.{}{}</p>"
        ).format(what, one, pale if given else "", f" {dots}" if likely else "")

    @property
    def _described(self) -> str:
        """The picture for screen readers."""
        best = [self._place(at) for at, _ in self._most(self.chosen, 3)]
        return (
            f"{self.name}: a piece of {len(self.events)} steps. The {self._place(self.chosen)} "
            f"looked most at: {', '.join(best) or 'nothing'}."
        )

    def _figure(
        self, *, width: float, above: float = 0.0, marked: bool = True, most: int = MOST_STEPS
    ) -> Axes:
        """The axes of a new figure.

        Parameters:
            width: at most, in inches.
            above: further space above, in inches.
            marked: whether the chosen note and its weights are drawn.
            most: steps.
        """
        step = self.chosen[0]
        looks = self._looks(self.chosen) if marked else None
        if self.kind == "chords":
            most = max(most, 96)
            return plot_chords(
                self.events[:, 0].tolist(),
                weights=None if looks is None else looks[:, 0],
                step=step,
                written=self.written[:, 0],
                probabilities=None if self.probabilities is None else self.probabilities[:, 0],
                most=most,
                ax=chord_axes(len(chords_shown(len(self.events), step, most)), above=above),
            )
        likely = self.probabilities
        shown = steps_shown(len(self.events), self.chosen, most)
        return plot_piano_roll(
            self._pitches,
            held=np.char.endswith(self.events, HELD),
            weights=looks,
            note=self.chosen,
            written=self.written,
            probabilities=likely,
            voices=self.voices,
            most=most,
            ax=piano_roll_axes(
                self._pitches,
                steps=len(shown),
                width=width,
                voices=self.voices,
                lane=likely is not None,
                above=above,
            ),
        )

    # What follows is the page: a picture of the whole piece over shapes that react to a pointer.

    def _drawn(self) -> Markup:
        """The picture, with each written event showing where it looked when it is pointed at."""
        most = max(MOST_STEPS, _POINTED // self.events.shape[1])
        with own_style("case"):
            width = max(8.0, _STEP * min(most, len(self.events)))
            ax = self._figure(width=width, marked=False, most=most)
            svg = inline_svg(ax.figure, label=self._described)
            boxes, wide, high = self._boxes(ax, most)
        below = Markup("").join(self._pointed(boxes))
        return Markup(
            '<div class="roll" style="width: {}px">\n'
            '<svg class="below" viewBox="0 0 {} {}" role="group" aria-label="{}s">{}</svg>\n'
            "{}</div>"
        ).format(round(wide * 4 / 3), f"{wide:g}", f"{high:g}", self._noun, below, svg)

    def _boxes(self, ax: Axes, most: int) -> tuple[NDArray[np.float64], float, float]:
        """[T, V, 4] left, top, width and height of the events in an SVG, NaN where not drawn."""
        figure = ax.get_figure(root=True)
        assert figure is not None
        size = 72 * figure.get_size_inches()
        if self.kind == "chords":
            shown = chords_shown(len(self.events), self.chosen[0], max(most, 96))
            data = chord_boxes(len(self.events))[:, None]
            data = data - np.array([0, data[shown.start, 0, 1], 0, 0])
        else:
            shown = steps_shown(len(self.events), self.chosen, most)
            data = event_boxes(self._pitches)
        corners = np.stack([data[..., :2], data[..., :2] + data[..., 2:]], axis=-2)
        flat = ax.transData.transform(corners.reshape(-1, 2))
        spots = figure.transFigure.inverted().transform(flat).reshape(corners.shape) * size
        spots[..., 1] = size[1] - spots[..., 1]
        low, high = spots.min(-2), spots.max(-2)
        boxes = np.concatenate([low, high - low], axis=-1)
        boxes[: shown.start] = boxes[shown.stop :] = np.nan
        return boxes, float(size[0]), float(size[1])

    def _pointed(self, boxes: NDArray[np.float64]) -> Iterator[Markup]:
        """An element for each written event that is drawn, with its tints inside it."""
        for step, voice in np.argwhere(self.written & np.isfinite(boxes[..., 0])).tolist():
            at = step, voice
            if self.events[at] == REST and at != self.chosen:
                continue
            left, top, wide, high = boxes[at].tolist()
            if self.kind != "chords":  # so that neighbours can be pointed at
                top, high = top + 0.2 * high, 0.6 * high
            title = self._place(at)
            if self.probabilities is not None:
                title += f", probability {self.probabilities[at]:.3f}"
            yield Markup(
                '<g class="event{}" tabindex="0"><title>{}</title>'
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/><g>{}</g></g>\n'
            ).format(
                " chosen" if at == self.chosen else "",
                title,
                left,
                top,
                wide,
                high,
                self._tints(at, boxes),
            )

    def _tints(self, at: tuple[int, int], boxes: NDArray[np.float64]) -> Markup:
        """Shapes behind what an event looked at, one for each of a few strengths."""
        looks = self._looks(at)
        top = float(weight_scale(looks).vmax or 1.0)
        levels: dict[int, list[str]] = {}
        for place, weight in self._most(at, _WEIGHTS):
            level = round(_LEVELS * min(weight / top, 1.0))
            if level and np.isfinite(boxes[place][0]):
                x, y, wide, high = boxes[place].tolist()
                path = f"M{x:.1f} {y:.1f}h{wide:.1f}v{high:.1f}h-{wide:.1f}z"
                levels.setdefault(level, []).append(path)
        shape = Markup('<path opacity="{:.2f}" d="{}"/>')
        return Markup("").join(
            shape.format(TINT * level / _LEVELS, "".join(paths)) for level, paths in levels.items()
        )

    def _listed(self) -> list[tuple[int, int]]:
        """The written events of the table: the least probable ones first, or in their order."""
        if not self.weights.any():
            return []
        found = [
            (step, voice)
            for step, voice in np.argwhere(self.written & (self.events != REST)).tolist()
        ]
        likely = self.probabilities
        if likely is not None:
            found.sort(key=lambda at: float(likely[at]))
        return found[:_LISTED]

    def _summary(self, listed: int) -> str:
        """The heading of the table."""
        count = int((self.written & (self.events != REST)).sum())
        some = f"{listed} of {count}" if listed < count else "all"
        order = "" if self.probabilities is None else ", the least probable first"
        return f"Where the written {self._noun}s looked most ({some}{order})"

    # The terminal.

    def _rows(self, *, colour: bool, width: int) -> Iterator[Text]:
        """Lines of cells, each of the same width."""
        looks = self._looks(self.chosen)
        top = float(weight_scale(looks).vmax or 1.0)
        labels = [
            [one_line(self._label((step, voice)), 12) for voice in range(self.events.shape[1])]
            for step in range(len(self.events))
        ]
        room = max(len(label) for row in labels for label in row) + 2

        def cell(at: tuple[int, int]) -> Text:
            label = labels[at[0]][at[1]]
            text = f"[{label}]" if at == self.chosen else f" {label} "
            style = terminal_tint(min(float(looks[at]) / top, 1.0)) if colour else None
            return Text.assemble((text, style or ""), " " * (room - len(text)))

        if self.kind == "chords":
            fit = max(1, min(8, (width - 5) // room))
            first = max(0, self.chosen[0] // fit - 8) * fit
            for start in range(first, min(len(self.events), first + 12 * fit), fit):
                cells = (cell((at, 0)) for at in range(start, min(start + fit, len(self.events))))
                yield Text.assemble(f"{start:>4} ", *cells)
            return
        names = [one_line(name, 10) for name in self.voices] or [""] * self.events.shape[1]
        side = max(4, *map(len, names))
        fit = max(1, (width - side - 1) // room)
        shown = steps_shown(len(self.events), self.chosen, fit)
        yield Text(f"{'step':>{side}} " + "".join(f" {at:<{room - 1}}" for at in shown).rstrip())
        for voice, name in enumerate(names):
            yield Text.assemble(f"{name:>{side}} ", *(cell((at, voice)) for at in shown))
