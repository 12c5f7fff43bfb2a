"""Random convolutions against their NumPy reference, and where their evidence lies."""

from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from regard.models import RandomConvolutions, solve_ridge
from regard.reference import competition, dilated_convolution, shares_above, spread_evenly


def _cases(
    seed: int, cases: int, channels: int, steps: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Noise of unequal lengths, the first as long as all."""
    random = np.random.default_rng(seed)
    lengths = random.integers(2, steps + 1, cases)
    lengths[0] = steps
    series = random.standard_normal((cases, channels, steps)).astype(np.float32)
    series *= np.arange(steps) < lengths[:, None, None]
    return series, lengths


def _drawn(
    series: NDArray[np.float32], lengths: NDArray[np.int64], outputs: int = 2, seed: int = 0
) -> RandomConvolutions:
    """With drawn kernels and random weights."""
    made = RandomConvolutions(series.shape[1], series.shape[2], outputs)
    made.draw(series, lengths, seed=seed)
    random = np.random.default_rng(seed)
    made.set_weights(random.standard_normal(made.weights.shape), random.standard_normal(outputs))
    return made


def _reference(made: RandomConvolutions, case: NDArray[np.float64]) -> NDArray[np.float64]:
    """[F, T] what each step of a case [C, T] adds to each feature, spread over what it is of."""
    triples = list(combinations(range(9), 3))
    dilations = {"shares": _share_dilations(case.shape[1]), "wins": _win_dilations(case.shape[1])}
    changes = np.diff(case, axis=1, prepend=case[:, :1])
    rows: dict[str, list[NDArray[np.float64]]] = {"shares": [], "wins": []}
    for of, series in enumerate((case, changes)):
        at = 0
        for i, (dilation, count) in enumerate(dilations["shares"]):
            for k, triple in enumerate(triples):
                read = made.share_channels[of, i, k].numpy()
                kernel = [2.0 if j in triple else -1.0 for j in range(9)]
                responses = dilated_convolution(series[read].sum(0), kernel, dilation)
                margin = 4 * dilation if (i + k) % 2 else 0
                for bias in made.biases[of, at : at + count].tolist():
                    added = shares_above(responses, bias, margin)[1]
                    rows["shares"].append(spread_evenly(added, 9, dilation))
                at += count
        for i, (dilation, _) in enumerate(dilations["wins"]):
            for group in range(32):
                read = made.win_channels[of, i, group].numpy()
                heard = series[read].sum(0)
                rivals = made.rivals[of, i, group].tolist()
                responses = np.stack([dilated_convolution(heard, w, dilation) for w in rivals])
                for added in np.concatenate(competition(responses)):
                    rows["wins"].append(spread_evenly(added, 9, dilation))
    return np.stack([*rows["shares"], *rows["wins"]])


def _share_dilations(steps: int) -> list[tuple[int, int]]:
    """Dilations and biases at each, of series of so many steps: 59 biases over 32 exponents."""
    widest = np.log2(max(1, (steps - 1) / 8))
    found = [int(2 ** (widest * n / 31)) for n in range(32)]
    counts = {dilation: found.count(dilation) * 59 // 32 for dilation in sorted(set(found))}
    for dilation in list(counts)[: 59 - sum(counts.values())]:
        counts[dilation] += 1
    return list(counts.items())


def _win_dilations(steps: int) -> list[tuple[int, int]]:
    return [(2**n, 0) for n in range(8) if 2**n <= max(1, (steps - 1) / 8)]


@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_those_of_the_reference(channels: int) -> None:
    series, lengths = _cases(0, 2, channels, 21)
    made = _drawn(series, lengths)
    added = _reference(made, series[0].astype(np.float64))
    found = made.features(series, lengths)[0]
    assert added.shape == (len(found), 21)
    # A response can lie on its bias: one in a thousand features may count one step more or less.
    off = np.abs(found - added.sum(1)) > 1e-5
    assert off.mean() < 1e-3
    weights = made.weights.double().numpy()
    evidence = made.evidence(torch.from_numpy(series[:1]), None)[0].numpy()
    expected = (weights[~off].T @ added[~off]) + made.bias.numpy()[:, None] / 21
    lost = np.abs(weights[off]).sum(0)[:, None] / 21
    assert (np.abs(evidence - expected) <= 2e-4 + lost).all()


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("steps", [1, 2, 8, 9, 40, 133])
def test_evidence_sums_to_the_values(channels: int, steps: int) -> None:
    series, lengths = _cases(1, 6, channels, max(2, steps))
    series, lengths = series[..., :steps], np.minimum(lengths, steps)
    made = _drawn(series, lengths, outputs=3)
    given = torch.from_numpy(np.ascontiguousarray(series))
    mask = torch.arange(steps) < torch.from_numpy(lengths)[:, None]
    values, evidence = made(given, mask), made.evidence(given, mask)
    assert evidence.shape == (6, 3, steps)
    scale = float(values.abs().max())
    torch.testing.assert_close(evidence.double().sum(2).float(), values, atol=1e-5 * scale, rtol=0)
    assert not evidence[~mask[:, None].expand_as(evidence)].any()


def test_what_cases_have_in_common_is_shared_evenly() -> None:
    series, lengths = _cases(2, 7, 1, 41)
    made = _drawn(series, lengths, outputs=3)
    given, mask = torch.from_numpy(series), torch.arange(41) < torch.from_numpy(lengths)[:, None]
    before = made.evidence(given, mask).double().numpy()
    factors = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 1.0, 3.0])
    made.set_common(series, lengths, factors)
    after = made.evidence(given, mask).double().numpy()
    inside = mask.numpy()[:, None]
    # The bias is the same at all steps of a case, and is no part of what is in common.
    added = before - inside * (made.bias.numpy()[:, None] / lengths[:, None, None])
    weights = factors[:, None, None] * inside
    common = (weights * added).sum(0) / np.maximum(weights.sum(0), 1e-9) * inside
    wanted = before - common + inside * common.sum(2, keepdims=True) / lengths[:, None, None]
    scale = np.abs(before).max()
    np.testing.assert_allclose(after, wanted, atol=1e-5 * scale)
    np.testing.assert_allclose(after.sum(2), before.sum(2), atol=1e-4 * scale)
    assert np.abs(after - before).max() > 0.01 * scale


@pytest.mark.parametrize("steps", [29, 53])
def test_other_lengths_than_those_in_common(steps: int) -> None:
    series, lengths = _cases(3, 5, 1, 41)
    made = _drawn(series, lengths)
    made.set_common(series, lengths, np.ones(5))
    given, of = _cases(4, 3, 1, steps)
    mask = torch.arange(steps) < torch.from_numpy(of)[:, None]
    evidence = made.evidence(torch.from_numpy(given), mask)
    values = made(torch.from_numpy(given), mask)
    scale = float(values.abs().max())
    torch.testing.assert_close(evidence.double().sum(2).float(), values, atol=1e-5 * scale, rtol=0)


def test_padding_and_threads_change_nothing() -> None:
    series, lengths = _cases(2, 7, 2, 50)
    made = _drawn(series, lengths)
    together = made.features(series, lengths)
    for n, length in enumerate(lengths):
        alone = made.features(
            np.ascontiguousarray(series[n : n + 1, :, :length]), lengths[n : n + 1]
        )
        np.testing.assert_array_equal(alone[0], together[n])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        np.testing.assert_array_equal(made.features(series, lengths), together)
    finally:
        torch.set_num_threads(threads)


def test_a_seed_gives_the_same_kernels_and_another_others() -> None:
    series, lengths = _cases(3, 5, 1, 40)
    first, same, other = (_drawn(series, lengths, seed=seed).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["biases"], other["biases"])
    assert not torch.equal(first["rivals"], other["rivals"])


def test_biases_are_quantiles_of_responses() -> None:
    """With one case to train on, the shares of it are those that its quantiles leave above them."""
    series, lengths = _cases(4, 1, 1, 200)
    made = _drawn(series, lengths)
    whole = made.features(series, lengths)[0, : 59 * 84]
    spread = np.sort(np.arange(1, 59 * 84 + 1) * (np.sqrt(5) + 1) / 2 % 1)
    # Sorted shares against sorted quantiles; kernels that leave the ends out are off by as much.
    assert np.abs(np.sort(1 - whole) - spread).mean() < 0.02


@pytest.mark.parametrize("dilation", [1, 3, 8, 20])
def test_evidence_finds_a_motif_of_each_dilation(dilation: int) -> None:
    """Nine values that are `dilation` apart, at a random place of noise."""
    random = np.random.default_rng(dilation)
    steps, cases, width = 260, 240, 8 * dilation + 1
    motif = random.choice([-1.0, 1.0], 9) * 4
    series = random.standard_normal((cases, 1, steps)).astype(np.float32)
    starts = random.integers(0, steps - width, cases)
    present = np.arange(cases) % 2 == 0
    for n in np.flatnonzero(present):
        series[n, 0, starts[n] : starts[n] + width : dilation] += motif.astype(np.float32)
    lengths = np.full(cases, steps)
    train, test = slice(160), slice(160, None)
    made = RandomConvolutions(1, steps, 1)
    made.draw(series[train], lengths[train], seed=0)
    wanted = np.where(present, 1.0, -1.0)[:, None]
    solved = solve_ridge(made.features(series[train], lengths[train]), wanted[train])
    made.set_weights(solved.weights, solved.bias)
    values = made(torch.from_numpy(series[test]), None)[:, 0].numpy()
    assert ((values > 0) == present[test]).mean() > 0.85
    evidence = made.evidence(torch.from_numpy(series[test]), None)[:, 0].numpy()
    highest = evidence.argmax(1) - starts[test]
    found = (highest >= 0) & (highest < width) & (highest % dilation == 0)
    # On one of the nine values, which are 9 of 260 steps.
    assert found[present[test]].mean() > 0.75
