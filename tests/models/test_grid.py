"""Encoders of pictures."""

import math

import pytest
import torch

from regard.catalogue import PICTURE_ENCODERS
from regard.errors import ConfigError
from regard.models import GridEncoder, SeriesModel, make_grid_encoder, make_head
from regard.models.grid import cell_of, grid_sinusoids, shrink_mask

every_encoder = pytest.mark.parametrize("name", PICTURE_ENCODERS)


def _encoder(name: str, size: int, channels: int = 3) -> GridEncoder:
    torch.manual_seed(0)
    return make_grid_encoder(
        name, size=size, channels=channels, hidden=20, layers=1, dropout=0.0
    ).eval()


@every_encoder
@pytest.mark.parametrize(("size", "cell"), [(1, 4), (7, 4), (28, 4), (64, 4), (67, 8)])
def test_a_state_for_every_cell(name: str, size: int, cell: int) -> None:
    encoder = _encoder(name, size)
    states = encoder(torch.randn(2, 3, size, size))
    side = math.ceil(size / cell)
    assert encoder.cell == cell
    assert states.shape == (2, side * side, 20)
    assert encoder.positions(torch.Size((2, 3, size, size))) == side * side


@every_encoder
def test_nothing_inside_depends_on_what_lies_outside(name: str) -> None:
    encoder = _encoder(name, 28)
    mask = torch.zeros(2, 28, 28, dtype=torch.bool)
    mask[:, :17, :] = True
    pictures = torch.randn(2, 3, 28, 28)
    other = torch.where(mask.unsqueeze(1), pictures, 100.0)
    inside = encoder.position_mask(mask)
    assert inside.sum(1).tolist() == [5 * 7, 5 * 7]
    torch.testing.assert_close(encoder(pictures, mask)[inside], encoder(other, mask)[inside])


@every_encoder
def test_a_state_is_of_its_own_cell(name: str) -> None:
    """What changes in a corner changes the corner's state most."""
    encoder = _encoder(name, 28)
    pictures = torch.zeros(1, 3, 28, 28)
    changed = pictures.clone()
    changed[..., 25:, 1] = 5.0  # the last row of cells, the first column
    moved = (encoder(changed) - encoder(pictures)).norm(dim=-1)[0]
    assert moved.argmax() == 6 * 7


def test_batch_statistics_leave_out_what_lies_outside() -> None:
    encoder = _encoder("conv", 16).train()
    mask = torch.zeros(3, 16, 16, dtype=torch.bool)
    mask[:, :8] = True
    pictures = torch.randn(3, 3, 16, 16)
    inside = encoder.position_mask(mask)
    states = encoder(torch.where(mask.unsqueeze(1), pictures, 9.0), mask)
    torch.testing.assert_close(states[inside], encoder(pictures, mask)[inside])


def test_bfloat16_learns_from_pictures_of_one_column() -> None:
    gradients = []
    for narrow in (False, True):
        encoder = _encoder("conv", 4).train()
        torch.manual_seed(1)
        pictures, mask = torch.randn(16, 3, 4, 4), torch.zeros(16, 4, 4, dtype=torch.bool)
        mask[:, :, 0] = True
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            states = encoder(pictures, mask)
        (states.float() * torch.randn(states.shape)).sum().backward()
        gradients.append([p.grad for p in encoder.parameters() if p.dim() > 1])
    for exact, found in zip(*gradients, strict=True):
        assert exact is not None
        assert found is not None
        assert (exact - found).norm() < 0.2 * exact.norm()


def test_grid_sinusoids_tell_rows_from_columns() -> None:
    found = grid_sinusoids(3, 5, 7, like=torch.zeros(1)).view(3, 5, 7)
    assert (found[:, :, :4] == found[:, :1, :4]).all()  # of the row
    assert (found[:, :, 4:] == found[:1, :, 4:]).all()  # of the column
    assert torch.cdist(found.flatten(0, 1), found.flatten(0, 1)).add(torch.eye(15)).min() > 0.01
    torch.testing.assert_close(found[2, 0, 0], torch.tensor(2.0).sin())


def test_cells_keep_the_grid_small() -> None:
    assert [cell_of(size) for size in (1, 64, 65, 128, 224, 512)] == [4, 4, 8, 8, 16, 32]


def test_a_mask_is_true_where_any_pixel_is() -> None:
    mask = torch.tensor([[[True, False, False, False, True]]])
    assert shrink_mask(mask, 2).tolist() == [[[True, False, True]]]


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(ConfigError, match="encoder of pictures 'inception' is unknown"):
        make_grid_encoder("inception", size=28)


@every_encoder
def test_attention_stays_inside_the_picture(name: str) -> None:
    encoder = _encoder(name, 28)
    attention = {"score": "additive", "window": {"global": {}}, "align": "softmax"}
    head = make_head(
        encoder,
        attention=attention | {"query": "learned"},
        pooling="attention",
        attention_dim=5,
        heads=2,
        steps=49,
        outputs=3,
    )
    mask = torch.zeros(2, 28, 28, dtype=torch.bool)
    mask[:, :, :9] = True
    values, maps = SeriesModel(encoder, head, dropout=0.1).eval()(torch.randn(2, 3, 28, 28), mask)
    assert values.shape == (2, 3)
    weights = maps["attention"].view(2, 7, 7)
    assert (weights[:, :, 3:] == 0).all()
    torch.testing.assert_close(weights.sum((1, 2)), torch.ones(2))
    torch.testing.assert_close(maps["evidence"].sum(2), values)
