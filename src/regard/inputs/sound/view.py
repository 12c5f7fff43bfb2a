"""Pictures and pages of recordings with their attention weights, to look at and to listen to."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.inputs.sound.player import player
from regard.inputs.sound.recordings import Word
from regard.plots.page import inline_svg, own_style, render
from regard.plots.sound import plot_sound
from regard.plots.style import axes_of_size
from regard.plots.transcript import plot_transcript, transcript_axes
from regard.plots.view import FigureView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HeardView", "SoundView", "SpeechView"]


@dataclass(frozen=True, eq=False, kw_only=True)
class HeardView(FigureView):
    """A recording with its prediction, to look at and to listen to.

    Attributes:
        wave: [samples] between -1 and 1.
        rate: samples in a second.
        energies: [bands, S] log-mel energies, the lowest band first.
        hop: seconds from one frame to the next.
    """

    css: ClassVar[str] = "audio { display: block; width: 100%; height: 2.2rem; margin: .4rem 0; }"

    wave: NDArray[np.float32]
    rate: int
    energies: NDArray[np.floating]
    hop: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.wave) / self.rate

    @property
    @abstractmethod
    def label(self) -> str:
        """What the figure shows, for screen readers."""

    def player(self) -> Markup:
        return player(self.wave, self.rate, label=f"Recording {self.id}")

    def picture(self, name: str) -> Markup:
        return self._svg(name, width=4.4) + self.player()

    def html(self) -> str:
        template = Path(__file__).with_name("view.html")
        return render(template, view=self, svg=self._svg("case", width=8.0))

    def _svg(self, name: str, *, width: float) -> Markup:
        with own_style(name):
            return inline_svg(self.figure(width).figure, label=self.label)


@dataclass(frozen=True, eq=False, kw_only=True)
class SoundView(HeardView):
    """A recording with the attention weight of each moment.

    Attributes:
        weights: [S], not negative.
        span: (start, stop) seconds that are known to matter, not empty; or None.
    """

    weights: NDArray[np.floating]
    span: tuple[float, float] | None = None

    @property
    def label(self) -> str:
        at = (int(np.argmax(self.weights)) + 0.5) * self.hop
        span = f"; true stretch {self.span[0]:.2f} to {self.span[1]:.2f} s" if self.span else ""
        return (
            f"Recording {self.id}: {self.seconds:.2f} s with the attention paid to each moment, "
            f"highest at {at:.2f} s{span}."
        )

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        marked = Markup(
            ' The <span class="shade">marked</span> stretch is the one known to matter.'
        )
        has_span = any(view.span is not None for view in views)
        return Markup(
            '<p class="soft">How to read this: time runs to the right and pitch upwards, darker '
            "where there is more energy. The area below shows the weight of each moment; its "
            "dashed line marks equal weights.{}</p>"
        ).format(marked if has_span else "")

    def figure(self, width: float) -> Axes:
        return plot_sound(
            self.energies,
            self.weights,
            hop=self.hop,
            rate=self.rate,
            seconds=self.seconds,
            span=self.span,
            ax=axes_of_size(width, 2.1 if width < 6 else 3.2),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class SpeechView(HeardView):
    """A recording with a text written from it, and where each word of it listened.

    Attributes:
        words: W words that were written.
        weights: [W, S], not negative, of each of them.
        truth: words and where they are said, if that is known.
    """

    words: Sequence[str]
    weights: NDArray[np.floating]
    truth: Sequence[Word] = ()

    @property
    def label(self) -> str:
        at = (self.weights.argmax(1) + 0.5) * self.hop
        said = ", ".join(f"{word} {when:.2f} s" for word, when in zip(self.words, at, strict=True))
        return (
            f"Recording {self.id}: {self.seconds:.2f} s with the attention of each word that was "
            f"written, highest at: {said or 'no word was written'}."
        )

    @classmethod
    def reading(cls, views: Sequence[Self]) -> Markup:
        marked = Markup(
            ' <span class="shade">Blue</span> frames show where words are said, each in the row of '
            "its word if as many were written."
        )
        return Markup(
            '<p class="soft">How to read this: time runs to the right and pitch upwards, darker '
            "where there is more energy. Each word that was written has a row below: the stronger "
            "its tint, the higher the weight of that moment when the word was written. It stands "
            "above the moment of its highest weight, too.{}</p>"
        ).format(marked if any(view.truth for view in views) else "")

    def figure(self, width: float) -> Axes:
        return plot_transcript(
            self.energies,
            self.weights,
            words=self.words,
            hop=self.hop,
            rate=self.rate,
            seconds=self.seconds,
            truth=[(word.start, word.stop) for word in self.truth],
            ax=transcript_axes(len(self.words), width),
        )
