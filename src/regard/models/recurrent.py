"""Recurrent encoders: an LSTM or GRU over the steps as they are."""

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard.models.encoder import Encoder

__all__ = ["ForwardReader", "Recurrent", "run_recurrent"]

_CELLS: dict[str, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


def run_recurrent(network: nn.RNNBase, states: Tensor, mask: Tensor | None) -> Tensor:
    """Run over [B, S, D]; with a mask [B, S] the backward direction starts at each case's end."""
    if mask is None:
        output: Tensor = network(states)[0]
        return output
    packed = pack_padded_sequence(states, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
    output, _ = pad_packed_sequence(
        network(packed)[0], batch_first=True, total_length=states.shape[1]
    )
    return output


class Recurrent(Encoder):
    """Recurrent network: S = T, D = 2 * hidden, or hidden where it reads forwards only.

    Parameters:
        channels: C.
        cell: "lstm" (Hochreiter and Schmidhuber, 1997) or "gru" (Cho et al., 2014).
        hidden: width of each direction.
        layers: how many, one on the other.
        dropout: between layers, in training.
        bidirectional: whether it reads backwards too.
    """

    def __init__(
        self,
        channels: int,
        cell: str,
        hidden: int,
        layers: int,
        *,
        dropout: float,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.width = 2 * hidden if bidirectional else hidden
        self.network = _CELLS[cell](
            channels,
            hidden,
            layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, C, T] -> [B, T, D]."""
        return run_recurrent(self.network, series.transpose(1, 2), mask)


class ForwardReader(nn.Module):
    """An LSTM that reads states from the first to the last: [B, S, D] -> [B, S, D].

    Parameters:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.network = nn.LSTM(width, width, batch_first=True)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, S, D] -> [B, S, D]."""
        return run_recurrent(self.network, states, mask)
