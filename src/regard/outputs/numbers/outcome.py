"""Predicted numbers in pictures, pages and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from regard.plots.format import alike, number, one_line
from regard.plots.outcome import Outcome

__all__ = ["NumbersOutcome"]


@dataclass(frozen=True, eq=False, kw_only=True)
class NumbersOutcome(Outcome):
    """Predicted numbers.

    Attributes:
        true: true number by target name, None if the truth is not known.
        predicted: predicted number by target name.
        margins: by target name, how far the interval of 80 % reaches around the prediction; empty
            if there is none.

    >>> NumbersOutcome(true=None, predicted={"price": 3.25, "volume": 17.0}).answer
    'price 3.250, volume 17.00'
    """

    true: Mapping[str, float] | None
    predicted: Mapping[str, float]
    margins: Mapping[str, float] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """A single number, or several with their names."""
        if len(self.predicted) == 1:
            return self.headline
        said = [f"{one_line(name, 18)} {number(n)}" for name, n in self.predicted.items()]
        return ", ".join(said if len(said) < 4 else [*said[:2], f"… ({len(said)} targets)"])

    @property
    def title(self) -> str:
        alone = len(self.predicted) == 1
        shown = self._rows if len(self._rows) < 3 else self._rows[:1]
        said = [
            f"{'' if alone else one_line(name, 18) + ' '}{predicted}"
            f"{'' if truth is None else f' (true {truth})'}"
            for name, predicted, truth in shown
        ]
        rest = len(self._rows) - len(shown)
        return f"predicted {', '.join([*said, f'{rest} more'] if rest else said)}"

    @property
    def headline(self) -> str:
        return number(next(iter(self.predicted.values()))) if len(self.predicted) == 1 else ""

    @property
    def miss(self) -> float | None:
        """The mean of the absolute errors."""
        if self.true is None:
            return None
        errors = [abs(value - self.true[name]) for name, value in self.predicted.items()]
        return sum(errors) / len(errors)

    def lead(self) -> Markup:
        if len(self.predicted) > 1:
            return self._table()
        ((name, _, truth),) = self._rows
        known = "" if truth is None else Markup("; the true value is <b>{}</b>").format(truth)
        held = " (80 % of the time the truth is within)" if self.margins else ""
        return Markup('<p class="lead">Predicted {}{}{}.</p>').format(name, held, known)

    def caption(self) -> Markup:
        if len(self.predicted) > 1:
            return self._table()
        ((_, predicted, truth),) = self._rows
        known = "" if truth is None else Markup(", true <b>{}</b>").format(truth)
        return Markup(": predicted <b>{}</b>{}").format(predicted, known)

    @property
    def _rows(self) -> list[tuple[str, str, str | None]]:
        """Name, prediction and truth of each target, as text."""
        truth = self.true or {}
        rows: list[tuple[str, str, str | None]] = []
        for name, value in self.predicted.items():
            margin = self.margins.get(name)
            told, around, known = alike([value, margin, truth.get(name)])
            interval = "" if margin is None else f" ± {around}"
            rows.append((name, told + interval, known if name in truth else None))
        return rows

    def _table(self) -> Markup:
        known = self.true is not None
        row = Markup('<tr><th scope="row">{}</th><td>{}</td>{}</tr>\n')
        cell = Markup("<td>{}</td>")
        rows = [
            row.format(name, predicted, cell.format(truth or "–") if known else "")
            for name, predicted, truth in self._rows
        ]
        return Markup(
            '<table class="number-cells">\n<thead><tr><th scope="col">Target</th>'
            '<th scope="col">Predicted</th>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>'
        ).format(Markup('<th scope="col">True</th>') if known else "", Markup("").join(rows))
