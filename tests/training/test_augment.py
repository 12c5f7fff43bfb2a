"""Warping: its invariants, and padding."""

import pytest
import torch

from regard.training import augment
from regard.training.augment import warp

B, C, T = 5, 3, 41


def _ramps() -> torch.Tensor:
    """Channel c of every case is c + 1 times the step."""
    return (torch.arange(T) * torch.arange(1.0, C + 1)[:, None]).expand(B, C, T).contiguous()


def test_a_ramp_stays_ascending_with_varying_speed() -> None:
    torch.manual_seed(0)
    warped = warp(_ramps())
    assert warped.shape == (B, C, T)
    factor = warped[:, :, -1] / warped[:, :1, -1]
    torch.testing.assert_close(factor, torch.arange(1.0, C + 1).expand(B, C))
    position = warped[:, 0]
    assert (position.diff(dim=1) >= -1e-4).all()
    assert position.diff(dim=1).std() > 0.01  # the speed is not constant


def test_nothing_changes_without_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SPEED", "_SHIFT", "_SCALE"):
        monkeypatch.setattr(augment, name, 0.0)
    series = torch.randn(B, C, T)
    torch.testing.assert_close(warp(series), series, atol=1e-4, rtol=1e-4)


def test_values_stay_between_those_of_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "_SCALE", 0.0)
    series = torch.randn(B, C, T)
    warped = warp(series)
    assert (warped.amax(2) <= series.amax(2) + 1e-5).all()
    assert (warped.amin(2) >= series.amin(2) - 1e-5).all()


def test_padding_has_no_effect() -> None:
    lengths = torch.tensor([T, 29, 7, 2, 1])
    mask = torch.arange(T) < lengths[:, None]
    series = torch.where(mask[:, None], torch.ones(B, C, T), torch.full((B, C, T), 1e6))
    torch.manual_seed(0)
    warped = warp(series, mask)
    assert (warped.transpose(1, 2)[~mask] == 0).all()
    true = warped.transpose(1, 2)[mask]
    assert true.min() > 0.4
    assert true.max() < 1.6


def test_one_step_has_nothing_to_warp() -> None:
    series = torch.randn(B, C, 1)
    assert torch.equal(warp(series), series)
