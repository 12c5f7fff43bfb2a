"""Colours of words in a terminal, by their weights."""

from rich.style import Style

__all__ = ["terminal_tint"]

# Of the 256 colours, from pale to vermilion, with black letters, which are legible on dark and on
# light terminals. Weights below an eighth of the scale have no colour.
_TINTS = [
    Style(color="color(16)", bgcolor=f"color({code})", bold=code == 202)
    for code in (223, 216, 209, 202)
]
_LEAST = 1 / 8


def terminal_tint(strength: float) -> Style | None:
    """The style of a word whose weight is this share of the scale, from 0 to 1."""
    return _TINTS[min(3, int(4 * strength))] if strength >= _LEAST else None
