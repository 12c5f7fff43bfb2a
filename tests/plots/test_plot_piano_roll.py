"""Piano rolls and chord charts, measured on their artists."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from regard.errors import DataError
from regard.plots.chord_chart import chord_axes, chords_shown, plot_chords
from regard.plots.piano_roll import (
    MOST_STEPS,
    VOICE_COLOURS,
    event_boxes,
    note_name,
    piano_roll_axes,
    plot_piano_roll,
)
from regard.plots.style import TINT, VERMILION

# Five steps of three voices; the second voice rests once, the third holds its first note.
PITCHES = np.array([[72, 64, 48], [74, -1, 48], [76, 65, 43], [77, 67, 53], [79, 67, 55]])
HELD = np.zeros((5, 3), bool)
HELD[1, 2] = True
WEIGHTS = np.zeros((5, 3))
WEIGHTS[0, 0], WEIGHTS[2, 2], WEIGHTS[1, 1] = 0.5, 0.3, 0.2
NAMES = ("high", "middle", "low")


def _boxes(collection: PolyCollection) -> list[tuple[float, float, float, float]]:
    """Left, bottom, right and top of each shape."""
    corners = [np.asarray(path.vertices) for path in collection.get_paths()]
    return [(*each.min(0).round(6).tolist(), *each.max(0).round(6).tolist()) for each in corners]


def _collections(ax: Any) -> list[PolyCollection]:
    return [each for each in ax.collections if isinstance(each, PolyCollection)]


def _colours(collection: PolyCollection) -> NDArray[np.float64]:
    """[shapes, 4] RGBA."""
    return np.asarray(collection.get_facecolor(), np.float64)


def test_bars_are_joined_while_a_note_is_held() -> None:
    ax = plot_piano_roll(PITCHES, held=HELD, voices=NAMES)
    low = [box for each in _collections(ax) for box in _boxes(each) if 47 < box[1] < 48]
    assert [(box[0], box[2]) for box in low] == [(-0.38, 0.5), (0.5, 1.5)]
    drawn = sum(len(_boxes(each)) for each in _collections(ax))
    assert drawn == (PITCHES >= 0).sum()


def test_each_voice_has_its_colour_and_given_notes_are_pale() -> None:
    written = np.ones((5, 3), bool)
    written[:, 0] = False
    ax = plot_piano_roll(PITCHES, voices=NAMES, written=written)
    found = {
        (tuple(_colours(each)[0, :3]), _colours(each)[0, 3]): len(_boxes(each))
        for each in _collections(ax)
        if each.get_paths()
    }
    colours = [to_rgb(colour) for colour in VOICE_COLOURS[:3]]
    assert found == {(colours[0], 0.4): 5, (colours[1], 1.0): 4, (colours[2], 1.0): 5}
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [*NAMES, "written", "given"]


def test_tints_lie_behind_what_was_looked_at() -> None:
    ax = plot_piano_roll(PITCHES, weights=WEIGHTS, note=(3, 1))
    tints = _collections(ax)[0]
    assert {tuple(colour[:3]) for colour in _colours(tints)} == {to_rgb(VERMILION)}
    strengths = sorted(_colours(tints)[:, 3])
    np.testing.assert_allclose(strengths, TINT * np.array([0.4, 0.6, 1.0]))
    middles = {((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in _boxes(tints)}
    assert middles == {(0, 72), (2, 43), (1, 39)}  # a rest lies four semitones below the lowest
    [frame] = [each for each in ax.patches if isinstance(each, Rectangle) and not each.get_fill()]
    assert frame.get_x() + frame.get_width() / 2 == 3
    assert frame.get_y() + frame.get_height() / 2 == pytest.approx(67)


def test_notes_are_named_at_the_side() -> None:
    labels = [label.get_text() for label in plot_piano_roll(PITCHES).get_yticklabels()]
    assert {"rest", "C3", "C4", "C5"} <= set(labels)
    assert [note_name(pitch) for pitch in (21, 69, 70, 108)] == ["A0", "A4", "B♭4", "C8"]


def test_a_lane_shows_how_probable_written_notes_were() -> None:
    written = PITCHES >= 0
    written[:, 0] = False
    chances = np.linspace(0.1, 0.9, 15).reshape(5, 3)
    ax = plot_piano_roll(PITCHES, written=written, probabilities=chances)
    [lane] = ax.child_axes
    dots = [line for line in lane.lines if line.get_marker() == "o"]
    assert [np.size(line.get_xdata()) for line in dots] == [0, 4, 5]
    np.testing.assert_allclose(np.asarray(dots[2].get_ydata(), float), chances[:, 2])


def test_a_long_piece_is_cut_around_the_note_and_says_so() -> None:
    roll = np.tile(PITCHES, (40, 1))
    weights = np.zeros(roll.shape)
    weights[0, 0], weights[99, 0] = 0.25, 0.75
    ax = plot_piano_roll(roll, weights=weights, note=(100, 0))
    start, stop = ax.get_xlim()
    assert stop - start == MOST_STEPS
    assert start < 99 < 100 < stop
    assert ax.get_xlabel() == "step (52 to 115 of 0 to 199, 25% of the weights are on others)"
    assert len(_boxes(_collections(ax)[0])) == 1


@pytest.mark.parametrize(("steps", "voices"), [(1, 1), (5, 1), (64, 4), (200, 8)])
def test_figures_have_a_size_to_look_at(steps: int, voices: int) -> None:
    roll = np.tile(PITCHES, (40, 3))[:steps, :voices]
    ax = piano_roll_axes(roll, steps=min(steps, MOST_STEPS), voices=["soprano"] * voices)
    figure = ax.get_figure(root=True)
    assert figure is not None
    wide, high = figure.get_size_inches()
    assert 2.5 < wide <= 8.0
    assert 1.5 < high < 6


def test_nothing_but_rests_is_drawn() -> None:
    ax = plot_piano_roll(np.full((3, 2), -1))
    assert next(label.get_text() for label in ax.get_yticklabels()) == "rest"


def _lab(colour: str, kind: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB of a colour as somebody with this type of vision sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = to_xyz @ np.clip(kind @ linear, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado et al., 2009, "A physiologically-based model for simulation of color vision deficiency".
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@pytest.mark.parametrize("kind", VISION)
def test_colours_of_voices_differ_for_every_type_of_vision(kind: str) -> None:
    seen = [_lab(colour, np.array(VISION[kind])) for colour in VOICE_COLOURS]
    apart = [float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)]
    assert min(apart) > 13  # about 2 can be told apart side by side


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pitches": np.zeros(3)}, r"pitches: wanted \[steps, voices\], given the shape \[3\]"),
        ({"held": HELD.T}, r"held: wanted the shape \[5, 3\], given \[3, 5\]"),
        ({"weights": WEIGHTS[:4]}, r"weights: wanted the shape \[5, 3\]"),
        ({"weights": -WEIGHTS}, "weights: wanted finite numbers that are not negative"),
        ({"written": HELD[1:]}, r"written: wanted the shape \[5, 3\]"),
        ({"probabilities": HELD[1:]}, r"probabilities: wanted the shape \[5, 3\]"),
        ({"voices": ["a"]}, "voices: wanted 3 names, given 1"),
        ({"note": (5, 0)}, r"note: wanted a step and a voice of \[5, 3\], given \(5, 0\)"),
    ],
)
def test_what_does_not_fit_a_roll_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        plot_piano_roll(**{"pitches": PITCHES, **given})


def test_boxes_have_the_shape_of_the_piece() -> None:
    assert event_boxes(PITCHES).shape == (5, 3, 4)


SYMBOLS = ["Dm7", "G7", "Cmaj7"] * 5


def test_symbols_are_written_in_lines_of_eight() -> None:
    ax = plot_chords(SYMBOLS)
    shown = {text.get_text(): text.get_position() for text in ax.texts[:10]}
    assert shown["0"][1] == 0.5
    where = [text.get_position() for text in ax.texts if text.get_text() in SYMBOLS]
    assert len(where) == 15
    assert where[7][1] == where[0][1]
    assert where[8][1] == where[0][1] + 1
    assert where[8][0] == where[0][0]


def test_a_chord_shows_where_it_looked_and_what_was_given() -> None:
    weights = np.zeros(15)
    weights[3], weights[9] = 0.75, 0.25
    written = np.arange(15) >= 4
    ax = plot_chords(
        SYMBOLS, weights=weights, step=12, written=written, probabilities=np.full(15, 0.5)
    )
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    tinted = [cell for cell in cells if cell.get_facecolor()[:3] == to_rgb(VERMILION)]
    assert [(cell.get_x(), cell.get_y()) for cell in tinted] == [(3, 0), (1, 1)]
    strong, weak = (float(cell.get_alpha() or 0.0) for cell in tinted)
    assert strong > weak > 0
    assert [text.get_alpha() for text in ax.texts if text.get_text() in SYMBOLS] == (
        [0.45] * 4 + [1.0] * 11
    )
    assert sum(cell.get_height() == 0.06 for cell in cells) == 11
    assert (cells[-1].get_x(), cells[-1].get_y(), cells[-1].get_fill()) == (4, 1, False)


def test_a_long_chart_is_cut_and_says_so() -> None:
    weights = np.zeros(200)
    weights[0], weights[99] = 0.5, 0.5
    ax = plot_chords(["C"] * 200, weights=weights, step=100)
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("C") == len(chords_shown(200, 100)) == 96
    assert texts[-1] == "chords 24 to 119 of 0 to 199, 50% of the weights are on others"


def test_symbols_with_signs_of_mathematics_are_drawn_as_they_are() -> None:
    ax = plot_chords(["$x^", "C" * 40], ax=chord_axes(2))
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    assert "$x^" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"symbols": []}, "symbols: wanted at least one"),
        ({"weights": [1.0]}, r"weights: wanted one for each of 15, given \[1\]"),
        ({"weights": [-1.0] * 15}, "not negative"),
        ({"written": [True]}, "written: wanted one for each of 15"),
        ({"probabilities": [1.0]}, "probabilities: wanted one for each of 15"),
        ({"step": 15}, "step: wanted one from 0 to 14, given 15"),
    ],
)
def test_what_does_not_fit_a_chart_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        plot_chords(**{"symbols": SYMBOLS, **given})
