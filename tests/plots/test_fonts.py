"""Letters that matplotlib's own font lacks: from another font, as names, or as a box."""

from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager
from matplotlib.image import imread

from regard.plots import Fragment, Passage, plot_text
from regard.plots.fonts import font_families, with_names
from regard.plots.page import own_style
from regard.plots.save import picture_writers, write_file


@pytest.fixture
def chinese(tmp_path: Path) -> str:
    """A font of one letter, U+6771, a solid square, under a name that is looked for."""
    build = FontBuilder(1000, isTTF=True)
    build.setupGlyphOrder([".notdef", "east"])
    build.setupCharacterMap({0x6771: "east"})
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 900), (900, 900), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    build.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "east": pen.glyph()})
    build.setupHorizontalMetrics({".notdef": (1000, 0), "east": (1000, 0)})
    build.setupHorizontalHeader(ascent=900, descent=-100)
    build.setupNameTable({"familyName": "Noto Sans CJK SC", "styleName": "Regular"})
    build.setupOS2()
    build.setupPost()
    path = tmp_path / "chinese.ttf"
    build.save(str(path))
    return str(path)


@pytest.fixture
def only_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No font but matplotlib's own is installed."""
    own = [font for font in fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(fontManager, "ttflist", own)


def _picture(path: Path, text: str) -> np.ndarray:
    passages = [Passage([Fragment(text, 0.0, 0.0)])]
    write_file(path, picture_writers(lambda: plot_text(passages)), overwrite=False)
    return np.asarray(imread(path))


@pytest.mark.usefixtures("only_own")
def test_an_installed_font_is_used_for_the_letters_that_the_own_one_lacks(
    chinese: str, tmp_path: Path
) -> None:
    assert font_families() == ["DejaVu Sans"]
    boxes = _picture(tmp_path / "boxes.png", "東")
    fontManager.addfont(chinese)
    assert font_families() == ["DejaVu Sans", "Noto Sans CJK SC"]
    drawn = _picture(tmp_path / "drawn.png", "東")
    # The letter is a solid square: more than half of its height is black in every column of it.
    dark = (drawn[..., :3].mean(2) < 0.1).sum(0).max()
    assert dark > 0.5 * (10 / 72 * 150)
    assert not (boxes.shape == drawn.shape and (boxes == drawn).all())


@pytest.mark.usefixtures("only_own")
def test_symbols_without_a_font_are_named_and_letters_are_not() -> None:
    with own_style():
        assert with_names("go \U0001f680\N{VARIATION SELECTOR-16} now") == (
            "go :rocket:\N{VARIATION SELECTOR-16} now"
        )
        assert with_names("\U0001f44d\U0001f3fd") == ":thumbs_up_sign:"  # the shade is dropped
        assert with_names("\U0001f1e9\U0001f1ea") == "DE"
        assert with_names("é–☺") == "é–☺"  # in DejaVu Sans
        assert with_names("東京") == "東京"


@pytest.mark.usefixtures("only_own")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_pictures_of_any_letters_are_written_without_warnings(tmp_path: Path, ending: str) -> None:
    passages = [Passage([Fragment("東京 🚀 हिन्दी ไทย עברית", 0.4, 0.9)])]
    path = tmp_path / f"text.{ending}"
    write_file(path, picture_writers(lambda: plot_text(passages)), overwrite=False)
    assert path.stat().st_size > 0
