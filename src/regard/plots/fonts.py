"""Letters beyond those of matplotlib's own font."""

import unicodedata
from functools import cache

__all__ = ["font_families", "with_names"]

_OWN = "DejaVu Sans"

# Fonts of other letters, the first of a line that is installed. Colour fonts are not among them:
# matplotlib draws outlines only.
_OTHERS = (
    ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"),
    ("Hiragino Sans", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAGothic"),
    ("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic"),
    ("Droid Sans Fallback", "Arial Unicode MS", "Unifont"),
    ("Noto Sans Devanagari", "Nirmala UI", "Lohit Devanagari"),
    ("Noto Sans Thai", "Leelawadee UI", "Garuda"),
    ("Noto Emoji", "Segoe UI Emoji", "Symbola"),
)


def font_families() -> list[str]:
    """Matplotlib's own font, and after it those that are installed of other letters."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    chosen = [next((name for name in line if name in installed), None) for line in _OTHERS]
    return [_OWN, *(name for name in chosen if name is not None)]


def with_names(text: str) -> str:
    """The text with symbols that the current fonts lack, such as emoji, as names.

    Letters are left as they are: matplotlib draws a box for those that it lacks.

    >>> with_names("done \\U0001f680")
    'done :rocket:'
    """
    if text.isascii():
        return text
    lacking = {letter for letter in set(text) if not letter.isascii() and not _drawn(letter)}
    return "".join(_name(letter) if letter in lacking else letter for letter in text)


def _name(letter: str) -> str:
    kind = unicodedata.category(letter)
    if "\U0001f1e6" <= letter <= "\U0001f1ff":  # two letters are a flag
        return chr(ord(letter) - 0x1F1E6 + ord("A"))
    if kind in ("Cf", "Mn", "Sk"):  # joiners, variants and shades of the symbol before
        return ""
    name = unicodedata.name(letter, "") if kind == "So" else ""
    return f":{name.lower().replace(' ', '_')}:" if name else letter


def _drawn(letter: str) -> bool:
    from matplotlib import rcParams

    return any(ord(letter) in _letters(family) for family in rcParams["font.family"])


@cache
def _letters(family: str) -> frozenset[int]:
    """The code points of a font."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    path = findfont(FontProperties(family=[family]))
    return frozenset(get_font(path).get_charmap())
