"""Published forms made of torch's LSTM, our poolings and a linear layer, against those by hand."""

import numpy as np
import pytest
import torch
from published_forms import FORMS, by_hand
from torch import Tensor, nn

from regard.attention import (
    Additive,
    Attention,
    AttentionPooling,
    LastStatePooling,
    Pooled,
    ScaledDot,
    SelfAttentionPooling,
    StackedPooling,
)
from regard.models.recurrent import run_recurrent
from regard.reference import Array

B, T, C, D, A, M = 3, 11, 2, 5, 7, 3
LENGTHS = [11, 1, 6]
VARIANTS = [(form, layers, False) for form in FORMS for layers in (1, 2)]
VARIANTS.append(("lstm-hierarchical", 1, True))


class _Reader(nn.Module):
    """An LSTM that stops, or starts, where each case ends."""

    def __init__(self, width: int, *, layers: int = 1, both_ways: bool = False) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, D, layers, batch_first=True, bidirectional=both_ways)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        return run_recurrent(self.lstm, states, mask)


class _Form(nn.Module):
    """LSTM, pooling, linear layer."""

    def __init__(self, form: str, *, layers: int, by_itself: bool) -> None:
        super().__init__()
        self.first = _Reader(C, layers=layers, both_ways=form == "lstm-hierarchical")
        width = D
        look = Attention(ScaledDot())
        self.pool: SelfAttentionPooling | LastStatePooling | StackedPooling
        if form == "lstm-attention":
            self.pool = SelfAttentionPooling([look])
        elif form == "lstm-bahdanau":
            self.pool = LastStatePooling([Attention(Additive(D, D, A))])
            width = 2 * D
        else:
            asked = AttentionPooling([Attention(Additive(None, D, A))], A)
            second = SelfAttentionPooling([look]) if by_itself else asked
            self.pool = StackedPooling(look, _Reader(2 * D), second)
        self.dense = nn.Linear(width, M)

    def forward(self, series: Tensor, mask: Tensor | None) -> tuple[Tensor, Pooled]:
        """[B, T, C] series -> [B, M], and what was pooled."""
        pooled: Pooled = self.pool(self.first(series, mask), mask)
        return self.dense(pooled.context), pooled

    def parameters_by_hand(self) -> dict[str, Array]:
        """By the names of `by_hand`."""
        named: dict[str, Array] = {}
        for name, parameter in self.named_parameters():
            for ours, theirs in _NAMES:
                if name.startswith(ours):
                    named[theirs + name.removeprefix(ours)] = parameter.detach().numpy()
                    break
            else:
                raise NotImplementedError(name)
        if "query" in named:
            named["query"] = named["query"][0]  # of one head
        return named


_NAMES = (
    ("first.lstm.", "first."),
    ("pool.encode.lstm.", "second."),
    ("pool.heads.0.score.", "score."),
    ("pool.pool.heads.0.score.", "score."),
    ("pool.pool.queries", "query"),
    ("dense.", "dense."),
)


def _made(form: str, *, layers: int = 1, by_itself: bool = False) -> _Form:
    torch.manual_seed(0)
    model = _Form(form, layers=layers, by_itself=by_itself).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


def _series() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    series = torch.randn(B, T, C, generator=generator, dtype=torch.float64)
    return series, torch.arange(T) < torch.tensor(LENGTHS)[:, None]


@pytest.mark.parametrize(("form", "layers", "by_itself"), VARIANTS)
def test_a_form_is_what_it_is_by_hand(form: str, layers: int, by_itself: bool) -> None:
    """Of cases of other lengths in one batch, wherever each of them ends."""
    model = _made(form, layers=layers, by_itself=by_itself)
    series, mask = _series()
    output, pooled = model(series, mask)
    assert output.shape == (B, M)
    assert pooled.weights.shape == (B, T)
    parameters = model.parameters_by_hand()
    for b, length in enumerate(LENGTHS):
        expected, weights = by_hand(form, parameters, series[b, :length].numpy())
        np.testing.assert_allclose(output[b].detach().numpy(), expected, rtol=1e-9, atol=1e-9)
        shown = pooled.weights[b].detach().numpy()
        np.testing.assert_allclose(shown[:length], weights, rtol=1e-9, atol=1e-9)
        assert (shown[length:] == 0).all()
        assert weights.sum() == pytest.approx(1)
        assert length == 1 or np.ptp(weights) > 1e-3  # it does not look at all alike


@pytest.mark.parametrize("form", FORMS)
def test_a_form_without_a_mask(form: str) -> None:
    model = _made(form)
    series = _series()[0][:1]
    output, pooled = model(series, None)
    expected, weights = by_hand(form, model.parameters_by_hand(), series[0].numpy())
    np.testing.assert_allclose(output[0].detach().numpy(), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(pooled.weights[0].detach().numpy(), weights, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_every_part_of_a_form_learns(form: str) -> None:
    model = _made(form)
    model(*_series())[0].square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name
