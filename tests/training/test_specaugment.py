"""SpecAugment: what it hides, what it leaves, and padding."""

import pytest
import torch

from regard.training import augment
from regard.training.augment import specaugment

B, BANDS, STACK, T = 61, 16, 3, 53


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the warp of time."""
    monkeypatch.setattr(augment, "_WARP", 0.0)


def _hidden(found: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """[B, bands] and [B, T] that are zero all along."""
    zero = (found == 0).reshape(B, STACK, BANDS, T)
    return zero.all(3).all(1), zero.all(2).all(1)


@pytest.mark.usefixtures("still")
def test_bands_and_stretches_are_hidden_and_all_else_is_left() -> None:
    torch.manual_seed(0)
    series = torch.rand(B, STACK * BANDS, T) + 1
    found = specaugment(series, bands=BANDS)
    bands, times = _hidden(found)
    kept = ~(bands[:, None, :, None] | times[:, None, None, :]).expand(B, STACK, BANDS, T)
    kept = kept.reshape(series.shape)
    torch.testing.assert_close(found[kept], series[kept])
    assert (found[~kept] == 0).all()
    # Two stretches of below 15/80 of the bands, and below a fifth of the time.
    assert bands.sum(1).max() <= 2 * 2
    assert times.sum(1).max() <= 2 * 10
    assert bands.any(1).float().mean() > 0.5
    assert times.any(1).float().mean() > 0.7
    assert bands.any(0).all()  # any band, and any time but for luck
    assert times.any(0).float().mean() > 0.9


@pytest.mark.usefixtures("still")
def test_long_recordings_lose_no_more_than_the_papers_steps() -> None:
    torch.manual_seed(0)
    found = specaugment(torch.ones(7, 4, 2000), bands=4)
    assert (found == 0).all(1).sum(1).max() <= 2 * 70


def test_time_is_warped_a_little_and_both_ends_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "_MASKS", 0)
    torch.manual_seed(0)
    ramp = torch.arange(float(T)).expand(B, 4, T)
    found = specaugment(ramp, bands=4)
    torch.testing.assert_close(found, found[:, :1].expand(B, 4, T))
    assert (found.diff(dim=2) > 0).all()
    moved = (found - ramp).abs().amax((1, 2))
    assert moved.max() <= 0.04 * T + 1e-4
    assert moved.mean() > 0.2
    torch.testing.assert_close(found[:, :, 0], ramp[:, :, 0])
    torch.testing.assert_close(found[:, :, -1], ramp[:, :, -1])


def test_padding_stays_zero_and_is_not_read() -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([T, 31, 7, 2, 1])
    mask = torch.arange(T) < lengths[:, None]
    series = torch.where(mask[:, None], torch.ones(5, 6, T), torch.full((5, 6, T), 1e6))
    found = specaugment(series, mask, bands=3)
    assert (found.transpose(1, 2)[~mask] == 0).all()
    assert found.max() < 1.001
    assert found.isfinite().all()
