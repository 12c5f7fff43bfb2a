"""What was predicted for a case and what is true of it: a class, or numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from regard.plots._style import one_line

__all__ = ["Outcome", "number"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """A case with its prediction and, where it is known, its truth.

    Attributes:
        id: what the data calls the case.
        true: the true class, or the true numbers by the names of their targets; None where the
            truth is not known.
        predicted: the class of the highest probability, or the predicted numbers.
        probability: of the predicted class; numbers have none.
    """

    id: str
    true: str | Mapping[str, float] | None
    predicted: str | Mapping[str, float]
    probability: float | None = None

    @property
    def right(self) -> bool | None:
        """Whether the class is right; None where the truth is not known, and of numbers."""
        if self.true is None or not isinstance(self.predicted, str):
            return None
        return self.true == self.predicted

    @property
    def numbers(self) -> list[tuple[str, str, str | None]]:
        """Name, prediction and truth of each target, as text; nothing where it is a class."""
        if isinstance(self.predicted, str):
            return []
        truth = self.true if isinstance(self.true, Mapping) else {}
        return [
            (name, number(value), number(truth[name]) if name in truth else None)
            for name, value in self.predicted.items()
        ]

    @property
    def answer(self) -> str:
        """The prediction in a few words.

        >>> Outcome(id="7", true=None, predicted="flat", probability=0.75).answer
        'flat (0.750)'
        >>> Outcome(id="7", true=None, predicted={"price": 3.25, "volume": 17.0}).answer
        'price 3.250, volume 17.00'
        """
        if isinstance(self.predicted, str):
            sure = "" if self.probability is None else f" ({self.probability:.3f})"
            return f"{self.predicted}{sure}"
        return _listed(self.predicted)

    @property
    def title(self) -> str:
        """What stands above the picture of the case."""
        name = f"case {one_line(self.id, 24)}"
        if not isinstance(self.predicted, str):
            shown = self.numbers if len(self.numbers) < 3 else self.numbers[:1]
            said = [
                f"{one_line(target, 18) + ' ' if len(self.numbers) > 1 else ''}{predicted}"
                f"{'' if truth is None else f' (true {truth})'}"
                for target, predicted, truth in shown
            ]
            rest = len(self.numbers) - len(shown)
            said += [f"{rest} more"] if rest else []
            return f"{name}, predicted {', '.join(said)}"
        truth = f", true {one_line(self.true, 24)}" if isinstance(self.true, str) else ""
        sure = "" if self.probability is None else f" ({self.probability:.3f})"
        return f"{name}{truth}, predicted {one_line(self.predicted, 24)}{sure}"


def number(value: float | None) -> str:
    """A figure in the units of the data: four digits that count, or a dash where there is none.

    >>> number(0.000123456), number(21.5), number(1234567.8), number(None)
    ('0.0001235', '21.50', '1,234,568', '–')
    """
    if value is None or value != value:
        return "–"
    value += 0.0  # no minus before a zero
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e12 else f"{value:#.4g}"


def _listed(numbers: Mapping[str, float]) -> str:
    """One number without its name, several with theirs."""
    if len(numbers) == 1:
        return number(next(iter(numbers.values())))
    shown = [f"{one_line(name, 18)} {number(value)}" for name, value in numbers.items()]
    return ", ".join(shown if len(shown) < 4 else [*shown[:2], f"… ({len(shown)} targets)"])
