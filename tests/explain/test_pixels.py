"""Maps over pixels, and compared with boxes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from regard.explain import box_ap, box_chance, lay_over_pixels, pointing_game


def test_a_picture_that_fills_the_grid_is_upsampled_bilinearly(rng: np.random.Generator) -> None:
    maps = rng.random((3, 5 * 5))
    laid = np.stack(lay_over_pixels(maps, np.full((3, 2), 20), cell=4, columns=5))
    grid = torch.from_numpy(maps.reshape(3, 1, 5, 5))
    wanted = torch.nn.functional.interpolate(grid, size=20, mode="bilinear")[:, 0].numpy()
    assert_allclose(laid, wanted / 16, atol=1e-12)


@settings(max_examples=30)
@given(rows=st.integers(1, 23), columns=st.integers(1, 23), cell=st.sampled_from([1, 4, 8]))
def test_a_map_keeps_its_sum_inside_any_picture(rows: int, columns: int, cell: int) -> None:
    side = -(-23 // cell)
    grid = np.random.default_rng(0).random((2, 3, side, side))
    grid[..., -(-rows // cell) :, :] = 0  # positions without a pixel have no weight
    grid[..., -(-columns // cell) :] = 0
    maps = grid.reshape(2, 3, side * side)
    for own, laid in zip(
        maps,
        lay_over_pixels(maps, np.tile([rows, columns], (2, 1)), cell=cell, columns=side),
        strict=True,
    ):
        assert laid.shape == (3, rows, columns)
        assert_allclose(laid.sum((1, 2)), own.sum(1))


def test_the_position_of_a_pixel_is_its_own() -> None:
    maps = np.zeros((1, 6))
    maps[0, 5] = 1.0  # the second row of three columns
    [laid] = lay_over_pixels(maps, np.array([[4, 6]]), cell=2, columns=3)
    assert divmod(int(laid.argmax()), 6) in [(2, 4), (2, 5), (3, 4), (3, 5)]
    assert laid[0, 0] == 0


def test_a_box_is_ranked_and_pointed_at() -> None:
    own = np.array([[0.5, 0.1, 0.0], [0.3, 0.1, 0.0]])
    boxes = np.array([[0, 0, 2, 1], [0, 1, 2, 2], [0, 0, 0, 0]])
    # Of the first box the two highest pixels; of the second the third and the fourth.
    assert box_ap([own, own, own], boxes) == pytest.approx((1 + 2 / 4) / 2)
    assert pointing_game([own, own, own], boxes) == 0.5
    assert box_chance(np.full((3, 2), (2, 3)), boxes) == pytest.approx(1 / 3)


def test_even_weights_point_by_the_share_of_the_box() -> None:
    even = np.full((2, 3), 1 / 6)
    assert pointing_game([even], np.array([[0, 0, 1, 2]])) == pytest.approx(2 / 6)
    assert np.isnan(pointing_game([even], np.zeros((1, 4), int)))
    assert np.isnan(box_ap([even], np.zeros((1, 4), int)))
    assert np.isnan(box_chance(np.array([[2, 3]]), np.zeros((1, 4), int)))
