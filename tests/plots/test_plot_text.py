"""The plot of a text shows every letter, at its position, on its tint."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

import regard.plots
from regard.inputs.text.fragments import passages
from regard.plots import plot_text
from regard.plots.style import TINT, VERMILION

TEXT = "The food was, as ever, not bad at all: go!"
WORDS = np.array([match.span() for match in re.finditer(r"\w+", TEXT)])


def _weights(W: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(0).dirichlet(np.full(W, 9.0)))


def _letters(ax: Axes) -> str:
    return "".join(text.get_text() for text in ax.texts)


def _tints(ax: Axes) -> list[FancyBboxPatch]:
    return [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]


def _boxes(ax: Axes) -> np.ndarray:
    """[texts, 4]: left, bottom, right, top in pixels, as drawn."""
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()
    return np.array([text.get_window_extent().extents for text in ax.texts])


def test_every_letter_is_drawn_and_every_word_has_its_tint() -> None:
    weights = _weights(len(WORDS))
    ax = plot_text(passages(TEXT, WORDS, weights))
    assert _letters(ax) == TEXT.replace(" ", "")
    scale = max(weights.max(), 4 * weights.mean())
    tints = _tints(ax)
    assert [tint.get_alpha() for tint in tints] == pytest.approx(list(TINT * weights / scale))
    words = [text for text in ax.texts if text.get_text().isalnum()]
    for tint, word in zip(tints, words, strict=True):
        middle, _ = word.get_position()
        assert tint.get_x() + tint.get_width() / 2 == pytest.approx(middle)


def test_words_neither_touch_nor_leave_the_axes() -> None:
    words = np.concatenate([WORDS + n * len(TEXT) for n in range(9)])
    ax = plot_text(passages(TEXT * 9, words, _weights(90)))
    boxes = _boxes(ax)
    frame = ax.get_window_extent()
    assert (boxes[:, 0] >= frame.x0 - 2).all()
    assert (boxes[:, 2] <= frame.x1 + 2).all()
    assert (boxes[:, 1] >= frame.y0 - 2).all()
    same_line = np.diff(boxes[:, 1].round(-1)) == 0
    overlap = boxes[:-1, 2] - boxes[1:, 0]
    assert (overlap[same_line] < 3).all()


def test_punctuation_stays_on_the_line_of_its_word() -> None:
    text = "word!!!!! " * 60
    words = [[10 * n, 10 * n + 4] for n in range(60)]
    ax = plot_text(passages(text, words, _weights(60)))
    heights = [found.get_position()[1] for found in ax.texts]
    assert heights[::2] == heights[1::2]
    assert len(set(heights)) > 2


def test_a_word_longer_than_a_line_is_split() -> None:
    word = "Donaudampfschiff" * 40
    ax = plot_text(passages(f"see {word} end", [[0, 3], [4, 4 + len(word)]], [0.5, 0.5]))
    assert _letters(ax) == f"see{word}end"
    assert (_boxes(ax)[:, 2] <= ax.get_window_extent().x1 + 20).all()
    assert len(ax.texts) > 4


def test_line_ends_of_the_text_are_kept() -> None:
    ax = plot_text(passages("one\n\ntwo\n", [[0, 3], [5, 8]], [0.5, 0.5]))
    (_, first), (_, third) = (text.get_position() for text in ax.texts)
    _, height = ax.get_ylim()[::-1]
    assert third - first == pytest.approx(height * 2 / 3)


def test_on_given_axes_the_letters_get_smaller_until_they_fit() -> None:
    words = np.concatenate([WORDS + n * len(TEXT) for n in range(8)])
    long = passages(TEXT * 8, words, _weights(80))
    figure = Figure(figsize=(3, 2))
    left, right = figure.subplots(1, 2)
    assert plot_text(long, ax=left) is left
    assert figure.axes == [left, right]
    assert not right.has_data()
    assert float(left.texts[0].get_fontsize()) < 10
    small = Figure(figsize=(1.0, 0.6)).add_subplot()
    plot_text(long, ax=small)
    assert small.texts[-1].get_text() == "…"
    assert (_boxes(small)[:, 1] >= small.get_window_extent().y0 - 2).all()


def test_each_sentence_has_a_bar() -> None:
    found = passages(
        "One two. Three!",
        [[0, 3], [4, 7], [9, 14]],
        [0.2, 0.3, 0.5],
        sentences=[[0, 8], [9, 15]],
        sentence_weights=[0.75, 0.25],
    )
    ax = plot_text(found)
    bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(bars) == 2
    strong, weak = (float(bar.get_alpha() or 0) for bar in bars)
    assert strong > weak > 0
    assert bars[0].get_y() < bars[1].get_y()
    assert min(text.get_position()[0] for text in ax.texts) > bars[0].get_width()


def test_markup_is_not_parsed_and_an_empty_text_is_empty() -> None:
    assert _letters(plot_text(passages("a $x_1$ b", [[0, 1], [8, 9]], [0.5, 0.5]))) == "a$x_1$b"
    assert not plot_text(passages("", [], [])).texts


def test_letters_are_readable_on_the_strongest_tint() -> None:
    """Contrast as WCAG 2 defines it, of the page's ink on its card under the tint: 4.5 or more."""

    def luminance(colour: np.ndarray) -> float:
        linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    page = (Path(regard.plots.__file__).parent / "page.html").read_text(encoding="utf-8")
    inks, cards = re.findall(r"--ink: (#\w+)", page), re.findall(r"--card: (#\w+)", page)
    assert len(inks) == len(cards) == 3  # light, dark, printed
    for ink, card in zip(inks, cards, strict=True):
        behind = TINT * np.array(to_rgb(VERMILION)) + (1 - TINT) * np.array(to_rgb(card))
        light, dark = sorted([luminance(behind), luminance(np.array(to_rgb(ink)))], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
