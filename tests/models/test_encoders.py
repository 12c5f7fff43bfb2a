"""Every encoder: shapes, and that padding changes nothing."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard.catalogue import ENCODERS
from regard.models import Encoder, MaskedBatchNorm, make_encoder, run_recurrent, sinusoids

B, C = 5, 3
LENGTHS = torch.tensor([67, 61, 29, 2, 1])


every_encoder = pytest.mark.parametrize(
    ("name", "stride"), [(name, stride) for name in ENCODERS for stride in (None, 3)]
)


def _make(name: str, stride: int | None) -> Encoder:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"channels": C, "hidden": 8, "layers": 2, "dropout": 0.5}
    encoder = make_encoder(name, **sizes, steps=151, stride=stride)
    assert stride is None or encoder.stride == stride
    return encoder


def _series() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    series = torch.randn(B, C, int(LENGTHS.max()), generator=generator)
    mask = torch.arange(series.shape[2]) < LENGTHS[:, None]
    return series, mask


def _use_once_in_training(encoder: Encoder) -> None:
    """Give batch normalisation statistics that are not those it starts with."""
    series, mask = _series()
    encoder.train()(series * 2 + 1, mask)


@every_encoder
def test_states_cover_the_steps(name: str, stride: int | None) -> None:
    encoder = _make(name, stride).eval()
    series, mask = _series()
    states = encoder(series)
    positions = -(-series.shape[2] // encoder.stride)
    assert states.shape == (B, positions, encoder.width)
    expected = [-(-int(length) // encoder.stride) for length in LENGTHS]
    assert encoder.position_mask(mask).sum(1).tolist() == expected


@every_encoder
def test_a_case_is_encoded_alone_as_in_a_batch_of_longer_ones(
    name: str, stride: int | None
) -> None:
    encoder = _make(name, stride)
    _use_once_in_training(encoder)
    encoder.eval()
    series, mask = _series()
    rubbish = torch.where(mask.unsqueeze(1), series, torch.full_like(series, 1e3))
    together = encoder(rubbish, mask)
    for case, length in enumerate(LENGTHS.tolist()):
        alone = encoder(series[case : case + 1, :, :length])[0]
        torch.testing.assert_close(together[case, : len(alone)], alone, atol=1e-5, rtol=1e-5)


@every_encoder
def test_a_mask_of_ones_changes_nothing(name: str, stride: int | None) -> None:
    encoder = _make(name, stride)
    _use_once_in_training(encoder)
    encoder.eval()
    series, mask = _series()
    torch.testing.assert_close(
        encoder(series, torch.ones_like(mask)), encoder(series), atol=1e-5, rtol=1e-5
    )


@every_encoder
def test_gradients_reach_every_parameter_and_no_padding(name: str, stride: int | None) -> None:
    encoder = _make(name, stride).train()
    series, mask = _series()
    series.requires_grad_()
    states = encoder(series, mask)[encoder.position_mask(mask)]
    (
        states * torch.randn(states.shape, generator=torch.Generator().manual_seed(1))
    ).sum().backward()
    for parameter_name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name
    assert series.grad is not None
    assert (series.grad.transpose(1, 2)[~mask] == 0).all()
    assert (series.grad.transpose(1, 2)[mask].abs().sum(-1) > 0).any()


def test_masked_batch_norm_is_batch_norm_over_the_true_positions() -> None:
    features = torch.randn(B, 7, 1, 11, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(11) < torch.tensor([11, 7, 5, 3, 2])[:, None]
    masked, plain = MaskedBatchNorm(7), nn.BatchNorm1d(7)
    result = masked(features, mask)
    expected = plain(features[:, :, 0].transpose(1, 2)[mask])
    torch.testing.assert_close(result[:, :, 0].transpose(1, 2)[mask], expected)
    assert (result[:, :, 0].transpose(1, 2)[~mask] == 0).all()
    torch.testing.assert_close(masked.running_mean, plain.running_mean)
    torch.testing.assert_close(masked.running_var, plain.running_var)


def test_sinusoids_are_the_papers() -> None:
    table = sinusoids(13, 7, like=torch.zeros(1, dtype=torch.float64))
    for t in range(13):
        for i in range(7):
            angle = torch.tensor(t / 10000 ** ((i - i % 2) / 7), dtype=torch.float64)
            expected = torch.sin(angle) if i % 2 == 0 else torch.cos(angle)
            torch.testing.assert_close(table[t, i], expected)
    later = sinusoids(3, 7, like=table, first=10)
    assert torch.equal(later, table[10:])


@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("layers", [1, 3])
def test_unequal_lengths_give_what_a_packed_sequence_gives(
    cell: type[nn.LSTM] | type[nn.GRU], layers: int
) -> None:
    torch.manual_seed(0)
    network = cell(5, 7, layers, batch_first=True, bidirectional=True).double()
    states = torch.randn(6, 11, 5, dtype=torch.float64)
    lengths = torch.tensor([11, 3, 1, 7, 11, 2])
    mask = torch.arange(11) < lengths[:, None]
    packed = pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(network(packed)[0], batch_first=True, total_length=11)
    found = run_recurrent(network, states, mask)
    torch.testing.assert_close(found[mask], expected[mask], rtol=0, atol=1e-12)
