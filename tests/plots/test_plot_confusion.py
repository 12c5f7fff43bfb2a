"""The confusion matrix shows the counts, with true classes in rows."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regard.errors import DataError
from regard.plots import plot_confusion


def _render(ax: Axes) -> None:
    assert isinstance(ax.figure, Figure)
    ax.figure.draw_without_rendering()


def test_counts_are_in_the_row_of_the_true_class() -> None:
    ax = plot_confusion([[5, 2, 0], [0, 1234, 0], [1, 0, 0]], ["a", "b", "c"])
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    # Position is (column, row); zeros are not written.
    assert cells == {(0, 0): "5", (1, 0): "2", (1, 1): "1,234", (0, 2): "1"}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true", "predicted")
    assert ax.yaxis_inverted()


def test_colour_is_correct_or_wrong_and_opacity_the_share_of_the_row() -> None:
    ax = plot_confusion([[9, 1, 0], [0, 0, 0], [50, 0, 50]], ["a", "b", "c"])
    image = np.asarray(ax.images[0].get_array())
    red, blue, depth = image[..., 0], image[..., 2], image[..., 3]
    diagonal = np.eye(3, dtype=bool)
    assert (blue > red)[diagonal].all()
    assert (red > blue)[~diagonal].all()
    assert depth[0, 0] > depth[2, 0] == depth[2, 2] > depth[0, 1] > 0
    assert (depth[1] == 0).all()  # a class without cases


def test_long_names_are_shortened_and_stay_unique() -> None:
    names = [f"class number {n} of an archive with long names" for n in range(25)]
    ax = plot_confusion(np.eye(25, dtype=int), names)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert len(set(labels)) == 25
    assert max(map(len, labels)) < max(map(len, names))
    assert len(ax.texts) == 25
    _render(ax)
    ends = np.array([label.get_window_extent().y0 for label in ax.get_yticklabels()])
    starts = np.array([label.get_window_extent().y1 for label in ax.get_yticklabels()])
    assert (ends[:-1] >= starts[1:]).all()  # no label touches the next


def test_counts_too_small_to_read_are_not_written() -> None:
    ax = Figure(figsize=(1, 1)).add_subplot()
    plot_confusion(np.full((25, 25), 1234), [str(n) for n in range(25)], ax=ax)
    assert not ax.texts


def test_on_given_axes_it_returns_them_and_draws_nothing_elsewhere() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_confusion([[1, 0], [0, 1]], ["$a$ $", "_b"], ax=left) is left
    assert figure.axes == [left, right]
    assert not right.has_data()
    _render(left)


@pytest.mark.parametrize(("matrix", "classes"), [([[1, 2]], ["a"]), ([], []), ([[1]], ["a", "b"])])
def test_the_wrong_number_of_names(matrix: list[list[int]], classes: list[str]) -> None:
    with pytest.raises(DataError, match=f"matrix: wanted {len(classes)} rows and columns"):
        plot_confusion(matrix, classes)
