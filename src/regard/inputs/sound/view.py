"""Pictures and pages of recordings with their attention weights, to look at and to listen to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from numpy.typing import NDArray

from regard.inputs.sound.player import player
from regard.plots.page import inline_svg, own_style, render
from regard.plots.sound import plot_sound
from regard.plots.style import axes_of_size
from regard.plots.view import CaseView

__all__ = ["SoundView"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SoundView(CaseView):
    """A recording with its prediction and attention weights.

    Attributes:
        wave: [samples] between -1 and 1.
        rate: samples in a second.
        energies: [bands, S] log-mel energies, the lowest band first.
        hop: seconds from one frame to the next.
        weights: [S], not negative.
        span: (start, stop) seconds that are known to matter, not empty; or None.
    """

    css: ClassVar[str] = "audio { display: block; width: 100%; height: 2.2rem; margin: .4rem 0; }"

    wave: NDArray[np.float32]
    rate: int
    energies: NDArray[np.floating]
    hop: float
    weights: NDArray[np.floating]
    span: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.wave) / self.rate

    def player(self) -> Markup:
        return player(self.wave, self.rate, label=f"Recording {self.id}")

    def picture(self, name: str) -> Markup:
        return self._svg(name, width=4.4) + self.player()

    def html(self) -> str:
        template = Path(__file__).with_name("view.html")
        return render(template, view=self, svg=self._svg("case", width=8.0))

    def draw(self) -> Axes:
        ax = self._plot(8.0)
        ax.set_title(self.title, loc="left", pad=16, parse_math=False)
        return ax

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

    def _svg(self, name: str, *, width: float) -> Markup:
        at = (int(np.argmax(self.weights)) + 0.5) * self.hop
        span = f"; true stretch {self.span[0]:.2f} to {self.span[1]:.2f} s" if self.span else ""
        label = (
            f"Recording {self.id}: {self.seconds:.2f} s with the attention paid to each moment, "
            f"highest at {at:.2f} s{span}."
        )
        with own_style(name):
            return inline_svg(self._plot(width).figure, label=label)

    def _plot(self, width: float) -> Axes:
        ax = axes_of_size(width, 2.1 if width < 6 else 3.2)
        return plot_sound(
            self.energies,
            self.weights,
            hop=self.hop,
            rate=self.rate,
            seconds=self.seconds,
            span=self.span,
            ax=ax,
        )
