"""The report of a model that writes events."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from regard.plots.report import Report
from regard.plots.view import CaseView

__all__ = ["EventsReport"]


@dataclass(frozen=True, eq=False, kw_only=True)
class EventsReport(Report):
    """The report of a model that writes events; its metrics are those of `event_metrics`.

    Attributes:
        written: pieces that the model has written: the beginnings of test pieces continued, or
            voices to theirs.
    """

    template: ClassVar[Path] = Path(__file__).with_name("report.html")

    written: Sequence[CaseView] = ()

    def parts(self) -> dict[str, Any]:
        voices = [
            (name.removeprefix("right_"), share, self.metrics.get(f"trigram_{name}"))
            for name, share in self.metrics.items()
            if name.startswith("right_")
        ]
        return {"voices": voices, "written": self.written}
