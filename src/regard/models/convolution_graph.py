"""Random convolutions in PyTorch's own operators, for an exported model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from regard.models.random_convolutions import RandomConvolutions

__all__ = ["ConvolutionGraph"]

_TAPS = 9  # weights of a kernel
_HALF = 4  # of them on either side of the middle
_BIASES = 4  # of each kernel at once

_Rows = Sequence[Mapping[str, Tensor]]


class ConvolutionGraph(nn.Module):
    """The values of `RandomConvolutions` and what each step adds, as one graph for every length.

    It scans the dilations, so that the graph is as small for many as for one. Responses are summed
    in the order of the compiled code, so that they fall on the same side of each bias.

    Parameters:
        convolutions: drawn and solved.
    """

    def __init__(self, convolutions: RandomConvolutions) -> None:
        super().__init__()
        self.triples = nn.Buffer(torch.from_numpy(convolutions.plan().triples.T.flatten()))
        self.shares = _Table([*_share_rows(convolutions, 0), *_share_rows(convolutions, 1)])
        self.wins = _Table([*_win_rows(convolutions, 0), *_win_rows(convolutions, 1)])
        self.bias = nn.Buffer(convolutions.bias)
        self.common = nn.Buffer(convolutions.common)

    def forward(self, series: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, T] series and mask [B, T] -> values [B, N], and [B, N, T] what each step adds."""
        true = mask.unsqueeze(1)
        series = series * true
        changes = pad(series[..., 1:] - series[..., :-1], (1, 0)) * true
        both = torch.stack([series, changes])
        of_shares, at_shares = self.shares.scan(self._share, both, mask)
        of_wins, at_wins = self.wins.scan(self._win, both, mask)
        values = of_shares + of_wins + self.bias
        return values.to(series.dtype), self._beyond_common(at_shares + at_wins, mask)

    def _beyond_common(self, added: Tensor, mask: Tensor) -> Tensor:
        """With the bias and what is common shared evenly."""
        lengths, most = mask.sum(1), self.common.shape[1]
        step = torch.arange(mask.shape[1], device=mask.device)
        common = self.common[:, step.clamp(max=most - 1)] * (step < most)
        common = common * mask.unsqueeze(1)  # [B, N, T]
        shared = (common.sum(2) + self.bias) / lengths.unsqueeze(1)
        return added - common + shared.unsqueeze(2) * mask.unsqueeze(1)

    def _share(
        self, row: Mapping[str, Tensor], cases: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What the shares of the steps above a kernel's biases add."""
        lengths, step = mask.sum(1), torch.arange(mask.shape[1], device=mask.device)
        taps = _taps(cases, row["dilation"], mask)  # [B, C, 9, T]
        minus = -_sum(taps.unbind(2))
        x, y, z = taps.index_select(2, self.triples).chunk(3, 2)  # [B, C, K, T] each
        heard = minus.unsqueeze(2) + 3 * (x + y + z)
        heard = _read(heard, row["read"].transpose(0, 1).unsqueeze(2), 1)  # [B, K, T]
        number = torch.arange(row["read"].shape[0], device=mask.device)
        # Every other kernel counts only steps at which it reads nothing outside of the case.
        edge = ((row["odd"] + number) % 2 * _HALF * row["dilation"]).unsqueeze(1)  # [K, 1]
        length = lengths[:, None, None]
        inner = (step >= edge) & (step < length - edge)  # [B, K, T]
        heard = torch.where(inner, heard, -torch.inf)
        above = (heard.unsqueeze(2) > row["biases"].unsqueeze(2)).to(cases.dtype)
        width = (length - 2 * edge).clamp(min=1)  # [B, K, 1]
        weights = row["weights"] / width.unsqueeze(2)  # [B, K, biases, N]
        return above.flatten(1, 2), weights.flatten(1, 2)

    def _win(self, row: Mapping[str, Tensor], cases: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the contests of the kernels of each group add."""
        heard = _read(cases.unsqueeze(1), row["read"].unsqueeze(2), 2)  # [B, G, T]
        taps = _taps(heard, row["dilation"], mask).unsqueeze(2).unbind(3)  # nine of [B, G, 1, T]
        pairs = zip(taps, row["rivals"].unsqueeze(3).unbind(2), strict=True)
        parts = [tap * weight for tap, weight in pairs]  # [B, G, 8, T] each
        found = _sum(parts[:5]) + _sum(parts[5:])  # as in the compiled code
        number = torch.arange(found.shape[2], device=mask.device)[:, None]
        first = found.argmax(2, keepdim=True) == number
        last = found.argmin(2, keepdim=True) == number
        won = torch.cat([torch.where(first, found, 0.0), last.to(found.dtype)], 2).flatten(1, 2)
        weights = row["weights"] / mask.sum(1)[:, None, None]  # [B, G * 16, N]
        return won * mask.unsqueeze(1), weights


class _Table(nn.Module):
    """What differs from dilation to dilation, as buffers with a first axis of rows."""

    def __init__(self, rows: _Rows) -> None:
        super().__init__()
        self.names = list(rows[0])
        self.outputs = rows[0]["weights"].shape[-1]
        for name in self.names:
            self.register_buffer(name, torch.stack([row[name] for row in rows]))

    def scan(
        self,
        read: Callable[[Mapping[str, Tensor], Tensor, Tensor], tuple[Tensor, Tensor]],
        both: Tensor,
        mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Values [B, N] in double precision and [B, N, T] at each step, summed over the rows.

        Parameters:
            read: of a row, the cases and the mask: features [B, F, T] at each step, and their
                weights [B, F, N].
            both: [2, B, C, T] the series and its differences.
            mask: [B, T].
        """
        from torch._higher_order_ops.scan import scan  # there is no public name

        def step(carry: list[Tensor], given: list[Tensor]) -> tuple[list[Tensor], Tensor]:
            row = dict(zip(self.names, given, strict=True))
            cases = both.index_select(0, row["of"].reshape(1)).squeeze(0)
            found, weights = read(row, cases, mask)
            own = weights.transpose(1, 2) @ found  # [B, N, T]
            added = _spread(own, row["dilation"], mask)
            return [carry[0] + own.double().sum(2), carry[1] + added], row["of"].clone()

        cases, steps = mask.shape
        start = [
            both.new_zeros(cases, self.outputs, dtype=torch.float64),
            both.new_zeros(cases, self.outputs, steps),
        ]
        (values, added), _ = scan(step, start, [getattr(self, name) for name in self.names])
        return values, added


def _share_rows(of: RandomConvolutions, which: int) -> list[dict[str, Tensor]]:
    """A row for every few biases of each dilation; biases that are left over are never exceeded."""
    plan, weights, biases = of.plan(), of.parts()[which], of.biases[which]
    rows, at = [], 0
    for i, (dilation, count) in enumerate(plan.spread):
        size = count * len(plan.triples)
        own = biases[at : at + size].view(-1, count)
        own_weights = weights[at : at + size].view(*own.shape, -1)
        at += size
        for start in range(0, count, _BIASES):
            stop = min(start + _BIASES, count)
            spare = start + _BIASES - stop
            row = {
                "of": torch.tensor(which),
                "dilation": torch.tensor(dilation),
                "odd": torch.tensor(i % 2),
                "read": of.share_channels[which, i].float(),
                "biases": pad(own[:, start:stop], (0, spare), value=torch.inf),
                "weights": pad(own_weights[:, start:stop], (0, 0, 0, spare)),
            }
            rows.append(row)
    return rows


def _win_rows(of: RandomConvolutions, which: int) -> list[dict[str, Tensor]]:
    """A row for each dilation."""
    dilations = of.plan().doubling
    each = of.parts()[2 + which].chunk(len(dilations))
    return [
        {
            "of": torch.tensor(which),
            "dilation": torch.tensor(dilation),
            "rivals": of.rivals[which, i],
            "read": of.win_channels[which, i].float(),
            "weights": each[i],
        }
        for i, dilation in enumerate(dilations)
    ]


def _read(cases: Tensor, read: Tensor, axis: int) -> Tensor:
    """Summed over the channels, an axis, that are read; one that is alone always is."""
    if cases.shape[axis] == 1:
        return cases.squeeze(axis).expand(-1, read.shape[0 if axis == 2 else 1], -1)
    return (cases * read).sum(axis)


def _taps(cases: Tensor, dilation: Tensor, mask: Tensor) -> Tensor:
    """What each of the nine weights reads at every step, zero outside: [..., T] -> [..., 9, T]."""
    steps = mask.shape[1]
    tap = torch.arange(-_HALF, _HALF + 1, device=mask.device).unsqueeze(1)
    places = torch.arange(steps, device=mask.device) + dilation * tap  # [9, T]
    inside = (places >= 0) & (places < steps)
    read = cases.index_select(-1, places.clamp(min=0).clamp(max=steps - 1).flatten())
    return torch.unflatten(read, -1, (_TAPS, steps)) * inside


def _sum(parts: Sequence[Tensor]) -> Tensor:
    """One after the other."""
    total, *rest = parts
    for part in rest:
        total = total + part
    return total


def _spread(own: Tensor, dilation: Tensor, mask: Tensor) -> Tensor:
    """[B, N, T] at the middle of each response -> a ninth of it at each of its nine steps.

    What belongs to a step outside of the case stays in the middle.
    """
    tap = torch.arange(-_HALF, _HALF + 1, device=mask.device).unsqueeze(1)
    places = torch.arange(mask.shape[1], device=mask.device) + dilation * tap
    outside = (places < 0) | (places >= mask.sum(1)[:, None, None])  # [B, 9, T]
    moved = _taps(own, dilation, mask).sum(2) * mask.unsqueeze(1)
    return (moved + own * outside.sum(1).unsqueeze(1)) / _TAPS
