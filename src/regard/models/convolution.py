"""Convolutional encoder: the fully convolutional network, with a state for every step."""

from torch import Tensor, nn
from torch.nn.functional import relu

from regard.models.encoder import Encoder, MaskedBatchNorm, apply_mask, columns

__all__ = ["Convolution"]

_KERNELS = (7, 5, 3)


class Convolution(Encoder):
    """Blocks of convolution, batch normalisation and ReLU: S = T, D = hidden.

    Parameters:
        channels: C.
        hidden: D.
        layers: number of blocks; their kernels are 7, 5 and then 3 steps wide.

    Source: Wang, Yan and Oates, 2017, "Time series classification from scratch with deep neural
    networks" (there 128, 256 and 128 wide with kernels 8, 5 and 3; here all equally wide, with odd
    kernels, so that each position is the centre of its receptive field).
    """

    def __init__(self, channels: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.width = hidden
        kernels = [_KERNELS[min(layer, len(_KERNELS) - 1)] for layer in range(layers)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(hidden if layer else channels, hidden, (1, k), padding="same", bias=False)
            for layer, k in enumerate(kernels)
        )
        self.norms = nn.ModuleList(MaskedBatchNorm(hidden) for _ in kernels)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        features = columns(apply_mask(series, mask))
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            features = apply_mask(relu(norm(convolution(features), mask)), mask)
        return features[:, :, 0].transpose(1, 2)
