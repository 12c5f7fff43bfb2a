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
