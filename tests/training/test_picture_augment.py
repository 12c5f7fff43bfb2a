"""Pictures that are moved and turned over."""

import torch

from regard.training import shift, shift_flip


def _ramp(rows: int, columns: int) -> torch.Tensor:
    """[1, 1, rows, columns], each pixel another number."""
    return torch.arange(float(rows * columns)).view(1, 1, rows, columns)


def test_a_picture_moves_by_whole_pixels_and_repeats_its_edge() -> None:
    torch.manual_seed(0)
    pictures = _ramp(28, 31).repeat(200, 2, 1, 1)
    moved = shift(pictures)
    assert moved.shape == pictures.shape
    steps = set()
    for own in moved[:, 1]:
        down = torch.arange(28)[:, None]
        along = torch.arange(31)[None]
        # Pixel (14, 15) tells where the picture has moved.
        at = int(own[14, 15])
        dy, dx = at // 31 - 14, at % 31 - 15
        wanted = (down + dy).clamp(0, 27) * 31 + (along + dx).clamp(0, 30)
        assert (own == wanted).all()
        steps.add((dy, dx))
    assert {dy for dy, _ in steps} == {dx for _, dx in steps} == {-2, -1, 0, 1, 2}


def test_half_of_the_pictures_are_turned_over() -> None:
    torch.manual_seed(0)
    pictures = _ramp(5, 7).repeat(400, 1, 1, 1)  # too small to move
    turned = (shift_flip(pictures) == pictures.flip(3)).flatten(1).all(1)
    assert ((shift_flip(pictures) == pictures).flatten(1).all(1)).any()
    assert 150 < turned.sum() < 250


def test_a_picture_is_turned_over_inside_its_own_columns() -> None:
    torch.manual_seed(0)
    mask = torch.zeros(60, 4, 6, dtype=torch.bool)
    mask[:, :3, :5] = True
    pictures = (_ramp(4, 6) + 1).repeat(60, 1, 1, 1) * mask.unsqueeze(1)
    found = shift_flip(pictures, mask)
    assert (found[~mask.unsqueeze(1)] == 0).all()
    turned = pictures.clone()
    turned[..., :5] = pictures[..., :5].flip(3)
    kinds = [(own == pictures[0]).all() or (own == turned[0]).all() for own in found]
    assert all(kinds)
    assert (found != pictures).any()


def test_the_users_generator_decides() -> None:
    pictures = torch.randn(11, 3, 28, 28)
    torch.manual_seed(5)
    first = shift_flip(pictures)
    torch.manual_seed(5)
    assert (shift_flip(pictures) == first).all()
