"""Recurrent encoders: an LSTM or a GRU over the steps."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from regard.models.encoder import Encoder

__all__ = ["CELLS", "ForwardReader", "Recurrent", "advance", "run_recurrent"]

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


def run_recurrent(network: nn.LSTM | nn.GRU, states: Tensor, mask: Tensor | None) -> Tensor:
    """Run over [B, S, D]; with a mask [B, S] the backward direction starts at each case's end.

    The output at padded positions is undefined.
    """
    if mask is None or not network.bidirectional:  # forwards, padding follows the true positions
        return _run(network, states)
    lengths = mask.sum(1)
    if states.is_cuda:
        packed = pack_padded_sequence(states, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(
            network(packed)[0], batch_first=True, total_length=states.shape[1]
        )
        return output
    # On CPU a packed sequence takes twice the time of running each direction separately, the
    # backward one over the reversed cases.
    places = (lengths.unsqueeze(1) - 1 - torch.arange(states.shape[1])).clamp(min=0)  # [B, S]
    for layer in range(network.num_layers):
        if layer:
            states = dropout(states, network.dropout, network.training)
        ahead = _one_direction(network, states, f"_l{layer}")
        back = _one_direction(network, _take(states, places), f"_l{layer}_reverse")
        states = torch.cat([ahead, _take(back, places)], 2)
    return states


def _one_direction(network: nn.LSTM | nn.GRU, states: Tensor, suffix: str) -> Tensor:
    """One layer in one direction: [B, S, D] -> [B, S, hidden]."""
    return _call(network, states, [suffix], layers=1, dropout=0.0, bidirectional=False)


def _run(network: nn.LSTM | nn.GRU, states: Tensor) -> Tensor:
    """All layers and directions: [B, S, D] -> [B, S, hidden], or twice as wide.

    `network(states)` does the same with a list of weights that it keeps, and that is empty while
    another thread moves the network to a device.
    """
    directions = ("", "_reverse") if network.bidirectional else ("",)
    return _call(
        network,
        states,
        [
            f"_l{layer}{direction}"
            for layer in range(network.num_layers)
            for direction in directions
        ],
        layers=network.num_layers,
        dropout=network.dropout,
        bidirectional=network.bidirectional,
    )


def _call(
    network: nn.LSTM | nn.GRU,
    states: Tensor,
    suffixes: Sequence[str],
    *,
    layers: int,
    dropout: float,
    bidirectional: bool,
) -> Tensor:
    """The weights with these suffixes, on [B, S, D]."""
    if torch.compiler.is_exporting():
        return _scanned(network, states, suffixes, layers=layers, bidirectional=bidirectional)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = [getattr(network, name + suffix) for suffix in suffixes for name in names]
    start = states.new_zeros(len(suffixes), states.shape[0], network.hidden_size)
    options = (True, layers, dropout, network.training, bidirectional, True)
    if isinstance(network, nn.LSTM):
        return torch.lstm(states, (start, start), weights, *options)[0]
    return torch.gru(states, start, weights, *options)[0]


def _scanned(
    network: nn.LSTM | nn.GRU,
    states: Tensor,
    suffixes: Sequence[str],
    *,
    layers: int,
    bidirectional: bool,
) -> Tensor:
    """As `_call` without dropout, step by step: an exported graph then takes every length.

    torch's own operators have one node for each step of the length that they are exported with.
    """
    each = 1 + bidirectional
    for layer in range(layers):
        ahead, *reverse = suffixes[layer * each : (layer + 1) * each]
        found = [_scan(network, states, ahead)]
        found += [_scan(network, states.flip(1), suffix).flip(1) for suffix in reverse]
        states = torch.cat(found, 2) if reverse else found[0]
    return states


def _scan(network: nn.LSTM | nn.GRU, states: Tensor, suffix: str) -> Tensor:
    """One layer with the weights of this suffix, from the first position to the last."""
    from torch._higher_order_ops.scan import scan  # there is no public name

    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    inward, across, bias, own_bias = (getattr(network, name + suffix) for name in names)
    given = linear(states, inward, bias).transpose(0, 1)  # [S, B, gates]
    start = states.new_zeros(states.shape[0], network.hidden_size)

    def lstm(carry: list[Tensor], inputs: Tensor) -> tuple[list[Tensor], Tensor]:
        hidden, cell = carry
        gates = inputs + linear(hidden, across, own_bias)
        into, forget, new, out = gates.chunk(4, 1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(into) * torch.tanh(new)
        hidden = torch.sigmoid(out) * torch.tanh(cell)
        return [hidden, cell], hidden.clone()

    def gru(carry: list[Tensor], inputs: Tensor) -> tuple[list[Tensor], Tensor]:
        [hidden] = carry
        reset, update, new = inputs.chunk(3, 1)
        of_reset, of_update, of_new = linear(hidden, across, own_bias).chunk(3, 1)
        new = torch.tanh(new + torch.sigmoid(reset + of_reset) * of_new)
        keep = torch.sigmoid(update + of_update)
        hidden = (1 - keep) * new + keep * hidden
        return [hidden], hidden.clone()

    if isinstance(network, nn.LSTM):
        _, outputs = scan(lstm, [start, start.clone()], given)
    else:
        _, outputs = scan(gru, [start], given)
    return outputs.transpose(0, 1)  # type: ignore[no-any-return]


def advance(network: nn.LSTM | nn.GRU, inputs: Tensor, hidden: Any) -> tuple[Tensor, Any]:
    """Continue a network that reads forward.

    Parameters:
        network: of any number of layers.
        inputs: [B, L, C].
        hidden: [B, layers, D] after the inputs before; of an LSTM a pair, hidden and cell.

    Returns:
        The outputs [B, L, D] of the last layer, and the hidden state after them.
    """
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = [getattr(network, f"{n}_l{k}") for k in range(network.num_layers) for n in names]
    options = (True, network.num_layers, network.dropout, network.training, False, True)
    if isinstance(network, nn.LSTM):
        before = tuple(each.transpose(0, 1).contiguous() for each in hidden)
        outputs, *after = torch.lstm(inputs, before, weights, *options)
        return outputs, tuple(each.transpose(0, 1) for each in after)
    outputs, last = torch.gru(inputs, hidden.transpose(0, 1).contiguous(), weights, *options)
    return outputs, last.transpose(0, 1)


def _take(states: Tensor, places: Tensor) -> Tensor:
    """[B, S, D] at places [B, S]: each case reversed, its last position first."""
    return states.gather(1, places.unsqueeze(2).expand(-1, -1, states.shape[2]))


class Recurrent(Encoder):
    """Recurrent network: S = T, D = 2 * hidden, or hidden if it is not bidirectional.

    Parameters:
        channels: C.
        cell: "lstm" (Hochreiter and Schmidhuber, 1997) or "gru" (Cho et al., 2014).
        hidden: width of each direction.
        layers: number of stacked layers.
        dropout: between layers, in training.
        bidirectional: whether it also runs backwards.
    """

    summary = "ends"

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
        between = dropout if layers > 1 else 0.0
        self.network = CELLS[cell](
            channels, hidden, layers, batch_first=True, bidirectional=bidirectional, dropout=between
        )

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        return run_recurrent(self.network, series.transpose(1, 2), mask)


class ForwardReader(nn.Module):
    """A forward LSTM over states [B, S, D] -> [B, S, D]; `width` is D."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.network = nn.LSTM(width, width, batch_first=True)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Tensor:
        return run_recurrent(self.network, states, mask)
