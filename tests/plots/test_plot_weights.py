"""Weights as an attention returns them: tensors with a gradient, of several heads."""

import numpy as np
import pytest
import torch

from regard.attention import MultiHead
from regard.errors import DataError
from regard.plots import plot_weights


def test_live_weights_of_several_heads() -> None:
    states = torch.randn(2, 5, 6, requires_grad=True)
    weights = MultiHead(3, 6)(states, states).weights
    assert weights.requires_grad
    axes = plot_weights(weights[0], keys=list("abcde"))
    panels = axes.figure.axes
    assert [panel.get_title() for panel in panels] == ["head 0", "head 1", "head 2"]
    for panel, head in zip(panels, weights[0], strict=True):
        drawn = panel.images[0].get_array()
        assert drawn is not None
        np.testing.assert_array_equal(np.ma.filled(drawn, 0.0), head.detach().double())
        assert [label.get_text() for label in panel.get_xticklabels()] == list("abcde")
    assert plot_weights(weights[0, 1].bfloat16()).get_title() == ""
    with pytest.raises(
        DataError, match=r"given the shape \[2, 3, 5, 5\]; of a batch, pass one case"
    ):
        plot_weights(weights)
    with pytest.raises(DataError, match=r"ax takes one head of 3: pass weights\[0\]"):
        plot_weights(weights[0], ax=axes)


def test_large_pictures_have_a_colour_bar_and_small_ones_numbers() -> None:
    weights = np.linspace(0, 0.5, 7 * 11).reshape(7, 11)
    (bar,) = plot_weights(weights).child_axes
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["0", "0.5"]
    assert not plot_weights(weights[:, :10]).child_axes


def test_heads_share_one_scale_and_stand_in_rows_of_four() -> None:
    heads = np.array([[[0.2, 0.8]], [[0.5, 0.5]], [[0.0, 0.0]], [[1.0, 0.0]], [[0.4, 0.6]]])
    panels = plot_weights(heads).figure.axes
    assert [panel.images[0].get_clim() for panel in panels] == [(0.0, 1.0)] * 5
    places = [panel.get_subplotspec() for panel in panels]
    where = [(place.rowspan.start, place.colspan.start) for place in places if place]
    assert where == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)]
    said = [["all weights are zero" in text.get_text() for text in panel.texts] for panel in panels]
    assert [any(each) for each in said] == [False, False, True, False, False]


def test_names_are_of_any_kind_and_thinned_out_where_they_would_overlap() -> None:
    few = plot_weights(np.full((1, 7), 1 / 7), keys=range(7))
    assert [label.get_text() for label in few.get_xticklabels()] == list("0123456")
    axes = plot_weights(np.full((2, 80), 1 / 80), keys=[f"word{i}" for i in range(80)])
    labels, ticks = [each.get_text() for each in axes.get_xticklabels()], axes.get_xticks()
    assert 20 <= len(labels) < 80
    assert labels == [f"word{int(i)}" for i in ticks]  # each stands at its own key
    with pytest.raises(DataError, match=r"keys: wanted a list of names, given one text: keys\.spl"):
        plot_weights(np.full((1, 7), 1 / 7), keys="le chat")


def test_what_is_no_weights() -> None:
    attended = MultiHead(2, 6)(torch.randn(1, 5, 6), torch.randn(1, 5, 6))
    message = "weights: wanted an array of numbers, given"
    with pytest.raises(DataError, match=rf"{message} Attended; pass those of one case, \.weights"):
        plot_weights(attended)
    with pytest.raises(DataError, match=f"{message} str$"):
        plot_weights("weights.png")
