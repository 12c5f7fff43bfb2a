"""Results as notebooks show them: small pieces of HTML with everything inside, text escaped."""

from collections.abc import Sequence

from markupsafe import Markup

__all__ = ["html_table"]

_ROWS = 50


def html_table(
    heading: str, head: Sequence[str], rows: Sequence[Sequence[object]], *, note: str = ""
) -> str:
    """A table under a heading; of many rows the first 50.

    Parameters:
        heading: what the table shows.
        head: names of the columns.
        rows: of cells, of which floats are shown with four digits.
        note: below the table.

    >>> html_table("One", ["a"], [["<b>"], [0.5]])
    '<div><b>One</b><table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr><tr><td>0.5</td></tr></tbody></table></div>'
    """
    names = Markup("").join(Markup("<th>{}</th>").format(name) for name in head)
    lines = [Markup("<tr>{}</tr>").format(Markup("").join(map(_cell, row))) for row in rows[:_ROWS]]
    notes = [note] if note else []
    if len(rows) > _ROWS:
        notes.append(f"{len(rows) - _ROWS} more rows")
    below = Markup("").join(Markup("<p>{}</p>").format(each) for each in notes)
    return str(
        Markup(
            "<div><b>{}</b><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}</div>"
        ).format(heading, names, Markup("").join(lines), below)
    )


def _cell(value: object) -> Markup:
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    return Markup("<td>{}</td>").format(shown)
