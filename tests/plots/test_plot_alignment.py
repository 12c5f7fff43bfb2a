"""Alignments: words on both axes, true links outlined."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from regard.errors import DataError
from regard.plots import plot_alignment
from regard.plots.alignment import word_label
from regard.plots.page import own_style


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with own_style():
        yield


def _even(Q: int, K: int) -> np.ndarray:
    return np.full((Q, K), 1 / K)


def _names(ax: Axes) -> tuple[list[str], list[str]]:
    return (
        [label.get_text() for label in ax.get_xticklabels()],
        [label.get_text() for label in ax.get_yticklabels()],
    )


def test_source_words_stand_on_top_and_target_words_at_the_side() -> None:
    weights = np.array([[0.75, 0.25, 0.0], [0.0, 0.5, 0.5]])
    ax = plot_alignment(weights, source=["a", "black", "cat"], target=["chat", "noir"])
    assert _names(ax) == (["a", "black", "cat"], ["chat", "noir"])
    drawn = ax.images[0].get_array()
    assert drawn is not None
    np.testing.assert_array_equal(np.ma.filled(drawn, 0.0), weights)
    assert ax.yaxis_inverted()  # the first target word is at the top
    for tick in ax.xaxis.get_major_ticks():
        assert tick.label2.get_visible()
        assert not tick.label1.get_visible()


def test_every_word_of_long_sentences_is_named_and_cells_are_square() -> None:
    for Q, K in ((61, 59), (3, 41), (37, 2), (1, 1)):
        ax = plot_alignment(
            _even(Q, K), source=[f"s{k}" for k in range(K)], target=[f"t{q}" for q in range(Q)]
        )
        columns, rows = _names(ax)
        assert (len(columns), len(rows)) == (K, Q)
        box = ax.get_window_extent()
        assert box.width / K == pytest.approx(box.height / Q, rel=1e-6)
        assert box.width / K >= 0.189 * ax.figure.dpi


def test_names_stay_inside_the_figure() -> None:
    words = ["Donaudampfschifffahrtsgesellschaftskapitän", "שלום", "$x_$", "你好", "<script>"]
    ax = plot_alignment(_even(5, 5), source=words, target=words)
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()
    whole = ax.figure.bbox
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        extent = label.get_window_extent()
        assert extent.x0 >= whole.x0
        assert extent.x1 <= whole.x1
        assert extent.y1 <= whole.y1
    assert _names(ax)[0][2] == "$x_$"  # not a formula


@pytest.mark.parametrize(
    ("source", "turned"),
    [
        ([*"3 May 1979", "[END]"], [0] * 11),  # the end mark fits, in cells of this size
        ([*"the quick brown fox", "[END]"], [0] * 19 + [90]),
        (["the", "European", "Economic", "Area"], [90] * 4),
    ],
)
def test_only_names_that_are_wider_than_their_cells_are_turned(
    source: list[str], turned: list[int]
) -> None:
    ax = plot_alignment(_even(2, len(source)), source=source, target=["a", "b"])
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()
    assert [label.get_rotation() for label in ax.get_xticklabels()] == turned


def test_a_blank_is_seen() -> None:
    assert _names(plot_alignment(_even(1, 3), source=list("a b"), target=["\n"])) == (
        ["a", "␣", "b"],
        ["␣"],
    )
    assert word_label("Donaudampfschifffahrt") == "Donaudamp…hifffahrt"


def test_true_links_are_outlined_as_regions() -> None:
    truth = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]], bool)
    ax = plot_alignment(_even(3, 3), source=list("abc"), target=list("xyz"), truth=truth)
    (outlines,) = ax.collections
    assert isinstance(outlines, LineCollection)
    segments = {
        tuple(sorted((float(x), float(y)) for x, y in np.asarray(path.vertices)))
        for path in outlines.get_paths()
    }
    # A region of two cells has six edges, without the one between them; one of one cell has four.
    assert segments == {
        ((-0.5, -0.5), (-0.5, 0.5)),
        ((1.5, -0.5), (1.5, 0.5)),
        ((-0.5, -0.5), (0.5, -0.5)),
        ((0.5, -0.5), (1.5, -0.5)),
        ((-0.5, 0.5), (0.5, 0.5)),
        ((0.5, 0.5), (1.5, 0.5)),
        ((1.5, 1.5), (1.5, 2.5)),
        ((2.5, 1.5), (2.5, 2.5)),
        ((1.5, 1.5), (2.5, 1.5)),
        ((1.5, 2.5), (2.5, 2.5)),
    }


def test_it_draws_on_axes_that_are_given() -> None:
    given = Figure().add_subplot()
    assert plot_alignment(_even(2, 3), source=list("abc"), target=["x", "y"], ax=given) is given


def test_errors_name_the_side() -> None:
    def draw(weights: np.ndarray, **options: object) -> None:
        given = {"source": list("abc"), "target": ["x", "y"], **options}
        plot_alignment(weights, **given)  # type: ignore[arg-type]

    with pytest.raises(DataError, match="source: wanted 5 names, given 3"):
        draw(_even(2, 5))
    with pytest.raises(DataError, match="target: wanted 7 names, given 2"):
        draw(_even(7, 3))
    with pytest.raises(DataError, match=r"source: wanted a list of names, given one text: source"):
        draw(_even(2, 3), source="abc")
    with pytest.raises(
        DataError, match=r"weights: wanted \[target, source\], given .* \[5, 2, 3\]"
    ):
        draw(np.ones((5, 2, 3)))
    with pytest.raises(DataError, match=r"truth: wanted the shape \[2, 3\], given \[3, 2\]"):
        draw(_even(2, 3), truth=np.zeros((3, 2), bool))
    with pytest.raises(DataError, match="weights: wanted finite numbers that are not negative"):
        draw(np.full((2, 3), np.nan))


def test_the_dot_of_a_copied_word_leaves_its_number_free() -> None:
    copied = np.eye(3, dtype=bool)
    ax = plot_alignment(_even(3, 3), source=["a", "b", "c"], target=["a", "b", "c"], copied=copied)
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()
    [dots] = [each for each in ax.collections if isinstance(each, PathCollection)]
    radius = np.sqrt(dots.get_sizes()[0]) / 2 / 72 * ax.figure.dpi + 1
    numbers = [text.get_window_extent() for text in ax.texts]
    assert len(numbers) == 9
    cell = ax.get_window_extent().width / 3
    for at, offset in enumerate(np.asarray(dots.get_offsets())):
        x, y = ax.transData.transform(offset)
        dot = Bbox([[x - radius, y - radius], [x + radius, y + radius]])
        assert not any(dot.overlaps(number) for number in numbers)
        middle = ax.transData.transform((at, at))
        assert max(abs(x - middle[0]), abs(y - middle[1])) + radius <= cell / 2 + 1
    ax = plot_alignment(
        _even(11, 11),
        source=[*"abcdefghijk"],
        target=[*"abcdefghijk"],
        copied=np.eye(11, dtype=bool),
    )
    [dots] = [each for each in ax.collections if isinstance(each, PathCollection)]
    assert np.asarray(dots.get_offsets()).tolist() == [[at, at] for at in range(11)]
