"""Strided convolutions, then a bidirectional LSTM."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from regard.models.encoder import Encoder, apply_mask
from regard.models.recurrent import Recurrent, run_recurrent

__all__ = ["ConvBiLSTM", "NormalisedConvolution", "choose_stride"]


def choose_stride(steps: int, *, positions: int = 50) -> int:
    """The stride that gives 50 to 99 positions, or 1 for series of fewer steps.

    With fewer positions the attention map is coarse; more only cost time.

    >>> choose_stride(500), choose_stride(29)
    (10, 1)
    """
    return max(1, steps // positions)


class NormalisedConvolution(nn.Module):
    """ReLU(LayerNorm(convolution)): [B, C, T] -> [B, D, S], position s centred on its steps.

    Layer normalisation is per position, so it needs no mask.
    """

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.before = (kernel - stride) // 2
        self.after = kernel - stride - self.before
        self.convolution = nn.Conv1d(inputs, outputs, kernel, stride)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, series: Tensor) -> Tensor:
        missing = -series.shape[2] % self.stride
        features = self.convolution(pad(series, (self.before, self.after + missing)))
        return torch.movedim(relu(self.norm(torch.movedim(features, 1, 2))), 2, 1)


class ConvBiLSTM(Encoder):
    """A strided convolution, another convolution, then a bidirectional LSTM: D = hidden.

    The windows of the first convolution overlap by half.

    Parameters:
        channels: C.
        hidden: D, even: half of it is each direction's width, and that of the convolutions.
        layers: of the LSTM.
        stride: steps per position.
        dropout: between the LSTM's layers, in training.
    """

    summary = "ends"

    def __init__(
        self, channels: int, hidden: int, layers: int, *, stride: int, dropout: float
    ) -> None:
        super().__init__()
        half = max(1, hidden // 2)
        self.width = 2 * half
        self.stride = stride
        self.window = NormalisedConvolution(
            channels, half, kernel=max(3, 2 * stride), stride=stride
        )
        self.neighbours = NormalisedConvolution(half, half, kernel=3, stride=1)
        self.network = Recurrent(half, "lstm", half, layers, dropout=dropout).network

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        positions = None if mask is None else self.position_mask(mask)
        features = apply_mask(self.window(apply_mask(series, mask)), positions)
        return run_recurrent(self.network, self.neighbours(features).transpose(1, 2), positions)
